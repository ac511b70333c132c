package mempool

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"grapevine/chain"
	"grapevine/chain/chaintest"
	"grapevine/chain/params"
	"grapevine/wire"
)

// world is a real chain with a pool on it, and the branch that they follow.
type world struct {
	*Pool
	tb    testing.TB
	chain *chain.Chain
	clock *clock
	stop  func()
}

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// regtest is the network of the tests.
func regtest() *params.Params { return params.Regtest(params.RegtestOptions{}) }

// branch returns a branch with coins to spend.
func branch(tb testing.TB, blocks, spends int) *chaintest.Branch {
	b := chaintest.New(tb, regtest(), 1)
	b.Mine(blocks, spends)
	return b
}

// build starts a chain with the blocks of a branch, and a pool; change may alter
// the pool's configuration.
func build(tb testing.TB, b *chaintest.Branch, change func(*Config)) *world {
	tb.Helper()
	w := open(tb, change)
	w.extend(b.Blocks...)
	return w
}

// open starts an empty chain with a pool.
func open(tb testing.TB, change func(*Config)) *world {
	tb.Helper()
	zero := wire.BlockHash{}
	c, err := chain.Open(chain.Config{Params: regtest(), Dir: tb.TempDir(), CacheBytes: 4 << 20, AssumeValid: &zero})
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{tb: tb, chain: c, clock: &clock{now: time.Unix(1_700_000_000, 0)}}
	cfg := DefaultConfig()
	cfg.Chain, cfg.Now, cfg.SigCache = c, w.clock.Now, c.SigCache()
	if change != nil {
		change(&cfg)
	}
	if w.Pool, err = New(cfg); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ends := make(chan error, 2)
	go func() { ends <- c.Run(ctx) }()
	go func() { ends <- w.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		for range 2 {
			if err := <-ends; err != nil && !errors.Is(err, context.Canceled) {
				tb.Errorf("ended with: %v", err)
			}
		}
	})
	tb.Cleanup(func() {
		w.stop()
		if err := w.check(); err != nil {
			tb.Errorf("invariant: %v", err)
		}
	})
	return w
}

// extend submits blocks and waits until the pool has taken them in.
func (w *world) extend(blocks ...*wire.Block) {
	w.tb.Helper()
	for _, b := range blocks {
		if _, err := w.chain.SubmitBlock(w.tb.Context(), b); err != nil {
			w.tb.Fatal(err)
		}
	}
	w.sync()
}

func (w *world) sync() {
	w.tb.Helper()
	if err := w.TakenIn(w.tb.Context(), w.chain.Events().Last()); err != nil {
		w.tb.Fatal(err)
	}
}

// add submits transactions that must be taken.
func (w *world) add(txs ...*wire.Tx) {
	w.tb.Helper()
	for _, tx := range txs {
		if _, err := w.Submit(w.tb.Context(), tx, SubmitOptions{}); err != nil {
			w.tb.Fatalf("%s: %v", tx.Txid(), err)
		}
	}
}

// refused submits a transaction that must not be taken, and wants this reason.
func (w *world) refused(tx *wire.Tx, want error) *Error {
	w.tb.Helper()
	_, err := w.Submit(w.tb.Context(), tx, SubmitOptions{})
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, want) {
		w.tb.Fatalf("submitted: %v; want %v", err, want)
	}
	return e
}

// holds wants exactly these transactions in the pool.
func (w *world) holds(txs ...*wire.Tx) {
	w.tb.Helper()
	list, _ := w.Txids()
	got := make(map[wire.Txid]bool, len(list))
	for _, id := range list {
		got[id] = true
	}
	for _, tx := range txs {
		if !got[tx.Txid()] {
			w.tb.Errorf("%s is not in the pool", tx.Txid())
		}
	}
	if len(list) != len(txs) {
		w.tb.Errorf("%d in the pool; want %d", len(list), len(txs))
	}
}

// spend returns a transaction that spends outpoints of own keys into outputs of
// equal value but for the first, less exactly a fee.
func spend(outs int, fee wire.Amount, ops []wire.OutPoint, spent []wire.TxOut) *wire.Tx {
	tx := &wire.Tx{Version: 2}
	sum := -fee
	for i, op := range ops {
		tx.In = append(tx.In, wire.TxIn{PrevOut: op, Sequence: 0xfffffffd})
		sum += spent[i].Value
	}
	for i := range outs {
		tx.Out = append(tx.Out, wire.TxOut{Value: sum / wire.Amount(outs), PkScript: chaintest.Script(chaintest.P2WPKH, uint64(i+1))})
	}
	tx.Out[0].Value += sum % wire.Amount(outs)
	chaintest.Sign(tx, spent)
	return tx.Seal()
}

// coin spends one ripe coin of the branch.
func coin(b *chaintest.Branch, at, outs int, fee wire.Amount) *wire.Tx {
	op := b.Ripe()[at]
	return spend(outs, fee, []wire.OutPoint{op}, []wire.TxOut{b.Coins[op].Out})
}

// child spends outputs of a transaction.
func child(parent *wire.Tx, outs int, fee wire.Amount, from ...uint32) *wire.Tx {
	var ops []wire.OutPoint
	var spent []wire.TxOut
	for _, i := range from {
		ops = append(ops, wire.OutPoint{Txid: parent.Txid(), Index: i})
		spent = append(spent, parent.Out[i])
	}
	return spend(outs, fee, ops, spent)
}

// block mines transactions on a branch.
func block(b *chaintest.Branch, txs ...*wire.Tx) *wire.Block {
	list := make([]wire.Tx, len(txs))
	for i, tx := range txs {
		list[i] = *tx.Clone()
		list[i].Seal()
	}
	bl := b.Draft(list...).Block()
	b.Add(bl)
	return bl
}
