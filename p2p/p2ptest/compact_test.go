package p2ptest

import (
	"slices"
	"testing"
	"time"

	"grapevine/chain/consensus"
	"grapevine/p2p"
	"grapevine/p2p/compact"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// speaksCompact adds a peer that knows compact blocks and wants new blocks so where
// announce is set. It sends nothing but what it is told to.
func (s *stage) speaksCompact(inbound, announce bool) *Actor {
	s.t.Helper()
	a := s.join(inbound, func(a *Actor) { a.Chain = s.loaded })
	a.On = func(_ peer.ID, m wire.Message) bool { return m.Command() == "getdata" || m.Command() == "getblocktxn" }
	a.Say(&wire.MsgSendCmpct{HighBandwidth: announce, Version: 2}, headersOf(s.loaded))
	s.Run(time.Second)
	return a
}

func headersOf(list []*wire.Block) *wire.MsgHeaders {
	m := new(wire.MsgHeaders)
	for _, b := range list {
		m.Headers = append(m.Headers, b.Header)
	}
	return m
}

// tip is the hash of the last block that was made.
func (s *stage) tip() wire.BlockHash { return s.loaded[len(s.loaded)-1].Hash() }

// mine makes the next block with so many transactions, of which the node's pool lacks
// those at the places given.
func (s *stage) mine(txs int, lacks ...int) *wire.Block {
	s.t.Helper()
	list := make([]*wire.Tx, txs)
	for i := range list {
		list[i] = s.World.Spend(1000, 0, s.World.Fund())
		if !slices.Contains(lacks, i+1) {
			if err := s.node.Pool.Submit(list[i]); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	b := s.World.Mine(s.tip(), s.Time(), 0, list...)
	s.loaded = append(s.loaded, b)
	return b
}

// announcer adds a peer that the node has chosen to announce blocks by compact ones.
func (s *stage) announcer(inbound bool) *Actor {
	s.t.Helper()
	a := s.speaksCompact(inbound, false)
	b := s.mine(0)
	a.Say(&wire.MsgBlock{Block: b})
	s.Run(10 * time.Second)
	if got := HeardOf[*wire.MsgSendCmpct](a); len(got) != 2 || got[0].HighBandwidth || !got[1].HighBandwidth || got[1].Version != 2 {
		s.t.Fatalf("a peer that was first with a block is told %v", got)
	}
	a.Forget()
	return a
}

func (s *stage) wantTip(b *wire.Block, what string) {
	s.t.Helper()
	s.Run(5 * time.Second)
	if s.node.Ledger.Tip() != b.Hash() {
		s.t.Fatalf("%s: height %d, want %d", what, s.node.Ledger.Height(), len(s.loaded))
	}
}

// BIP 152, high bandwidth: a block whose transactions are in the pool is taken
// without any question. One transaction that is not there is asked for.
func TestCompactBlockTaken(t *testing.T) {
	for _, c := range []struct {
		name  string
		world bool // the message is the one that all nodes send
		lacks []int
	}{
		{"all there", true, nil}, {"all there, named by its sender", false, nil},
		{"two missing", true, []int{3, 9}}, {"two missing, named by its sender", false, []int{3, 9}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
			a := s.announcer(true)
			b := s.mine(10, c.lacks...)
			if c.world {
				a.Say(s.World.Compact(b.Hash()))
			} else {
				a.Say(compact.Build(b, 77))
			}
			s.Run(time.Second)
			asked := HeardOf[*wire.MsgGetBlockTxn](a)
			if len(c.lacks) > 0 {
				if len(asked) != 1 || !slices.Equal(asked[0].Indexes, []uint16{3, 9}) || asked[0].Block != b.Hash() {
					t.Fatalf("asked for %v", asked)
				}
				answer, _ := compact.Pick(b, asked[0].Indexes)
				a.Say(answer)
			} else if len(asked) > 0 {
				t.Errorf("asked for %v", asked)
			}
			s.wantTip(b, c.name)
			if items := a.Asked(); len(items) > 0 {
				t.Errorf("asked for %v besides", items)
			}
			checkQuiet(t, s.Network)
		})
	}
}

// BIP 152, low bandwidth: a single new block that was announced by its header is asked
// for as a compact block, of a peer that sends such; not two at once.
func TestCompactBlockAskedFor(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	a := s.speaksCompact(false, false)
	b := s.mine(5)
	a.Say(headersOf([]*wire.Block{b}))
	s.Run(time.Second)
	if got := a.Asked(); len(got) != 1 || got[0].Type != wire.InvCmpctBlock {
		t.Fatalf("asked for %v", got)
	}
	a.Say(s.World.Compact(b.Hash()))
	s.wantTip(b, "low bandwidth")
	a.Forget()
	two := []*wire.Block{s.mine(0), s.mine(0)}
	a.Say(headersOf(two))
	s.Run(time.Second)
	if got := a.Asked(); len(got) != 2 || got[0].Type != wire.InvWitnessBlock {
		t.Errorf("asked for %v", got)
	}
	for _, b := range two {
		a.Say(&wire.MsgBlock{Block: b})
	}
	s.wantTip(two[1], "whole")
	checkQuiet(t, s.Network)
}

// With -blocksonly the pool is empty: nobody is asked for compact blocks, and none is
// looked at.
func TestBlocksOnlyWithoutCompactBlocks(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20, func(c *p2p.CoreConfig) { c.BlocksOnly = true })
	a := s.speaksCompact(false, false)
	b := s.mine(0)
	a.Say(&wire.MsgBlock{Block: b})
	s.wantTip(b, "first")
	if got := HeardOf[*wire.MsgSendCmpct](a); len(got) != 1 || got[0].HighBandwidth {
		t.Errorf("told %v", got)
	}
	b = s.mine(0)
	a.Say(s.World.Compact(b.Hash()))
	s.Run(time.Second)
	if s.node.Ledger.Tree().Lookup(b.Hash()) != nil {
		t.Error("a compact block was looked at")
	}
	a.Say(headersOf([]*wire.Block{b}))
	s.Run(time.Second)
	if got := a.Asked(); len(got) != 1 || got[0].Type != wire.InvWitnessBlock {
		t.Errorf("asked for %v", got)
	}
}

// Compact blocks of peers that were neither chosen nor asked are as good as a header.
func TestCompactBlockUnasked(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	s.announcer(true)
	other := s.speaksCompact(true, false)
	silent := s.join(true)
	b := s.mine(3)
	silent.Say(s.World.Compact(b.Hash())) // it never said that it would
	s.Run(time.Second)
	if s.node.Ledger.Tree().Lookup(b.Hash()) != nil {
		t.Error("a compact block was looked at of who never offered any")
	}
	other.Say(s.World.Compact(b.Hash()))
	s.Run(time.Second)
	if s.node.Ledger.Tip() == b.Hash() {
		t.Error("the pool was looked through for a peer that was not chosen")
	}
	if got := other.Asked(); len(got) != 1 {
		t.Errorf("asked for %v", got)
	}
	other.Say(s.World.Compact(b.Hash())) // as it was asked
	s.wantTip(b, "asked")
}

// A block that names do not lead to is fetched whole, and nobody is blamed.
func TestCompactBlockFallsBack(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(s *stage, b *wire.Block, m *wire.MsgCmpctBlock)
	}{
		{"a name twice", func(_ *stage, _ *wire.Block, m *wire.MsgCmpctBlock) { m.ShortIDs[0] = m.ShortIDs[1] }},
		{"names of other transactions", func(_ *stage, _ *wire.Block, m *wire.MsgCmpctBlock) {
			m.ShortIDs[0], m.ShortIDs[1] = m.ShortIDs[1], m.ShortIDs[0]
		}},
		{"more memory than a block is worth", func(s *stage, b *wire.Block, m *wire.MsgCmpctBlock) {
			tx := wire.Tx{Version: 2, In: []wire.TxIn{{ScriptSig: []byte{1}}}, Out: make([]wire.TxOut, 120_000)}
			m.Prefilled[0].Tx, m.ShortIDs[1] = *tx.Seal(), 12345
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
			a := s.announcer(true)
			b := s.mine(4)
			m := compact.Build(b, 5)
			c.bend(s, b, m)
			a.Say(m)
			s.Run(3 * time.Second)
			if got := a.Asked(); len(got) != 1 || got[0].Type != wire.InvWitnessBlock {
				t.Fatalf("asked for %v, %v", got, HeardOf[*wire.MsgGetBlockTxn](a))
			}
			if !a.Connected() {
				t.Fatal("its peer is gone")
			}
			a.Say(m) // once more is not looked at
			s.Run(time.Second)
			a.Say(&wire.MsgBlock{Block: b})
			s.wantTip(b, c.name)
			if len(a.Asked()) != 1 || !a.Connected() {
				t.Errorf("asked for %v, connected %v", a.Asked(), a.Connected())
			}
			checkQuiet(t, s.Network)
		})
	}
}

