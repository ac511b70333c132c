package mempool

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"grapevine/chain/chaintest"
	"grapevine/chain/consensus"
	"grapevine/chain/script"
	"grapevine/mempool/policy"
	"grapevine/wire"
)

// resigned changes a transaction that spends one ripe coin of the branch, and
// signs it again.
func resigned(b *chaintest.Branch, at int, change func(*wire.Tx)) *wire.Tx {
	tx := coin(b, at, 2, 10_000).Clone()
	op := tx.In[0].PrevOut
	change(tx)
	chaintest.Sign(tx, []wire.TxOut{b.Coins[op].Out})
	return tx.Seal()
}

// kindOf finds a ripe coin of a form.
func kindOf(tb testing.TB, b *chaintest.Branch, is func([]byte) bool) int {
	for i, op := range b.Ripe() {
		if is(b.Coins[op].Out.PkScript) {
			return i
		}
	}
	tb.Fatal("no such coin")
	return 0
}

// Every reason for which a transaction is refused by itself, with its cause.
func TestRefusals(t *testing.T) {
	b := branch(t, 115, 0)
	w := build(t, b, nil)
	wpkh, tr := kindOf(t, b, script.IsP2WPKH), kindOf(t, b, script.IsP2TR)
	pooled := coin(b, wpkh, 2, 1000)
	w.add(pooled)
	young := wire.OutPoint{Txid: b.Blocks[len(b.Blocks)-1].Txs[0].Txid()}
	for _, c := range []struct {
		name  string
		tx    *wire.Tx
		want  error
		cause Cause
	}{
		{"coinbase", &b.Blocks[0].Txs[0], ErrCoinbase, CauseConsensus},
		{"no outputs", resigned(b, tr, func(tx *wire.Tx) { tx.Out = nil }), consensus.ErrNoOutputs, CauseConsensus},
		{"version 4", resigned(b, tr, func(tx *wire.Tx) { tx.Version = 4 }), policy.ErrVersion, CauseNotStandard},
		{"small", resigned(b, tr, func(tx *wire.Tx) {
			tx.Out = tx.Out[:1]
			tx.Out[0] = wire.TxOut{PkScript: []byte{0x6a, 1, 1, 1, 1}}
		}), nil, 0},
		{"smaller", resigned(b, tr, func(tx *wire.Tx) {
			tx.Out = tx.Out[:1]
			tx.Out[0] = wire.TxOut{PkScript: []byte{0x6a, 2, 1, 1}}
		}), policy.ErrTxSizeSmall, CauseNotStandard},
		{"locked by height", resigned(b, tr, func(tx *wire.Tx) { tx.LockTime = uint32(b.Height) + 1 }), ErrNonFinal, CausePrematureSpend},
		{"not locked any more", resigned(b, tr, func(tx *wire.Tx) { tx.LockTime = uint32(b.Height) }), nil, 0},
		{"locked by time", resigned(b, tr, func(tx *wire.Tx) { tx.LockTime = b.MedianTimePast() }), ErrNonFinal, CausePrematureSpend},
		{"in the pool", pooled, ErrInPool, CauseConflict},
		{"other witness", restacked(pooled), ErrSameNonWitness, CauseConflict},
		{"conflict", coin(b, wpkh, 2, 50_000), ErrConflict, CausePolicy},
		{"in a block", &b.Blocks[len(b.Blocks)-1].Txs[0], ErrCoinbase, CauseConsensus},
		{"relative lock", resigned(b, tr, func(tx *wire.Tx) { tx.In[0].Sequence = 200 }), ErrNonBIP68Final, CausePrematureSpend},
		{"relative lock of old", resigned(b, tr, func(tx *wire.Tx) { tx.In[0].Sequence = 100 }), nil, 0},
		{"relative lock of version 1", resigned(b, tr, func(tx *wire.Tx) { tx.In[0].Sequence, tx.Version = 200, 1 }), nil, 0},
		{"relative lock on the pool", locked(pooled), ErrNonBIP68Final, CausePrematureSpend},
		{"young coinbase", spend(1, 1000, []wire.OutPoint{young}, []wire.TxOut{b.Coins[young].Out}), consensus.ErrPrematureSpend, CausePrematureSpend},
		{"creates money", resigned(b, tr, func(tx *wire.Tx) { tx.Out[0].Value *= 3 }), consensus.ErrInputsBelowOut, CauseConsensus},
		{"witness stuffed", stuffed(b, tr), policy.ErrWitness, CauseWitnessMutated},
		{"free", coin(b, tr, 1, 0), ErrMinRelayFee, CauseReconsiderable},
		{"cheap", coin(b, tr, 1, 9), ErrMinRelayFee, CauseReconsiderable},
		{"just enough", coin(b, tr, 1, 10), nil, 0},
		{"dust that pays", resigned(b, tr, func(tx *wire.Tx) { tx.Out[0].Value = 1 }), policy.ErrDust, CauseNotStandard},
		{"bad signature", badSignature(b, wpkh+3), ErrScript, CauseNotStandard},
		{"stripped", stripped(b, wpkh+3), ErrScript, CauseWitnessStripped},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := w.Check(t.Context(), c.tx)
			if c.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, c.want) || e.Cause != c.cause {
				t.Fatalf("%v, cause %d; want %v, %d", err, e.Cause, c.want, c.cause)
			}
		})
	}
	w.holds(pooled)
}

