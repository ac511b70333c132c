package conn

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// randomCandidates returns inbound peers with ids from 0 on, everything else at
// random.
func randomCandidates(r *rand.Rand, n int) []Candidate {
	networks := []wire.Network{wire.NetNone, wire.NetIPv4, wire.NetIPv6, wire.NetTorV3, wire.NetI2P, wire.NetCJDNS}
	seconds := func() time.Time { return start.Add(time.Duration(r.IntN(100)) * time.Second) }
	list := make([]Candidate, n)
	for i := range list {
		list[i] = Candidate{
			ID: peer.ID(i), Connected: seconds(), MinPing: time.Duration(1+r.IntN(100)) * time.Microsecond, LastBlock: seconds(), LastTx: seconds(),
			Relevant: r.IntN(2) == 0, RelaysTx: r.IntN(2) == 0, Bloom: r.IntN(2) == 0, Group: r.Uint64N(100), Prefer: r.IntN(2) == 0,
			Local: r.IntN(2) == 0, Network: networks[r.IntN(len(networks))],
		}
	}
	return list
}

func pointers(list []Candidate) (out []*Candidate) {
	for i := range list {
		out = append(out, &list[i])
	}
	return out
}

func ids(from, to int) (out []peer.ID) {
	for i := from; i <= to; i++ {
		out = append(out, peer.ID(i))
	}
	return out
}

// Who is protected for uptime and network, as the tests of Bitcoin Core have it
// (net_peer_eviction_tests): peers are connected in the order of their ids.
func TestProtectionByUptime(t *testing.T) {
	type set = []peer.ID
	for i, c := range []struct {
		n                       int
		local, onion, i2p, fc00 set
		stay                    set
	}{
		{n: 12, stay: ids(0, 5)},
		{n: 12, onion: set{3, 8, 9, 10, 11}, stay: set{0, 1, 2, 3, 8, 9}},
		{n: 12, local: ids(7, 11), stay: set{0, 1, 2, 7, 8, 9}},
		{n: 12, i2p: set{4, 9, 10, 11}, stay: set{0, 1, 2, 4, 9, 10}},
		{n: 12, fc00: set{4, 9, 10, 11}, stay: set{0, 1, 2, 4, 9, 10}},
		{n: 4, onion: set{3}, stay: set{0, 3}},
		{n: 7, local: set{6}, onion: set{5}, stay: set{0, 1, 6}},
		{n: 8, local: set{6}, onion: set{5}, stay: set{0, 1, 5, 6}},
		{n: 12, local: set{6, 9, 11}, onion: set{7, 8, 10}, stay: set{0, 1, 2, 6, 7, 9}},
		{n: 12, local: ids(5, 8), onion: set{10}, stay: set{0, 1, 2, 5, 6, 10}},
		{n: 16, local: set{6, 9, 11, 12}, onion: set{8, 10}, stay: set{0, 1, 2, 3, 6, 8, 9, 10}},
		{n: 16, local: ids(11, 15), onion: set{10}, stay: set{0, 1, 2, 3, 10, 11, 12, 13}},
		{n: 16, local: set{15}, onion: ids(7, 10), stay: set{0, 1, 2, 3, 7, 8, 9, 15}},
		{n: 12, onion: set{8, 10}, i2p: set{6, 9, 11}, stay: set{0, 1, 2, 6, 8, 10}},
		{n: 4, local: set{2}, i2p: set{3}, onion: set{1}, stay: set{0, 3}},
		{n: 7, local: set{4}, i2p: set{6}, onion: set{5}, stay: set{0, 1, 6}},
		{n: 8, local: set{6}, i2p: set{5}, onion: set{4}, stay: set{0, 1, 5, 6}},
		{n: 16, local: set{6, 12, 13, 14, 15}, i2p: set{7, 11}, onion: set{9, 10}, stay: set{0, 1, 2, 3, 6, 7, 9, 11}},
		{n: 24, local: set{12}, i2p: ids(15, 22), onion: set{23}, stay: set{0, 1, 2, 3, 4, 5, 12, 15, 16, 17, 18, 23}},
		{n: 24, local: set{15}, i2p: set{12, 14, 17}, onion: ids(18, 23), stay: set{0, 1, 2, 3, 4, 5, 12, 14, 15, 17, 18, 19}},
		{n: 24, local: set{13}, i2p: ids(17, 23), onion: set{12, 14, 15, 16}, stay: set{0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 17, 18}},
		{n: 24, local: ids(16, 23), fc00: ids(11, 14), onion: ids(7, 9), stay: set{0, 1, 2, 3, 4, 5, 7, 8, 11, 12, 16, 17}},
		{n: 5, local: set{3}, fc00: set{4}, i2p: set{1}, onion: set{2}, stay: set{0, 4}},
		{n: 7, local: set{4}, fc00: set{6}, i2p: set{5}, onion: set{3}, stay: set{0, 1, 6}},
		{n: 8, local: set{3}, fc00: set{5}, i2p: set{6}, stay: set{0, 1, 5, 6}},
		{n: 16, local: ids(6, 15), fc00: set{11, 15}, i2p: set{10, 14}, onion: set{8, 9}, stay: set{0, 1, 2, 3, 6, 8, 10, 11}},
		{n: 24, local: set{13}, fc00: ids(18, 23), i2p: set{17}, onion: set{12, 14, 15, 16}, stay: set{0, 1, 2, 3, 4, 5, 12, 13, 14, 17, 18, 19}},
	} {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		for range 10 {
			list := randomCandidates(r, c.n)
			for j := range list {
				p := &list[j]
				p.Connected = start.Add(time.Duration(p.ID) * time.Second)
				p.Local, p.Network = slices.Contains(c.local, p.ID), wire.NetIPv4
				switch {
				case slices.Contains(c.fc00, p.ID):
					p.Network = wire.NetCJDNS
				case slices.Contains(c.i2p, p.ID):
					p.Network = wire.NetI2P
				case slices.Contains(c.onion, p.ID):
					p.Network = wire.NetTorV3
				}
			}
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			stay := ids(0, c.n-1)
			for _, left := range protectByUptime(pointers(list)) {
				stay = slices.DeleteFunc(stay, func(id peer.ID) bool { return id == left.ID })
			}
			if !slices.Equal(stay, c.stay) {
				t.Fatalf("case %d: %v stay, want %v", i, stay, c.stay)
			}
		}
	}
}

