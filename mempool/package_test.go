package mempool

import (
	"errors"
	"slices"
	"testing"

	"grapevine/chain/chaintest"
	"grapevine/mempool/policy"
	"grapevine/wire"
)

// pack submits a package and wants these errors: first that of the whole.
func (w *world) pack(txs []*wire.Tx, whole error, each ...error) PackageVerdict {
	w.tb.Helper()
	v := w.SubmitPackage(w.tb.Context(), txs, SubmitOptions{})
	if !errors.Is(v.Err, whole) {
		w.tb.Fatalf("package: %v; want %v; verdicts %v", v.Err, whole, v.Txs)
	}
	if len(v.Txs) != len(each) {
		w.tb.Fatalf("%d verdicts; want %d", len(v.Txs), len(each))
	}
	for i, want := range each {
		if !errors.Is(v.Txs[i].Err, want) {
			w.tb.Fatalf("transaction %d: %v; want %v", i, v.Txs[i].Err, want)
		}
	}
	if err := w.check(); err != nil {
		w.tb.Fatal(err)
	}
	return v
}

// A child pays for a parent that nobody would take by itself.
func TestPackageChildPays(t *testing.T) {
	b := branch(t, 110, 0)
	w := build(t, b, nil)
	parent := coin(b, 0, 2, 0)
	kid := child(parent, 1, 5000, 0)
	w.refused(parent, ErrMinRelayFee)
	w.refused(kid, ErrMissingInputs)
	events := w.Events().Subscribe()
	v := w.pack([]*wire.Tx{parent, kid}, nil, nil, nil)
	rate := policy.Rate(5000, parent.VSize()+kid.VSize())
	for i, a := range v.Txs {
		if a.Accepted.EffectiveRate != rate || a.Accepted.Already {
			t.Fatalf("transaction %d: %+v; want rate %d", i, a.Accepted, rate)
		}
	}
	if !slices.Equal(v.Together, []wire.Wtxid{parent.Wtxid(), kid.Wtxid()}) {
		t.Fatalf("together: %v", v.Together)
	}
	for _, want := range []*wire.Tx{parent, kid} {
		if ev, err := events.Next(t.Context()); err != nil || ev.Kind != Added || ev.Txid != want.Txid() {
			t.Fatalf("event %+v, %v", ev, err)
		}
	}
	w.holds(parent, kid)
	if e, _ := w.Entry(parent.Txid()); e.ChunkFee != 5000 {
		t.Fatalf("chunk pays %d", e.ChunkFee)
	}
	// Once more: they are there.
	v = w.pack([]*wire.Tx{parent, kid}, nil, nil, nil)
	if !v.Txs[0].Accepted.Already || !v.Txs[1].Accepted.Already || v.Together != nil {
		t.Fatalf("%+v", v)
	}
}

// What is good by itself is taken whatever becomes of the rest, and its fee counts
// for nothing else.
func TestPackageByThemselves(t *testing.T) {
	b := branch(t, 112, 0)
	w := build(t, b, nil)
	rich := coin(b, 0, 2, 50_000)
	poor := child(rich, 1, 0, 0)
	w.pack([]*wire.Tx{rich, poor}, ErrPackageTx, nil, ErrMinRelayFee)
	w.holds(rich)

	// Together they pay too little: the verdict on the child speaks of both.
	free := coin(b, 1, 2, 0)
	kid := child(free, 1, wire.Amount(child(free, 1, 1000, 0).VSize())/10+1, 0)
	w.pack([]*wire.Tx{free, kid}, ErrPackageTx, ErrMinRelayFee, ErrMinRelayFee)
	w.holds(rich)

	// Two parents, one of which pays for itself.
	good, bad := coin(b, 2, 1, 5000), coin(b, 3, 1, 0)
	both := spend(1, 5000, []wire.OutPoint{{Txid: good.Txid()}, {Txid: bad.Txid()}}, []wire.TxOut{good.Out[0], bad.Out[0]})
	v := w.pack([]*wire.Tx{good, bad, both}, nil, nil, nil, nil)
	if v.Txs[0].Accepted.EffectiveRate != policy.Rate(5000, good.VSize()) || len(v.Together) != 2 {
		t.Fatalf("%+v", v)
	}
	w.holds(rich, good, bad, both)
}

