package mempool

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"grapevine/mempool/policy"
	"grapevine/wire"
)

// tight is a pool that holds a few large transactions: some 330 kB.
func tight(c *Config) { c.ClusterVBytes, c.MaxBytes = 8_000, 330_000 }

// A full pool gives up what pays least, and then asks for more than that.
func TestEviction(t *testing.T) {
	b := branch(t, 130, 0)
	w := build(t, b, tight)
	// One parent with many outputs, confirmed, so that its spenders are clusters
	// of their own.
	wide := coin(b, 0, 120, 1000)
	w.extend(block(b, wide))
	var list []*wire.Tx
	for i := range uint32(60) {
		list = append(list, child(wide, 200, wire.Amount(10_000+1000*i), i))
	}
	size := list[0].VSize()
	kept := 0
	for _, tx := range list {
		w.add(tx)
		if w.Info().Usage > w.cfg.MaxBytes {
			t.Fatalf("%d bytes", w.Info().Usage)
		}
	}
	for i, tx := range list {
		if w.Has(wire.ByTxid(tx.Txid())) {
			kept++
		} else if kept > 0 {
			t.Fatalf("transaction %d went before one that pays less", i)
		}
	}
	t.Logf("%d of %d kept, %d bytes each", kept, len(list), size)
	if kept == 0 || kept == len(list) {
		t.Fatal("nothing to see")
	}
	// The best of those that went sets the fee.
	worst := list[len(list)-kept-1]
	fee := wire.Amount(10_000 + 1000*(len(list)-kept-1))
	want := policy.Rate(fee, worst.VSize()) + w.cfg.Incremental
	if got := w.MinFeeRate(); got != want {
		t.Fatalf("asks for %d; want %d", got, want)
	}
	again := child(wide, 1, 100, 100)
	e := w.refused(again, ErrMinFee)
	if e.Cause != CauseReconsiderable {
		t.Fatal(e)
	}
	// A transaction that is large and pays just what is asked for is the worst,
	// and goes at once.
	rate := policy.Fee(w.MinFeeRate(), child(wide, 200, 1000, 101).VSize())
	if e := w.refused(child(wide, 200, rate, 101), ErrFull); e.Cause != CauseReconsiderable {
		t.Fatal(e)
	}
}

// The fee that evictions left falls by half every twelve hours once a block has
// come, faster in an emptier pool, and vanishes below half an increment.
func TestRollingFeeFalls(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	after := func(d time.Duration) time.Time { return start.Add(d) }
	const inc = wire.FeeRate(100)
	for _, c := range []struct {
		name    string
		settled bool
		at      time.Time
		usage   int64
		rate    float64
		asked   wire.FeeRate
	}{
		{"before a block", false, after(48 * time.Hour), 1000, 8000, 8000},
		{"ten seconds", true, after(10 * time.Second), 1000, 8000, 8000},
		{"twelve hours", true, after(12 * time.Hour), 1000, 4000, 4000},
		{"half full", true, after(12 * time.Hour), 500, 4000, 4000},
		{"less than half", true, after(12 * time.Hour), 499, 2000, 2000},
		{"less than a quarter", true, after(12 * time.Hour), 249, 500, 500},
		{"down to the increment", true, after(72 * time.Hour), 1000, 125, 125},
		{"below the increment", true, after(78 * time.Hour), 1000, 88.388, 100},
		{"nothing", true, after(96 * time.Hour), 1000, 0, 0},
	} {
		r := rollingFee{rate: 8000, last: start, settled: c.settled}
		rate := r.at(c.at, c.usage, 1000, inc)
		if diff := rate - c.rate; diff > 0.01 || diff < -0.01 {
			t.Errorf("%s: %f; want %f", c.name, rate, c.rate)
		}
		if got := r.ask(rate, inc); got != c.asked {
			t.Errorf("%s: asks for %d; want %d", c.name, got, c.asked)
		}
	}
}

// What the pool asks for falls with its clock, and only after a block.
func TestMinFeeFalls(t *testing.T) {
	b := branch(t, 130, 0)
	w := build(t, b, tight)
	wide := coin(b, 0, 60, 1000)
	w.extend(block(b, wide))
	for i := range uint32(60) {
		w.add(child(wide, 200, wire.Amount(100_000+1000*i), i))
	}
	high := w.MinFeeRate()
	w.clock.forward(12 * time.Hour)
	if got := w.MinFeeRate(); got != high {
		t.Fatalf("asks for %d before a block; was %d", got, high)
	}
	w.extend(block(b))
	w.clock.forward(12 * time.Hour)
	if got := w.MinFeeRate(); got < high/2-1 || got > high/2+1 {
		t.Fatalf("asks for %d; want half of %d", got, high)
	}
	w.clock.forward(300 * time.Hour)
	if got := w.MinFeeRate(); got != w.cfg.MinRelay {
		t.Fatalf("asks for %d; want %d", got, w.cfg.MinRelay)
	}
}

