package p2ptest

import (
	"testing"
	"time"

	"grapevine/chain/headers"
	"grapevine/wire"
)

// What an operator reconsiders is fetched at once, though nothing else happens.
func TestReconsideredBlocksAreFetched(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 10)
	blocks := append(s.loaded, s.World.Chain(s.loaded[9].Hash(), 5, 300)...)
	l := s.node.Ledger
	var list []wire.Header
	for _, b := range blocks[10:] {
		list = append(list, b.Header)
	}
	if _, err := l.takeHeaders(list); err != nil {
		t.Fatal(err)
	}
	l.condemn(l.tree.Lookup(blocks[12].Hash()))
	a := s.join(true, func(a *Actor) { a.Chain = blocks })
	a.Say(&wire.MsgInv{Items: []wire.Inv{wire.InvOfBlock(blocks[14].Hash())}})
	s.Run(5 * time.Second)
	if l.Height() != 12 || len(a.Asked()) != 2 {
		t.Fatalf("height %d, asked for %d blocks, before one that is marked as invalid", l.Height(), len(a.Asked()))
	}
	for n := range l.tree.All() {
		n.ClearStatus(headers.StatusFailed | headers.StatusFailedChild)
	}
	l.tree.RecomputeBest()
	l.headerMoved()
	s.wantWithin(time.Second, "the reconsidered blocks", synced(s.node, blocks))
}
