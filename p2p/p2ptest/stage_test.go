package p2ptest

import (
	"testing"
	"time"

	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// stage is a network with one real node, and actors around it.
type stage struct {
	*Network
	t      *testing.T
	node   *Node
	kind   peer.Kind     // of the connections that the node makes
	loaded []*wire.Block // what the node has from the start

	submitted, sought int // blocks, see count
}

func newStage(t *testing.T, cfg Config, height int, set ...func(*p2p.CoreConfig)) *stage {
	t.Helper()
	cfg.Strict = true
	s := &stage{Network: New(Traced(t, cfg)), t: t, kind: peer.FullRelay}
	s.node = s.AddNode(NodeConfig{Make: RealCore(set...)})
	s.loaded = s.World.Chain(s.World.Genesis(), height, 300)
	s.node.Ledger.Load(s.loaded...)
	s.Run(0)
	t.Cleanup(func() {
		if s.Err() != nil {
			t.Error(s.Err())
		}
	})
	return s
}

// join adds an actor that calls the node, or one that the node calls.
func (s *stage) join(inbound bool, set ...func(*Actor)) *Actor {
	s.t.Helper()
	a := s.NewActor()
	for _, f := range set {
		f(a)
	}
	s.Run(0)
	if inbound {
		a.Call(s.node)
	} else {
		s.node.act(p2p.Dial{Target: a.Node.Addr.String(), Kind: s.kind})
	}
	s.Run(10 * s.cfg.Latency) // connected, and hands shaken
	if len(a.Peers) == 0 && len(a.Ended) == 0 {
		s.t.Fatal("the connection did not come about")
	}
	return a
}

// wantWithin runs until a condition holds.
func (s *stage) wantWithin(limit time.Duration, what string, cond func() bool) {
	s.t.Helper()
	start := s.Elapsed()
	if !s.RunUntil(limit, cond) {
		s.t.Fatalf("%s: not after %v; height %d, %d headers; %v", what, limit, s.node.Ledger.Height(), s.node.Ledger.Tree().Len()-1, s.Err())
	}
	s.t.Logf("%s: %.2f s", what, (s.Elapsed() - start).Seconds())
}

// checkQuiet runs for a while without anything new, and looks for credit that was
// not given back.
func checkQuiet(t *testing.T, net *Network) {
	t.Helper()
	net.Run(30 * time.Second)
	for _, n := range net.Nodes {
		if _, played := n.core.(*Actor); played || n.core == nil {
			continue
		}
		if left := n.Unreleased(); left != 0 {
			t.Errorf("node %d holds %d bytes of credit for nothing", n.ID, left)
		}
		if n.Ledger.Queued() != 0 {
			t.Errorf("node %d has %d bytes of blocks without a verdict", n.ID, n.Ledger.Queued())
		}
	}
	if net.Err() != nil {
		t.Error(net.Err())
	}
}
