package p2ptest

import (
	"testing"
	"time"

	"grapevine/internal/u256"
	"grapevine/p2p"
	"grapevine/wire"
)

// workOf asks for the work of so many blocks of regtest above genesis.
func workOf(blocks uint64) func(*p2p.CoreConfig) {
	return func(cfg *p2p.CoreConfig) { cfg.MinimumChainWork = u256.FromUint64(2 * (blocks + 1)) }
}

// presynced is how far the first pass with the only peer has come.
func (s *stage) presynced() (height int32) {
	s.command(func(c *p2p.Core, now time.Time) { height = c.Peers(now)[0].Presynced })
	return height
}

// No header is kept before its chain has shown the minimum of work, and all are then.
func TestHeadersInTwoPasses(t *testing.T) {
	s := newStage(t, Config{Latency: 50 * time.Millisecond}, 0, workOf(8900))
	blocks := s.chain(9000, 200)
	a := s.join(false, func(a *Actor) { a.Chain = blocks })
	s.wantWithin(time.Minute, "the first pass", func() bool { return s.presynced() >= 8000 })
	if n := s.node.Ledger.Tree().Len(); n != 1 {
		t.Fatalf("%d headers were kept in the first pass", n-1)
	}
	s.wantWithin(time.Minute, "the second pass", func() bool { return s.node.Ledger.BestHeader().Height() == 9000 })
	if n, want := a.Count("getheaders"), 5+5; n > want {
		t.Errorf("%d getheaders, not %d", n, want)
	}
	if got := s.presynced(); got != -1 {
		t.Errorf("presynced %d in the end", got)
	}
	s.wantWithin(time.Minute, "the blocks", synced(s.node, blocks))
	checkQuiet(t, s.Network)
}

// A chain that ends with too little work leaves nothing behind; whoever serves it
// stays if it came to us by itself.
func TestHeadersOfLittleWork(t *testing.T) {
	for _, inbound := range []bool{true, false} {
		s := newStage(t, Config{Latency: 50 * time.Millisecond}, 0, workOf(8900))
		low := s.chain(4500, 200)
		a := s.join(inbound, func(a *Actor) { a.Chain = low })
		s.Run(time.Minute)
		for _, b := range low[4400:] {
			a.Say(&wire.MsgHeaders{Headers: []wire.Header{b.Header}})
			s.Run(time.Second)
		}
		if n := s.node.Ledger.Tree().Len(); n != 1 || a.Connected() != inbound || len(a.Asked()) > 0 {
			t.Errorf("inbound %v: %d headers kept, connected %v, asked for %d blocks", inbound, n-1, a.Connected(), len(a.Asked()))
		}
		honest := s.World.Chain(s.World.Genesis(), 9000, 200)
		s.join(false, func(a *Actor) { a.Chain = honest })
		s.wantWithin(2*time.Minute, "the honest chain", func() bool { return s.node.Ledger.BestHeader().Height() == 9000 })
		if n := s.node.Ledger.Tree().Len(); n != 9001 {
			t.Errorf("%d headers kept, of a chain of 9000", n-1)
		}
	}
}

// Once there is a tip, a fork that lacks more than a day of its work is not kept, one that
// lacks less is.
func TestForkFarBelowTheTip(t *testing.T) {
	s := newStage(t, Config{Latency: 50 * time.Millisecond}, 400)
	a := s.join(true)
	for _, c := range []struct {
		length int
		kept   bool
	}{{255, false}, {256, true}} { // 400 - 144
		before := s.node.Ledger.Tree().Len()
		fork := s.World.Chain(s.World.Genesis(), c.length, 300)
		list := make([]wire.Header, len(fork))
		for i, b := range fork {
			list[i] = b.Header
		}
		a.Say(&wire.MsgHeaders{Headers: list})
		s.Run(time.Minute)
		if got := s.node.Ledger.Tree().Len() > before; got != c.kept || !a.Connected() {
			t.Errorf("a fork of %d blocks: kept %v, connected %v", c.length, got, a.Connected())
		}
	}
}