// What has waited too long goes, with what depends on it, however young.
func TestExpiry(t *testing.T) {
	b := branch(t, 115, 0)
	w := build(t, b, nil)
	old := coin(b, 0, 2, 1000)
	w.add(old)
	w.clock.forward(335 * time.Hour)
	young := child(old, 1, 1000, 0)
	w.add(young, coin(b, 1, 1, 1000))
	w.clock.forward(time.Hour)
	w.add(coin(b, 2, 1, 1000))
	w.holds(old, young, coin(b, 1, 1, 1000), coin(b, 2, 1, 1000))
	seen := w.Events().Subscribe()
	w.clock.forward(time.Second)
	w.extend(block(b))
	w.holds(coin(b, 1, 1, 1000), coin(b, 2, 1, 1000))
	wantEvents(t, collect(t, w.Pool, seen), removed(old, ReasonExpiry), removed(young, ReasonExpiry))
}

// A selection takes what pays best, within both limits, parents first.
func TestSelect(t *testing.T) {
	b := branch(t, 115, 0)
	w := build(t, b, nil)
	cheap, dear := coin(b, 0, 2, 200), coin(b, 1, 2, 50_000)
	rich := child(cheap, 1, 190_000, 0) // pays for its parent
	late := child(dear, 1, 300, 0)
	w.add(cheap, dear, rich, late)
	s := w.Select(4_000_000, 80_000, 0)
	if len(s.Txs) != 4 || s.Fees != 240_500 || s.Tip != w.Tip() || s.NextSeq != 5 {
		t.Fatalf("%+v", s)
	}
	var weight wire.Weight
	for i, want := range []*wire.Tx{cheap, rich, dear, late} {
		got := s.Txs[i]
		if got.Tx != want {
			t.Fatalf("place %d", i)
		}
		weight += want.Weight()
	}
	if d := s.Txs[1].Depends; len(d) != 1 || d[0] != 0 || len(s.Txs[0].Depends) != 0 {
		t.Fatalf("depends on %v", d)
	}
	if d := s.Txs[3].Depends; len(d) != 1 || d[0] != 2 {
		t.Fatalf("depends on %v", d)
	}
	if s.Weight != weight || s.SigOps != 3 { // one spends a taproot output

		t.Fatalf("weight %d, %d operations", s.Weight, s.SigOps)
	}
	// The weight stays below the limit: just one too little for all.
	if s := w.Select(weight, 80_000, 0); len(s.Txs) != 3 {
		t.Fatalf("%d fit", len(s.Txs))
	}
	if s := w.Select(weight+1, 80_000, 0); len(s.Txs) != 4 {
		t.Fatalf("%d fit", len(s.Txs))
	}
	// A chunk that does not fit leaves room for a smaller one.
	if s := w.Select(dear.Weight()+1, 80_000, 0); len(s.Txs) != 1 || s.Txs[0].Tx != dear {
		t.Fatalf("%d fit", len(s.Txs))
	}
	if s := w.Select(4_000_000, 3, 0); len(s.Txs) != 3 || s.SigOps != 2 {
		t.Fatalf("%d with %d operations", len(s.Txs), s.SigOps)
	}
	rate := policy.Rate(300, late.VSize())
	if s := w.Select(4_000_000, 80_000, rate); len(s.Txs) != 4 {
		t.Fatalf("%d pay %d", len(s.Txs), rate)
	}
	if s := w.Select(4_000_000, 80_000, rate+1); len(s.Txs) != 3 {
		t.Fatalf("%d pay %d", len(s.Txs), rate+1)
	}
	// The selection is a valid block.
	list := make([]*wire.Tx, len(s.Txs))
	for i := range s.Txs {
		list[i] = s.Txs[i].Tx
	}
	w.extend(block(b, list...))
	w.holds()
}

