package mempool

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/mempool/policy"
	"grapevine/wire"
)

// model is a pool kept as a list, and judged anew from the start at every step.
type model struct {
	*stubWorld
	list []*modelTx // in the order in which they came
	in   *input
}

type modelTx struct {
	*wire.Tx
	added time.Time
}

// input is the bytes that decide what happens.
type input struct{ bytes []byte }

func (in *input) next() int {
	if len(in.bytes) == 0 {
		return 0
	}
	b := in.bytes[0]
	in.bytes = in.bytes[1:]
	return int(b)
}

func (m *model) tip() *stubBlock { return m.ledger.tip }

// coins are those of the chain with what the listed transactions change.
func (m *model) coins(list []*modelTx) map[wire.OutPoint]consensus.Coin {
	coins := make(map[wire.OutPoint]consensus.Coin)
	for op, c := range m.tip().coins {
		coins[op] = c
	}
	for _, tx := range list {
		m.apply(coins, tx.Tx)
	}
	return coins
}

func (m *model) apply(coins map[wire.OutPoint]consensus.Coin, tx *wire.Tx) {
	for i := range tx.In {
		delete(coins, tx.In[i].PrevOut)
	}
	for i, out := range tx.Out {
		coins[wire.OutPoint{Txid: tx.Txid(), Index: uint32(i)}] = consensus.Coin{Out: out, Height: m.tip().node.Height() + 1}
	}
}

// valid reports whether a transaction could come after the coins, for what fee.
func (m *model) valid(tx *wire.Tx, coins map[wire.OutPoint]consensus.Coin) (fee wire.Amount, ok bool) {
	spent := make([]consensus.Coin, len(tx.In))
	for i := range tx.In {
		c, there := coins[tx.In[i].PrevOut]
		if !there {
			return 0, false
		}
		spent[i] = c
	}
	tip := m.tip().node
	height, mtp := tip.Height()+1, tip.MedianTimePast()
	fee, err := consensus.CheckTxInputs(tx, spent, height)
	lock := consensus.SequenceLocks(tx, spent, func(h int32) int64 { return ancestorAt(tip, h-1).MedianTimePast() })
	return fee, err == nil && lock.Passes(height, mtp) && consensus.IsFinalTx(tx, height, mtp)
}

func ancestorAt(tip *headers.Node, h int32) *headers.Node {
	return tip.Ancestor(min(max(h, 0), tip.Height()))
}

// rebuild judges candidates one after the other and keeps what is valid: each
// after all that it depends on.
func (m *model) rebuild(candidates []*modelTx) {
	m.list = nil
	coins := m.coins(nil)
	known := make(map[wire.Txid]bool)
	for _, tx := range candidates {
		if _, ok := m.valid(tx.Tx, coins); ok && !known[tx.Txid()] {
			known[tx.Txid()] = true
			m.apply(coins, tx.Tx)
			m.list = append(m.list, tx)
		}
	}
}

// make builds a transaction from what the input says; it spends coins of chain
// and pool, sometimes ones that are spent or too young already.
func (m *model) make() *wire.Tx {
	in := m.in
	var ops []wire.OutPoint
	coins := m.coins(m.list)
	if in.next()%8 == 0 {
		coins = m.coins(nil)
	}
	young := in.next()%16 == 0
	for op, c := range coins {
		if young || !c.Coinbase || m.tip().node.Height()+1-c.Height >= consensus.CoinbaseMaturity {
			ops = append(ops, op)
		}
	}
	if len(ops) == 0 {
		return nil
	}
	slices.SortFunc(ops, func(a, b wire.OutPoint) int {
		if coins[a].Height != coins[b].Height {
			return int(coins[b].Height - coins[a].Height)
		}
		if a.Txid != b.Txid {
			return a.Txid.Compare(b.Txid)
		}
		return int(a.Index) - int(b.Index)
	})
	tx := &wire.Tx{Version: 2}
	var sum wire.Amount
	for range 1 + in.next()%3 {
		op := ops[(in.next()*len(ops)/256+in.next()%4)%len(ops)]
		if slices.ContainsFunc(tx.In, func(i wire.TxIn) bool { return i.PrevOut == op }) {
			continue
		}
		sequence := uint32(0xfffffffd)
		if in.next()%16 == 0 {
			sequence = uint32(in.next() % 12)
		}
		tx.In = append(tx.In, wire.TxIn{PrevOut: op, Sequence: sequence})
		sum += coins[op].Out.Value
	}
	if in.next()%16 == 0 {
		tx.LockTime = uint32(m.tip().node.Height() - 2 + int32(in.next()%5))
	}
	fee := wire.Amount(in.next() * 20)
	outs := 2 + in.next()%3 // one alone would be too small a transaction
	for range outs {
		tx.Out = append(tx.Out, wire.TxOut{Value: (sum - fee) / wire.Amount(outs), PkScript: anyone})
	}
	return tx.Seal()
}

