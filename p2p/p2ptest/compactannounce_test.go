package p2ptest

import (
	"slices"
	"testing"
	"time"

	"grapevine/p2p"
	"grapevine/wire"
)

// BIP 152: in high-bandwidth mode a block is passed on before it is validated, to
// those who have what is below it and not the block.
func TestPassedOnBeforeConnected(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond, Verdicts: Verdicts{Block: 10 * time.Second}}, 20)
	from, wants, other := s.speaksCompact(true, true), s.speaksCompact(true, true), s.speaksCompact(true, false)
	behind := s.join(true)
	behind.Say(&wire.MsgSendCmpct{HighBandwidth: true, Version: 2})
	s.Run(time.Second)
	for _, a := range []*Actor{from, wants, other, behind} {
		a.Forget()
	}
	b := s.mine(6)
	from.Say(headersOf([]*wire.Block{b}), &wire.MsgBlock{Block: b})
	s.Run(time.Second)
	if s.node.Ledger.Tip() == b.Hash() {
		t.Fatal("it is connected already")
	}
	got := HeardOf[*wire.MsgCmpctBlock](wants)
	if len(got) != 1 || got[0].Header.Hash() != b.Hash() || len(got[0].ShortIDs) != 6 || len(got[0].Prefilled) != 1 {
		t.Fatalf("told by %v", wants.Commands())
	}
	for name, a := range map[string]*Actor{"its sender": from, "who did not ask for it": other, "who lacks its parent": behind} {
		if n := a.Count("cmpctblock"); n != 0 {
			t.Errorf("%s is sent it", name)
		}
	}
	// What was announced is served, though it is not connected.
	wants.Say(&wire.MsgGetBlockTxn{Block: b.Hash(), Indexes: []uint16{0, 6}})
	wants.Say(&wire.MsgGetData{Items: []wire.Inv{wire.InvOfBlock(b.Hash()).WithWitness(), wire.InvOfBlock(b.Hash()).As(wire.InvCmpctBlock)}})
	s.Run(time.Second)
	parts, whole := HeardOf[*wire.MsgBlockTxn](wants), HeardOf[*wire.MsgBlock](wants)
	if len(parts) != 1 || len(parts[0].Txs) != 2 || parts[0].Txs[1].Wtxid() != b.Txs[6].Wtxid() {
		t.Errorf("served %v", parts)
	}
	if len(whole) != 1 || whole[0].Block.Hash() != b.Hash() || wants.Count("cmpctblock") != 2 {
		t.Errorf("served %v", wants.Commands())
	}
	wants.Forget()
	s.Run(20 * time.Second)
	if s.node.Ledger.Tip() != b.Hash() {
		t.Fatal("it is not connected")
	}
	if told(wants, b) != 0 {
		t.Errorf("told again by %v", wants.Commands())
	}
	if told(other, b) != 1 {
		t.Errorf("others are told by %v", other.Commands())
	}
	checkQuiet(t, s.Network)
}

// told counts how often an actor was told of a block.
func told(a *Actor, b *wire.Block) (n int) {
	for _, m := range HeardOf[*wire.MsgInv](a) {
		if slices.Contains(m.Items, wire.InvOfBlock(b.Hash())) {
			n++
		}
	}
	return n + a.Count("headers") + a.Count("cmpctblock")
}

// A tip that was not passed on early, as after a reorganisation, is announced by a
// compact block all the same.
func TestAnnouncedByCompactBlock(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	a := s.speaksCompact(true, true)
	a.Forget()
	b := s.mine(2)
	s.node.cfg.Filter = nil
	n, err := s.node.Ledger.takeHeader(&b.Header)
	if err != nil {
		t.Fatal(err)
	}
	s.node.Ledger.connect(s.node.Ledger.store(n, b))
	s.Run(time.Second)
	if a.Count("cmpctblock") != 1 {
		t.Errorf("told by %v", a.Commands())
	}
}

// Compact blocks are served five deep, parts of blocks ten deep; beyond, the whole
// block. Nobody may ask for what a block does not have.
func TestCompactBlocksServed(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 30)
	for depth, want := range map[int][2]string{
		0: {"cmpctblock", "blocktxn"}, 5: {"cmpctblock", "blocktxn"}, 6: {"block", "blocktxn"}, 10: {"block", "blocktxn"}, 11: {"block", "block"},
	} {
		a := s.speaksCompact(true, false)
		hash := s.loaded[len(s.loaded)-1-depth].Hash()
		for i, m := range []wire.Message{
			&wire.MsgGetData{Items: []wire.Inv{wire.InvOfBlock(hash).As(wire.InvCmpctBlock)}},
			&wire.MsgGetBlockTxn{Block: hash, Indexes: []uint16{0}},
		} {
			a.Forget()
			a.Say(m)
			s.Run(time.Second)
			if got := a.Commands(); len(got) != 1 || got[0] != want[i] {
				t.Errorf("%s %d deep: got %v, want %s", m.Command(), depth, got, want[i])
			}
		}
	}
	for _, depth := range []int{0, 4} {
		a := s.speaksCompact(true, false)
		a.Say(&wire.MsgGetBlockTxn{Block: s.loaded[len(s.loaded)-1-depth].Hash(), Indexes: []uint16{1}})
		s.Run(time.Second)
		if a.Connected() {
			t.Errorf("a peer that asks for what is not there, %d deep, stays", depth)
		}
	}
	a := s.speaksCompact(true, false)
	a.Say(&wire.MsgGetBlockTxn{Block: wire.BlockHash{7}, Indexes: []uint16{1}})
	s.Run(time.Second)
	if !a.Connected() {
		t.Error("a peer that asks for an unknown block is gone")
	}
}

