package conn

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// book is a table of addresses that selects evenly.
type book struct {
	rand     *rand.Rand
	list     []wire.NetAddr
	lastTry  map[wire.NetAddr]time.Time
	failures map[wire.NetAddr]int
	attempts int
	collide  []wire.NetAddr
	good     []wire.NetAddr
	resolved int
	selects  int
	fresh    int // of selects
}

const full = wire.NodeNetwork | wire.NodeWitness

func newBook(addrs ...wire.NetAddr) *book {
	return &book{rand: rand.New(rand.NewPCG(1, 2)), list: addrs, lastTry: map[wire.NetAddr]time.Time{}, failures: map[wire.NetAddr]int{}}
}

func (b *book) Select(_ time.Time, fresh bool, networks []wire.Network) (wire.NetAddr, time.Time, bool) {
	if b.selects++; fresh {
		b.fresh++
	}
	fits := func(a wire.NetAddr) bool {
		return len(networks) == 0 || slices.Contains(networks, a.Addr.Network())
	}
	n := 0
	for _, a := range b.list {
		if fits(a) {
			n++
		}
	}
	if n == 0 {
		return wire.NetAddr{}, time.Time{}, false
	}
	k := b.rand.IntN(n)
	for _, a := range b.list {
		if fits(a) {
			if k--; k < 0 {
				return a, b.lastTry[a], true
			}
		}
	}
	panic("unreachable")
}

func (b *book) Collision(time.Time) (wire.NetAddr, time.Time, bool) {
	if len(b.collide) == 0 {
		return wire.NetAddr{}, time.Time{}, false
	}
	return b.collide[0], b.lastTry[b.collide[0]], true
}

func (b *book) ResolveCollisions(time.Time) { b.resolved++ }

func (b *book) Attempt(now time.Time, a wire.NetAddr, count bool) {
	b.attempts++
	b.lastTry[a] = now
	if count {
		b.failures[a]++
	}
}

func (b *book) Good(_ time.Time, a wire.NetAddr) { b.good = append(b.good, a) }

// Group takes the first two bytes, of every network.
func (b *book) Group(a wire.NetworkAddress) string { return string(a.Bytes()[:2]) }

func netAddr(t testing.TB, s string) wire.NetAddr {
	t.Helper()
	a, err := wire.ParseNetAddr(s, 8333)
	if err != nil {
		t.Fatal(s, err)
	}
	a.Services = full
	return a
}

// spread returns n addresses in n groups of IPv4.
func spread(t testing.TB, n int) (out []wire.NetAddr) {
	for i := range n {
		out = append(out, netAddr(t, fmt.Sprintf("%d.%d.0.1", 20+i/200, 1+i%200)))
	}
	return out
}

func planFor(b *book, change func(*Config)) *Plan {
	cfg := Config{Addresses: b, Rand: rand.New(rand.NewPCG(3, 4)), DefaultPort: 8333}
	cfg.SetMax(DefaultMax)
	if change != nil {
		change(&cfg)
	}
	return New(cfg)
}

// world answers the dials of a plan.
type world struct {
	t    testing.TB
	p    *Plan
	now  time.Time
	next peer.ID
	made []Dial // in order
	// answers says whether an address can be reached; nil means all.
	answers func(Dial) bool
}

func newWorld(t testing.TB, p *Plan) *world { return &world{t: t, p: p, now: start} }

// run lets time pass until there is nothing to do before the end.
func (w *world) run(d time.Duration) {
	w.t.Helper()
	end := w.now.Add(d)
	for {
		for _, dial := range w.p.Next(w.now) {
			w.made = append(w.made, dial)
			w.answer(dial)
		}
		if err := w.p.check(); err != nil {
			w.t.Fatal(err)
		}
		at, ok := w.p.Wake()
		if !ok || at.After(end) {
			w.now = end
			return
		}
		if !at.After(w.now) {
			w.t.Fatalf("wakes at %s, which is not later than %s", at, w.now)
		}
		w.now = at
	}
}