// submit gives a transaction to both and compares what they make of it.
func (m *model) submit(t *testing.T, tx *wire.Tx) {
	if tx == nil || slices.ContainsFunc(tx.Out, func(o wire.TxOut) bool { return o.Value < 1000 }) {
		return
	}
	_, err := m.Submit(t.Context(), tx, SubmitOptions{})
	var refused *Error
	if err != nil && !errors.As(err, &refused) {
		t.Fatal(err)
	}
	fee, ok := m.valid(tx, m.coins(m.list))
	ok = ok && fee >= policy.Fee(100, tx.VSize())
	if ok != (err == nil) {
		t.Fatalf("%s: %v; the model takes it: %v", tx.Txid(), err, ok)
	}
	if ok {
		m.list = append(m.list, &modelTx{tx, m.clock.Now()})
	}
}

// choose returns some of the listed transactions that a block can hold: each
// with all that it depends on. Out of order they may come in any, as long as
// parents come first.
func (m *model) choose() []*wire.Tx {
	var txs []*wire.Tx
	coins := m.coins(nil)
	for _, tx := range m.list {
		if m.in.next()%3 == 0 {
			continue
		}
		if _, ok := m.valid(tx.Tx, coins); ok {
			m.apply(coins, tx.Tx)
			txs = append(txs, tx.Tx)
		}
	}
	return txs
}

// mine makes a block after the tip, with transactions of the pool and perhaps
// one that conflicts with it.
func (m *model) mine() {
	txs := m.choose()
	if m.in.next()%3 == 0 {
		coins := m.coins(nil)
		for _, tx := range txs {
			m.apply(coins, tx)
		}
		if tx := m.make(); tx != nil && tx.Out[0].Value >= 1000 {
			if _, ok := m.valid(tx, coins); ok {
				txs = append(txs, tx)
			}
		}
	}
	m.ledger.move(m.ledger.mine(m.tip(), byte(m.in.next()), txs...))
	m.rebuild(m.list)
}

// reorganise goes back some blocks and on from there.
func (m *model) reorganise() {
	var back []*modelTx
	for range 1 + m.in.next()%4 {
		b := m.tip()
		var txs []*modelTx
		for i := 1; i < len(b.block.Txs); i++ {
			txs = append(txs, &modelTx{&b.block.Txs[i], m.clock.Now()})
		}
		back = append(txs, back...)
		m.ledger.mu.Lock()
		m.ledger.tip = b.parent // the move itself comes below, in one event
		m.ledger.mu.Unlock()
	}
	for range m.in.next() % 5 {
		m.list = append(back, m.list...)
		kept := m.list
		m.rebuild(m.list)
		txs := m.choose()
		m.list = kept
		back = nil
		b := m.ledger.mine(m.tip(), byte(m.in.next()), txs...)
		m.ledger.mu.Lock()
		m.ledger.tip = b
		m.ledger.mu.Unlock()
	}
	m.rebuild(append(back, m.list...))
}

// reorg does it as one move for the pool.
func (m *model) reorg() {
	old := m.tip()
	m.reorganise()
	to := m.tip()
	m.ledger.mu.Lock()
	m.ledger.tip = old
	m.ledger.mu.Unlock()
	m.ledger.move(to)
}

