package p2ptest

import (
	"testing"
	"time"

	"grapevine/wire"
)

// familyStage is a node whose pool asks for 500, with a parent that pays nothing
// and a child that pays for both.
func familyStage(t *testing.T, paid wire.FeeRate) (s *stage, parent, child *wire.Tx) {
	s = newStage(t, Config{Latency: time.Millisecond}, 10)
	s.node.Pool.SetMinFeeRate(500)
	parent = s.World.Spend(0, 0, s.World.Fund())
	return s, parent, s.World.SpendOf(parent, paid)
}

func (s *stage) wantPool(what string, want bool, txs ...*wire.Tx) {
	s.t.Helper()
	for i, tx := range txs {
		if s.node.Pool.Has(wire.ByTxid(tx.Txid())) != want {
			s.t.Errorf("%s: transaction %d in the pool: %v; want %v", what, i, !want, want)
		}
	}
}

// A parent that pays too little is taken with its child, in whatever order they
// are announced.
func TestPackageArrives(t *testing.T) {
	for _, order := range []string{"parent first", "child first", "child only"} {
		s, parent, child := familyStage(t, 5000)
		a := s.join(true)
		s.Run(time.Second)
		a.holds(parent, child)
		switch order {
		case "parent first":
			a.Say(invOf(parent))
			s.Run(10 * time.Second)
			s.wantPool(order, false, parent)
			a.Say(invOf(child))
		case "child first":
			a.Say(invOf(child))
			a.Say(invOf(parent))
		case "child only":
			a.Say(invOf(child))
		}
		s.Run(time.Minute)
		s.wantPool(order, true, parent, child)
		checkQuiet(t, s.Network)
	}
}

// A child that does not pay enough is not tried again and again.
func TestPackageThatDoesNotPay(t *testing.T) {
	s, parent, child := familyStage(t, 600)
	a := s.join(true)
	s.Run(time.Second)
	a.holds(parent, child)
	a.Say(invOf(parent))
	a.Say(invOf(child))
	s.Run(time.Minute)
	s.wantPool("together too little", false, parent, child)
	asked := len(a.Asked())
	for range 5 {
		a.Say(invOf(parent))
		a.Say(invOf(child))
		s.Run(time.Minute)
	}
	if again := len(a.Asked()) - asked; again != 0 {
		t.Errorf("asked %d times more", again)
	}
	s.wantPool("again and again", false, parent, child)
	checkQuiet(t, s.Network)
}

// An attacker's children of a parent do not keep out the good child that another
// peer announced.
func TestPackageOfTheSamePeer(t *testing.T) {
	s, parent, child := familyStage(t, 5000)
	bad, good := s.join(true), s.join(true)
	s.Run(time.Second)
	for range 20 {
		poor := s.World.SpendOf(parent, 1)
		bad.holds(poor)
		bad.Say(invOf(poor))
	}
	s.Run(10 * time.Second)
	good.holds(parent, child)
	good.Say(invOf(child))
	s.Run(2 * time.Minute)
	s.wantPool("behind bad ones", true, parent, child)
}
