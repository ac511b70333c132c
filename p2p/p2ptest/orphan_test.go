package p2ptest

import (
	"testing"
	"time"

	"grapevine/wire"
)

func TestOrphanFindsItsParent(t *testing.T) {
	for _, inbound := range []bool{false, true} {
		s := newStage(t, Config{Latency: time.Millisecond}, 10)
		a := s.join(inbound)
		s.Run(time.Second)
		grand := s.World.Spend(1000, 0, s.World.Fund())
		parent := s.World.SpendOf(grand, 1000)
		child := s.World.SpendOf(parent, 1000)
		a.holds(grand, parent, child)
		a.Say(invOf(child))
		s.Run(30 * time.Second)
		for _, tx := range []*wire.Tx{grand, parent, child} {
			if !s.node.Pool.Has(wire.ByTxid(tx.Txid())) {
				t.Errorf("inbound %v: not all of the family arrived; asked %v", inbound, a.Asked())
			}
		}
		checkQuiet(t, s.Network)
	}
}

// An orphan whose parent comes in a block is taken in.
func TestOrphanFindsItsParentInBlock(t *testing.T) {
	s := newStage(t, Config{Latency: time.Millisecond}, 10)
	a := s.join(false)
	s.Run(time.Second)
	parent := s.World.Spend(1000, 0, s.World.Fund())
	child := s.World.SpendOf(parent, 1000)
	a.holds(child)
	a.Say(invOf(child))
	s.Run(5 * time.Second)
	if err := s.node.Ledger.Mine(s.World.Mine(s.loaded[9].Hash(), s.Time(), 0, parent)); err != nil {
		t.Fatal(err)
	}
	s.Run(5 * time.Second)
	if !s.node.Pool.Has(wire.ByTxid(child.Txid())) {
		t.Error("the orphan is not in the pool")
	}
}

// A transaction that was not announced to a peer is not shown to it, so that nobody
// learns when it came.
func TestUnannouncedTransactionIsNotServed(t *testing.T) {
	s := newStage(t, Config{Latency: time.Millisecond}, 10)
	a := s.join(true, func(a *Actor) { a.Hello.Relay = true })
	s.Run(time.Second)
	tx := s.World.Spend(1000, 0, s.World.Fund())
	if err := s.node.Pool.Submit(tx); err != nil {
		t.Fatal(err)
	}
	a.Say(&wire.MsgGetData{Items: []wire.Inv{wire.InvOfTx(wire.ByWtxid(tx.Wtxid()))}})
	s.Run(10 * time.Millisecond)
	if a.Count("tx") != 0 && len(announced(a)) == 0 {
		t.Error("served before it was announced")
	}
	s.Run(time.Minute)
	if len(announced(a)) != 1 {
		t.Errorf("announced %v", announced(a))
	}
}
