package mempool

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"

	"grapevine/chain/chaintest"
	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// together makes the owner find all calls in its queue at once, in this order,
// and returns their errors.
func together(tb testing.TB, p *Pool, calls ...func(ctx context.Context) error) []error {
	tb.Helper()
	busy, free := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = p.post(tb.Context(), &job{alone: func() { close(busy); <-free }})
	})
	<-busy
	errs := make([]error, len(calls))
	for i, call := range calls {
		wg.Go(func() { errs[i] = call(tb.Context()) })
		for len(p.jobs) <= i {
			runtime.Gosched()
		}
	}
	close(free)
	wg.Wait()
	return errs
}

// A list is judged in its order, whatever each of it comes to.
func TestSubmitAll(t *testing.T) {
	b := branch(t, 120, 0)
	w := build(t, b, nil)
	a := coin(b, 0, 2, 1000)
	list := []*wire.Tx{child(a, 1, 1000, 1), a, child(a, 1, 1000, 0), coin(b, 1, 1, 1), &b.Blocks[0].Txs[0], coin(b, 2, 1, 1000), a}
	want := []error{ErrMissingInputs, nil, nil, ErrMinRelayFee, ErrCoinbase, nil, ErrInPool}
	got := w.SubmitAll(t.Context(), list, SubmitOptions{})
	for i := range want {
		if !errors.Is(got[i].Err, want[i]) || want[i] == nil && got[i].Accepted.Txid != list[i].Txid() {
			t.Errorf("%d: %v; want %v", i, got[i].Err, want[i])
		}
	}
	w.holds(a, child(a, 1, 1000, 0), coin(b, 2, 1, 1000))
	// More than the queue holds.
	var many []*wire.Tx
	for range 3 * queuedJobs {
		many = append(many, a)
	}
	for i, v := range w.SubmitAll(t.Context(), many, SubmitOptions{}) {
		if !errors.Is(v.Err, ErrInPool) {
			t.Fatalf("%d: %v", i, v.Err)
		}
	}
	w.stop()
	for i, v := range w.SubmitAll(t.Context(), many, SubmitOptions{}) {
		if !errors.Is(v.Err, ErrClosed) {
			t.Fatalf("%d: %v", i, v.Err)
		}
	}
}

func (w *world) submitting(tx *wire.Tx) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := w.Submit(ctx, tx, SubmitOptions{})
		return err
	}
}

func (w *world) checking(tx *wire.Tx) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := w.Check(ctx, tx)
		return err
	}
}

func wantErrors(tb testing.TB, got []error, want ...error) {
	tb.Helper()
	for i := range want {
		if !errors.Is(got[i], want[i]) {
			tb.Errorf("call %d: %v; want %v", i, got[i], want[i])
		}
	}
}

// Transactions that wait at the same time are judged as if one by one, in their
// order.
func TestRoundKeepsOrder(t *testing.T) {
	b := branch(t, 120, 0)
	w := build(t, b, func(c *Config) { c.ClusterCount = 3 })
	a, rival := coin(b, 0, 3, 1000), coin(b, 0, 1, 5000)
	kid := child(a, 2, 1000, 0)
	wantErrors(t, together(t, w.Pool,
		w.submitting(kid), w.checking(rival), w.submitting(a), w.submitting(rival), w.submitting(a), w.submitting(kid), w.checking(kid)),
		ErrMissingInputs, nil, nil, ErrConflict, ErrInPool, nil, ErrInPool)
	// Each of these would fit alone.
	wantErrors(t, together(t, w.Pool, w.submitting(child(a, 1, 1000, 1)), w.submitting(child(a, 1, 1000, 2))), nil, ErrLargeCluster)
	w.holds(a, kid, child(a, 1, 1000, 1))
	if err := w.check(); err != nil {
		t.Fatal(err)
	}
}

// What would fail in several ways fails in the cheapest one that counts.
func TestOrderOfChecks(t *testing.T) {
	b := branch(t, 120, 0)
	w := build(t, b, func(c *Config) { c.ClusterCount = 1 })
	parent := coin(b, kindOf(t, b, script.IsP2WPKH), 2, 1000)
	w.add(parent)
	bad := child(parent, 1, 1000, 0).Clone()
	bad.In[0].Witness[0][10] ^= 1
	w.refused(bad.Seal(), ErrLargeCluster)
	cheap := child(parent, 1, 1, 0)
	w.refused(cheap, ErrMinRelayFee)
	late := cheap.Clone()
	late.LockTime = uint32(b.Height) + 9
	w.refused(late.Seal(), ErrNonFinal)
}