func (m *model) expire() {
	m.clock.forward(time.Duration(m.in.next()) * time.Hour)
	limit := m.clock.Now().Add(-336 * time.Hour)
	var left []*modelTx
	gone := make(map[wire.Txid]bool)
	for _, tx := range m.list {
		old := tx.added.Before(limit)
		for i := range tx.In {
			old = old || gone[tx.In[i].PrevOut.Txid]
		}
		if old {
			gone[tx.Txid()] = true
		} else {
			left = append(left, tx)
		}
	}
	m.list = left
	m.ledger.move(m.ledger.mine(m.tip(), byte(m.in.next())))
	m.rebuild(m.list)
}

func (m *model) compare(t *testing.T) {
	t.Helper()
	m.sync()
	if err := m.check(); err != nil {
		t.Fatal(err)
	}
	got, _ := m.Txids()
	want := make(map[wire.Txid]bool)
	for _, tx := range m.list {
		want[tx.Txid()] = true
	}
	for _, id := range got {
		if !want[id] {
			t.Fatalf("%s is in the pool and not in the model", id)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d in the pool; want %d", len(got), len(want))
	}
	if m.Tip() != m.tip().node {
		t.Fatalf("tip at %d; want %d", m.Tip().Height(), m.tip().node.Height())
	}
}

// FuzzPool compares a pool with the model while transactions come, blocks are
// mined, branches replace each other and time passes.
func FuzzPool(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 6 {
		b := make([]byte, 200)
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 300 {
			in = in[:300]
		}
		runModel(t, in)
	})
}

// runModel runs what the input says, and returns how often a transaction was
// taken and the tip moved back.
func runModel(t *testing.T, in []byte) (taken, back int) {
	w := onStub(t, 104, func(c *Config) { c.Workers = 1 })
	defer w.stop()
	m := &model{stubWorld: w, in: &input{in}}
	for len(m.in.bytes) > 0 {
		switch op := m.in.next() % 18; {
		case op >= 16:
			m.submitFamily(t)
		case op < 10:
			before := len(m.list)
			m.submit(t, m.make())
			taken += len(m.list) - before
		case op < 13:
			m.mine()
		case op < 15:
			m.reorg()
			back++
		default:
			m.expire()
		}
		m.compare(t)
	}
	return taken, back
}

// TestPoolModel is a longer run over random inputs.
func TestPoolModel(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	taken, back := 0, 0
	runs := 60
	if testing.Short() {
		runs = 10
	}
	for range runs {
		b := make([]byte, 800)
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		x, y := runModel(t, b)
		taken, back = taken+x, back+y
	}
	t.Logf("%d transactions taken, %d reorganisations", taken, back)
	if taken < 100 || back < 10 {
		t.Fatal("too little happened")
	}
}

// adopt makes the model's list that of the pool, which must be valid by itself.
func (m *model) adopt(t *testing.T) {
	t.Helper()
	m.list = nil
	for _, e := range m.Entries() {
		m.list = append(m.list, &modelTx{e.Tx, e.Time})
	}
	want := len(m.list)
	m.rebuild(m.list)
	if len(m.list) != want {
		t.Fatalf("%d of %d in the pool are valid", len(m.list), want)
	}
}

// Several moves happen before the pool hears of the first: whatever it makes of
// those in between, it ends with what is valid on the last tip, and has lost
// nothing that was valid all the time.
func TestMovesUntold(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	runs := 40
	if testing.Short() {
		runs = 10
	}
	kept := 0
	for range runs {
		b := make([]byte, 1200)
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		w := onStub(t, 104, func(c *Config) { c.Workers = 2 })
		m := &model{stubWorld: w, in: &input{b}}
		for len(m.in.bytes) > 0 {
			for range 1 + m.in.next()%6 {
				m.submit(t, m.make())
			}
			always := m.list
			for range 1 + m.in.next()%4 {
				if m.in.next()%2 == 0 {
					m.mine()
				} else {
					m.reorg()
				}
				always = slices.DeleteFunc(slices.Clone(always), func(tx *modelTx) bool { return !slices.Contains(m.list, tx) })
			}
			m.sync()
			if err := m.check(); err != nil {
				t.Fatal(err)
			}
			m.adopt(t)
			for _, tx := range always {
				if _, ok := m.Entry(tx.Txid()); !ok {
					t.Fatalf("%s was valid all the time and is gone", tx.Txid())
				}
				kept++
			}
		}
		w.stop()
	}
	t.Logf("%d transactions kept", kept)
	if kept < 100 {
		t.Fatal("too little happened")
	}
}
