package addrrelay

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// model is the rules once more, with plain sets and sorting. It shares the keyed hash
// and the random numbers with the relay.
type model struct {
	r       *Relay // for its keyed hash only
	rand    *rand.Rand
	peers   map[peer.ID]*party
	answers map[Socket]*answer
}

type party struct {
	o                      Options
	takes                  bool // takes part
	tokens                 float64
	counted                time.Time
	asked, told, announced bool
	known                  []map[where]bool // the youngest first
	queue                  []wire.TimedAddr
	next, announce         time.Time
	processed, limited     uint64
}

type where struct {
	addr wire.NetworkAddress
	port uint16
}

func (p *party) knows(a wire.NetAddr) bool {
	for _, g := range p.known {
		if g[where{a.Addr, a.Port}] {
			return true
		}
	}
	return false
}

func (p *party) learn(a wire.NetAddr) {
	w := where{a.Addr, a.Port}
	if len(p.known) > 0 && p.known[0][w] {
		return
	}
	if len(p.known) == 0 || len(p.known[0]) == 2500 {
		p.known = append([]map[where]bool{{}}, p.known...)
		p.known = p.known[:min(len(p.known), 3)]
	}
	p.known[0][w] = true
}

func (p *party) form(a wire.NetworkAddress) bool {
	return p.o.V2 || a.Network() <= wire.NetIPv6
}

func (p *party) join(now time.Time) bool {
	switch p.o.Kind {
	case peer.BlockRelay, peer.Feeler, peer.PrivateBroadcast:
		return false
	}
	if !p.takes {
		p.takes, p.next, p.announce = true, now, now
	}
	return true
}

func (m *model) add(now time.Time, id peer.ID, o Options) bool {
	if m.peers[id] != nil {
		return false
	}
	p := &party{o: o, tokens: 1, counted: now}
	m.peers[id] = p
	if o.Kind == peer.Inbound || !p.join(now) {
		return false
	}
	p.asked = true
	p.tokens += 1000
	return true
}

func (m *model) push(now time.Time, p *party, a wire.TimedAddr) {
	if !a.Addr.Valid() || !p.form(a.Addr) || p.knows(a.NetAddr) {
		return
	}
	if len(p.queue) == 1000 {
		p.queue[m.rand.IntN(1000)] = a
		return
	}
	p.queue = append(p.queue, a)
	if p.next.IsZero() {
		p.next = now.Add(time.Duration(m.rand.ExpFloat64() * float64(30*time.Second)))
	}
}

func (m *model) received(now time.Time, id peer.ID, list []wire.TimedAddr) []wire.TimedAddr {
	p := m.peers[id]
	if p == nil || !p.join(now) {
		return nil
	}
	if p.tokens < 1000 {
		p.tokens = min(1000, p.tokens+max(0, now.Sub(p.counted).Seconds())*0.1)
	}
	p.counted = now
	news := !p.asked && len(list) <= 10
	list = slices.Clone(list)
	m.rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	var take []wire.TimedAddr
	for _, a := range list {
		if p.tokens < 1 && !p.o.Trusted {
			p.limited++
			continue
		}
		if p.tokens >= 1 {
			p.tokens--
		}
		if !a.Services.Has(wire.NodeNetwork) && !a.Services.Has(wire.NodeNetworkLimited) {
			continue
		}
		if said := time.Unix(int64(a.Time), 0); a.Time <= 100_000_000 || said.After(now.Add(10*time.Minute)) {
			a.Time = uint32(now.Add(-5 * 24 * time.Hour).Unix())
		}
		p.learn(a.NetAddr)
		if m.r.cfg.Unwanted(a.Addr) {
			continue
		}
		p.processed++
		if news && time.Unix(int64(a.Time), 0).After(now.Add(-10*time.Minute)) && a.Addr.Routable() {
			m.spread(now, id, a)
		}
		if m.r.cfg.Reachable(a.Addr) {
			take = append(take, a)
		}
	}
	if len(list) < 1000 {
		p.asked = false
	}
	return take
}