func (w *world) answer(d Dial) {
	if w.answers != nil && !w.answers(d) {
		w.p.Failed(w.now, d, false)
		return
	}
	w.next++
	if !w.p.Connected(w.now, w.next, Info{Kind: d.Kind, Target: d.Target, Addr: d.Addr}).Admitted {
		w.t.Fatalf("%+v is not admitted", d)
	}
	w.p.HandshakeDone(w.next)
	if d.Kind == peer.Feeler || d.Kind == peer.AddrFetch {
		w.p.Disconnected(w.now, w.next)
	}
}

func (w *world) kinds() (out []peer.Kind) {
	for _, d := range w.made {
		out = append(out, d.Kind)
	}
	return out
}

func count[T comparable](list []T, want T) (n int) {
	for _, v := range list {
		if v == want {
			n++
		}
	}
	return n
}

func TestSetMax(t *testing.T) {
	for limit, want := range map[int][4]int{
		125: {8, 2, 1, 114}, 11: {8, 2, 1, 0}, 10: {8, 2, 0, 0}, 9: {8, 1, 0, 0}, 8: {8, 0, 0, 0}, 3: {3, 0, 0, 0}, 0: {}, -1: {}, 4000: {8, 2, 1, 3989},
	} {
		var cfg Config
		cfg.SetMax(limit)
		if got := [4]int{cfg.FullRelay, cfg.BlockRelay, cfg.Feelers, cfg.MaxInbound}; got != want {
			t.Errorf("%d: %v, want %v", limit, got, want)
		}
	}
}

func TestOutboundInDistinctGroups(t *testing.T) {
	var addrs []wire.NetAddr
	for i := range 12 {
		for j := range 20 {
			addrs = append(addrs, netAddr(t, fmt.Sprintf("30.%d.0.%d", i+1, j+1)))
		}
	}
	b := newBook(addrs...)
	w := newWorld(t, planFor(b, nil))
	w.run(10 * time.Second)
	kinds := w.kinds()
	if len(kinds) != 10 || count(kinds[:8], peer.FullRelay) != 8 || count(kinds[8:], peer.BlockRelay) != 2 {
		t.Fatalf("made %v", kinds)
	}
	groups := map[string]bool{}
	for _, d := range w.made {
		groups[b.Group(d.Addr.Addr)] = true
		if d.Target != d.Addr.String() || d.V2 {
			t.Errorf("%+v", d)
		}
	}
	if len(groups) != 10 {
		t.Errorf("10 connections lead into %d groups", len(groups))
	}
	if b.resolved < 10 || b.attempts != 10 {
		t.Errorf("collisions resolved %d times, %d attempts noted", b.resolved, b.attempts)
	}
	w.p.Disconnected(w.now, 3)
	if w.run(time.Second); count(w.kinds(), peer.FullRelay) != 9 {
		t.Errorf("one that ended was not replaced: %v", w.kinds())
	}
}

// With one group there is one connection, but feelers go on.
func TestOneGroup(t *testing.T) {
	var addrs []wire.NetAddr
	for i := range 200 {
		addrs = append(addrs, netAddr(t, fmt.Sprintf("30.1.0.%d", i+1)))
	}
	w := newWorld(t, planFor(newBook(addrs...), nil))
	w.run(2 * time.Minute)
	if n := w.p.Count(); n != 1 {
		t.Errorf("%d connections into one group", n)
	}
}

func TestDialsUnderWayCount(t *testing.T) {
	p := planFor(newBook(spread(t, 50)...), nil)
	now, n := start, 0
	for range 100 {
		n += len(p.Next(now))
		now = now.Add(pace)
	}
	if n != 11 {
		t.Errorf("%d dials under way", n)
	}
	if _, ok := p.Wake(); ok {
		t.Error("wakes for nothing")
	}
}