// Answers to getblocktxn: what does not fit in number is the peer's fault, other
// transactions are not, but only once.
func TestWrongBlockTxn(t *testing.T) {
	setup := func(t *testing.T) (*stage, *Actor, *wire.Block) {
		s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
		a := s.announcer(true)
		b := s.mine(4, 2, 3)
		a.Say(compact.Build(b, 5))
		s.Run(time.Second)
		if len(HeardOf[*wire.MsgGetBlockTxn](a)) != 1 {
			t.Fatal("nothing is asked for")
		}
		return s, a, b
	}
	t.Run("too few", func(t *testing.T) {
		s, a, b := setup(t)
		a.Say(&wire.MsgBlockTxn{Block: b.Hash(), Txs: b.Txs[2:3]})
		s.Run(time.Second)
		if a.Connected() {
			t.Error("the peer stays")
		}
	})
	t.Run("others", func(t *testing.T) {
		s, a, b := setup(t)
		wrong := &wire.MsgBlockTxn{Block: b.Hash(), Txs: b.Txs[1:3]}
		a.Say(wrong)
		s.Run(time.Second)
		if got := a.Asked(); len(got) != 1 || got[0].Type != wire.InvWitnessBlock || !a.Connected() {
			t.Fatalf("asked for %v, connected %v", got, a.Connected())
		}
		a.Say(wrong)
		s.Run(time.Second)
		if a.Connected() {
			t.Error("the peer stays after a second one")
		}
	})
	t.Run("unasked", func(t *testing.T) {
		s, a, b := setup(t)
		a.Say(&wire.MsgBlockTxn{Block: s.loaded[3].Hash(), Txs: b.Txs[1:3]}, &wire.MsgBlockTxn{Block: wire.BlockHash{1}})
		s.Run(time.Second)
		if !a.Connected() {
			t.Error("the peer is gone")
		}
	})
}

