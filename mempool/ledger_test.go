package mempool

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"grapevine/chain/consensus"
	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// stubLedger is a chain that believes everything: blocks without proof of work
// or scripts, coins in maps. Its moves can be told later than they happen, as
// the real one's are.
type stubLedger struct {
	params *params.Params
	tree   *headers.Tree
	ring   *event.Ring
	active atomic.Pointer[headers.Chain]

	mu     sync.Mutex
	tip    *stubBlock // of the coins
	blocks map[*headers.Node]*stubBlock
	untold []event.Event
}

// stubBlock is a block with the coins after it.
type stubBlock struct {
	node   *headers.Node
	parent *stubBlock
	block  *wire.Block
	coins  map[wire.OutPoint]consensus.Coin
}

func newStubLedger() *stubLedger {
	l := &stubLedger{params: regtest(), ring: event.NewRing(256), blocks: make(map[*headers.Node]*stubBlock)}
	l.tree = headers.NewTree(l.params)
	g := &stubBlock{node: l.tree.Genesis(), block: l.params.Genesis, coins: map[wire.OutPoint]consensus.Coin{}}
	l.blocks[g.node], l.tip = g, g
	l.active.Store(headers.NewChain(g.node))
	return l
}

func (l *stubLedger) Params() *params.Params { return l.params }
func (l *stubLedger) Active() *headers.Chain { return l.active.Load() }
func (l *stubLedger) Tree() *headers.Tree    { return l.tree }
func (l *stubLedger) Events() *event.Ring    { return l.ring }

func (l *stubLedger) Coins(ops []wire.OutPoint) ([]consensus.Coin, []bool, *headers.Node, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	coins, found := make([]consensus.Coin, len(ops)), make([]bool, len(ops))
	for i, op := range ops {
		coins[i], found[i] = l.tip.coins[op]
	}
	return coins, found, l.tip.node, nil
}

func (l *stubLedger) Block(n *headers.Node) (*wire.Block, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.blocks[n].block, nil
}

// anyone is a script that needs no signature: an anchor.
var anyone = []byte{0x51, 2, 0x4e, 0x73}

// base is what every stub ledger starts with: blocks and the coins after them,
// made once.
var base = sync.OnceValue(func() []*stubBlock {
	l := newStubLedger()
	var list []*stubBlock
	for range 104 {
		l.move(l.mine(l.tip, 0))
		list = append(list, l.tip)
	}
	return list
})

// grow takes in blocks of the base.
func (l *stubLedger) grow(blocks int) {
	for _, b := range base()[:blocks] {
		n := l.tree.Insert(b.block.Header, l.tip.node)
		l.tip = &stubBlock{node: n, parent: l.tip, block: b.block, coins: b.coins}
		l.blocks[n] = l.tip
	}
	l.active.Store(headers.NewChain(l.tip.node))
}

// mine makes a block on a parent; salt tells it from others there.
func (l *stubLedger) mine(parent *stubBlock, salt byte, txs ...*wire.Tx) *stubBlock {
	height := parent.node.Height() + 1
	coinbase := wire.Tx{Version: 2, In: []wire.TxIn{{
		PrevOut: wire.OutPoint{Index: 0xffffffff}, ScriptSig: append(consensus.AppendHeight(nil, height), salt), Sequence: 0xffffffff,
	}}}
	for range 4 {
		coinbase.Out = append(coinbase.Out, wire.TxOut{Value: wire.Coin, PkScript: anyone})
	}
	all := []wire.Tx{coinbase}
	for _, tx := range txs {
		all = append(all, *tx.Clone())
	}
	h := wire.Header{
		Version: 0x20000000, PrevBlock: parent.node.Hash(), MerkleRoot: wire.MerkleRoot{salt, byte(height)},
		Time: uint32(parent.node.Time()) + 600, Bits: parent.node.Bits(),
	}
	b := &stubBlock{parent: parent, block: wire.NewBlock(h, all), coins: make(map[wire.OutPoint]consensus.Coin, len(parent.coins))}
	for op, c := range parent.coins {
		b.coins[op] = c
	}
	for i := range b.block.Txs {
		tx := &b.block.Txs[i]
		for k := range tx.In {
			delete(b.coins, tx.In[k].PrevOut)
		}
		for k, out := range tx.Out {
			b.coins[wire.OutPoint{Txid: tx.Txid(), Index: uint32(k)}] = consensus.Coin{Out: out, Height: height, Coinbase: i == 0}
		}
	}
	b.node = l.tree.Insert(h, parent.node)
	l.mu.Lock()
	defer l.mu.Unlock()
	if old := l.blocks[b.node]; old != nil {
		return old
	}
	l.blocks[b.node] = b
	return b
}

// move makes a block the tip. It is told at the next tell.
func (l *stubLedger) move(to *stubBlock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.tip.node
	fork := headers.LastCommonAncestor(old, to.node)
	l.tip = to
	l.active.Store(l.active.Load().With(to.node))
	l.untold = append(l.untold, event.Event{
		Kind: event.TipMoved, Height: to.node.Height(), Hash: to.node.Hash(),
		OldHeight: old.Height(), OldHash: old.Hash(), ForkHeight: fork.Height(),
	})
}

// tell publishes the moves that were not told yet.
func (l *stubLedger) tell(tb testing.TB) {
	l.mu.Lock()
	list := l.untold
	l.untold = nil
	l.mu.Unlock()
	for _, e := range list {
		if _, err := l.ring.Publish(tb.Context(), e); err != nil {
			tb.Error(err)
		}
	}
}

// stubWorld is a pool on a stub ledger.
type stubWorld struct {
	*Pool
	tb     testing.TB
	ledger *stubLedger
	clock  *clock
	stop   func()
}

// onStub starts a pool on a stub ledger of so many blocks.
func onStub(tb testing.TB, blocks int, change func(*Config)) *stubWorld {
	tb.Helper()
	l := newStubLedger()
	l.grow(blocks)
	w := &stubWorld{tb: tb, ledger: l, clock: &clock{now: time.Unix(1_700_000_000, 0)}}
	cfg := DefaultConfig()
	cfg.Chain, cfg.Now, cfg.SigCache = l, w.clock.Now, sigverify.NewCache(1<<14)
	if change != nil {
		change(&cfg)
	}
	var err error
	if w.Pool, err = New(cfg); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	end := make(chan error, 1)
	go func() { end <- w.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-end; err != nil {
			tb.Errorf("ended with: %v", err)
		}
	})
	tb.Cleanup(w.stop)
	// What is told from here on reaches the pool.
	if _, err := w.post(tb.Context(), &job{alone: func() {}}); err != nil {
		tb.Fatal(err)
	}
	return w
}

// sync tells what has happened and waits until the pool has taken it in.
func (w *stubWorld) sync() {
	w.tb.Helper()
	w.ledger.tell(w.tb)
	if err := w.TakenIn(w.tb.Context(), w.ledger.ring.Last()); err != nil {
		w.tb.Fatal(err)
	}
}
