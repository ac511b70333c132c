package mempool

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"grapevine/mempool/policy"
	"grapevine/wire"
)

// small reports whether a transaction has outputs that the model makes nothing of.
func small(tx *wire.Tx) bool {
	return slices.ContainsFunc(tx.Out, func(o wire.TxOut) bool { return o.Value < 1000 })
}

// family builds a transaction that pays little and a child of it, which may spend
// something else as well: what its parent spends, too, once in a while.
func (m *model) family() (parent, child *wire.Tx) {
	in := m.in
	if parent = m.make(); parent == nil || small(parent) {
		return nil, nil
	}
	parent = parent.Clone()
	parent.Out[0].Value += m.feeOf(parent) - wire.Amount(in.next()%16) // what can be known of the fee is given back
	parent.Seal()
	child = &wire.Tx{Version: 2}
	var sum wire.Amount
	if in.next()%4 == 0 {
		if other := m.make(); other != nil {
			child.In = other.In[:1:1]
			sum = m.coins(m.list)[other.In[0].PrevOut].Out.Value
		}
	}
	n := uint32(in.next() % len(parent.Out))
	child.In = append(child.In, wire.TxIn{PrevOut: wire.OutPoint{Txid: parent.Txid(), Index: n}, Sequence: 0xfffffffd})
	sum += parent.Out[n].Value - wire.Amount(in.next())
	child.Out = []wire.TxOut{{Value: sum / 2, PkScript: anyone}, {Value: sum - sum/2, PkScript: anyone}}
	return parent, child.Seal()
}

// feeOf is what a transaction pays, 0 where its coins are not there.
func (m *model) feeOf(tx *wire.Tx) wire.Amount {
	fee, ok := m.valid(tx, m.coins(m.list))
	if !ok {
		return 0
	}
	return fee
}

// submitFamily gives a package to both and compares what they make of it. It reports
// whether the child paid for the parent.
func (m *model) submitFamily(t *testing.T) (paid bool) {
	parent, child := m.family()
	if parent == nil || small(parent) || small(child) {
		return false
	}
	v := m.SubmitPackage(t.Context(), []*wire.Tx{parent, child}, SubmitOptions{})
	var refused *Error
	if v.Err != nil && !errors.As(v.Err, &refused) {
		t.Fatal(v.Err)
	}
	want := m.takesFamily(parent, child)
	for i, tx := range []*wire.Tx{parent, child} {
		if got := v.Txs != nil && v.Txs[i].Err == nil; got != want[i] {
			t.Fatalf("transaction %d: %+v; the model takes it: %v", i, v, want[i])
		}
		if want[i] {
			m.list = append(m.list, &modelTx{tx, m.clock.Now()})
		}
	}
	if (v.Err == nil) != (want[0] && want[1]) {
		t.Fatalf("the package: %v; the model takes %v", v.Err, want)
	}
	return v.Together != nil
}

// takesFamily is the rule: each by itself, or both by what they pay together.
func (m *model) takesFamily(parent, child *wire.Tx) (takes [2]bool) {
	for i := range child.In {
		if slices.ContainsFunc(parent.In, func(in wire.TxIn) bool { return in.PrevOut == child.In[i].PrevOut }) {
			return takes
		}
	}
	coins := m.coins(m.list)
	low, ok := m.valid(parent, coins)
	if !ok {
		return takes
	}
	takes[0] = low >= policy.Fee(100, parent.VSize())
	m.apply(coins, parent)
	high, ok := m.valid(child, coins)
	if !ok {
		return takes
	}
	if takes[0] {
		takes[1] = high >= policy.Fee(100, child.VSize())
		return takes
	}
	both := low+high >= policy.Fee(100, parent.VSize()+child.VSize())
	return [2]bool{both, both}
}

// TestPackageModel is a longer run with packages foremost.
func TestPackageModel(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	tried, paid := 0, 0
	runs := 20
	if testing.Short() {
		runs = 5
	}
	for range runs {
		b := make([]byte, 800)
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		w := onStub(t, 104, func(c *Config) { c.Workers = 1 })
		m := &model{stubWorld: w, in: &input{b}}
		for len(m.in.bytes) > 0 {
			switch op := m.in.next() % 8; {
			case op < 2:
				m.submit(t, m.make())
			case op < 7:
				tried++
				if m.submitFamily(t) {
					paid++
				}
			default:
				m.mine()
			}
			m.compare(t)
		}
		w.stop()
	}
	t.Logf("%d packages, %d times a child paid", tried, paid)
	if paid < tried/10 || tried < 100 {
		t.Fatal("too little happened")
	}
}
