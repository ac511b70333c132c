package p2ptest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/p2p"
	"grapevine/wire"
)

// single makes a network of one node, which only notes what it is told.
func single(cfg Config) (*Network, *Node, *script) {
	var s script
	net := New(cfg)
	n := net.AddNode(NodeConfig{Make: s.make})
	net.Run(0)
	s.log = nil
	return net, n, &s
}

// said gives what a core was told since the last call, in short.
func (s *script) said() string {
	var parts []string
	for _, l := range s.log {
		switch e := l.event.(type) {
		case p2p.TipMoved:
			parts = append(parts, fmt.Sprintf("tip %d>%d", e.Old.Height(), e.New.Height()))
		case p2p.BlockConnected:
			parts = append(parts, fmt.Sprintf("connected %d", len(e.Block.Txs)))
		case p2p.HeaderTip:
			parts = append(parts, "header")
		case p2p.HeadersJudged:
			height := int32(-1)
			if e.Last != nil {
				height = e.Last.Height()
			}
			parts = append(parts, fmt.Sprintf("headers %d/%d %v", height, e.Count, e.Err))
		case p2p.BlockJudged:
			parts = append(parts, fmt.Sprintf("block %d %v %v", e.Seq, e.Fresh, e.Err))
		case p2p.TxJudged:
			parts = append(parts, fmt.Sprintf("tx %d %v %d", e.Seq, e.Err, len(e.Missing)))
		case p2p.PoolAdded:
			parts = append(parts, "pool")
		default:
			parts = append(parts, fmt.Sprintf("%T", e))
		}
	}
	s.log = nil
	return strings.Join(parts, ", ")
}

func wantSaid(t *testing.T, s *script, want string) {
	t.Helper()
	if got := s.said(); got != want {
		t.Errorf("told %q\n want %q", got, want)
	}
}

func TestBlocksInAnyOrder(t *testing.T) {
	net, n, s := single(Config{})
	blocks := net.World.Chain(net.World.Genesis(), 4, 500)
	var list []wire.Header
	for _, b := range blocks {
		list = append(list, b.Header)
	}
	if !n.Ledger.Syncing() {
		t.Error("a node that has genesis only is not syncing")
	}
	n.act(p2p.SubmitHeaders{Seq: 1, List: list})
	net.Run(0)
	wantSaid(t, s, "headers 4/4 <nil>, header")
	for i, k := range []int{2, 3, 1} {
		n.act(p2p.SubmitBlock{Seq: uint64(i), Block: blocks[k], Requested: true})
	}
	if got, want := n.Ledger.Queued(), int64(blocks[1].TotalSize()+blocks[2].TotalSize()+blocks[3].TotalSize()); got != want {
		t.Errorf("%d bytes queued, want %d", got, want)
	}
	net.Run(0)
	wantSaid(t, s, "block 0 true <nil>, block 1 true <nil>, block 2 true <nil>")
	if n.Ledger.Height() != 0 || n.Ledger.Queued() != 0 {
		t.Errorf("height %d, %d bytes queued without the first block", n.Ledger.Height(), n.Ledger.Queued())
	}
	n.act(p2p.SubmitBlock{Seq: 3, Block: blocks[0], Requested: true})
	net.Run(0)
	wantSaid(t, s, "block 3 true <nil>, connected 1, connected 1, connected 1, connected 1, tip 0>4")
	if n.Ledger.Tip() != blocks[3].Hash() || n.Ledger.Syncing() {
		t.Errorf("tip at %d, syncing %v", n.Ledger.Height(), n.Ledger.Syncing())
	}
	n.act(p2p.SubmitBlock{Seq: 4, Block: blocks[0], Requested: true})
	net.Run(0)
	wantSaid(t, s, "block 4 false <nil>")
}

