package p2ptest

import (
	"slices"
	"testing"
	"time"

	"grapevine/chain/headers"
	"grapevine/wire"
)

// prunedPeer serves the last 288 blocks only (BIP 159).
func prunedPeer(chain []*wire.Block) func(a *Actor) {
	return func(a *Actor) {
		a.Hello.Services = wire.NodeNetworkLimited | wire.NodeWitness
		a.Chain = chain
	}
}

// asksFor returns the heights of the blocks that an actor was asked for.
func (s *stage) asksFor(a *Actor) (list []int32) {
	for _, item := range a.Asked() {
		if hash, ok := item.BlockHash(); ok {
			list = append(list, s.node.Ledger.Tree().Lookup(hash).Height())
		}
	}
	return list
}

// A pruned peer is used for the headers and blocks that it has, and left alone about
// the rest.
func TestPrunedPeer(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	blocks := append(slices.Clone(s.loaded), s.World.Chain(s.loaded[19].Hash(), 300, 300)...)
	a := s.join(false, prunedPeer(blocks))
	s.Run(time.Minute)
	got := s.asksFor(a)
	if len(got) == 0 || slices.Min(got) != 320-285 || slices.Max(got) != 320 {
		t.Fatalf("asked for %v", got)
	}
	s.join(false, func(a *Actor) { a.Chain = blocks })
	s.wantWithin(time.Minute, "the rest from another peer", synced(s.node, blocks))

	// At the tip it is as good as any.
	s = newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	blocks = append(slices.Clone(s.loaded), s.World.Chain(s.loaded[19].Hash(), 10, 300)...)
	s.join(false, prunedPeer(blocks))
	s.wantWithin(5*time.Second, "the last blocks", synced(s.node, blocks))
}

// During the first sync a pruned peer is asked for headers, but for no blocks.
func TestPrunedPeerDuringFirstSync(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 0)
	blocks := s.chain(20, 300)
	a := s.join(true, prunedPeer(blocks))
	s.Run(time.Minute)
	if n := s.node.Ledger.BestHeader().Height(); n != 20 || len(a.Asked()) > 0 {
		t.Errorf("%d headers, asked for %d blocks", n, len(a.Asked()))
	}
}

// A block from the future is not held against its sender or its header: it is taken
// once its time has come.
func TestBlockFromTheFuture(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 10)
	blocks := append(slices.Clone(s.loaded), s.World.Mine(s.loaded[9].Hash(), s.Time().Add(2*time.Hour+10*time.Minute), 300))
	b := blocks[10]
	a := s.join(true)
	for range 2 {
		a.Say(&wire.MsgHeaders{Headers: []wire.Header{b.Header}}, &wire.MsgBlock{Block: b})
		s.Run(time.Second)
	}
	if !a.Connected() || s.node.Ledger.Tree().Lookup(b.Hash()) != nil || s.node.Ledger.Height() != 10 {
		t.Fatalf("connected %v, height %d", a.Connected(), s.node.Ledger.Height())
	}
	s.Run(11 * time.Minute)
	a.Chain = blocks
	a.Say(&wire.MsgHeaders{Headers: []wire.Header{b.Header}})
	s.wantWithin(time.Second, "the block whose time has come", synced(s.node, blocks))
}

// A block that nobody asked for is left alone unless it soon may be the tip.
func TestUnrequestedBlock(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 10)
	a := s.join(true)
	has := func(b *wire.Block) bool {
		n := s.node.Ledger.Tree().Lookup(b.Hash())
		return n != nil && n.Status().Has(headers.StatusHasData)
	}
	fork := s.World.Mine(s.loaded[7].Hash(), s.Time(), 300)
	next := s.World.Mine(s.loaded[9].Hash(), s.Time(), 300)
	a.Say(&wire.MsgBlock{Block: fork}, &wire.MsgBlock{Block: next})
	s.Run(time.Second)
	if has(fork) || !has(next) || !a.Connected() {
		t.Errorf("kept: the fork %v, the next block %v; connected %v", has(fork), has(next), a.Connected())
	}
}