// What is wrong with one is wrong with the package, and nothing is left behind.
func TestPackageBad(t *testing.T) {
	b := branch(t, 112, 0)
	w := build(t, b, nil)
	free := coin(b, 0, 2, 0)
	spoilt := child(free, 1, 5000, 0).Clone()
	spoilt.In[0].Witness[0] = slices.Clone(spoilt.In[0].Witness[0])
	spoilt.In[0].Witness[0][10] ^= 1
	spoilt.Seal()
	w.pack([]*wire.Tx{free, spoilt}, ErrPackageTx, ErrMinRelayFee, ErrScript)
	w.holds()

	// The child misses something else as well.
	never := coin(b, 1, 1, 1000)
	orphan := spend(1, 5000, []wire.OutPoint{{Txid: free.Txid()}, {Txid: never.Txid()}}, []wire.TxOut{free.Out[0], never.Out[0]})
	v := w.pack([]*wire.Tx{free, orphan}, ErrPackageTx, ErrMinRelayFee, ErrMissingInputs)
	var e *Error
	if errors.As(v.Txs[1].Err, &e); !slices.Equal(e.Missing, []wire.Txid{never.Txid()}) {
		t.Fatalf("missing %v", e.Missing)
	}
	w.holds()

	// A parent that no fee can save is not judged together with anything.
	bad := badSignature(b, 2)
	w.pack([]*wire.Tx{bad, child(bad, 1, 5000, 0)}, ErrPackageTx, ErrScript, ErrMissingInputs)
	w.holds()

	v = w.SubmitPackage(t.Context(), []*wire.Tx{free, child(free, 1, 5000, 0)}, SubmitOptions{MaxFee: 4999})
	if !errors.Is(v.Err, ErrPackageTx) || !errors.Is(v.Txs[1].Err, ErrMaxFee) {
		t.Fatalf("%+v", v)
	}
	w.holds()
}

// The limits of a cluster hold for the package as a whole.
func TestPackageCluster(t *testing.T) {
	b := branch(t, 112, 0)
	w := build(t, b, func(c *Config) { c.ClusterCount = 3 })
	first := coin(b, 0, 2, 1000)
	second := child(first, 2, 1000, 0)
	w.add(first, second)
	free := child(second, 2, 0, 0)
	if v := w.pack([]*wire.Tx{free, child(free, 1, 9000, 0)}, ErrLargeCluster, ErrMinRelayFee, ErrMissingInputs); v.Together != nil {
		t.Fatalf("%+v", v)
	}
	w.holds(first, second)
}

// Version 3 in packages: a parent without fee and one child, both of that version.
func TestPackageVersion3(t *testing.T) {
	b := branch(t, 112, 0)
	w := build(t, b, nil)
	free := coin(b, 0, 3, 0)
	free = third(free, b.Coins[free.In[0].PrevOut].Out)
	mixed := child(free, 1, 9000, 0)
	w.pack([]*wire.Tx{free, mixed}, ErrTruc, ErrMinRelayFee, ErrMissingInputs)
	large := third(child(free, 31, 9000, 0), free.Out[0])
	w.pack([]*wire.Tx{free, large}, ErrTruc, ErrMinRelayFee, ErrMissingInputs)
	kid := third(child(free, 1, 9000, 0), free.Out[0])
	w.pack([]*wire.Tx{free, kid}, nil, nil, nil)

	// Three generations.
	middle := third(child(free, 1, 0, 1), free.Out[1])
	last := third(child(middle, 1, 9000, 0), middle.Out[0])
	w.pack([]*wire.Tx{middle, last}, ErrPackageTx, ErrTruc, ErrMissingInputs)
	w.holds(free, kid)

	plain := coin(b, 1, 1, 1000)
	w.add(plain)
	grown := third(child(plain, 1, 0, 0), plain.Out[0])
	w.pack([]*wire.Tx{grown, third(child(grown, 1, 9000, 0), grown.Out[0])}, ErrPackageTx, ErrTruc, ErrMissingInputs)
	w.holds(free, kid, plain)

	// Two parents are one too many.
	one, two := coin(b, 2, 1, 0), coin(b, 3, 1, 0)
	one, two = third(one, b.Coins[one.In[0].PrevOut].Out), third(two, b.Coins[two.In[0].PrevOut].Out)
	both := spend(1, 9000, []wire.OutPoint{{Txid: one.Txid()}, {Txid: two.Txid()}}, []wire.TxOut{one.Out[0], two.Out[0]})
	w.pack([]*wire.Tx{one, two, third(both, one.Out[0], two.Out[0])}, ErrTruc, ErrMinRelayFee, ErrMinRelayFee, ErrMissingInputs)
	w.holds(free, kid, plain)
}

// Dust of a parent without fee has to be spent by the child that comes with it.
func TestPackageDust(t *testing.T) {
	b := branch(t, 110, 0)
	w := build(t, b, nil)
	dusty := resigned(b, 0, func(tx *wire.Tx) {
		tx.Out = append(tx.Out, wire.TxOut{Value: 1, PkScript: chaintest.Script(chaintest.P2WPKH, 9)})
		sum := wire.Amount(0)
		for _, o := range tx.Out {
			sum += o.Value
		}
		tx.Out[0].Value += b.Coins[tx.In[0].PrevOut].Out.Value - sum
	})
	w.pack([]*wire.Tx{dusty, child(dusty, 1, 5000, 0)}, ErrUnspentDust, ErrMinRelayFee, ErrEphemeral)
	w.holds()
	kid := child(dusty, 1, 5000, 0, uint32(len(dusty.Out)-1))
	w.pack([]*wire.Tx{dusty, kid}, nil, nil, nil)
	w.holds(dusty, kid)
}