// Peers may pass on blocks that they have not validated: one that turns out invalid is
// not held against them, unless its header says so.
func TestInvalidCompactBlock(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	a := s.announcer(true)
	bad := s.World.MineInvalid(s.tip(), s.Time(), &consensus.Error{Kind: "bad-cb-amount", Result: consensus.ResultConsensus})
	a.Say(s.World.Compact(bad.Hash()))
	s.Run(time.Second)
	if n := s.node.Ledger.Tree().Lookup(bad.Hash()); n == nil || !n.Status().Invalid() {
		t.Fatal("it was not judged")
	}
	a.Say(s.World.Compact(bad.Hash()))
	s.Run(time.Second)
	if !a.Connected() {
		t.Fatal("its sender is gone")
	}
	early := *s.World.Compact(bad.Hash())
	early.Header.Time = 1
	for !s.World.Params.CheckProofOfWork(early.Header.Hash(), early.Header.Bits) {
		early.Header.Nonce++
	}
	a.Say(&early)
	s.Run(time.Second)
	if a.Connected() {
		t.Error("a header that breaks the rules is forgiven")
	}
}

// Headers without work, without a parent, or too far ahead are not put together.
func TestCompactBlocksNotSought(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 300)
	a := s.announcer(true)
	low := s.World.Mine(s.loaded[20].Hash(), s.Time(), 0)
	a.Say(s.World.Compact(low.Hash()))
	s.Run(time.Second)
	if s.node.Ledger.Tree().Lookup(low.Hash()) != nil {
		t.Error("a header of little work is kept")
	}
	b1, b2, b3 := s.mine(0), s.mine(0), s.mine(1, 1)
	a.Forget()
	a.Say(s.World.Compact(b3.Hash()))
	s.Run(time.Second)
	if got := HeardOf[*wire.MsgGetHeaders](a); len(got) != 1 || s.node.Ledger.Tree().Lookup(b3.Hash()) != nil {
		t.Errorf("%d questions for headers", len(got))
	}
	a.Say(headersOf([]*wire.Block{b1, b2}))
	s.Run(time.Second)
	a.Forget()
	a.Say(s.World.Compact(b3.Hash())) // three above the tip: as good as its header
	s.Run(time.Second)
	if len(HeardOf[*wire.MsgGetBlockTxn](a)) > 0 {
		t.Error("put together, three blocks above the tip")
	}
	for _, b := range []*wire.Block{b1, b2, b3} {
		a.Say(&wire.MsgBlock{Block: b})
	}
	s.wantTip(b3, "whole")
	if !a.Connected() {
		t.Error("the peer is gone")
	}
}