// Each measure alone protects as many as it says, however many peers there are.
func TestProtectionByMeasure(t *testing.T) {
	for name, c := range map[string]struct {
		best int // the ids below are never chosen
		set  func(p *Candidate, n int)
	}{
		"group": {4, func(p *Candidate, n int) { p.Group = uint64(n - int(p.ID)) }},
		"ping":  {8, func(p *Candidate, _ int) { p.MinPing = time.Duration(p.ID + 1) }},
		"tx":    {4, func(p *Candidate, n int) { p.LastTx = start.Add(time.Duration(n-int(p.ID)) * time.Second) }},
		"block": {4, func(p *Candidate, n int) { p.LastBlock = start.Add(time.Duration(n-int(p.ID)) * time.Second) }},
		"block relay": {12, func(p *Candidate, n int) {
			p.LastBlock = start.Add(time.Duration(n-int(p.ID)) * time.Second)
			if p.ID < 8 {
				p.RelaysTx, p.Relevant = false, true
			}
		}},
		"all": {20, func(p *Candidate, n int) {
			p.Group, p.MinPing = uint64(n-int(p.ID)), time.Duration(p.ID+1)
			p.LastTx = start.Add(time.Duration(n-int(p.ID)) * time.Second)
			p.LastBlock = p.LastTx
		}},
	} {
		r := rand.New(rand.NewPCG(3, uint64(c.best)))
		for n := 0; n < 200; n += 1 + n/30 {
			list := randomCandidates(r, n)
			for i := range list {
				c.set(&list[i], n)
			}
			r.Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
			id, ok := SelectToEvict(list)
			if ok && int(id) < c.best {
				t.Fatalf("%s: %d of %d is evicted", name, id, n)
			}
			if ok != (n > 20) && (n <= 20 || n >= 29) {
				t.Fatalf("%s: of %d peers evicts %v", name, n, ok)
			}
		}
	}
}