// In a full pool a package is judged by what the pool asks for, and evicted as a
// whole when it is the worst.
func TestPackageFullPool(t *testing.T) {
	b := branch(t, 130, 0)
	w := build(t, b, tight)
	wide := coin(b, 0, 120, 1000)
	w.extend(block(b, wide))
	for i := range uint32(60) {
		w.add(child(wide, 200, wire.Amount(10_000+1000*i), i))
	}
	least := w.MinFeeRate()
	if least <= w.cfg.MinRelay {
		t.Fatal("the pool is not full")
	}
	parent := child(wide, 200, 0, 100)
	kid := child(parent, 1, 1000, 0)
	w.pack([]*wire.Tx{parent, kid}, ErrPackageTx, ErrMinFee, ErrMinFee)
	kid = child(parent, 1, policy.Fee(least, parent.VSize()+kid.VSize()), 0)
	w.pack([]*wire.Tx{parent, kid}, ErrPackageTx, ErrFull, ErrFull)
	kid = child(parent, 1, 200_000, 0)
	w.pack([]*wire.Tx{parent, kid}, nil, nil, nil)
	if got := w.Info().Usage; got > w.cfg.MaxBytes {
		t.Fatalf("%d bytes", got)
	}
	// A parent that pays just enough would be evicted at once, were it not for its child.
	least = w.MinFeeRate()
	parent = child(wide, 200, policy.Fee(least, parent.VSize()), 101)
	kid = child(parent, 1, 200_000, 0)
	if v := w.pack([]*wire.Tx{parent, kid}, nil, nil, nil); v.Together != nil {
		t.Fatalf("together %v although each is good enough", v.Together)
	}
}

// When one does not get in after all, none does, and nobody hears of any.
func TestPackageIsUndone(t *testing.T) {
	b := branch(t, 110, 0)
	w := build(t, b, func(c *Config) { c.ClusterCount = 1 })
	w.stop()
	parent := coin(b, 0, 2, 1000)
	kid := child(parent, 1, 5000, 0)
	o := &owner{Pool: w.Pool}
	p := &pack{txs: []*wire.Tx{parent, kid}, own: make([]Verdict, 2)}
	var batch []*job
	for _, tx := range p.txs {
		batch = append(batch, &job{tx: tx, keep: true, work: &candidate{tx: tx, fee: 1000, vsize: tx.VSize()}})
	}
	last := w.events.last
	o.enterTogether(p, []int{0, 1}, batch)
	if !errors.Is(p.err, ErrPackageTx) || !errors.Is(p.own[1].Err, ErrLargeCluster) || p.with != nil {
		t.Fatalf("%v, %+v", p.err, p.own)
	}
	w.holds()
	if w.events.last != last {
		t.Error("somebody heard of it")
	}
}

// What is no package is not looked at.
func TestPackageForm(t *testing.T) {
	b := branch(t, 130, 0)
	w := build(t, b, nil)
	parent, stranger := coin(b, 0, 30, 1000), coin(b, 1, 2, 1000)
	kid := child(parent, 1, 1000, 0)
	var many []*wire.Tx
	for i := range 26 {
		many = append(many, coin(b, 2+i/13, 1, wire.Amount(1000+i)))
	}
	thick := func(at int) *wire.Tx { return coin(b, at, 1650, 100_000) }
	cases := []struct {
		name string
		txs  []*wire.Tx
		want error
	}{
		{"none", nil, ErrPackageCount},
		{"too many", many, ErrPackageCount},
		{"too large", []*wire.Tx{thick(0), thick(1)}, ErrPackageWeight},
		{"twice", []*wire.Tx{parent, parent}, ErrPackageDuplicates},
		{"child first", []*wire.Tx{kid, parent}, ErrPackageOrder},
		{"conflict", []*wire.Tx{parent, coin(b, 0, 2, 999), kid}, ErrPackageConflict},
		{"no inputs", []*wire.Tx{(&wire.Tx{Out: parent.Out}).Seal(), kid}, ErrPackageConflict},
		{"strangers", []*wire.Tx{stranger, parent, kid}, ErrPackageTopology},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w.tb = t
			w.pack(c.txs, c.want)
			w.holds()
		})
	}
	w.tb = t
	// One alone is judged as ever.
	v := w.pack([]*wire.Tx{coin(b, 0, 1, 0)}, ErrPackageTx, ErrMinRelayFee)
	if v.Together != nil {
		t.Fatalf("%+v", v)
	}
	w.pack([]*wire.Tx{stranger}, nil, nil)
	w.holds(stranger)
}