// Up to three peers are asked for what is missing of one block, so that one that is
// silent holds up nothing; the last place is an outbound peer's.
func TestParallelCompactBlocks(t *testing.T) {
	for _, c := range []struct {
		name    string
		inbound [3]bool
		asked   [3]bool
	}{
		{"inbound", [3]bool{true, true, true}, [3]bool{true, true, false}},
		{"an outbound one last", [3]bool{true, true, false}, [3]bool{true, true, true}},
		{"an outbound one first", [3]bool{false, true, true}, [3]bool{true, true, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
			s.count()
			var peers [3]*Actor
			for i := range peers {
				peers[i] = s.announcer(c.inbound[i])
			}
			b := s.mine(4, 2)
			for i, a := range peers {
				a.Say(s.World.Compact(b.Hash()))
				s.Run(time.Second / 2)
				if got := len(HeardOf[*wire.MsgGetBlockTxn](a)) == 1; got != c.asked[i] {
					t.Errorf("peer %d asked: %v", i, got)
				}
			}
			last := 1
			if c.asked[2] {
				last = 2
			}
			answer, _ := compact.Pick(b, []uint16{2})
			peers[last].Say(answer)
			s.wantTip(b, c.name)
			peers[0].Say(answer) // late
			s.Run(time.Second)
			if s.owed() != len(slices.DeleteFunc(c.asked[:], func(asked bool) bool { return !asked }))-2 || s.submitted != 4 {
				t.Errorf("%d blocks owed, %d submitted", s.owed(), s.submitted)
			}
			for i, a := range peers {
				if !a.Connected() {
					t.Errorf("peer %d is gone", i)
				}
			}
			checkQuiet(t, s.Network)
		})
	}
}

// A peer that has a block whole when others are asked for parts of it: nothing is asked
// of a fourth, but if the pool has all of it, it is taken.
func TestOptimisticCompactBlock(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	a, other := s.announcer(true), s.announcer(true)
	b := s.mine(4, 2)
	a.Say(s.World.Compact(b.Hash()))
	s.Run(time.Second)
	if err := s.node.Pool.Submit(&b.Txs[2]); err != nil {
		t.Fatal(err)
	}
	other.Say(s.World.Compact(b.Hash()))
	s.wantTip(b, "from the second")
	if len(HeardOf[*wire.MsgGetBlockTxn](other)) != 0 {
		t.Error("the second was asked")
	}
}

// A transaction that the pool refused may be in the next block: it is kept for it.
func TestRefusedIsKeptForBlocks(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	a := s.announcer(true)
	b := s.mine(3, 2)
	refused := b.Txs[2]
	s.node.Pool.SetMinFeeRate(1 << 30)
	a.Say(&wire.MsgTx{Tx: &refused})
	s.Run(time.Second)
	if s.node.Pool.Has(wire.ByTxid(refused.Txid())) {
		t.Fatal("it was taken")
	}
	a.Say(compact.Build(b, 1))
	s.wantTip(b, "with a refused transaction")
	if len(HeardOf[*wire.MsgGetBlockTxn](a)) != 0 {
		t.Error("it was asked for")
	}
}