func TestAnchors(t *testing.T) {
	all := spread(t, 5)
	all[1].Services = wire.NodeNetwork // no witness
	p := planFor(newBook(spread(t, 40)...), func(cfg *Config) { cfg.Anchors = all[:3] })
	w := newWorld(t, p)
	w.run(10 * time.Second)
	if d := w.made[0]; d.Kind != peer.BlockRelay || d.Addr == all[2] {
		t.Errorf("first is %+v: of three anchors two count", d)
	}
	if w.made[0].Addr != all[0] {
		t.Errorf("the anchor that does not offer enough was not passed over: %+v", w.made[0])
	}
	if got := p.Anchors(); len(got) != 2 || got[0] != all[0] {
		t.Errorf("anchors for the next run: %v", got)
	}
	p = planFor(newBook(), func(cfg *Config) { cfg.Anchors = all[2:5] })
	w = newWorld(t, p)
	w.run(10 * time.Second)
	if len(w.made) != 2 || w.made[0].Addr != all[3] || w.made[1].Addr != all[2] {
		t.Errorf("made %+v", w.made)
	}
}

func TestStaleTip(t *testing.T) {
	w := newWorld(t, planFor(newBook(spread(t, 100)...), nil))
	w.run(10 * time.Second)
	made := len(w.made)
	w.p.StaleTip(true)
	w.run(10 * time.Second)
	if got := w.kinds()[made:]; len(got) != 1 || got[0] != peer.FullRelay {
		t.Fatalf("made %v for a stale tip", got)
	}
	var list []Outbound
	for id := range peer.ID(12) {
		list = append(list, Outbound{ID: id, Announced: start})
	}
	if got := w.p.Extra(w.now, list); got != nil {
		t.Errorf("gives %v up, which has just come", got)
	}
	w.now = w.now.Add(time.Minute)
	if got := w.p.Extra(w.now, list); len(got) != 1 || got[0] != 11 || w.p.Stale() {
		t.Errorf("gives %v up, goes on looking: %v", got, w.p.Stale())
	}
}

// Over days, feelers and extra block-relay connections come at their rates, and never
// more than one at a time.
func TestExtraConnections(t *testing.T) {
	w := newWorld(t, planFor(newBook(spread(t, 1000)...), nil))
	w.answers = func(d Dial) bool { return true }
	w.run(time.Minute)
	w.made = nil
	w.run(10 * time.Hour)
	if n := count(w.kinds(), peer.BlockRelay); n != 0 {
		t.Errorf("%d extra block-relay connections before the node is in sync", n)
	}
	if n := count(w.kinds(), peer.Feeler); n < 240 || n > 360 {
		t.Errorf("%d feelers in ten hours", n)
	}
	w.p.ExtraBlockRelay()
	w.made = nil
	for range 10 * 60 * 2 {
		w.run(30 * time.Second)
		if n := w.p.CountKind(peer.BlockRelay); n > 3 {
			t.Fatalf("%d block-relay connections", n)
		}
		if w.p.CountKind(peer.BlockRelay) > 2 {
			w.p.Disconnected(w.now, w.next)
		}
	}
	if n := count(w.kinds(), peer.BlockRelay); n < 80 || n > 140 {
		t.Errorf("%d extra block-relay connections in ten hours", n)
	}
	// Each takes the place of feelers for half a minute at most.
	if n := count(w.kinds(), peer.Feeler); n < 200 || n > 360 {
		t.Errorf("%d feelers in ten hours besides", n)
	}
}

func TestExtraNetwork(t *testing.T) {
	tor := netAddr(t, "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333")
	b := newBook(append(spread(t, 300), tor)...)
	for _, c := range []struct {
		networks []wire.Network
		max      int
		want     bool
	}{
		{allNetworks[:], 125, true}, {[]wire.Network{wire.NetIPv4, wire.NetTorV3}, 125, true}, {[]wire.Network{wire.NetIPv4}, 125, false}, {nil, 125, false}, {allNetworks[:], 7, false},
	} {
		clear(b.lastTry)
		w := newWorld(t, planFor(b, func(cfg *Config) { cfg.SetMax(c.max); cfg.Networks = c.networks }))
		w.answers = func(d Dial) bool { return d.Kind == peer.Feeler || d.Addr != tor || w.p.CountKind(peer.FullRelay) >= 8 }
		w.run(3 * time.Hour)
		if got := w.p.sums.networks[wire.NetTorV3] == 1; got != c.want {
			t.Errorf("%+v: connected to it: %v", c, got)
		}
	}
}

