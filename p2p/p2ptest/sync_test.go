package p2ptest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"grapevine/chain/consensus"
	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// synced reports whether a node is at the tip of a chain.
func synced(n *Node, chain []*wire.Block) func() bool {
	tip := chain[len(chain)-1].Hash()
	return func() bool { return n.Ledger.Tip() == tip }
}

// chain makes blocks for actors to serve; the node has none of them.
func (s *stage) chain(n, size int) []*wire.Block { return s.World.Chain(s.World.Genesis(), n, size) }

func TestSyncFromOnePeer(t *testing.T) {
	Seeds(t, 3, func(t *testing.T, seed uint64) {
		s := newStage(t, Config{Seed: seed, Latency: 100 * time.Millisecond, Verdicts: Verdicts{Headers: time.Millisecond, Block: time.Millisecond, Event: time.Millisecond}}, 0)
		blocks := s.chain(3000, 250)
		a := s.join(seed%2 == 0, func(a *Actor) { a.Chain = blocks })
		// Two round trips of headers, then 3,000 small blocks, of which 256 may be
		// on their way: 12 round trips.
		s.wantWithin(10*time.Second, "sync of 3,000 small blocks", synced(s.node, blocks))
		if got := len(a.Asked()); got != 3000 {
			t.Errorf("%d blocks were asked for", got)
		}
		for _, item := range a.Asked() {
			if item.Type != wire.InvWitnessBlock {
				t.Fatalf("asked for %v", item)
			}
		}
	})
}

func TestSyncFromFourPeers(t *testing.T) {
	Seeds(t, 3, func(t *testing.T, seed uint64) {
		net := New(Traced(t, Config{
			Seed: seed, Latency: 50 * time.Millisecond, Spread: 0.5, Up: 1_250_000,
			Verdicts: Verdicts{Headers: time.Millisecond, Block: 2 * time.Millisecond, Event: time.Millisecond},
		}))
		blocks := net.World.Chain(net.World.Genesis(), 1200, 20_000)
		for range 4 {
			net.AddNode(NodeConfig{Make: RealCore()}).Ledger.Load(blocks...)
		}
		node := net.AddNode(NodeConfig{Make: RealCore(), Deaf: true})
		net.Run(0)
		for _, n := range net.Nodes[:4] {
			node.act(p2p.Dial{Target: n.Addr.String(), Kind: peer.Manual})
		}
		// 24 MB over 4 times 10 Mbit/s take 4.8 s.
		if !net.RunUntil(12*time.Second, synced(node, blocks)) {
			t.Fatalf("at height %d after %v: %v", node.Ledger.Height(), net.Elapsed(), net.Err())
		}
		t.Logf("24 MB in %.1f s", net.Elapsed().Seconds())
		for _, n := range net.Nodes[:4] {
			if c := n.Sent.ByCommand["block"]; c == nil || c.Messages < 120 {
				t.Errorf("node %d sent %+v of 1,200 blocks", n.ID, c)
			}
		}
		checkQuiet(t, net)
	})
}

func TestSilentSyncPeerIsReplaced(t *testing.T) {
	s := newStage(t, Config{Latency: 20 * time.Millisecond}, 0)
	blocks := s.chain(500, 250)
	s.join(false) // has no chain, so that it answers no getheaders
	s.Run(5 * time.Second)
	s.join(false, func(a *Actor) { a.Chain = blocks })
	s.wantWithin(3*time.Minute, "sync beside a silent peer", synced(s.node, blocks))
}

// A peer that stops in the middle of the headers, before any is recent, and one
// that has fewer than it says.
func TestSyncPeerThatStops(t *testing.T) {
	for name, stop := range map[string]func(a *Actor) func(peer.ID, wire.Message) bool{
		"says nothing": func(a *Actor) func(peer.ID, wire.Message) bool {
			answered := 0
			return func(_ peer.ID, m wire.Message) bool {
				if _, ok := m.(*wire.MsgGetHeaders); ok {
					answered++
				}
				return answered > 2
			}
		},
		"has no more": func(a *Actor) func(peer.ID, wire.Message) bool {
			return func(from peer.ID, m wire.Message) bool {
				get, ok := m.(*wire.MsgGetHeaders)
				if ok {
					list := a.headersAfter(get.Locator)
					if len(list) > 0 && list[0].PrevBlock != a.Chain[0].Header.PrevBlock {
						list = nil
					}
					a.Reply(from, &wire.MsgHeaders{Headers: list})
				}
				return ok
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, Config{Latency: 20 * time.Millisecond}, 0)
			blocks := s.World.Chain(s.World.Genesis(), 7000, 200)
			s.join(false, func(a *Actor) { a.Chain, a.On = blocks, stop(a) })
			s.Run(time.Second)
			s.join(false, func(a *Actor) { a.Chain = blocks })
			s.wantWithin(5*time.Minute, "sync beside a peer that stops", synced(s.node, blocks))
		})
	}
}

func TestStallingPeerIsReplaced(t *testing.T) {
	Seeds(t, 3, func(t *testing.T, seed uint64) {
		s := newStage(t, Config{Seed: seed, Latency: 20 * time.Millisecond, Up: 1_000_000}, 0)
		blocks := s.chain(2500, 2000)
		stalling := s.join(false, func(a *Actor) { a.Chain, a.NoBlocks = blocks, true })
		s.Run(2 * time.Second)
		if len(stalling.Asked()) == 0 {
			t.Fatal("the stalling peer was not asked for anything")
		}
		s.join(false, func(a *Actor) { a.Chain = blocks })
		s.wantWithin(40*time.Second, "sync beside a stalling peer", synced(s.node, blocks))
	})
}