func TestVerdictsTakeTheirTime(t *testing.T) {
	net, n, s := single(Config{Verdicts: Verdicts{Headers: time.Second, Block: time.Minute, BlockByte: time.Millisecond}})
	b := net.World.Mine(net.World.Genesis(), net.Time(), 1000)
	n.act(p2p.SubmitHeaders{List: []wire.Header{b.Header}})
	n.act(p2p.SubmitBlock{Block: b, Requested: true})
	net.Run(time.Hour)
	wantTimes(t, "headers", times[p2p.HeadersJudged](s), 0, time.Second)
	wantTimes(t, "block", times[p2p.BlockJudged](s), 0, 61*time.Second+time.Duration(b.TotalSize())*time.Millisecond)
}

func TestHeadersThatBreakRules(t *testing.T) {
	net, n, s := single(Config{})
	w := net.World
	good := w.Mine(w.Genesis(), net.Time(), 0)
	late := w.MineHeader(good.Hash(), net.Time(), func(h *wire.Header) { h.Time = uint32(net.Time().Unix()) + 3*60*60 })
	early := w.MineHeader(good.Hash(), net.Time(), func(h *wire.Header) { h.Time = 1 })
	noWork := good.Header
	for noWork.Nonce = 0; w.Params.CheckProofOfWork(noWork.Hash(), noWork.Bits); noWork.Nonce++ {
	}
	orphan := w.MineHeader(late.Hash(), net.Time(), nil)
	for _, c := range []struct {
		list []wire.Header
		last int32
		want consensus.ErrorKind
	}{
		{[]wire.Header{good.Header, late}, 1, consensus.ErrTimeTooNew},
		{[]wire.Header{early}, -1, consensus.ErrTimeTooOld},
		{[]wire.Header{noWork}, -1, consensus.ErrHighHash},
		{[]wire.Header{orphan}, -1, consensus.ErrPrevNotFound},
	} {
		n.act(p2p.SubmitHeaders{List: c.list})
		net.Run(0)
		e, ok := s.log[0].event.(p2p.HeadersJudged)
		if !ok || !errors.Is(e.Err, c.want) || (e.Last == nil) != (c.last < 0) || e.Last != nil && e.Last.Height() != c.last {
			t.Errorf("%s: told %s", c.want, s.said())
		}
		s.log = nil
	}
}

func TestInvalidBlock(t *testing.T) {
	net, n, s := single(Config{})
	w := net.World
	bad := w.MineInvalid(w.Genesis(), net.Time(), &consensus.Error{Kind: consensus.ErrCoinbaseAmount, Result: consensus.ResultConsensus})
	child := w.Mine(bad.Hash(), net.Time(), 0)
	n.act(p2p.SubmitHeaders{List: []wire.Header{bad.Header, child.Header}})
	n.act(p2p.SubmitBlock{Block: bad, Requested: true})
	net.Run(0)
	wantSaid(t, s, "headers 2/2 <nil>, block 0 false bad-cb-amount, header, header")
	n.act(p2p.SubmitBlock{Block: child, Requested: true})
	n.act(p2p.SubmitHeaders{List: []wire.Header{w.MineHeader(child.Hash(), net.Time(), nil)}})
	net.Run(0)
	wantSaid(t, s, "block 0 false duplicate-invalid, headers -1/1 bad-prevblk")
	if best := n.Ledger.BestHeader(); best.Height() != 0 {
		t.Errorf("best header at %d stands on an invalid block", best.Height())
	}

	// A failure of ours says nothing about the block.
	unlucky := w.MineInvalid(w.Genesis(), net.Time(), errors.New("disk is full"))
	n.act(p2p.SubmitBlock{Block: unlucky, Requested: true})
	net.Run(0)
	wantSaid(t, s, "block 0 false disk is full, header")
	if n.Ledger.Tree().Lookup(unlucky.Hash()).Status().Invalid() {
		t.Error("a block is held to be invalid because our disk is full")
	}
}

func TestBlocksNobodyAskedFor(t *testing.T) {
	net, n, s := single(Config{})
	w := net.World
	main := w.Chain(w.Genesis(), 3, 0)
	n.Ledger.Load(main...)
	side := w.Mine(main[0].Hash(), net.Time(), 0)
	n.act(p2p.SubmitBlock{Block: side})
	n.act(p2p.SubmitBlock{Seq: 1, Block: side, Requested: true})
	n.act(p2p.SubmitBlock{Seq: 2, Block: w.Mine(main[2].Hash(), net.Time(), 0)})
	net.Run(0)
	wantSaid(t, s, "block 0 false <nil>, block 1 true <nil>, p2p.BlockChecked, block 2 true <nil>, header, connected 1, tip 3>4")
}