// A node at home does not stand for the internet's network: another is looked for, and
// the only peer there is kept.
func TestNodeAtHomeIsInNoNetwork(t *testing.T) {
	p := planFor(newBook(), func(cfg *Config) { cfg.SetMax(125) })
	for id, at := range []string{"192.168.1.2:8333", "127.0.0.1:8333", "30.1.2.3:8333"} {
		if !p.Connected(start, peer.ID(id), Info{Kind: peer.Manual, Target: at, Addr: netAddr(t, at)}).Admitted {
			t.Fatal(at)
		}
	}
	if p.sums.networks[wire.NetIPv4] != 1 || p.sums.networks[wire.NetNone] != 2 {
		t.Errorf("networks %v", p.sums.networks)
	}
	p.Disconnected(start, 0)
	if p.sums.networks[wire.NetNone] != 1 {
		t.Errorf("networks %v", p.sums.networks)
	}
}

func TestV2(t *testing.T) {
	speaks, not := netAddr(t, "30.1.0.1"), netAddr(t, "30.2.0.1")
	speaks.Services |= wire.NodeP2PV2
	for _, on := range []bool{true, false} {
		p := planFor(newBook(speaks, not), func(cfg *Config) { cfg.V2, cfg.Added = on, []string{"host"} })
		_ = p.Add("old", false)
		p.Fetch("seed")
		w := newWorld(t, p)
		w.run(5 * time.Second)
		got := map[string]bool{}
		for _, d := range w.made {
			got[d.Target] = d.V2
		}
		if len(got) != 5 || got["30.1.0.1:8333"] != on || got["30.2.0.1:8333"] || got["host"] != on || got["old"] || got["seed"] != on {
			t.Errorf("with v2 %v: %v", on, got)
		}
	}
}

func TestFetches(t *testing.T) {
	p := planFor(newBook(), nil)
	for i := range 2 * MaxFetches {
		p.Fetch(fmt.Sprint("seed", i))
		p.Fetch(fmt.Sprint("seed", i))
	}
	w := newWorld(t, p)
	w.run(time.Hour)
	seeds := map[string]bool{}
	for _, d := range w.made {
		seeds[d.Target] = true
	}
	if n := count(w.kinds(), peer.AddrFetch); n != MaxFetches || len(seeds) != n {
		t.Errorf("%d fetches of %d seeds", n, len(seeds))
	}
	for _, change := range []func(*Config){func(c *Config) { c.Connect = []string{"x"} }, func(c *Config) { c.ConnectOnly = true }} {
		b := newBook(spread(t, 10)...)
		p := planFor(b, change)
		p.Fetch("seed")
		w := newWorld(t, p)
		if w.run(time.Hour); len(p.auto.fetches) != 0 || w.p.taken() != 0 || b.selects != 0 {
			t.Errorf("connections of our own choice in spite of -connect: %+v", w.made)
		}
	}
}