func TestWhoIsNeverEvicted(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, set := range []func(p *Candidate){
		func(p *Candidate) { p.NoBan = true },
		func(p *Candidate) { p.Kind = peer.Manual },
		func(p *Candidate) { p.Kind = peer.FullRelay },
	} {
		list := randomCandidates(r, 100)
		for i := range list {
			set(&list[i])
		}
		if id, ok := SelectToEvict(list); ok {
			t.Errorf("%d is evicted", id)
		}
	}
}

// Of those who are left the discouraged go first, else the youngest of the largest
// group, else of the group whose youngest is younger.
func TestWhoIsEvicted(t *testing.T) {
	base := func(n int) []Candidate {
		list := randomCandidates(rand.New(rand.NewPCG(7, 8)), n)
		for i := range list {
			p := &list[i]
			// Ids below 20 have one measure each in which they are the best; those up
			// to 39 have been here the longest.
			*p = Candidate{ID: p.ID, Connected: start.Add(time.Duration(i) * time.Second), RelaysTx: true, MinPing: time.Hour, Group: uint64(1000 - i)}
			switch {
			case i < 4:
				p.Group = uint64(5000 + i)
			case i < 12:
				p.MinPing = time.Second
			case i < 16:
				p.LastTx = start
			case i < 20:
				p.LastBlock = start
			}
		}
		return list
	}
	for name, c := range map[string]struct {
		set  func(list []Candidate)
		want peer.ID
	}{
		"the youngest": {func([]Candidate) {}, 59},
		"the youngest of the largest group": {func(list []Candidate) {
			list[45].Group, list[50].Group, list[41].Group = 7, 7, 7
		}, 50},
		"of equal groups the one with the younger": {func(list []Candidate) {
			list[45].Group, list[50].Group = 7, 7
			list[41].Group, list[51].Group = 8, 8
		}, 51},
		"not one of a smaller group, however young": {func(list []Candidate) {
			list[45].Group, list[50].Group, list[41].Group = 7, 7, 7
			list[59].Group, list[40].Group = 8, 8
		}, 50},
		"a discouraged one": {func(list []Candidate) {
			list[45].Group, list[50].Group = 7, 7
			list[42].Prefer = true
		}, 42},
		"no discouraged one that is protected": {func(list []Candidate) { list[3].Prefer, list[8].Prefer, list[30].Prefer = true, true, true }, 59},
		"no discouraged group's other member": {func(list []Candidate) {
			list[45].Group, list[50].Group, list[47].Group = 7, 7, 7
			list[45].Prefer, list[42].Prefer = true, true
		}, 45},
	} {
		list := base(60)
		c.set(list)
		rand.New(rand.NewPCG(9, 10)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if id, ok := SelectToEvict(list); !ok || id != c.want {
			t.Errorf("%s: %d (%v), want %d", name, id, ok, c.want)
		}
	}
}

// Where a measure tells nothing apart, the next one does.
func TestOrders(t *testing.T) {
	old, young := Candidate{Connected: start}, Candidate{Connected: start.Add(1)}
	for name, c := range map[string]struct {
		order         func(a, b *Candidate) int
		worse, better Candidate
	}{
		"tx":                     {byTx, Candidate{RelaysTx: true}, Candidate{LastTx: start, Bloom: true}},
		"tx: who takes some":     {byTx, Candidate{Connected: start}, Candidate{Connected: start.Add(1), RelaysTx: true, Bloom: true}},
		"tx: who has no filter":  {byTx, Candidate{Connected: start, Bloom: true}, young},
		"tx: uptime":             {byTx, young, old},
		"block":                  {byBlock, Candidate{Relevant: true}, Candidate{LastBlock: start}},
		"block: services":        {byBlock, old, Candidate{Relevant: true, Connected: start.Add(1)}},
		"block: uptime":          {byBlock, young, old},
		"blocks only":            {byBlockRelay, Candidate{RelaysTx: true, LastBlock: start}, Candidate{}},
		"blocks only: block":     {byBlockRelay, Candidate{Relevant: true}, Candidate{LastBlock: start}},
		"network":                {(&disadvantaged{network: wire.NetI2P}).order, Candidate{Connected: start, Local: true}, Candidate{Network: wire.NetI2P, Connected: start.Add(1)}},
		"network: uptime":        {(&disadvantaged{network: wire.NetI2P}).order, young, old},
		"local":                  {(&disadvantaged{local: true}).order, Candidate{Connected: start}, Candidate{Local: true, Connected: start.Add(1)}},
		"local: not its network": {(&disadvantaged{local: true}).order, young, Candidate{Connected: start, Network: wire.NetI2P}},
	} {
		if c.order(&c.worse, &c.better) >= 0 || c.order(&c.better, &c.worse) <= 0 || c.order(&c.worse, &c.worse) != 0 {
			t.Errorf("%s: in the wrong order", name)
		}
	}
}

// A peer without an answered ping counts as the slowest.
func TestUnknownPing(t *testing.T) {
	if (&Candidate{}).ping() <= time.Hour {
		t.Error("an unknown ping counts as a short one")
	}
}

// naive chooses as [SelectToEvict] does up to the protection by uptime, by taking the best
// out one after the other.
func naive(list []Candidate) []Candidate {
	list = slices.Clone(list)
	take := func(n int, better func(a, b *Candidate) bool, cond func(c *Candidate) bool) {
		var top []peer.ID
		for range min(n, len(list)) {
			best := -1
			for i := range list {
				if !slices.Contains(top, list[i].ID) && (best < 0 || better(&list[i], &list[best])) {
					best = i
				}
			}
			top = append(top, list[best].ID)
		}
		list = slices.DeleteFunc(list, func(c Candidate) bool { return slices.Contains(top, c.ID) && cond(&c) })
	}
	any := func(*Candidate) bool { return true }
	list = slices.DeleteFunc(list, func(c Candidate) bool { return c.NoBan || c.Kind != peer.Inbound })
	take(4, func(a, b *Candidate) bool { return a.Group > b.Group }, any)
	take(8, func(a, b *Candidate) bool { return a.MinPing < b.MinPing }, any)
	take(4, func(a, b *Candidate) bool { return a.LastTx.After(b.LastTx) }, any)
	blocks := func(a, b *Candidate) bool { return a.LastBlock.After(b.LastBlock) }
	take(8, func(a, b *Candidate) bool {
		if a.RelaysTx != b.RelaysTx {
			return b.RelaysTx
		}
		return blocks(a, b)
	}, func(c *Candidate) bool { return !c.RelaysTx && c.Relevant })
	take(4, blocks, any)
	return list
}

// Against the naive choice, with measures in which no two are equal.
func TestEvictionAgainstNaiveChoice(t *testing.T) { rapid.Check(t, evictionModel) }

func FuzzEviction(f *testing.F) { f.Fuzz(rapid.MakeFuzz(evictionModel)) }

func evictionModel(t *rapid.T) {
	n := rapid.IntRange(0, 60).Draw(t, "n")
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	list := randomCandidates(r, n)
	pings, groups, txs, blocks, uptimes := r.Perm(n), r.Perm(n), r.Perm(n), r.Perm(n), r.Perm(n)
	for i := range list {
		p := &list[i]
		p.MinPing, p.Group = time.Duration(pings[i]+1), uint64(groups[i])
		p.LastTx, p.LastBlock = start.Add(time.Duration(txs[i])), start.Add(time.Duration(blocks[i]))
		p.Connected = start.Add(time.Duration(uptimes[i]))
		p.NoBan, p.Prefer = r.IntN(10) == 0, r.IntN(10) == 0
		if r.IntN(10) == 0 {
			p.Kind = peer.BlockRelay
		}
	}
	left := protectByUptime(pointers(naive(list)))
	id, ok := SelectToEvict(list)
	if ok != (len(left) > 0) {
		t.Fatalf("evicts %v of %d", ok, len(left))
	}
	if !ok {
		return
	}
	var want *Candidate
	prefer := slices.ContainsFunc(left, func(c *Candidate) bool { return c.Prefer })
	for _, c := range left { // each is alone in its group: the youngest goes
		if c.Prefer == prefer && (want == nil || c.Connected.After(want.Connected)) {
			want = c
		}
	}
	if id != want.ID {
		t.Fatalf("evicts %d, want %d", id, want.ID)
	}
}

func BenchmarkSelectToEvict(b *testing.B) {
	list := randomCandidates(rand.New(rand.NewPCG(1, 2)), 114)
	b.ReportAllocs()
	for range b.N {
		SelectToEvict(list)
	}
}
