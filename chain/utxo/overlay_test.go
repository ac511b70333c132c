package utxo

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/syndtr/goleveldb/leveldb/storage"

	"grapevine/chain/consensus"
	"grapevine/chain/script"
	"grapevine/wire"
)

type coinMap map[wire.OutPoint]consensus.Coin

func openMemory(t testing.TB) *Set {
	t.Helper()
	s, err := Open(Config{Storage: storage.NewMemStorage(), CacheBytes: minCacheBytes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// blockMaker makes blocks whose inputs are drawn from what a map of coins
// says is unspent, with those of the block itself among them.
type blockMaker struct {
	r      *rand.Rand
	height int32
}

func (m *blockMaker) out() wire.TxOut {
	lengths := []int{0, 1, 22, 25, 34, 67, 300, script.MaxScriptSize, script.MaxScriptSize + 1}
	pk := make([]byte, lengths[m.r.IntN(len(lengths)*3)%len(lengths)])
	for i := range pk {
		pk[i] = byte(m.r.Uint32()) | 1
	}
	if len(pk) > 0 && m.r.IntN(6) == 0 {
		pk[0] = byte(script.OpReturn)
	}
	return wire.TxOut{Value: wire.Amount(m.r.IntN(1e9)), PkScript: pk}
}

func (m *blockMaker) outs() []wire.TxOut {
	outs := make([]wire.TxOut, 1+m.r.IntN(4))
	for i := range outs {
		outs[i] = m.out()
	}
	return outs
}

// block makes one over the coins; naiveConnect of it succeeds.
func (m *blockMaker) block(coins coinMap) *wire.Block {
	m.height++
	view := maps.Clone(coins)
	txs := []wire.Tx{{
		In:  []wire.TxIn{{PrevOut: wire.OutPoint{Index: 0xffffffff}, ScriptSig: fmt.Appendf(nil, "%d", m.height)}},
		Out: m.outs(),
	}}
	naiveOutputs(view, txs[0].Seal(), m.height, true)
	for range m.r.IntN(12) {
		points := slices.SortedFunc(maps.Keys(view), func(a, b wire.OutPoint) int { return comparePoints(&a, &b) })
		tx := wire.Tx{Version: m.r.Uint32(), Out: m.outs()}
		for range min(1+m.r.IntN(3), len(points)) {
			i := m.r.IntN(len(points))
			tx.In = append(tx.In, wire.TxIn{PrevOut: points[i]})
			delete(view, points[i])
			points = slices.Delete(points, i, i+1)
		}
		naiveOutputs(view, tx.Seal(), m.height, false)
		txs = append(txs, tx)
	}
	return wire.NewBlock(wire.Header{Nonce: m.r.Uint32()}, txs)
}

func naiveOutputs(coins coinMap, tx *wire.Tx, height int32, coinbase bool) {
	for i, out := range tx.Out {
		if len(out.PkScript) > 10000 || len(out.PkScript) > 0 && out.PkScript[0] == 0x6a {
			continue
		}
		coins[wire.OutPoint{Txid: tx.Txid(), Index: uint32(i)}] = consensus.Coin{Out: out, Height: height, Coinbase: coinbase}
	}
}

// naiveConnect applies a block to a map; missing is the first input whose
// coin is not there.
func naiveConnect(coins coinMap, b *wire.Block, height int32) (spent []consensus.Coin, missing int) {
	for i := range b.Txs {
		tx := &b.Txs[i]
		if i > 0 {
			for _, in := range tx.In {
				c, ok := coins[in.PrevOut]
				if !ok {
					return spent, len(spent)
				}
				spent = append(spent, c)
				delete(coins, in.PrevOut)
			}
		}
		naiveOutputs(coins, tx, height, i == 0)
	}
	return spent, -1
}

func undoOf(b *wire.Block, spent []consensus.Coin) (undo [][]consensus.Coin) {
	for i := range b.Txs[1:] {
		n := len(b.Txs[i+1].In)
		undo = append(undo, spent[:n])
		spent = spent[n:]
	}
	return undo
}

// TestConnectDisconnect connects random blocks in stacks of overlays, merges
// them with flushes between, and takes them all back.
func TestConnectDisconnect(t *testing.T) {
	for seed := range uint64(8) {
		s := openMemory(t)
		m := &blockMaker{r: rand.New(rand.NewPCG(seed, 3))}
		var blocks []*wire.Block
		var undos [][][]consensus.Coin
		states := []coinMap{{}}
		var stack []*Overlay
		for n := range 60 {
			coins := maps.Clone(states[n])
			b := m.block(coins)
			var below *Overlay
			if len(stack) > 0 {
				below = stack[len(stack)-1]
			}
			o := NewOverlay(below, s)
			got, missing, err := o.Connect(b, m.height, n%2 == 0)
			if err != nil || missing != -1 {
				t.Fatalf("block %d: missing %d, %v", n, missing, err)
			}
			want, _ := naiveConnect(coins, b, m.height)
			if !slices.EqualFunc(got, want, func(a, b consensus.Coin) bool { return sameCoin(&a, &b) }) {
				t.Fatalf("block %d: spent coins differ", n)
			}
			stack = append(stack, o)
			blocks, undos, states = append(blocks, b), append(undos, undoOf(b, got)), append(states, coins)
			if m.r.IntN(3) == 0 {
				if err := s.Merge(b.Hash(), stack...); err != nil {
					t.Fatal(err)
				}
				stack = nil
			}
			if m.r.IntN(9) == 0 {
				flushAndCompare(t, s, states[n+1-len(stack)])
			}
		}
		if err := s.Merge(blocks[59].Hash(), stack...); err != nil {
			t.Fatal(err)
		}
		takeBack(t, s, blocks, undos, states)
	}
}

func flushAndCompare(t *testing.T, s *Set, want coinMap) {
	t.Helper()
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	compareSnapshot(t, s, want)
}

func takeBack(t *testing.T, s *Set, blocks []*wire.Block, undos [][][]consensus.Coin, states []coinMap) {
	t.Helper()
	for n := len(blocks) - 1; n >= 0; n-- {
		o := NewOverlay(nil, s)
		clean, err := o.Disconnect(blocks[n], int32(n+1), undos[n], false)
		if err != nil || !clean {
			t.Fatalf("disconnect %d: clean %v, %v", n, clean, err)
		}
		if n%5 == 0 { // on again and off again, in one overlay
			if _, missing, err := o.Connect(blocks[n], int32(n+1), true); missing >= 0 || err != nil {
				t.Fatalf("reconnect %d: missing %d, %v", n, missing, err)
			}
			if clean, err := o.Disconnect(blocks[n], int32(n+1), undos[n], false); err != nil || !clean {
				t.Fatalf("disconnect %d again: clean %v, %v", n, clean, err)
			}
		}
		if err := s.Merge(blocks[n].Header.PrevBlock, o); err != nil {
			t.Fatal(err)
		}
		if n%7 == 0 {
			flushAndCompare(t, s, states[n])
		}
	}
}

// spend returns a transaction that spends outpoints into one output.
func spend(ops ...wire.OutPoint) wire.Tx {
	tx := wire.Tx{Out: []wire.TxOut{{Value: 1, PkScript: []byte{0x51}}}}
	for _, op := range ops {
		tx.In = append(tx.In, wire.TxIn{PrevOut: op})
	}
	return *tx.Seal()
}

func pointOf(tx wire.Tx) wire.OutPoint { return wire.OutPoint{Txid: tx.Txid()} }

func TestConnectMissing(t *testing.T) {
	s := openMemory(t)
	known := []wire.OutPoint{{Txid: wire.Txid{1}}, {Txid: wire.Txid{2}}, {Txid: wire.Txid{3}}}
	base := NewOverlay(nil, s)
	for _, op := range known {
		base.Add(op, consensus.Coin{Out: wire.TxOut{Value: 7}, Height: 1}, true)
	}
	if err := s.Merge(wire.BlockHash{1}, base); err != nil {
		t.Fatal(err)
	}
	below := NewOverlay(nil, s)
	below.Spend(known[2])
	unknown := wire.OutPoint{Txid: wire.Txid{9}}
	var unknowns []wire.OutPoint
	for i := range 8 {
		unknowns = append(unknowns, wire.OutPoint{Txid: wire.Txid{10 + byte(i)}})
	}
	backwards := slices.Clone(unknowns)
	slices.Reverse(backwards)
	coinbase := wire.Tx{In: []wire.TxIn{{PrevOut: wire.OutPoint{Index: 0xffffffff}}}, Out: []wire.TxOut{{Value: 5}}}
	first := spend(known[0])
	later := spend(known[1])

	for _, c := range []struct {
		name string
		txs  []wire.Tx
		want int
	}{
		{"all there", []wire.Tx{first, spend(known[1]), spend(pointOf(first))}, -1},
		{"unknown", []wire.Tx{first, spend(known[1], unknown)}, 2},
		{"unknown before a double spend", []wire.Tx{spend(unknown), first, spend(known[0])}, 0},
		{"spent twice in the block", []wire.Tx{first, spend(known[0])}, 1},
		{"output spent twice in the block", []wire.Tx{first, spend(pointOf(first)), spend(known[1], pointOf(first))}, 3},
		{"created later in the block", []wire.Tx{spend(known[0], pointOf(later)), later}, 1},
		{"spent in the layer below", []wire.Tx{first, spend(known[2])}, 1},
		{"the first of two", []wire.Tx{spend(known[2]), first, spend(known[0])}, 0},
		{"the first of two, one of them unknown", []wire.Tx{spend(known[2]), spend(unknown)}, 0},
		{"the first of two, the other way round", []wire.Tx{spend(unknown), spend(known[2])}, 0},
		{"the first of several unknown", []wire.Tx{first, spend(unknowns...)}, 1},
		{"the first of several unknown, backwards", []wire.Tx{first, spend(backwards...)}, 1},
		{"the coinbase's", []wire.Tx{spend(pointOf(*coinbase.Seal()))}, -1},
	} {
		o := NewOverlay(below, s)
		b := wire.NewBlock(wire.Header{}, append([]wire.Tx{coinbase}, c.txs...))
		spent, missing, err := o.Connect(b, 5, true)
		if err != nil || missing != c.want {
			t.Errorf("%s: missing %d, want %d, error %v", c.name, missing, c.want, err)
		}
		for i := range spent {
			if (missing < 0 || i < missing) && spent[i].Height == 0 {
				t.Errorf("%s: no coin for input %d", c.name, i)
			}
		}
	}
}

// TestDisconnectUnclean: what is not as the block left it is told.
func TestDisconnectUnclean(t *testing.T) {
	s := openMemory(t)
	old := wire.OutPoint{Txid: wire.Txid{1}}
	oldCoin := consensus.Coin{Out: wire.TxOut{Value: 7}, Height: 1}
	coinbase := wire.Tx{In: []wire.TxIn{{PrevOut: wire.OutPoint{Index: 0xffffffff}}}, Out: []wire.TxOut{{Value: 5}}}
	tx := spend(old)
	b := wire.NewBlock(wire.Header{}, []wire.Tx{coinbase, tx})
	undo := [][]consensus.Coin{{oldCoin}}
	made := consensus.Coin{Out: tx.Out[0], Height: 2}
	base := wire.OutPoint{Txid: coinbase.Txid()}
	baseCoin := consensus.Coin{Out: coinbase.Out[0], Height: 2, Coinbase: true}

	other := func(c consensus.Coin, change func(*consensus.Coin)) consensus.Coin { change(&c); return c }
	for _, c := range []struct {
		name        string
		coins       coinMap
		overwritten bool
		want        bool
	}{
		{"as it should be", coinMap{pointOf(tx): made, base: baseCoin}, false, true},
		{"output missing", coinMap{base: baseCoin}, false, false},
		{"coinbase missing", coinMap{pointOf(tx): made}, false, false},
		{"coinbase missing, overwritten", coinMap{pointOf(tx): made}, true, true},
		{"output missing, overwritten", coinMap{base: baseCoin}, true, false},
		{"input there", coinMap{pointOf(tx): made, base: baseCoin, old: oldCoin}, false, false},
		{"other height", coinMap{pointOf(tx): other(made, func(c *consensus.Coin) { c.Height++ }), base: baseCoin}, false, false},
		{"other value", coinMap{pointOf(tx): other(made, func(c *consensus.Coin) { c.Out.Value++ }), base: baseCoin}, false, false},
		{"other script", coinMap{pointOf(tx): other(made, func(c *consensus.Coin) { c.Out.PkScript = []byte{1} }), base: baseCoin}, false, false},
		{"a coinbase", coinMap{pointOf(tx): other(made, func(c *consensus.Coin) { c.Coinbase = true }), base: baseCoin}, false, false},
	} {
		below := NewOverlay(nil, s)
		for op, coin := range c.coins {
			below.Add(op, coin, true)
		}
		clean, err := NewOverlay(below, s).Disconnect(b, 2, undo, c.overwritten)
		if err != nil || clean != c.want {
			t.Errorf("%s: clean %v, want %v, error %v", c.name, clean, c.want, err)
		}
	}
	for _, undo := range [][][]consensus.Coin{{}, {{}}, {{oldCoin, oldCoin}}, {{oldCoin}, {}}} {
		if _, err := NewOverlay(nil, s).Disconnect(b, 2, undo, false); !errors.Is(err, ErrUndo) {
			t.Errorf("undo of %d transactions: %v", len(undo), err)
		}
	}
}

// TestInBlockSpendLeavesNoTrace: an output that its block spends is not
// written, not even as a deletion.
func TestInBlockSpendLeavesNoTrace(t *testing.T) {
	s := openMemory(t)
	coinbase := wire.Tx{In: []wire.TxIn{{PrevOut: wire.OutPoint{Index: 0xffffffff}}}, Out: []wire.TxOut{{Value: 5}}}
	first := spend(pointOf(*coinbase.Seal()))
	second := spend(pointOf(first))
	o := NewOverlay(nil, s)
	if _, missing, err := o.Connect(wire.NewBlock(wire.Header{}, []wire.Tx{coinbase, first, second}), 1, true); missing >= 0 || err != nil {
		t.Fatal(missing, err)
	}
	if err := s.Merge(wire.BlockHash{1}, o); err != nil {
		t.Fatal(err)
	}
	if s.cur.index.n != 1 {
		t.Fatalf("%d entries, want the last output alone", s.cur.index.n)
	}
	o.Reset(nil, s)
	o.Spend(pointOf(second))
	if err := s.Merge(wire.BlockHash{2}, o); err != nil {
		t.Fatal(err)
	}
	if s.cur.index.n != 0 {
		t.Fatalf("%d entries after a fresh coin was spent", s.cur.index.n)
	}
}

// TestOverwrittenCoinbaseIsGone: of the two coins that the repeats of BIP 30
// make one, none comes back when that is spent.
func TestOverwrittenCoinbaseIsGone(t *testing.T) {
	s := openMemory(t)
	coinbase := wire.Tx{In: []wire.TxIn{{PrevOut: wire.OutPoint{Index: 0xffffffff}}}, Out: []wire.TxOut{{Value: 5}}}
	b := wire.NewBlock(wire.Header{}, []wire.Tx{coinbase})
	op := wire.OutPoint{Txid: b.Txs[0].Txid()}
	o := NewOverlay(nil, s)
	merge := func(best byte) {
		t.Helper()
		if err := s.Merge(wire.BlockHash{best}, o); err != nil {
			t.Fatal(err)
		}
		o.Reset(nil, s)
	}
	if _, _, err := o.Connect(b, 1, true); err != nil {
		t.Fatal(err)
	}
	merge(1)
	flushAndCompare(t, s, coinMap{op: {Out: coinbase.Out[0], Height: 1, Coinbase: true}})
	if _, _, err := o.Connect(b, 2, false); err != nil {
		t.Fatal(err)
	}
	merge(2)
	o.Spend(op)
	merge(3)
	if _, found, _, err := s.Coins([]wire.OutPoint{op}); err != nil || found[0] {
		t.Errorf("the overwritten coin is back: %v, %v", found, err)
	}
	flushAndCompare(t, s, coinMap{})
}

// TestOverlayOfClosedSet: what cannot be looked up is a failure.
func TestOverlayOfClosedSet(t *testing.T) {
	s := openMemory(t)
	tx := spend(wire.OutPoint{Txid: wire.Txid{1}})
	coinbase := wire.Tx{In: []wire.TxIn{{PrevOut: wire.OutPoint{Index: 0xffffffff}}}, Out: []wire.TxOut{{Value: 5}}}
	b := wire.NewBlock(wire.Header{}, []wire.Tx{coinbase, tx})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := NewOverlay(nil, s).Connect(b, 2, true); !errors.Is(err, ErrClosed) {
		t.Errorf("connecting: %v", err)
	}
	undo := [][]consensus.Coin{{{Out: wire.TxOut{Value: 7}, Height: 1}}}
	if _, err := NewOverlay(nil, s).Disconnect(b, 2, undo, false); !errors.Is(err, ErrClosed) {
		t.Errorf("disconnecting: %v", err)
	}
}

// TestConnectAllocations bounds what a block costs, whatever its inputs.
func TestConnectAllocations(t *testing.T) {
	s := openMemory(t)
	coinbase := wire.Tx{In: []wire.TxIn{{PrevOut: wire.OutPoint{Index: 0xffffffff}}}, Out: make([]wire.TxOut, 3000)}
	fund := wire.NewBlock(wire.Header{}, []wire.Tx{coinbase})
	o := NewOverlay(nil, s)
	if _, _, err := o.Connect(fund, 1, true); err != nil {
		t.Fatal(err)
	}
	if err := s.Merge(fund.Hash(), o); err != nil {
		t.Fatal(err)
	}
	txs := []wire.Tx{coinbase}
	for i := range 3000 {
		txs = append(txs, spend(wire.OutPoint{Txid: coinbase.Txid(), Index: uint32(i)}))
	}
	b := wire.NewBlock(wire.Header{}, txs)
	allocs := testing.AllocsPerRun(20, func() {
		o.Reset(nil, s)
		if _, missing, err := o.Connect(b, 2, true); missing >= 0 || err != nil {
			t.Fatal(missing, err)
		}
	})
	if allocs > 5 {
		t.Errorf("%v allocations for a block of 3,000 inputs", allocs)
	}
}

// TestUnspendableIsLeftOut: neither OP_RETURN nor a script that is too large
// to run becomes a coin, by whichever way it comes.
func TestUnspendableIsLeftOut(t *testing.T) {
	s := openMemory(t)
	s.interrupted = true // as an interrupted flush leaves it
	for i, pk := range [][]byte{{byte(script.OpReturn)}, make([]byte, script.MaxScriptSize+1), make([]byte, 1<<20)} {
		c := consensus.Coin{Out: wire.TxOut{PkScript: pk}}
		o := NewOverlay(nil, s)
		o.Add(wire.OutPoint{Index: uint32(i)}, c, true)
		if err := s.ReplayAdd(wire.OutPoint{Index: uint32(i)}, c); err != nil || o.Len() != 0 || s.cur.index.n != 0 {
			t.Errorf("script of %d bytes: %d and %d entries, %v", len(pk), o.Len(), s.cur.index.n, err)
		}
	}
}
