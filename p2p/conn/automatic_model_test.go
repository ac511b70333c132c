package conn

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Whatever happens in whatever order: the invariants hold, lasting connections are in
// distinct groups, kinds do not exceed their numbers, and no wake comes to nothing.
func TestChoicesUnderAnyOrder(t *testing.T) { rapid.Check(t, choiceModel) }

func FuzzChoices(f *testing.F) { f.Fuzz(rapid.MakeFuzz(choiceModel)) }

func choiceModel(t *rapid.T) {
	var addrs []wire.NetAddr
	for i := range rapid.IntRange(0, 60).Draw(t, "addresses") {
		a, err := wire.ParseNetAddr(fmt.Sprintf("30.%d.0.%d:%d", 1+i%15, 1+i/15, 8333-8311*(i%7/6)), 0)
		if err != nil {
			t.Fatal(err)
		}
		a.Services = full | wire.ServiceFlags(i%2)*wire.NodeP2PV2
		addrs = append(addrs, a)
	}
	b := newBook(addrs...)
	p := planFor(b, func(cfg *Config) {
		cfg.SetMax(rapid.IntRange(0, 20).Draw(t, "max"))
		cfg.Added = []string{"30.1.0.1", "name"}
		cfg.Anchors = addrs[:min(len(addrs), 2)]
	})
	m := choices{t: t, p: p, b: b, now: start, open: map[peer.ID]Dial{}}
	for range rapid.IntRange(1, 120).Draw(t, "steps") {
		m.step()
		if err := p.check(); err != nil {
			t.Fatal(err)
		}
		m.compare()
	}
}

type choices struct {
	t       *rapid.T
	p       *Plan
	b       *book
	now     time.Time
	next    peer.ID
	dialled []Dial
	open    map[peer.ID]Dial
}

func (m *choices) step() {
	m.now = m.now.Add(time.Duration(rapid.IntRange(0, 60_000).Draw(m.t, "ms")) * time.Millisecond)
	switch rapid.IntRange(0, 9).Draw(m.t, "what") {
	default:
		m.dialled = append(m.dialled, m.p.Next(m.now)...)
		if at, ok := m.p.Wake(); ok && !at.After(m.now) {
			m.t.Fatalf("wakes %s ago", m.now.Sub(at))
		}
	case 4, 5:
		if d, ok := m.takeDial(); ok {
			m.next++
			addr := d.Addr
			if addr.Addr.IsZero() && rapid.Bool().Draw(m.t, "known") && len(m.b.list) > 0 {
				addr = rapid.SampledFrom(m.b.list).Draw(m.t, "leads to")
			}
			if m.p.Connected(m.now, m.next, Info{Kind: d.Kind, Target: d.Target, Addr: addr}).Admitted {
				d.Addr = addr
				m.open[m.next] = d
				m.p.HandshakeDone(m.next)
			}
		}
	case 6:
		if d, ok := m.takeDial(); ok {
			m.p.Failed(m.now, d, rapid.Bool().Draw(m.t, "ours"))
		}
	case 7:
		for id := peer.ID(1); id <= m.next; id++ {
			if _, there := m.open[id]; there && rapid.IntRange(0, 3).Draw(m.t, "ends") == 0 {
				m.p.Disconnected(m.now, id)
				delete(m.open, id)
			}
		}
	case 8:
		m.p.StaleTip(rapid.Bool().Draw(m.t, "stale"))
		m.p.SetActive(rapid.IntRange(0, 3).Draw(m.t, "active") > 0)
		m.p.ExtraBlockRelay()
	case 9:
		m.p.Fetch(rapid.SampledFrom([]string{"s1", "s2", "30.1.0.1"}).Draw(m.t, "seed"))
		m.p.Try(rapid.SampledFrom([]string{"s1", "name:8333", "30.2.0.1"}).Draw(m.t, "try"), true)
		_ = m.p.AddConnection("30.3.0.1", peer.FullRelay, false)
	}
}

func (m *choices) takeDial() (Dial, bool) {
	if len(m.dialled) == 0 {
		return Dial{}, false
	}
	i := rapid.IntRange(0, len(m.dialled)-1).Draw(m.t, "dial")
	d := m.dialled[i]
	m.dialled = slices.Delete(m.dialled, i, i+1)
	return d, true
}

// compare counts for itself what the plan answers for.
func (m *choices) compare() {
	kinds := map[peer.Kind]int{}
	groups := map[string]int{}
	add := func(d Dial, chosen bool) {
		kinds[d.Kind]++
		if chosen && (d.Kind == peer.FullRelay || d.Kind == peer.BlockRelay) {
			groups[m.b.Group(d.Addr.Addr)]++
		}
	}
	for _, d := range m.dialled {
		add(d, !d.Addr.Addr.IsZero())
	}
	for _, d := range m.open {
		add(d, !d.Addr.Addr.IsZero() && d.Target == d.Addr.String() && d.Addr.Services != 0)
	}
	cfg := m.p.cfg
	own := kinds[peer.FullRelay] + kinds[peer.BlockRelay] + kinds[peer.Feeler] + kinds[peer.AddrFetch]
	if own > cfg.FullRelay+cfg.BlockRelay+cfg.Feelers || own != m.p.taken() {
		m.t.Fatalf("%d of our own choice, counted as %d", own, m.p.taken())
	}
	for g, n := range groups {
		if n > 1 {
			m.t.Fatalf("%d connections into group %q", n, g)
		}
	}
	if len(m.open) != m.p.Count() {
		m.t.Fatalf("%d connections, counted as %d", len(m.open), m.p.Count())
	}
}

func BenchmarkNextIdle(b *testing.B) {
	w := newWorld(b, planFor(newBook(spread(b, 100)...), nil))
	w.run(time.Minute)
	for id := range peer.ID(114) {
		w.p.Connected(w.now, 1000+id, Info{Kind: peer.Inbound})
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		w.p.Next(w.now)
		w.p.Wake()
	}
}
