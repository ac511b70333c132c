package conn

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// nodes returns a chain of n headers on the genesis block, which has height 0.
func nodes(n int) []*headers.Node {
	tree := headers.NewTree(params.Regtest(params.RegtestOptions{}))
	list := []*headers.Node{tree.Genesis()}
	for range n {
		last := list[len(list)-1]
		h := wire.Header{Version: 4, PrevBlock: last.Hash(), Time: uint32(last.Time()) + 600, Bits: last.Bits()}
		list = append(list, tree.Insert(h, last))
	}
	return list
}

func TestPeersBehindOnWork(t *testing.T) {
	chain := nodes(10)
	s := NewChainSync()
	s.Add(1, peer.BlockRelay)
	now := start
	step := func(best, tip int, want SyncVerdict) *headers.Node {
		t.Helper()
		var shown *headers.Node
		if best >= 0 {
			shown = chain[best]
		}
		got, n := s.Consider(now, 1, shown, chain[tip])
		if got != want {
			t.Fatalf("at %s: verdict %d, want %d", now.Sub(start), got, want)
		}
		return n
	}
	step(-1, 5, SyncFine) // 20 minutes from now
	now = start.Add(20 * time.Minute)
	step(-1, 6, SyncFine)
	if at, ok := s.Next(1); !ok || at.Sub(now) != 1 {
		t.Errorf("next look at %s, %v", at.Sub(now), ok)
	}
	now = now.Add(time.Second)
	if n := step(4, 6, SyncAsk); n != chain[5] {
		t.Errorf("to be asked from %v, not from our tip when it was found behind", n.Height())
	}
	asked := now
	now = asked.Add(2 * time.Minute)
	step(4, 6, SyncFine)
	now = now.Add(time.Second)
	step(4, 6, SyncBehind)
	// What it shows now is not our tip, but was it when the time began: it has as long again.
	step(5, 7, SyncFine)
	now = now.Add(20*time.Minute + time.Second)
	step(5, 7, SyncAsk)
	step(7, 7, SyncFine) // it has caught up
	if _, ok := s.Next(1); ok {
		t.Error("there is something to wait for with a peer that has caught up")
	}
	now = now.Add(time.Hour)
	step(7, 7, SyncFine)
	step(7, 8, SyncFine) // the time begins anew
	now = now.Add(20 * time.Minute)
	step(7, 8, SyncFine)
	now = now.Add(time.Second)
	step(7, 8, SyncAsk)
}

func TestProtectedPeers(t *testing.T) {
	chain := nodes(3)
	s := NewChainSync()
	late := start.Add(time.Hour)
	give := func(id peer.ID) bool { // up
		s.Consider(start, id, nil, chain[2])
		s.Consider(late, id, nil, chain[2])
		v, _ := s.Consider(late.Add(time.Hour), id, nil, chain[2])
		return v == SyncBehind
	}
	s.Add(6, peer.BlockRelay)
	s.Shown(6, chain[3], chain[2])
	for id := range peer.ID(6) {
		s.Add(id, peer.FullRelay)
		s.Consider(start, id, nil, chain[2])
		s.Shown(id, chain[2], chain[2])
		s.Add(id, peer.FullRelay) // is known already
	}
	if _, ok := s.Next(0); ok {
		t.Error("a protected peer is waited for")
	}
	if _, ok := s.Next(77); ok {
		t.Error("nobody is waited for")
	}
	s.Remove(77)
	for id := range peer.ID(7) {
		if want := id < MaxProtected; s.Protected(id) != want || give(id) == want {
			t.Errorf("peer %d: protected %v", id, !want)
		}
	}
	s.Remove(2)
	s.Add(7, peer.FullRelay)
	s.Shown(7, chain[1], chain[2])
	if s.Protected(7) {
		t.Error("protected with less work than ours")
	}
	s.Shown(7, nil, chain[2])
	s.Shown(7, chain[2], chain[2])
	if !s.Protected(7) {
		t.Error("the place of one that left is not given to another")
	}
	for _, k := range []peer.Kind{peer.Inbound, peer.Manual, peer.Feeler, peer.AddrFetch} {
		s.Add(9, k)
		s.Shown(9, chain[3], chain[2])
		if s.Protected(9) || give(9) {
			t.Errorf("%s connections are looked after", k)
		}
	}
}

func (s *ChainSync) check(t *rapid.T) {
	n := 0
	for _, st := range s.peers {
		if st.protected {
			n++
		}
		if st.protected && !st.full || st.asked && st.deadline.IsZero() || (st.mark == nil) != st.deadline.IsZero() {
			t.Fatalf("state is %+v", st)
		}
	}
	if n != s.protected || n > MaxProtected {
		t.Fatalf("%d are protected, counted as %d", n, s.protected)
	}
}

// Nobody is given up before 22 minutes of having been found behind, nor having been
// asked once; and everybody who stays behind is, soon after that.
func TestNobodyIsGivenUpEarly(t *testing.T) {
	chain := nodes(20)
	rapid.Check(t, func(t *rapid.T) {
		s := NewChainSync()
		const peers = 6
		var behind [peers]time.Time // since when, zero while not
		var asked [peers]bool
		var best [peers]int
		for id := range peer.ID(peers) {
			s.Add(id, []peer.Kind{peer.FullRelay, peer.BlockRelay}[id%2])
		}
		now, tip := start, 0
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 120).Draw(t, "s")) * time.Second)
			if rapid.IntRange(0, 30).Draw(t, "block") == 0 {
				tip = min(tip+1, 20)
			}
			id := peer.ID(rapid.IntRange(0, peers-1).Draw(t, "id"))
			if rapid.IntRange(0, 20).Draw(t, "shows") == 0 {
				best[id] = rapid.IntRange(best[id], tip).Draw(t, "best")
				s.Shown(id, chain[best[id]], chain[tip])
			}
			v, _ := s.Consider(now, id, chain[best[id]], chain[tip])
			s.check(t)
			switch {
			case s.Protected(id):
				if v != SyncFine {
					t.Fatal("a protected peer is given up")
				}
			case best[id] >= tip:
				behind[id], asked[id] = time.Time{}, false
				if v != SyncFine {
					t.Fatal("a peer with our work is given up")
				}
			case behind[id].IsZero():
				behind[id] = now
			}
			switch v {
			case SyncAsk:
				if now.Sub(behind[id]) <= 20*time.Minute {
					t.Fatalf("asked after %s", now.Sub(behind[id]))
				}
				asked[id] = true
			case SyncBehind:
				if !asked[id] || now.Sub(behind[id]) <= 22*time.Minute {
					t.Fatalf("given up after %s, asked %v", now.Sub(behind[id]), asked[id])
				}
				s.Remove(id)
				s.Add(id, peer.BlockRelay)
				behind[id], asked[id] = time.Time{}, false
			}
		}
	})
}