// restacked has the txid of a transaction and another wtxid.
func restacked(tx *wire.Tx) *wire.Tx {
	c := tx.Clone()
	c.In[0].Witness = append(c.In[0].Witness, []byte{1})
	return c.Seal()
}

// locked spends an output of a transaction in the pool one block after that.
func locked(parent *wire.Tx) *wire.Tx {
	tx := child(parent, 1, 1000, 0).Clone()
	tx.In[0].Sequence = 1
	chaintest.Sign(tx, parent.Out[:1])
	return tx.Seal()
}

func stuffed(b *chaintest.Branch, at int) *wire.Tx {
	tx := coin(b, at, 1, 1000).Clone()
	tx.In[0].Witness = append(tx.In[0].Witness, []byte{0x50, 1})
	return tx.Seal()
}

func badSignature(b *chaintest.Branch, at int) *wire.Tx {
	tx := coin(b, at, 1, 1000).Clone()
	tx.Out[0].Value--
	return tx.Seal()
}

func stripped(b *chaintest.Branch, at int) *wire.Tx {
	tx := coin(b, at, 1, 1000).Clone()
	tx.In[0].Witness = nil
	return tx.Seal()
}

// What is missing is named, each transaction once, and what is in a block
// already is told from it.
func TestMissingInputs(t *testing.T) {
	b := branch(t, 110, 0)
	w := build(t, b, nil)
	a := coin(b, 0, 3, 1000)
	c := coin(b, 1, 2, 1000)
	ops := []wire.OutPoint{{Txid: a.Txid()}, {Txid: c.Txid(), Index: 1}, {Txid: a.Txid(), Index: 2}}
	orphan := spend(1, 1000, ops, []wire.TxOut{a.Out[0], c.Out[1], a.Out[2]})
	e := w.refused(orphan, ErrMissingInputs)
	if want := []wire.Txid{a.Txid(), c.Txid()}; !slices.Equal(e.Missing, want) || e.Cause != CauseMissingInputs {
		t.Fatalf("missing %v, cause %d; want %v", e.Missing, e.Cause, want)
	}
	if !errors.Is(e, consensus.ErrInputsMissing) || e.Error() != "bad-txns-inputs-missingorspent" {
		t.Fatalf("reason %q", e)
	}
	w.add(a)
	if e := w.refused(orphan, ErrMissingInputs); !slices.Equal(e.Missing, []wire.Txid{c.Txid()}) {
		t.Fatalf("missing %v", e.Missing)
	}
	// An output that a transaction in the pool does not have.
	beyond := spend(1, 1000, []wire.OutPoint{{Txid: a.Txid(), Index: 3}}, a.Out[:1])
	w.refused(beyond, ErrMissingInputs)
	w.add(c, orphan)
	w.extend(block(b, a, c))
	w.holds(orphan)
	if e := w.refused(c, ErrAlreadyKnown); e.Cause != CauseConflict {
		t.Fatalf("cause %d", e.Cause)
	}
}