func TestAddConnection(t *testing.T) {
	p := planFor(newBook(), nil)
	for i := range 8 {
		if err := p.AddConnection(fmt.Sprint("f", i), peer.FullRelay, true); err != nil {
			t.Fatal(err)
		}
		p.Next(start)
		p.Connected(start, peer.ID(i), Info{Kind: peer.FullRelay, Target: fmt.Sprint("f", i)})
	}
	if err := p.AddConnection("f8", peer.FullRelay, true); err != ErrNoRoom {
		t.Errorf("a ninth: %v", err)
	}
	for _, k := range []peer.Kind{peer.Manual, peer.Inbound, peer.PrivateBroadcast} {
		if err := p.AddConnection("m", k, true); err != ErrKind {
			t.Errorf("%s: %v", k, err)
		}
	}
	for i := range 5 { // two more than there are places for, at once
		if err := p.AddConnection(fmt.Sprint("b", i), peer.Feeler, true); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.Next(start); len(got) != 3 || got[0].Kind != peer.Feeler || !got[0].V2 {
		t.Errorf("made %+v", got)
	}
	if err := p.AddConnection("b9", peer.AddrFetch, true); err != ErrNoRoom {
		t.Errorf("a twelfth: %v", err)
	}
}

const i2pHost = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b32.i2p"

func TestNamesOfOneEndpoint(t *testing.T) {
	for _, names := range [][]string{
		{"h", "h:8333", "H"}, {"1.2.3.4", "1.2.3.4:8333", "[::ffff:1.2.3.4]:8333"}, {"::1", "[::1]", "[::1]:8333", "0:0:0:0:0:0:0:1"},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b32.i2p", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b32.i2p:0"},
	} {
		p := New(Config{DefaultPort: 8333, Connect: names, Added: names[:1]})
		for _, name := range names[1:] {
			if err := p.Add(name, false); err != ErrAlreadyAdded {
				t.Errorf("%s besides %s: %v", name, names[0], err)
			}
			p.Try(name, false)
		}
		if got := p.Next(start); len(got) != 1 {
			t.Errorf("dialled %+v", got)
		}
	}
	p := New(Config{DefaultPort: 8333, Connect: []string{"h:1", "h:2", "h", "g", "[::1]:5", "::1:5", i2pHost, i2pHost + ":1"}})
	if got := p.Next(start); len(got) != 8 {
		t.Errorf("dialled %+v", got)
	}
}

// A name that leads to where a connection exists already is given up, and tried again
// later.
func TestNameLeadsToConnected(t *testing.T) {
	p := New(Config{Connect: []string{"a", "b"}})
	p.Next(start)
	to := netAddr(t, "1.2.3.4")
	if !p.Connected(start, 1, Info{Kind: peer.Manual, Target: "a", Addr: to}).Admitted {
		t.Fatal("not admitted")
	}
	if p.Connected(start, 2, Info{Kind: peer.Manual, Target: "b", Addr: to}).Admitted {
		t.Error("a second connection to one address")
	}
	verify(t, p)
	if got := dialled(p, start.Add(time.Second)); !slices.Equal(got, []string{"b"}) {
		t.Errorf("dialled %v", got)
	}
	p.Try("1.2.3.4:8333", false)
	if p.cfg.DefaultPort = 8333; len(dialled(p, start.Add(time.Second))) != 0 {
		t.Error("dialled an address that is connected by name")
	}
}

func TestRoomForInbound(t *testing.T) {
	p := New(Config{MaxInbound: 40})
	var list []Candidate
	join := func(id peer.ID, change func(*Info)) Admission {
		in := Info{Kind: peer.Inbound, Candidates: func() []Candidate { return list }}
		if change != nil {
			change(&in)
		}
		a := p.Connected(start.Add(time.Duration(id)), id, in)
		if a.Admitted {
			list = append(list, Candidate{ID: id, Connected: start.Add(time.Duration(id)), Group: uint64(id % 3)})
		}
		verify(t, p)
		return a
	}
	discouraged := func(in *Info) { in.Discouraged = true }
	for id := range peer.ID(39) {
		change := func(in *Info) { in.Discouraged = id == 3 }
		if !join(id, change).Admitted {
			t.Fatal("refused while there is room")
		}
	}
	if join(100, discouraged).Admitted {
		t.Error("a discouraged address takes the last place")
	}
	if !join(100, func(in *Info) { in.Discouraged, in.NoBan = true, true }).Admitted {
		t.Error("whom the operator wants is refused")
	}
	stranger := p.Connected(start, 101, Info{Kind: peer.Inbound, Candidates: func() []Candidate {
		return candidatesFrom(500, 60)
	}})
	if stranger.Admitted {
		t.Error("room was made by somebody who is not here")
	}
	p.Connected(start, 600, Info{Kind: peer.Manual, Target: "x"})
	if p.Connected(start, 101, Info{Kind: peer.Inbound, Candidates: func() []Candidate {
		list := candidatesFrom(500, 60)
		for i := range list {
			list[i].ID = 600
		}
		return list
	}}).Admitted {
		t.Error("room was made by an outbound peer")
	}
	p.Disconnected(start, 600)
	a := join(101, nil)
	if !a.Admitted || !a.Evicts {
		t.Fatalf("%+v when it is full", a)
	}
	if join(102, func(in *Info) { in.Candidates = nil }).Admitted {
		t.Error("admitted without anybody to evict")
	}
	if b := join(103, nil); b.Admitted { // the same is chosen, who is leaving already
		t.Errorf("%+v for one who leaves already", b)
	}
	list = slices.DeleteFunc(list, func(c Candidate) bool { return c.ID == a.Evict })
	p.Disconnected(start, a.Evict)
	if b := join(103, nil); !b.Admitted || !b.Evicts || b.Evict == a.Evict || p.Inbound() != 40 {
		t.Errorf("%+v, %d inbound", b, p.Inbound())
	}
}