// Three peers announce blocks by compact ones: those that were last the first to bring
// one, one of them outbound.
func TestAnnouncersChosen(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	first := s.announcer(false)
	var others []*Actor
	for range 3 {
		others = append(others, s.announcer(true))
	}
	s.Run(time.Second)
	stopped := func(a *Actor) (stop bool) {
		for _, m := range HeardOf[*wire.MsgSendCmpct](a) {
			stop = !m.HighBandwidth
		}
		return stop
	}
	if stopped(first) || !stopped(others[0]) || stopped(others[1]) || stopped(others[2]) {
		t.Errorf("told to stop: the outbound one %v, others %v %v %v", stopped(first), stopped(others[0]), stopped(others[1]), stopped(others[2]))
	}
	for _, p := range s.node.core.(*referee).core.(*p2p.Core).Peers(s.Time()) {
		if p.HighBandwidthTo == (p.ID == s.node.ends[1].id) || p.HighBandwidthFrom {
			t.Errorf("peer %d: %v, %v", p.ID, p.HighBandwidthTo, p.HighBandwidthFrom)
		}
	}
	others[1].Hang()
	s.Run(time.Second)
	checkQuiet(t, s.Network)
}

// A peer that names transactions by txid only is not understood.
func TestFirstVersionIsNotSpoken(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond, Verdicts: Verdicts{Block: 5 * time.Second}}, 20)
	a := s.join(true, func(a *Actor) { a.Chain = s.loaded })
	a.Say(&wire.MsgSendCmpct{Version: 1, HighBandwidth: true}, headersOf(s.loaded))
	s.Run(time.Second)
	b := s.mine(0)
	s.join(true).Say(headersOf([]*wire.Block{b}), &wire.MsgBlock{Block: b})
	s.Run(time.Second)
	if a.Count("cmpctblock") != 0 {
		t.Error("it is sent a compact block")
	}
}

// Of two blocks that follow on the tip the first is passed on early.
func TestOneBlockPassedOnEarly(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond, Verdicts: Verdicts{Block: 10 * time.Second}}, 20)
	from, wants := s.speaksCompact(true, false), s.speaksCompact(true, true)
	for _, b := range s.siblings(2) {
		from.Say(headersOf([]*wire.Block{b}), &wire.MsgBlock{Block: b})
		s.Run(time.Second)
	}
	if n := wants.Count("cmpctblock"); n != 1 {
		t.Errorf("%d blocks were", n)
	}
}

// Who brings a block that is not the tip, or while others are on their way, is not
// chosen as an announcer for it.
func TestNotChosenAsAnnouncer(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	s.announcer(true)
	a := s.speaksCompact(true, false)
	chosen := func() bool {
		list := HeardOf[*wire.MsgSendCmpct](a)
		return list[len(list)-1].HighBandwidth
	}
	side := s.World.Mine(s.loaded[len(s.loaded)-2].Hash(), s.Time(), 0)
	a.Say(headersOf([]*wire.Block{side}))
	s.Run(time.Second)
	a.Say(&wire.MsgBlock{Block: side})
	s.Run(time.Second)
	if n := s.node.Ledger.Tree().Lookup(side.Hash()); n == nil || !s.node.Ledger.has(n) || chosen() {
		t.Errorf("chosen for a block beside the tip: %v", chosen())
	}
	two := []*wire.Block{s.mine(0), s.mine(0)}
	a.Say(headersOf(two))
	s.Run(time.Second)
	a.Say(&wire.MsgBlock{Block: two[0]})
	s.Run(time.Second)
	if s.node.Ledger.Tip() != two[0].Hash() || chosen() {
		t.Errorf("chosen while a block is on its way: %v", chosen())
	}
	a.Say(&wire.MsgBlock{Block: two[1]})
	s.Run(time.Second)
	if !chosen() {
		t.Error("not chosen for the newest block")
	}
}

// The place of an announcer that has gone is free.
func TestAnnouncerGone(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	list := []*Actor{s.announcer(true), s.announcer(true), s.announcer(true)}
	list[1].Hang()
	s.Run(time.Second)
	s.announcer(true)
	if n := list[0].Count("sendcmpct") + list[2].Count("sendcmpct"); n != 0 {
		t.Error("another one is told to stop")
	}
}