// The message about a script names the input as the ecosystem knows it.
func TestScriptError(t *testing.T) {
	b := branch(t, 110, 0)
	w := build(t, b, nil)
	tx := badSignature(b, kindOf(t, b, script.IsP2WPKH))
	e := w.refused(tx, ErrScript)
	const kind = "mempool-script-verify-flag-failed (Signature must be zero for failed CHECK(MULTI)SIG operation)"
	detail := "input 0 of " + tx.Txid().String() + " (wtxid " + tx.Wtxid().String() + "), spending " + tx.In[0].PrevOut.String()
	if e.Kind != kind || e.Detail != detail || !errors.Is(e, script.ErrNullFail) {
		t.Fatalf("%q; want %q, %q", e, kind, detail)
	}
	if e.Error() != kind+", "+detail {
		t.Fatalf("%q", e.Error())
	}
}

// A chain of transactions grows to the limit of a cluster and no further, in
// number and in size; a transaction between two clusters joins both.
func TestClusterLimits(t *testing.T) {
	b := branch(t, 112, 0)
	w := build(t, b, func(c *Config) { c.ClusterCount, c.ClusterVBytes = 6, 2000 })
	chainOf := func(at, n int) []*wire.Tx {
		list := []*wire.Tx{coin(b, at, 2, 1000)}
		for len(list) < n {
			list = append(list, child(list[len(list)-1], 2, 1000, 0))
		}
		return list
	}
	long, short := chainOf(0, 7), chainOf(1, 3)
	w.add(long[:6]...)
	if e := w.refused(long[6], ErrLargeCluster); e.Cause != CausePolicy || e.Error() != "too-large-cluster" {
		t.Fatalf("%v, cause %d", e, e.Cause)
	}
	w.refused(child(long[2], 1, 1000, 1), ErrLargeCluster)
	w.add(short[:2]...)
	join := spend(1, 1000, []wire.OutPoint{{Txid: short[1].Txid()}, {Txid: long[5].Txid()}}, []wire.TxOut{short[1].Out[0], long[5].Out[0]})
	w.refused(join, ErrLargeCluster)
	w.add(short[2], child(short[0], 1, 1000, 1))
	big := child(short[1], 50, 10_000, 1) // 50 outputs of 31 bytes
	if big.VSize() < 1500 {
		t.Fatalf("%d virtual bytes", big.VSize())
	}
	w.refused(big, ErrLargeCluster)
	w.holds(append(long[:6], append(short, child(short[0], 1, 1000, 1))...)...)
}

// The fee that the caller allows bounds what is taken in.
func TestMaxFee(t *testing.T) {
	b := branch(t, 110, 0)
	w := build(t, b, nil)
	tx := coin(b, 0, 1, 1000)
	if _, err := w.Submit(t.Context(), tx, SubmitOptions{MaxFee: 999}); !errors.Is(err, ErrMaxFee) {
		t.Fatal(err)
	}
	if _, err := w.Submit(t.Context(), badSignature(b, 0), SubmitOptions{MaxFee: 999}); !errors.Is(err, ErrScript) {
		t.Fatalf("what is wrong besides the fee comes first: %v", err)
	}
	w.holds()
	a, err := w.Submit(t.Context(), tx, SubmitOptions{MaxFee: 1000})
	if err != nil {
		t.Fatal(err)
	}
	want := Accepted{Txid: tx.Txid(), Wtxid: tx.Wtxid(), Fee: 1000, VSize: tx.VSize(), EffectiveRate: policy.Rate(1000, tx.VSize())}
	if a != want {
		t.Fatalf("%+v; want %+v", a, want)
	}
}