func TestReorganisationGivesTransactionsBack(t *testing.T) {
	net, n, s := single(Config{})
	w := net.World
	parent := w.Spend(1000, 0, w.Fund())
	child := w.SpendOf(parent, 1000)
	coin := w.Fund()
	loser, winner := w.Spend(1000, 0, coin), w.Spend(2000, 0, coin)
	grandchild := w.SpendOf(loser, 1000)
	a1 := w.Mine(w.Genesis(), net.Time(), 0, parent, loser)
	a2 := w.Mine(a1.Hash(), net.Time(), 0, child)
	b1 := w.Mine(w.Genesis(), net.Time(), 0, winner)
	b2 := w.Mine(b1.Hash(), net.Time(), 0)
	b3 := w.Mine(b2.Hash(), net.Time(), 0)
	for _, b := range []*wire.Block{a1, a2} {
		if err := n.Ledger.Mine(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Pool.Submit(grandchild); err != nil {
		t.Fatal(err)
	}
	net.Run(0)
	s.log = nil
	for _, b := range []*wire.Block{b1, b2, b3} {
		if err := n.Ledger.Mine(b); err != nil {
			t.Fatal(err)
		}
	}
	net.Run(0)
	if got := s.said(); !strings.HasSuffix(got, "tip 2>3") || strings.Count(got, "pool") != 2 {
		t.Errorf("told %q", got)
	}
	for tx, want := range map[*wire.Tx]bool{parent: true, child: true, loser: false, grandchild: false, winner: false} {
		if n.Pool.Has(wire.ByTxid(tx.Txid())) != want {
			t.Errorf("transaction in the pool: %v, want %v", !want, want)
		}
	}
	if !n.Pool.Confirmed(winner.Txid()) || n.Pool.Confirmed(loser.Txid()) || n.Pool.Len() != 2 {
		t.Error("the pool does not follow the chain")
	}
}

func TestPoolVerdicts(t *testing.T) {
	net, n, s := single(Config{})
	w := net.World
	coin := w.Fund()
	parent := w.Spend(1000, 0, coin)
	child := w.SpendOf(parent, 1000)
	for i, tx := range []*wire.Tx{child, parent, parent, child, w.Spend(5000, 0, coin), w.Spend(99, 0, w.Fund())} {
		n.act(p2p.SubmitTx{Seq: uint64(i), Tx: tx})
		net.Run(0)
	}
	wantSaid(t, s, "tx 0 bad-txns-inputs-missingorspent 1, tx 1 <nil> 0, pool, tx 2 txn-already-in-mempool 0, tx 3 <nil> 0, pool, "+
		"tx 4 txn-mempool-conflict 0, tx 5 min relay fee not met 0")
	got, rate, ok := n.Pool.Lookup(wire.ByWtxid(child.Wtxid()))
	if got != child || rate != 1000 || !ok || n.Pool.Has(wire.ByWtxid(wire.Wtxid(child.Txid()))) {
		t.Error("look-up by wtxid")
	}
}

func TestLoadedChainIsThere(t *testing.T) {
	net, n, s := single(Config{})
	blocks := net.World.Chain(net.World.Genesis(), 200, 0)
	n.Ledger.Load(blocks...)
	net.Run(time.Second)
	wantSaid(t, s, "")
	tip := n.Ledger.Active().Tip()
	if tip.Height() != 200 || n.Ledger.BestHeader() != tip || tip.ChainTxCount() != 201 || n.Ledger.Syncing() {
		t.Errorf("tip at %d, %d transactions", tip.Height(), tip.ChainTxCount())
	}
	for x := tip; x != nil; x = x.Parent() {
		if !x.Status().Has(headers.StatusHasData) {
			t.Fatalf("block %d is not there", x.Height())
		}
	}
}