// Of several inputs that fail the first is named, whoever checks which first.
func TestFirstFailingInput(t *testing.T) {
	b := branch(t, 140, 0)
	var ops []wire.OutPoint
	var spent []wire.TxOut
	for _, op := range b.Ripe()[:35] {
		ops = append(ops, op)
		spent = append(spent, b.Coins[op].Out)
	}
	tx := spend(1, 10_000, ops, spent).Clone()
	tx.Out[0].Value--
	tx.Seal()
	c := &candidate{tx: tx, spent: spent}
	for _, from := range []int{20, 3, 32, 10} {
		if err := c.verify(from, sigverify.Direct{}); err != nil {
			c.fail(from, err)
		}
	}
	if c.scripts.failed != 3 || c.scripts.err == nil {
		t.Fatalf("input %d: %v", c.scripts.failed, c.scripts.err)
	}
	w := build(t, b, nil)
	e := w.refused(tx, ErrScript)
	if want := "input 0 of " + tx.Txid().String(); e.Detail[:len(want)] != want {
		t.Fatal(e.Detail)
	}
	w.add(spend(1, 10_000, ops, spent))
}

// A transaction is judged by the coins of the pool's own tip: where these are
// ahead, the pool first hears of the block.
func TestWaitsForTheTip(t *testing.T) {
	w := onStub(t, 104, nil)
	op := wire.OutPoint{Txid: w.ledger.base(1).block.Txs[0].Txid()}
	parent := anyoneTx(op, wire.Coin, 2)
	kid := anyoneTx(wire.OutPoint{Txid: parent.Txid()}, parent.Out[0].Value, 2)
	w.ledger.move(w.ledger.mine(w.ledger.tip, 1, parent))
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := w.Submit(t.Context(), kid, SubmitOptions{}); err != nil {
			t.Error(err)
		}
	})
	for range 1000 { // time enough to judge it by the wrong coins
		runtime.Gosched()
	}
	w.sync()
	wg.Wait()
	if e, ok := w.Entry(kid.Txid()); !ok || e.Height != 105 {
		t.Fatalf("entered at %d", e.Height)
	}
}

// base returns a block of the base at a height.
func (l *stubLedger) base(height int32) *stubBlock {
	return l.blocks[l.tip.node.Ancestor(height)]
}

// anyoneTx spends an output that needs no signature into such ones.
func anyoneTx(op wire.OutPoint, value wire.Amount, outs int) *wire.Tx {
	tx := &wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: op, Sequence: 0xfffffffd}}}
	for range outs {
		tx.Out = append(tx.Out, wire.TxOut{Value: (value - 1000) / wire.Amount(outs), PkScript: anyone})
	}
	return tx.Seal()
}