// An operator can lift a transaction over the minimum, and the sums follow.
func TestPrioritise(t *testing.T) {
	b := branch(t, 110, 0)
	w := build(t, b, nil)
	free := coin(b, 0, 2, 0)
	w.refused(free, ErrMinRelayFee)
	prioritise := func(delta wire.Amount) {
		t.Helper()
		if err := w.Prioritise(t.Context(), free.Txid(), delta); err != nil {
			t.Fatal(err)
		}
	}
	prioritise(5000)
	w.add(free, coin(b, 1, 2, 1000))
	prioritise(-200)
	e, _ := w.Entry(free.Txid())
	if e.Fee != 0 || e.ModifiedFee != 4800 || e.ChunkFee != 4800 || e.AncestorFees != 4800 {
		t.Fatalf("%+v", e)
	}
	if list := w.Priorities(); len(list) != 1 || list[0] != (Priority{free.Txid(), 4800, true, 4800}) {
		t.Fatalf("%+v", list)
	}
	if list, _ := w.Txids(); list[0] != free.Txid() {
		t.Fatal("not first")
	}
	prioritise(-4800)
	if list, _ := w.Txids(); list[1] != free.Txid() || len(w.Priorities()) != 0 {
		t.Fatal("not last")
	}
	prioritise(wire.MaxMoney)
	prioritise(wire.MaxMoney)
	prioritise(1 << 62)
	w.add(child(free, 1, 1000, 0))
	if e, _ := w.Entry(free.Txid()); e.ModifiedFee != wire.MaxMoney {
		t.Fatalf("%+v", e)
	}
	w.extend(block(b, free))
	if len(w.Priorities()) != 0 {
		t.Fatal("a confirmed transaction is prioritised")
	}
}

// A transaction with dust may only be here without a fee, and what spends from
// it has to spend the dust.
func TestEphemeralDust(t *testing.T) {
	b := branch(t, 110, 0)
	w := build(t, b, func(c *Config) { c.MinRelay = 0 })
	dusty := resigned(b, 0, func(tx *wire.Tx) {
		tx.Out[0].Value += 10_000 - 100
		tx.Out[1] = wire.TxOut{Value: tx.Out[1].Value + 100 - 1, PkScript: tx.Out[1].PkScript}
		tx.Out = append(tx.Out, wire.TxOut{Value: 1, PkScript: chaintest.Script(chaintest.P2WPKH, 9)})
	})
	sum := wire.Amount(0)
	for _, o := range dusty.Out {
		sum += o.Value
	}
	if sum != b.Coins[dusty.In[0].PrevOut].Out.Value {
		t.Fatalf("pays a fee: %d", b.Coins[dusty.In[0].PrevOut].Out.Value-sum)
	}
	w.add(dusty)
	e := w.refused(child(dusty, 1, 1000, 0), ErrEphemeral)
	if !strings.Contains(e.Detail, "did not spend parent's ephemeral dust") {
		t.Fatal(e)
	}
	w.add(child(dusty, 1, 1000, 0, 2))
}

// third makes a transaction one of version 3 and signs it again.
func third(tx *wire.Tx, spent ...wire.TxOut) *wire.Tx {
	tx = tx.Clone()
	tx.Version = 3
	chaintest.Sign(tx, spent)
	return tx.Seal()
}