func (m *model) spread(now time.Time, from peer.ID, a wire.TimedAddr) {
	h := m.r.hash(&a.NetAddr)
	seed := pair(h, (uint64(now.Unix())+h)/86400)
	n := 2
	if !m.r.cfg.Reachable(a.Addr) && m.r.key.Hash(&seed)%2 == 0 {
		n = 1
	}
	var ids []peer.ID
	for id, p := range m.peers {
		if p.takes && id != from && p.form(a.Addr) {
			ids = append(ids, id)
		}
	}
	rank := func(id peer.ID) uint64 { return m.r.key.HashWith(&seed, uint64(id)) }
	slices.SortFunc(ids, func(x, y peer.ID) int { return cmp.Compare(rank(y), rank(x)) })
	for _, id := range ids[:min(n, len(ids))] {
		m.push(now, m.peers[id], a)
	}
}

func (m *model) getAddr(now time.Time, id peer.ID, sample Sample) bool {
	p := m.peers[id]
	if p == nil || p.o.Kind != peer.Inbound {
		return false
	}
	p.join(now)
	if p.told {
		return false
	}
	p.told, p.queue = true, nil
	draw := func() (out []wire.TimedAddr) {
		for _, a := range sample(1000, 23) {
			if !m.r.cfg.Unwanted(a.Addr) {
				out = append(out, a)
			}
		}
		return out
	}
	var list []wire.TimedAddr
	if p.o.Trusted {
		list = draw()
	} else {
		a := m.answers[p.o.Socket]
		if a == nil || now.After(a.until) {
			a = &answer{addrs: draw(), until: now.Add(21*time.Hour + time.Duration(m.rand.Int64N(int64(6*time.Hour))))}
			m.answers[p.o.Socket] = a
		}
		list = a.addrs
	}
	for _, a := range list {
		m.push(now, p, a)
	}
	return true
}

func (m *model) due(now time.Time, own Own) (out []Batch) {
	var ids []peer.ID
	for id := range m.peers {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		p := m.peers[id]
		if !p.takes {
			continue
		}
		if own != nil && !now.Before(p.announce) {
			p.announce = now.Add(time.Duration(m.rand.ExpFloat64() * float64(24*time.Hour)))
			if p.announced {
				p.known = nil
			}
			if a, ok := own(id); ok && p.form(a.Addr) {
				t := wire.TimedAddr{Time: uint32(now.Unix()), NetAddr: a}
				if p.announced {
					m.push(now, p, t)
				} else {
					out = append(out, Batch{id, []wire.TimedAddr{t}, p.o.V2})
				}
			}
			p.announced = true
		}
		if p.next.IsZero() || now.Before(p.next) {
			continue
		}
		var list []wire.TimedAddr
		for _, a := range p.queue {
			if !p.knows(a.NetAddr) {
				p.learn(a.NetAddr)
				list = append(list, a)
			}
		}
		p.queue, p.next = nil, time.Time{}
		if len(list) > 0 {
			out = append(out, Batch{id, list, p.o.V2})
		}
	}
	return out
}

func (m *model) same(r *Relay) error {
	if len(r.peers) != len(m.peers) || len(r.answers) != len(m.answers) {
		return fmt.Errorf("%d peers, %d answers, model %d, %d", len(r.peers), len(r.answers), len(m.peers), len(m.answers))
	}
	for _, p := range r.peers {
		q := m.peers[p.id]
		if q == nil {
			return fmt.Errorf("peer %s is not in the model", p.id)
		}
		if !slices.Equal(p.queue, q.queue) || !p.next.Equal(q.next) || !p.nextAnnounce.Equal(q.announce) {
			return fmt.Errorf("peer %s: %d wait until %s, announced at %s; model %d, %s, %s", p.id, len(p.queue), p.next, p.nextAnnounce, len(q.queue), q.next, q.announce)
		}
		if want := (Stats{q.takes, q.processed, q.limited}); r.Stats(p.id) != want {
			return fmt.Errorf("peer %s: %+v, model %+v", p.id, r.Stats(p.id), want)
		}
		count := 0
		for _, g := range p.known.generations {
			count += g.count
		}
		for _, g := range q.known {
			count -= len(g)
		}
		if count != 0 {
			return fmt.Errorf("peer %s: %d more are known", p.id, count)
		}
	}
	return nil
}

// operations draws operations for the model.
func operations(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 5))
	b := make([]byte, 4*n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestModel(t *testing.T) {
	for seed := range uint64(6) {
		runModel(t, seed, operations(seed, 1500))
	}
}

func FuzzModel(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed, operations(seed, 100))
	}
	f.Fuzz(func(t *testing.T, seed uint64, ops []byte) {
		runModel(t, seed, ops[:min(len(ops), 4*500)])
	})
}