// Several moves are told before the coins of any but the last can be had: what
// comes back is kept in order until then, and what a later block confirms, or
// an earlier one did, does not come back.
func TestMovesInARow(t *testing.T) {
	w := onStub(t, 104, nil)
	l := w.ledger
	start := l.tip
	var top []*wire.Tx // a line of four
	value := wire.Amount(wire.Coin)
	op := wire.OutPoint{Txid: l.base(1).block.Txs[0].Txid()}
	for range 4 {
		tx := anyoneTx(op, value, 2)
		top = append(top, tx)
		op, value = wire.OutPoint{Txid: tx.Txid()}, tx.Out[0].Value
	}
	other := anyoneTx(wire.OutPoint{Txid: l.base(2).block.Txs[0].Txid()}, wire.Coin, 2)
	first := l.mine(start, 1, top[0])
	second := l.mine(first, 1, top[1], top[2])
	l.move(second)
	w.sync()
	if _, err := w.Submit(t.Context(), top[3], SubmitOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Submit(t.Context(), other, SubmitOptions{}); err != nil {
		t.Fatal(err)
	}
	seen := w.Events().Subscribe()
	// Back by one block, back by another, on to a branch that has the first of
	// the line again, and then one with the last two.
	side := l.mine(start, 2, top[0], other)
	for _, b := range []*stubBlock{first, start, side} {
		l.move(b)
	}
	w.sync()
	if list, _ := w.Txids(); len(list) != 3 {
		t.Fatalf("%d in the pool", len(list))
	}
	wantEvents(t, collect(t, w.Pool, seen), back(top[1]), back(top[2]), removed(other, ReasonBlock))
	for _, b := range []*stubBlock{start, l.mine(start, 3, top[0], top[1]), l.mine(start, 4, top...)} {
		l.move(b)
	}
	w.sync()
	if list, _ := w.Txids(); len(list) != 1 || list[0] != other.Txid() {
		t.Fatalf("%d in the pool", len(list))
	}
	wantEvents(t, collect(t, w.Pool, seen), back(other), removed(top[1], ReasonBlock), removed(top[2], ReasonBlock), removed(top[3], ReasonBlock))
	if err := w.check(); err != nil {
		t.Fatal(err)
	}
}

// Transactions of blocks that were taken off one after the other come back in
// the order in which they were confirmed.
func TestMovesBackInARow(t *testing.T) {
	w := onStub(t, 104, nil)
	l := w.ledger
	start := l.tip
	line := []*wire.Tx{anyoneTx(wire.OutPoint{Txid: l.base(1).block.Txs[0].Txid()}, wire.Coin, 2)}
	line = append(line, anyoneTx(wire.OutPoint{Txid: line[0].Txid()}, line[0].Out[0].Value, 2))
	line = append(line, anyoneTx(wire.OutPoint{Txid: line[1].Txid()}, line[1].Out[0].Value, 2))
	first := l.mine(start, 1, line[0])
	l.move(l.mine(first, 1, line[1], line[2]))
	w.sync()
	l.move(first)
	l.move(start)
	w.sync()
	if list, _ := w.Txids(); len(list) != 3 {
		t.Fatalf("%d came back", len(list))
	}
}

// A bad signature among good ones is found, and only what holds is remembered.
func TestBadSignatureAmongGood(t *testing.T) {
	b := branch(t, 160, 0)
	w := build(t, b, nil)
	list := make([]*wire.Tx, 48)
	bad := map[int]bool{0: true, 1: true, 2: true, 17: true} // of every form; the last group has none
	for i := range list {
		list[i] = coin(b, i, 1, 1000)
		if bad[i] {
			list[i] = badSignature(b, i)
		}
	}
	for round := range 2 { // the second time most of it is remembered
		for i, v := range w.SubmitAll(t.Context(), list, SubmitOptions{}) {
			switch {
			case bad[i] && (!errors.Is(v.Err, ErrScript)):
				t.Fatalf("%d: %v", i, v.Err)
			case !bad[i] && round == 0 && v.Err != nil:
				t.Fatalf("%d: %v", i, v.Err)
			}
		}
	}
	remembered := 0
	for i, tx := range list {
		spent := []wire.TxOut{b.Coins[tx.In[0].PrevOut].Out}
		m := script.NewMidstates(tx, spent)
		if script.Verify(tx, 0, script.StandardFlags, m, sigverify.Cached{Cache: w.cfg.SigCache, Verify: never{}}) == nil {
			remembered++
			if bad[i] {
				t.Errorf("%d is remembered", i)
			}
		}
	}
	if remembered != len(list)-len(bad) {
		t.Errorf("%d remembered; want %d", remembered, len(list)-len(bad))
	}
}

// never is a verifier for which nothing holds.
type never struct{}

func (never) ECDSA(_, _ []byte, _ *[32]byte) bool            { return false }
func (never) Schnorr(_, _ []byte, _ *[32]byte) bool          { return false }
func (never) TapTweak(_, _ []byte, _ *[32]byte, _ byte) bool { return false }

// What stands behind an input that fails costs nothing, in the batch's second look
// and in spans of the same transaction that come later.
func TestNothingIsCheckedBehindAFailure(t *testing.T) {
	b := branch(t, 160, 0)
	const inputs, good = 8, 2
	var ops []wire.OutPoint
	var spent []wire.TxOut
	for _, op := range b.Ripe() {
		if out := b.Coins[op].Out; len(ops) < inputs && script.IsP2WPKH(out.PkScript) {
			ops, spent = append(ops, op), append(spent, out)
		}
	}
	tx := spend(1, 1000, ops, spent).Clone()
	tx.In[good].Witness = [][]byte{tx.In[good].Witness[0], {}} // not the key: fails at once
	for in := good + 1; in < inputs; in++ {
		sig := slices.Clone(tx.In[in].Witness[0])
		sig[len(sig)-2] ^= 1
		tx.In[in].Witness = [][]byte{sig, tx.In[in].Witness[1]}
	}
	tx.Seal()
	pool := newScriptPool(1, sigverify.NewCache(1<<14))
	counted := &counting{}
	c := pool.checker()
	c.exact.Verify = counted
	work := &candidate{tx: tx, spent: spent}
	c.check([]span{{work, 0, inputs / 2}})
	if work.scripts.failed != good || work.scripts.err == nil {
		t.Fatalf("input %d: %v", work.scripts.failed, work.scripts.err)
	}
	if counted.calls > good {
		t.Errorf("%d signatures checked, %d stand before the failure", counted.calls, good)
	}
	c.check([]span{{work, inputs / 2, inputs}})
	if len(c.asked) > 0 || counted.calls > good {
		t.Errorf("%d and %d checks behind it", len(c.asked), counted.calls)
	}
	// With a bad signature in front, the second look ends there.
	work = &candidate{tx: tx, spent: spent}
	c.check([]span{{work, good + 1, inputs}})
	if counted.calls > good+1 || work.scripts.failed != good+1 {
		t.Errorf("%d checks until input %d", counted.calls, work.scripts.failed)
	}
}

// counting is a verifier that counts what it is asked.
type counting struct {
	sigverify.Direct
	calls int
}

func (c *counting) ECDSA(pubkey, sig []byte, hash *[32]byte) bool {
	c.calls++
	return c.Direct.ECDSA(pubkey, sig, hash)
}

// While a reorganisation is only half known, nothing is offered for a block.
func TestNoSelectionBetweenMoves(t *testing.T) {
	w := onStub(t, 104, nil)
	l := w.ledger
	tx := anyoneTx(wire.OutPoint{Txid: l.base(1).block.Txs[0].Txid()}, wire.Coin, 2)
	low := l.tip
	l.move(l.mine(low, 1, tx))
	w.sync()
	if s := w.Select(4_000_000, 80_000, 0); s.Tip == nil {
		t.Fatal("nothing is offered")
	}
	l.move(low)
	l.move(l.mine(low, 2))
	if _, err := l.ring.Publish(t.Context(), l.untold[0]); err != nil {
		t.Fatal(err)
	}
	l.untold = l.untold[1:]
	for w.Tip() != low.node {
		runtime.Gosched()
	}
	if s := w.Select(4_000_000, 80_000, 0); s.Tip != nil || len(s.Txs) != 0 {
		t.Fatalf("%d offered on %d", len(s.Txs), s.Tip.Height())
	}
	w.sync()
	if s := w.Select(4_000_000, 80_000, 0); s.Tip != l.tip.node || len(s.Txs) != 1 {
		t.Fatalf("%d offered", len(s.Txs))
	}
}

// storm does all that can be done to a pool at once.
func storm(t *testing.T, b *chaintest.Branch, forks []*chaintest.Branch, cut int) {
	w := build(t, b, func(c *Config) { c.Workers = 3 })
	seen := w.Events().Subscribe()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	steps := make(chan struct{}, 1000)
	spawn := func(do func(i int) error) {
		wg.Go(func() {
			for i := range 40 {
				if err := do(i); errors.Is(err, ErrClosed) || ctx.Err() != nil {
					return
				}
				steps <- struct{}{}
			}
		})
	}
	for s := range 3 {
		spawn(func(i int) error {
			tx := coin(b, (s*7+i)%len(b.Ripe()), 2, wire.Amount(1000+i))
			one, stop := context.WithCancel(ctx)
			defer stop()
			if i%5 == 0 {
				go stop()
			}
			if _, err := w.Submit(one, tx, SubmitOptions{Local: i%2 == 0}); errors.Is(err, ErrClosed) {
				return err
			}
			_, err := w.Submit(ctx, child(tx, 1, 1000, 0), SubmitOptions{})
			return err
		})
	}
	spawn(func(i int) error {
		f := forks[i%len(forks)]
		for _, bl := range f.Blocks[b.Height:] {
			_, _ = w.chain.SubmitBlock(ctx, bl)
		}
		_ = w.chain.Precious(ctx, f.Tip.Hash())
		return w.TakenIn(ctx, w.chain.Events().Last())
	})
	spawn(func(int) error {
		list, _ := w.Txids()
		for _, id := range list {
			_, _ = w.Entry(id)
			_, _ = w.Ancestors(id)
			w.Broadcasted(id)
			if err := w.Prioritise(ctx, id, 10); err != nil {
				return err
			}
		}
		_, _, _, _ = w.Info(), w.Entries(), w.Unbroadcast(), w.Priorities()
		_, _, _ = w.Select(4_000_000, 80_000, 0), w.MinFeeRate(), w.Tip()
		return nil
	})
	wg.Go(func() {
		last := uint64(0)
		for {
			e, err := seen.Next(ctx)
			if err != nil {
				return
			}
			if e.Seq != last+1 {
				t.Errorf("event %d after %d", e.Seq, last)
			}
			last = e.Seq
		}
	})
	for range cut {
		<-steps
	}
	w.stop()
	cancel()
	wg.Wait()
}

// Nothing breaks, hangs or races when transactions, blocks, reorganisations,
// readers and the end come at the same time.
func TestEverythingAtOnce(t *testing.T) {
	b := branch(t, 125, 0)
	var forks []*chaintest.Branch
	for i := range 3 {
		f := b.Fork(uint64(i) + 50)
		f.Mine(2+i%2, 4)
		forks = append(forks, f)
	}
	for _, cut := range []int{1, 7, 30, 80, 180} {
		storm(t, b, forks, cut)
	}
}
