package blockfetch

import (
	"fmt"
	"testing"
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
)

// loaded is a fetcher in the middle of a sync, whose peers owe it all that they
// may.
func loaded(tb testing.TB, peers int) (*bench, []*headers.Node) {
	b := newBench(tb, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 20_000, 1)
	for id := range peer.ID(peers) {
		b.peer(id, full, line[len(line)-1])
	}
	b.f.Next(b.now)
	return b, line
}

func TestNothingNewCostsNothing(t *testing.T) {
	b, _ := loaded(t, 8)
	if n := testing.AllocsPerRun(100, func() { b.f.Next(b.now) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A block that arrives leads to a decision that looks at few others, however
// large the window is.
func TestEachBlockIsLookedAtOnceAPeer(t *testing.T) {
	const peers = 8
	b, line := loaded(t, peers)
	steps := 0
	before := make(map[*peerState]int)
	for _, n := range line[:5000] {
		b.sendNext(n, 250)
		for _, p := range b.f.peers {
			at := p.next + int(p.fork.Height())
			steps += at - before[p]
			before[p] = at
		}
	}
	if limit := peers * (5000 + defaultWindow + chunk); steps > limit {
		t.Errorf("%d steps for 5000 blocks and %d peers", steps, peers)
	}
	for _, p := range b.f.peers {
		if len(p.path) > 2*defaultWindow {
			t.Errorf("a path of %d blocks", len(p.path))
		}
	}
}

// sendNext has whoever was asked for n send it, and decides.
func (b *bench) sendNext(n *headers.Node, size int) {
	id := b.f.flights[n].holders[0].id
	b.f.Received(b.now, id, n.Hash(), size)
	b.v.store(n)
	b.f.Judged(n.Hash())
	b.f.Next(b.now)
}

func BenchmarkNextWithoutNews(b *testing.B) {
	for _, peers := range []int{8, 125} {
		b.Run(fmt.Sprint(peers), func(b *testing.B) {
			s, _ := loaded(b, peers)
			for b.Loop() {
				s.f.Next(s.now)
			}
		})
	}
}

// BenchmarkBlock is the cost of one block from its arrival to the next request.
func BenchmarkBlock(b *testing.B) {
	for _, peers := range []int{1, 8, 125} {
		b.Run(fmt.Sprint(peers), func(b *testing.B) {
			b.ReportAllocs()
			s, line := loaded(b, peers)
			at := 0
			for b.Loop() {
				if at == len(line) {
					b.StopTimer()
					s, line = loaded(b, peers)
					at = 0
					b.StartTimer()
				}
				s.sendNext(line[at], 250)
				at++
			}
		})
	}
}

// BenchmarkPeerLost is the cost of giving what a peer owes to others.
func BenchmarkPeerLost(b *testing.B) {
	s, line := loaded(b, 8)
	for b.Loop() {
		s.f.RemovePeer(3)
		s.f.AddPeer(3, full)
		s.f.Has(3, line[len(line)-1])
		s.now = s.now.Add(time.Second)
		s.f.Next(s.now)
	}
}