// Without another peer, blocks that do not come cost the connection in the end.
func TestBlocksThatNeverCome(t *testing.T) {
	s := newStage(t, Config{}, 0)
	blocks := s.chain(10, 250)
	a := s.join(false, func(a *Actor) { a.Chain, a.NoBlocks = blocks, true })
	s.Run(9 * time.Minute)
	if !a.Connected() {
		t.Error("closed before ten minutes")
	}
	s.Run(7 * time.Minute)
	if a.Connected() {
		t.Error("a peer that owes blocks for 16 minutes is still there")
	}
}

// A peer that has less work than we do is asked for nothing.
func TestShorterChainIsNotFetched(t *testing.T) {
	s := newStage(t, Config{}, 10)
	side := s.World.Chain(s.World.Genesis(), 5, 300)
	a := s.join(false, func(a *Actor) { a.Chain = side })
	s.Run(time.Minute)
	if got := a.Asked(); len(got) != 0 {
		t.Errorf("asked for %v", got)
	}
	if !a.Connected() {
		t.Error("the peer is gone")
	}
}

func TestReorganisation(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 10)
	own := s.loaded
	branch := slices.Clone(own[:4])
	for parent := branch[3].Hash(); len(branch) < 14; parent = branch[len(branch)-1].Hash() {
		branch = append(branch, s.World.Mine(parent, s.Time().Add(-time.Hour), 300))
	}
	s.join(false, func(a *Actor) { a.Chain = branch })
	s.wantWithin(10*time.Second, "the branch with more work", synced(s.node, branch))
}

func TestPeerSendsInvalidBlock(t *testing.T) {
	for _, c := range []struct {
		name    string
		err     error
		inbound bool
		closed  bool
	}{
		{"consensus", &consensus.Error{Kind: consensus.ErrCoinbaseMissing, Result: consensus.ResultConsensus}, false, true},
		{"consensus, inbound", &consensus.Error{Kind: consensus.ErrCoinbaseMissing, Result: consensus.ResultConsensus}, true, true},
		{"our disk", errors.New("disk is full"), false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, Config{Latency: 10 * time.Millisecond}, 10)
			bad := s.World.MineInvalid(s.loaded[9].Hash(), s.Time(), c.err)
			a := s.join(c.inbound, func(a *Actor) { a.Chain = append(slices.Clone(s.loaded), bad) })
			s.Run(time.Second)
			a.Say(&wire.MsgHeaders{Headers: []wire.Header{bad.Header}})
			s.Run(2 * time.Second)
			if len(a.Asked()) == 0 {
				t.Fatal("the block was not asked for")
			}
			if a.Connected() == c.closed {
				t.Errorf("connected %v", a.Connected())
			}
		})
	}
}

func TestInvalidHeaders(t *testing.T) {
	s := newStage(t, Config{Latency: time.Millisecond}, 10)
	tip := s.loaded[9].Hash()
	one := s.World.MineHeader(tip, s.Time(), nil)
	two := s.World.MineHeader(one.Hash(), s.Time(), nil)
	noWork := one
	for s.World.Params.CheckProofOfWork(noWork.Hash(), noWork.Bits) {
		noWork.Nonce++
	}
	future := s.World.MineHeader(tip, s.Time(), func(h *wire.Header) { h.Time += 3 * 60 * 60 })
	early := s.World.MineHeader(tip, s.Time(), func(h *wire.Header) { h.Time = 1 })
	for _, c := range []struct {
		name   string
		list   []wire.Header
		closed bool
	}{
		{"good", []wire.Header{one, two}, false},
		{"empty", nil, false},
		{"known", []wire.Header{s.loaded[3].Header, s.loaded[4].Header}, false},
		{"not continuous", []wire.Header{one, one}, true},
		{"backwards", []wire.Header{two, one}, true},
		{"without work", []wire.Header{noWork}, true},
		{"of the future", []wire.Header{future}, false}, // it is our clock, maybe,
		{"of the past", []wire.Header{early}, true},
		{"too many", make([]wire.Header, wire.MaxHeaders+1), true},
	} {
		a := s.join(true)
		s.Run(time.Second)
		a.Say(&wire.MsgHeaders{Headers: c.list})
		s.Run(time.Second)
		if a.Connected() == c.closed {
			t.Errorf("%s: connected %v", c.name, a.Connected())
		}
	}

	// A header whose parent is not known is asked about and not held against the
	// peer.
	s = newStage(t, Config{}, 10)
	far := s.World.Chain(s.loaded[9].Hash(), 3, 0)
	a := s.join(true, func(a *Actor) { a.Chain = s.loaded })
	s.Run(time.Second)
	a.Forget()
	a.Say(&wire.MsgHeaders{Headers: []wire.Header{far[2].Header}})
	s.Run(time.Second)
	if a.Count("getheaders") != 1 || !a.Connected() {
		t.Errorf("connected %v, heard %v", a.Connected(), a.Commands())
	}
}

// Blocks announced by header or hash are fetched at once from who announced them.
func TestAnnouncedBlocks(t *testing.T) {
	for _, byHeader := range []bool{true, false} {
		s := newStage(t, Config{Latency: 10 * time.Millisecond}, 10)
		a := s.join(true, func(a *Actor) { a.Chain = s.loaded })
		s.Run(time.Second)
		b := s.World.Mine(s.loaded[9].Hash(), s.Time(), 1000)
		a.Chain = append(slices.Clone(a.Chain), b)
		if byHeader {
			a.Say(&wire.MsgHeaders{Headers: []wire.Header{b.Header}})
		} else {
			a.Say(&wire.MsgInv{Items: []wire.Inv{wire.InvOfBlock(b.Hash())}})
		}
		s.wantWithin(time.Second, "the announced block", synced(s.node, a.Chain))
	}
}