// Families of version 3 stay small and among themselves.
func TestVersion3(t *testing.T) {
	b := branch(t, 120, 0)
	w := build(t, b, nil)
	of := func(at, outs int) *wire.Tx {
		tx := coin(b, at, outs, 20_000)
		return third(tx, b.Coins[tx.In[0].PrevOut].Out)
	}
	parent, plain, other := of(0, 3), coin(b, 1, 2, 1000), of(2, 2)
	large := of(3, 300)
	w.add(parent, plain, other, large)
	w.refused(of(4, 330), ErrTruc) // above 10,000 virtual bytes
	w.refused(child(parent, 1, 1000, 0), ErrTruc)
	w.refused(third(child(plain, 1, 1000, 0), plain.Out[0]), ErrTruc)
	both := spend(1, 1000, []wire.OutPoint{{Txid: parent.Txid()}, {Txid: other.Txid()}}, []wire.TxOut{parent.Out[0], other.Out[0]})
	w.refused(third(both, parent.Out[0], other.Out[0]), ErrTruc)
	e := w.refused(third(child(parent, 31, 10_000, 0), parent.Out[0]), ErrTruc)
	if !strings.HasPrefix(e.Detail, "version=3 child tx ") || !strings.HasSuffix(e.Detail, " > 1000 virtual bytes") {
		t.Fatal(e)
	}
	kid := third(child(parent, 2, 1000, 0), parent.Out[0])
	wantErrors(t, together(t, w.Pool, w.submitting(kid), w.submitting(third(child(parent, 1, 1000, 1), parent.Out[1]))), nil, ErrTruc)
	if e := w.refused(third(child(parent, 1, 1000, 2), parent.Out[2]), ErrTruc); e.Detail != named(parent)+" would exceed descendant count limit" {
		t.Fatal(e)
	}
	if e := w.refused(third(child(kid, 1, 1000, 0), kid.Out[0]), ErrTruc); !strings.HasSuffix(e.Detail, "would have too many ancestors") {
		t.Fatal(e)
	}
	// In a block everything is allowed, and what comes back from there stays.
	next := third(child(kid, 1, 1000, 0), kid.Out[0])
	bl := block(b, parent, kid, next)
	w.extend(bl)
	if err := w.chain.Invalidate(t.Context(), bl.Hash()); err != nil {
		t.Fatal(err)
	}
	w.sync()
	w.holds(parent, kid, next, plain, other, large)
}

// What only consensus accepts gets in where the operator wants it.
func TestAcceptNonStandard(t *testing.T) {
	b := branch(t, 110, 0)
	odd := resigned(b, 0, func(tx *wire.Tx) { tx.Out[0].PkScript = []byte{0x51}; tx.Version = 9 })
	strict := build(t, b, nil)
	strict.refused(odd, policy.ErrVersion)
	lenient := build(t, b, func(c *Config) { c.AcceptNonStandard = true })
	lenient.add(odd)
	next := &wire.Tx{
		Version: 1, In: []wire.TxIn{{PrevOut: wire.OutPoint{Txid: odd.Txid()}}},
		Out: []wire.TxOut{{Value: odd.Out[0].Value - 1000, PkScript: make([]byte, 30)}},
	}
	lenient.add(next.Seal())
}

func TestConfigValidate(t *testing.T) {
	b := branch(t, 1, 0)
	w := build(t, b, nil)
	for name, change := range map[string]func(*Config){
		"no chain":          func(c *Config) { c.Chain = nil },
		"no cluster":        func(c *Config) { c.ClusterCount = 0 },
		"large cluster":     func(c *Config) { c.ClusterCount = 65 },
		"no size":           func(c *Config) { c.ClusterVBytes = 0 },
		"negative rate":     func(c *Config) { c.MinRelay = -1 },
		"pool of a cluster": func(c *Config) { c.MaxBytes = 4_039_999 },
	} {
		cfg := w.cfg
		change(&cfg)
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	cfg := w.cfg
	cfg.MaxBytes = 4_040_000
	if _, err := New(cfg); err != nil {
		t.Error(err)
	}
	cfg.MaxBytes = 1
	if _, err := New(cfg); err == nil || err.Error() != "-maxmempool must be at least 5 MB" {
		t.Errorf("%v", err)
	}
}

// Callers are let go when their context ends and when the pool does.
func TestCallersAreLetGo(t *testing.T) {
	b := branch(t, 110, 0)
	w := build(t, b, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Submit(ctx, coin(b, 0, 1, 1000), SubmitOptions{}); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := w.TakenIn(ctx, 1<<60); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	idle, err := New(w.cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := idle.Submit(ctx, coin(b, 0, 1, 1000), SubmitOptions{}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	w.stop()
	if _, err := w.Submit(t.Context(), coin(b, 1, 1, 1000), SubmitOptions{}); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if err := w.TakenIn(t.Context(), 1<<60); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if err := w.Prioritise(t.Context(), wire.Txid{}, 1); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}