// Who answers no more is not waited for: the block comes from another peer.
func TestSilentCompactPeer(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	a := s.announcer(true)
	b := s.mine(3, 2)
	other := s.join(true, func(o *Actor) { o.Chain = s.loaded })
	a.Say(s.World.Compact(b.Hash()))
	s.Run(time.Second)
	other.Say(headersOf([]*wire.Block{b}))
	s.wantWithin(time.Minute, "from another peer", func() bool { return s.node.Ledger.Tip() == b.Hash() })
	answer, _ := compact.Pick(b, []uint16{2})
	a.Say(answer)
	s.Run(time.Second)
	if !a.Connected() {
		t.Error("who comes late is gone")
	}
	checkQuiet(t, s.Network)
}

// core is what decides for the node.
func (s *stage) core() *p2p.Core { return s.node.core.(*referee).core.(*p2p.Core) }

// owed counts the blocks that peers owe the node.
func (s *stage) owed() (n int) {
	for _, p := range s.core().Peers(s.Time()) {
		n += len(p.InFlight)
	}
	return n
}

// count counts the blocks that the core submits and has put together.
func (s *stage) count() {
	s.node.cfg.Filter = func(_ *Node, a p2p.Action) p2p.Action {
		switch a.(type) {
		case p2p.SubmitBlock:
			s.submitted++
		case p2p.Reconstruct:
			s.sought++
		}
		return a
	}
}

// siblings makes blocks that all follow on the tip, each with a transaction that the
// node does not have.
func (s *stage) siblings(n int) (list []*wire.Block) {
	for range n {
		list = append(list, s.World.Mine(s.tip(), s.Time(), 0, s.World.Spend(1000, 0, s.World.Fund())))
	}
	return list
}

// When the tip is hours old, the pool is not of the present: blocks are fetched whole.
func TestOldTipWithoutCompactBlocks(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	a := s.announcer(true)
	s.Run(4 * time.Hour)
	b := s.mine(2, 1)
	a.Say(s.World.Compact(b.Hash()))
	s.Run(time.Second)
	if got := a.Asked(); a.Count("getblocktxn") != 0 || len(got) != 1 || got[0].Type != wire.InvWitnessBlock {
		t.Errorf("asked for %v, and %d times for parts", got, a.Count("getblocktxn"))
	}
}

// Who answers for a block that has come from elsewhere meanwhile owes it no more.
func TestLateCompactBlock(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	a, other := s.speaksCompact(true, false), s.join(true)
	b := s.mine(2)
	a.Say(headersOf([]*wire.Block{b}))
	s.Run(time.Second)
	other.Say(&wire.MsgBlock{Block: b})
	s.wantTip(b, "from the other")
	if s.owed() != 1 {
		t.Fatalf("%d blocks are owed", s.owed())
	}
	a.Say(s.World.Compact(b.Hash()))
	s.Run(time.Second)
	if s.owed() != 0 {
		t.Error("it still owes the block")
	}
}

// While one peer is asked for parts, another that fails is not asked for the whole.
func TestSecondCompactBlockFails(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	a, other := s.announcer(true), s.announcer(true)
	b := s.mine(4, 2)
	a.Say(s.World.Compact(b.Hash()))
	s.Run(time.Second)
	bent := compact.Build(b, 3)
	bent.ShortIDs[0] = bent.ShortIDs[1]
	other.Say(bent)
	s.Run(time.Second)
	if got := other.Asked(); len(got) != 0 || s.owed() != 1 {
		t.Errorf("asked for %v; %d owed", got, s.owed())
	}
}

// The pool is looked through once for each peer that sends the same block again and
// again.
func TestCompactBlockAgainAndAgain(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	peers := []*Actor{s.announcer(true), s.announcer(true), s.announcer(true)}
	b := s.mine(4, 2)
	s.count()
	for range 5 {
		for _, a := range peers {
			a.Say(s.World.Compact(b.Hash()))
			s.Run(time.Second)
		}
	}
	if s.sought != 3+4 { // the third, which is not asked, gives its place up each time
		t.Errorf("looked through the pool %d times", s.sought)
	}
}