// news returns addresses of many kinds.
func news(now time.Time, r *rand.Rand, n int) []wire.TimedAddr {
	out := make([]wire.TimedAddr, n)
	for i := range out {
		a := &out[i]
		a.NetAddr = addr(r.IntN(9000))
		switch r.IntN(12) {
		case 0:
			a.NetAddr = onion(byte(r.IntN(256))).NetAddr
		case 1:
			a.NetAddr.Addr = wire.AddressOfIP(netip.AddrFrom4([4]byte{10, 0, 0, byte(r.IntN(9))}))
		case 2:
			a.NetAddr.Addr = wire.NetworkAddress{}
		case 3:
			a.Services = wire.NodeBloom
		case 4:
			a.Services |= wire.NodeNetworkLimited
		}
		a.Time = uint32(now.Unix()) + uint32(r.IntN(1300)) - 650
		if r.IntN(9) == 0 {
			a.Time = r.Uint32()
		}
	}
	return out
}

// runModel does operations of four bytes: which, of whom, and two of detail.
func runModel(t *testing.T, seed uint64, ops []byte) {
	now := start
	r := New(Config{
		Reachable: func(a wire.NetworkAddress) bool { return a.Network() != wire.NetTorV3 },
		Unwanted:  func(a wire.NetworkAddress) bool { return a.Bytes() != nil && a.Bytes()[len(a.Bytes())-1]%16 == 7 },
	})
	m := &model{r: r, peers: map[peer.ID]*party{}, answers: map[Socket]*answer{}}
	me := addr(77)
	own := func(id peer.ID) (wire.NetAddr, bool) { return me, id%5 > 0 }
	for step := 0; len(ops) >= 4; step++ {
		op, who, x, y := ops[0], peer.ID(ops[1]%16), ops[2], ops[3]
		ops = ops[4:]
		r.rand, m.rand = rand.New(rand.NewPCG(seed, uint64(step))), rand.New(rand.NewPCG(seed, uint64(step)))
		detail := rand.New(rand.NewPCG(seed+1, uint64(x)<<8|uint64(y)))
		settled := false
		switch op % 16 {
		case 0, 1:
			o := Options{Kind: peer.Kind(x % 16 % 7), V2: y%2 == 0, Trusted: y%8 < 2, Socket: Socket{Network: wire.Network(y / 64)}}
			if got, want := r.AddPeer(now, who, o), m.add(now, who, o); got != want {
				t.Fatalf("step %d: peer %s asked %v, model %v", step, who, got, want)
			}
		case 2:
			if x%4 == 0 {
				r.RemovePeer(who)
				delete(m.peers, who)
			}
		case 3, 4, 5, 6, 7, 8:
			n := []int{0, 1, 1, 2, 3, 9, 10, 11, 100, 999, 1000}[int(x)%11]
			list := news(now, detail, n)
			want := m.received(now, who, list)
			if got := r.Received(now, who, list); !slices.Equal(got, want) {
				t.Fatalf("step %d: %d taken, model %d", step, len(got), len(want))
			}
		case 9, 10:
			sample := func(limit, percent int) []wire.TimedAddr {
				return news(now, rand.New(rand.NewPCG(uint64(step), 3)), limit*percent/100*int(y%4))
			}
			if y%4 == 3 {
				break
			}
			if got, want := r.GetAddr(now, who, sample), m.getAddr(now, who, sample); got != want {
				t.Fatalf("step %d: answered %v, model %v", step, got, want)
			}
		case 11, 12, 13:
			o := own
			if x%4 == 0 {
				o = nil
			}
			want := m.due(now, o)
			got := r.Due(now, o)
			if !slices.EqualFunc(got, want, func(a, b Batch) bool {
				return a.Peer == b.Peer && a.V2 == b.V2 && slices.Equal(a.Addrs, b.Addrs)
			}) {
				t.Fatalf("step %d: sent %d, model %d", step, len(got), len(want))
			}
			settled = true
		case 14:
			now = now.Add([]time.Duration{time.Millisecond, time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 12 * time.Hour, 30 * time.Hour}[x%8])
		case 15:
			if w := r.Wake(); !w.IsZero() && w.After(now) {
				now = w
			}
		}
		if err := r.check(settled); err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		if err := m.same(r); err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
	}
}