// What is read of one transaction and of all of them.
func TestReading(t *testing.T) {
	b := branch(t, 115, 0)
	w := build(t, b, nil)
	a := coin(b, 0, 2, 1000)
	c := child(a, 2, 2000, 1)
	d := spend(1, 3000, []wire.OutPoint{{Txid: a.Txid()}, {Txid: c.Txid(), Index: 1}}, []wire.TxOut{a.Out[0], c.Out[1]})
	w.add(a, c, d)
	e, ok := w.Entry(d.Txid())
	size := a.VSize() + c.VSize() + d.VSize()
	if !ok || e.AncestorCount != 3 || e.AncestorSize != size || e.AncestorFees != 6000 || e.DescendantCount != 1 || len(e.Depends) != 2 || len(e.SpentBy) != 0 {
		t.Fatalf("%+v", e)
	}
	if e.Depends[0].String() > e.Depends[1].String() {
		t.Fatal("depends in another order than their text")
	}
	e, _ = w.Entry(a.Txid())
	if e.DescendantCount != 3 || e.DescendantSize != size || e.DescendantFees != 6000 || len(e.SpentBy) != 2 || e.Seq != 1 || e.Height != b.Height {
		t.Fatalf("%+v", e)
	}
	if list, ok := w.Ancestors(d.Txid()); !ok || len(list) != 2 || list[0] != a.Txid() {
		t.Fatalf("%v", list)
	}
	if list, ok := w.Descendants(a.Txid()); !ok || len(list) != 2 || list[1] != d.Txid() {
		t.Fatalf("%v", list)
	}
	if _, ok := w.Ancestors(wire.Txid{}); ok {
		t.Fatal("ancestors of nothing")
	}
	if id, ok := w.Spender(d.In[1].PrevOut); !ok || id != d.Txid() {
		t.Fatal("not spent")
	}
	for _, c := range []struct {
		op   wire.OutPoint
		want CoinState
	}{{d.In[0].PrevOut, CoinSpent}, {a.In[0].PrevOut, CoinSpent}, {wire.OutPoint{Txid: d.Txid()}, CoinCreated}, {wire.OutPoint{Txid: d.Txid(), Index: 1}, CoinUnknown}, {b.Ripe()[1], CoinUnknown}} {
		if _, got := w.Coin(c.op); got != c.want {
			t.Errorf("%s: state %d; want %d", c.op, got, c.want)
		}
	}
	if tx, rate, ok := w.Lookup(wire.ByWtxid(c.Wtxid())); !ok || tx != c || rate != policy.Rate(2000, c.VSize()) {
		t.Fatalf("rate %d", rate)
	}
	if w.Has(wire.ByTxid(wire.Txid(a.Wtxid()))) || !w.Has(wire.ByWtxid(a.Wtxid())) || !w.Has(wire.ByTxid(a.Txid())) {
		t.Fatal("found by the wrong name")
	}
	if list := w.Entries(); len(list) != 3 || list[0].Txid != a.Txid() {
		t.Fatalf("%d entries", len(list))
	}
	if w.Compare(wire.ByTxid(a.Txid()), wire.ByTxid(d.Txid())) >= 0 || w.Compare(wire.ByTxid(wire.Txid{}), wire.ByTxid(d.Txid())) <= 0 {
		t.Fatal("order")
	}
}

// Whatever comes, a small pool stays within its bound and whole.
func TestBoundUnderStress(t *testing.T) {
	w := onStub(t, 104, func(c *Config) { c.ClusterVBytes, c.MaxBytes = 600, 24_000 })
	r := rand.New(rand.NewPCG(21, 22))
	type output struct {
		op    wire.OutPoint
		value wire.Amount
	}
	var outs []output
	for h := int32(1); h <= 4; h++ {
		for i := range uint32(4) {
			outs = append(outs, output{wire.OutPoint{Txid: w.ledger.base(h).block.Txs[0].Txid(), Index: i}, wire.Coin})
		}
	}
	refused := make(map[ErrorKind]int)
	taken, evicted := 0, 0
	seen := w.Events().Subscribe()
	for i := range 6000 {
		at := r.IntN(len(outs))
		o := outs[at]
		if _, state := w.Coin(o.op); state == CoinSpent || state == CoinUnknown && w.ledger.tip.coins[o.op].Out.PkScript == nil {
			outs = slices.Delete(outs, at, at+1) // of something that was evicted, or spent
			if state == CoinSpent {
				outs = append(outs, o) // perhaps for now
			}
			continue
		}
		tx := &wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: o.op, Sequence: 0xffffffff}}}
		n := 2 + r.IntN(3)
		fee := wire.Amount(r.IntN(100 << r.IntN(12)))
		for range n {
			tx.Out = append(tx.Out, wire.TxOut{Value: (o.value - fee) / wire.Amount(n), PkScript: anyone})
		}
		tx.Seal()
		_, err := w.Submit(t.Context(), tx, SubmitOptions{})
		var e *Error
		if errors.As(err, &e) {
			refused[e.Kind]++
		} else if err != nil {
			t.Fatal(err)
		} else {
			taken++
			for k := range tx.Out {
				if tx.Out[k].Value > 10_000 {
					outs = append(outs, output{wire.OutPoint{Txid: tx.Txid(), Index: uint32(k)}, tx.Out[k].Value})
				}
			}
		}
		if u := w.Info().Usage; u > w.cfg.MaxBytes {
			t.Fatalf("%d bytes", u)
		}
		if i%50 == 0 {
			if err := w.check(); err != nil {
				t.Fatal(err)
			}
		}
		if i%100 == 99 {
			w.clock.forward(60 * time.Hour)
			var txs []*wire.Tx
			for _, t := range w.Select(3000, 80_000, 0).Txs {
				txs = append(txs, t.Tx)
			}
			w.ledger.move(w.ledger.mine(w.ledger.tip, byte(i/100), txs...))
			w.sync()
		}
		if i%100 == 80 {
			w.ledger.move(w.ledger.mine(w.ledger.tip.parent, byte(100+i/100)))
			w.sync()
		}
	}
	for _, e := range collect(t, w.Pool, seen) {
		if e.Reason == ReasonSizeLimit {
			evicted++
		}
	}
	t.Logf("%d taken, %d evicted, refused %v", taken, evicted, refused)
	if evicted < 20 || refused[ErrMinFee] == 0 || refused[ErrLargeCluster] == 0 {
		t.Fatal("too little happened")
	}
}