func candidatesFrom(id peer.ID, n int) (list []Candidate) {
	for i := range n {
		list = append(list, Candidate{ID: id + peer.ID(i), Connected: start, RelaysTx: true})
	}
	return list
}

func TestExtraPeers(t *testing.T) {
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	for name, c := range map[string]struct {
		kinds  []peer.Kind
		change func(list []Outbound, p *Plan)
		want   []peer.ID
	}{
		"none too many": {kinds: []peer.Kind{peer.BlockRelay, peer.BlockRelay, peer.FullRelay}},
		"the youngest for blocks only": {
			kinds: []peer.Kind{peer.BlockRelay, peer.BlockRelay, peer.BlockRelay}, want: []peer.ID{2},
		},
		"the one before, which brought no block": {
			kinds:  []peer.Kind{peer.BlockRelay, peer.BlockRelay, peer.BlockRelay},
			change: func(l []Outbound, _ *Plan) { l[2].LastBlock = at(5) }, want: []peer.ID{1},
		},
		"the youngest, although the oldest brought nothing": {
			kinds:  []peer.Kind{peer.BlockRelay, peer.BlockRelay, peer.BlockRelay},
			change: func(l []Outbound, _ *Plan) { l[2].LastBlock, l[1].LastBlock = at(5), at(5) }, want: []peer.ID{2},
		},
		"none while a block comes": {
			kinds:  []peer.Kind{peer.BlockRelay, peer.BlockRelay, peer.BlockRelay},
			change: func(l []Outbound, _ *Plan) { l[2].Downloading = true },
		},
		"none that has just come": {
			kinds:  []peer.Kind{peer.BlockRelay, peer.BlockRelay, peer.BlockRelay},
			change: func(_ []Outbound, p *Plan) { p.link(2).since = at(71) },
		},
		"one that has been here for 30 s": {
			kinds:  []peer.Kind{peer.BlockRelay, peer.BlockRelay, peer.BlockRelay},
			change: func(_ []Outbound, p *Plan) { p.link(2).since = at(70) }, want: []peer.ID{2},
		},
		"none before the handshake": {
			kinds:  []peer.Kind{peer.BlockRelay, peer.BlockRelay, peer.BlockRelay},
			change: func(_ []Outbound, p *Plan) { p.link(0).done = false },
		},
		"none while one is leaving": {
			kinds:  []peer.Kind{peer.BlockRelay, peer.BlockRelay, peer.BlockRelay},
			change: func(l []Outbound, _ *Plan) { l[0].Closing = true },
		},
		"full relay: the youngest of those that announced nothing": {
			kinds: []peer.Kind{peer.FullRelay, peer.FullRelay, peer.FullRelay}, want: []peer.ID{2},
		},
		"full relay: none that has been here for 30 s only": {
			kinds:  []peer.Kind{peer.FullRelay, peer.FullRelay, peer.FullRelay},
			change: func(_ []Outbound, p *Plan) { p.link(2).since = at(70) },
		},
		"who announced least recently": {
			kinds:  []peer.Kind{peer.FullRelay, peer.FullRelay, peer.FullRelay},
			change: func(l []Outbound, _ *Plan) { l[0].Announced, l[1].Announced, l[2].Announced = at(3), at(2), at(4) }, want: []peer.ID{1},
		},
		"who is not protected": {
			kinds:  []peer.Kind{peer.FullRelay, peer.FullRelay, peer.FullRelay},
			change: func(l []Outbound, _ *Plan) { l[2].Protected = true }, want: []peer.ID{1},
		},
		"who is not alone in its network": {
			kinds: []peer.Kind{peer.FullRelay, peer.FullRelay, peer.FullRelay},
			change: func(l []Outbound, p *Plan) {
				p.sums.add(p.link(2), -1)
				defer func() { p.sums.add(p.link(2), 1) }() // it is counted where it is now
				p.link(2).addr = netAddr(t, "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion")
			}, want: []peer.ID{1},
		},
		"one of each": {
			kinds: []peer.Kind{peer.FullRelay, peer.BlockRelay, peer.FullRelay, peer.BlockRelay, peer.FullRelay, peer.BlockRelay}, want: []peer.ID{5, 4},
		},
		"as many as there may be": {kinds: []peer.Kind{peer.FullRelay, peer.BlockRelay, peer.FullRelay, peer.BlockRelay}},
		"for blocks only though others are younger": {
			kinds: []peer.Kind{peer.BlockRelay, peer.BlockRelay, peer.BlockRelay, peer.FullRelay}, want: []peer.ID{2},
		},
		"not one that leaves, but the one before": {
			kinds:  []peer.Kind{peer.BlockRelay, peer.BlockRelay, peer.BlockRelay, peer.BlockRelay},
			change: func(l []Outbound, _ *Plan) { l[3].Closing = true }, want: []peer.ID{2},
		},
		"full relay: not one that leaves": {
			kinds:  []peer.Kind{peer.FullRelay, peer.FullRelay, peer.FullRelay, peer.FullRelay},
			change: func(l []Outbound, _ *Plan) { l[3].Closing = true }, want: []peer.ID{2},
		},
		"full relay: none while a block comes": {
			kinds:  []peer.Kind{peer.FullRelay, peer.FullRelay, peer.FullRelay},
			change: func(l []Outbound, _ *Plan) { l[2].Downloading = true },
		},
		"full relay: none if all are protected": {
			kinds:  []peer.Kind{peer.FullRelay, peer.FullRelay, peer.FullRelay},
			change: func(l []Outbound, _ *Plan) { l[0].Protected, l[1].Protected, l[2].Protected = true, true, true },
		},
		"nobody who is not connected": {
			kinds:  []peer.Kind{peer.FullRelay, peer.FullRelay, peer.FullRelay, peer.BlockRelay, peer.BlockRelay, peer.BlockRelay},
			change: func(l []Outbound, p *Plan) { p.Disconnected(start, 2); p.Disconnected(start, 5) },
		},
		"nobody who is not connected any more": {
			kinds:  []peer.Kind{peer.FullRelay, peer.FullRelay, peer.FullRelay, peer.FullRelay, peer.BlockRelay, peer.BlockRelay, peer.BlockRelay, peer.BlockRelay},
			change: func(l []Outbound, p *Plan) { p.Disconnected(start, 3); p.Disconnected(start, 7) }, want: []peer.ID{6, 2},
		},
		"no manual ones": {kinds: []peer.Kind{peer.Manual, peer.Manual, peer.Manual, peer.Manual}},
	} {
		p := New(Config{FullRelay: 2, BlockRelay: 2})
		var list []Outbound
		for i, k := range c.kinds {
			a := netAddr(t, fmt.Sprintf("30.%d.0.1", i+1))
			if !p.Connected(start, peer.ID(i), Info{Kind: k, Target: a.String(), Addr: a}).Admitted {
				t.Fatal("not admitted")
			}
			p.HandshakeDone(peer.ID(i))
			list = append(list, Outbound{ID: peer.ID(i)})
		}
		if c.change != nil {
			c.change(list, p)
		}
		if got := p.Extra(at(100), list); !slices.Equal(got, c.want) {
			t.Errorf("%s: gives %v up, want %v", name, got, c.want)
		}
	}
}