// A peer has two blocks put together at a time; more are asked for whole.
func TestTwoCompactBlocksAtATime(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	a := s.announcer(true)
	for _, b := range s.siblings(3) {
		a.Say(s.World.Compact(b.Hash()))
		s.Run(time.Second)
	}
	if got := a.Asked(); a.Count("getblocktxn") != 2 || len(got) != 1 || got[0].Type != wire.InvWitnessBlock {
		t.Errorf("asked for parts %d times, and for %v", a.Count("getblocktxn"), got)
	}
}

// Only while no other block is on its way is one asked for as a compact one, and of who
// offers that.
func TestOneCompactBlockAskedForAtATime(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	a, old, other := s.speaksCompact(true, false), s.speaksCompact(true, false), s.speaksCompact(true, false)
	old.Say(&wire.MsgSendCmpct{Version: 1, HighBandwidth: true})
	plain := s.join(true)
	plain.NoBlocks = true
	list := s.siblings(2)
	a.Say(headersOf(list[:1]))
	s.Run(time.Second)
	other.Say(headersOf(list[1:]))
	s.Run(time.Second)
	if x, y := a.Asked(), other.Asked(); len(x) != 1 || len(y) != 1 || x[0].Type != wire.InvCmpctBlock || y[0].Type != wire.InvWitnessBlock {
		t.Errorf("asked for %v and %v", x, y)
	}
	a.Say(s.World.Compact(list[0].Hash()))
	s.Run(time.Second)
	answer, _ := compact.Pick(list[0], []uint16{1})
	a.Say(answer)
	other.Say(&wire.MsgBlock{Block: list[1]})
	s.Run(time.Second)
	next := s.World.Mine(list[0].Hash(), s.Time(), 0)
	plain.Say(headersOf([]*wire.Block{next}))
	s.Run(time.Second)
	if got := plain.Asked(); len(got) != 1 || got[0].Type != wire.InvWitnessBlock {
		t.Errorf("who offers no compact blocks is asked for %v", got)
	}
}

// A peer that owes us all that it may is asked for no parts, but its compact block is
// looked at, once, in case all is in the pool.
func TestBusyPeersCompactBlock(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	a := s.announcer(true)
	list := s.siblings(17)
	whole := s.World.Mine(s.tip(), s.Time(), 0)
	s.count()
	for _, b := range list[:16] {
		a.Say(s.World.Compact(b.Hash()))
		s.Run(time.Second)
	}
	if s.owed() != 16 || s.sought != 2 || a.Count("getblocktxn") != 2 {
		t.Fatalf("owes %d blocks, %d were sought", s.owed(), s.sought)
	}
	for range 3 {
		a.Say(s.World.Compact(list[16].Hash()))
		s.Run(time.Second)
	}
	if a.Count("getblocktxn") != 2 || s.sought != 3 || s.owed() != 16 {
		t.Errorf("asked for parts %d times, looked %d times, %d owed", a.Count("getblocktxn"), s.sought, s.owed())
	}
	a.Say(s.World.Compact(whole.Hash()))
	s.Run(time.Second)
	if s.node.Ledger.Tip() != whole.Hash() {
		t.Error("what was all there was not taken")
	}
}

// A second peer that was asked for the whole block and sends names instead is asked for
// nothing if we did not choose it to announce blocks.
func TestNamesInsteadOfBlock(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 20)
	a, other := s.announcer(true), s.speaksCompact(true, false)
	b := s.mine(4, 2)
	a.Say(s.World.Compact(b.Hash()))
	s.Run(time.Second)
	other.Say(headersOf([]*wire.Block{b}))
	s.wantWithin(time.Minute, "the other is asked as well", func() bool { return len(other.Asked()) == 1 })
	other.Say(s.World.Compact(b.Hash()))
	s.Run(time.Second)
	if other.Count("getblocktxn") != 0 {
		t.Error("it is asked for parts")
	}
}
