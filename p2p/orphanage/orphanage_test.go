package orphanage

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"slices"
	"testing"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// maker makes transactions that differ.
type maker struct{ made uint64 }

// tx returns a transaction with two outputs that spends outputs of the parents: of
// transactions that nobody knows when there are none.
func (m *maker) tx(parents ...*wire.Tx) *wire.Tx { return m.draft(parents...).Seal() }

// draft is tx that may be changed before it is sealed.
func (m *maker) draft(parents ...*wire.Tx) *wire.Tx {
	m.made++
	tx := &wire.Tx{Version: 2, Out: []wire.TxOut{{Value: wire.Amount(m.made), PkScript: []byte{0x51}}, {PkScript: []byte{0x51}}}}
	for _, parent := range parents {
		tx.In = append(tx.In, wire.TxIn{PrevOut: wire.OutPoint{Txid: parent.Txid(), Index: 1}, Witness: [][]byte{{1}}})
	}
	if len(parents) == 0 {
		tx.In = []wire.TxIn{m.input()}
	}
	return tx
}

func (m *maker) input() wire.TxIn {
	m.made++
	var id wire.Txid
	binary.BigEndian.PutUint64(id[:], m.made)
	return wire.TxIn{PrevOut: wire.OutPoint{Txid: id}, Witness: [][]byte{{1}}}
}

// wide returns a transaction with so many inputs.
func (m *maker) wide(inputs int) *wire.Tx {
	tx := m.draft()
	for len(tx.In) < inputs {
		tx.In = append(tx.In, m.input())
	}
	return tx.Seal()
}

// heavy returns a transaction of that weight exactly, of 300 at least.
func (m *maker) heavy(weight wire.Weight) *wire.Tx {
	tx := m.draft()
	size := 0
	for tx.Weight() != weight {
		size += max(1, int(weight-tx.Weight())-8)
		tx.In[0].Witness[0] = make([]byte, size)
	}
	return tx.Seal()
}

// witness returns the transaction with another witness.
func witness(tx *wire.Tx, b byte) *wire.Tx {
	other := tx.Clone()
	other.In[0].Witness = [][]byte{{b}}
	return other.Seal()
}

type bench struct {
	*testing.T
	*Orphanage
	maker
}

func newBench(t *testing.T, cfg Config) *bench {
	b := &bench{T: t, Orphanage: New(cfg)}
	t.Cleanup(b.sound)
	return b
}

func (b *bench) sound() {
	b.Helper()
	if err := b.check(); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) adds(tx *wire.Tx, p peer.ID, want bool) {
	b.Helper()
	if got := b.Add(tx, p); got != want {
		b.Fatalf("Add of peer %v: %v, want %v", p, got, want)
	}
	b.sound()
}

func (b *bench) holds(txs ...*wire.Tx) {
	b.Helper()
	for n, tx := range txs {
		if !b.Has(wire.ByWtxid(tx.Wtxid())) {
			b.Fatalf("number %d is not kept", n)
		}
		if kept, ok := b.Lookup(tx.Wtxid()); !ok || kept != tx {
			b.Fatalf("number %d is kept as something else", n)
		}
	}
	if got, _ := b.Count(); got != len(txs) {
		b.Fatalf("%d orphans, want %d", got, len(txs))
	}
}

func TestKeptOnceWithAllAnnouncers(t *testing.T) {
	b := newBench(t, Config{})
	tx := b.tx()
	b.adds(tx, 1, true)
	b.adds(tx, 1, false)
	b.adds(tx, 2, false)
	if !b.AddAnnouncer(tx.Wtxid(), 3) || b.AddAnnouncer(tx.Wtxid(), 3) || b.AddAnnouncer(b.tx().Wtxid(), 3) {
		t.Error("AddAnnouncer")
	}
	if got := b.Announcers(nil, tx.Wtxid()); !slices.Equal(got, []peer.ID{1, 2, 3}) {
		t.Errorf("announcers %v", got)
	}
	if b.Weight() != tx.Weight() || b.Latency() != 3 {
		t.Errorf("weight %d, latency %d", b.Weight(), b.Latency())
	}
	b.Disconnect(1)
	b.Disconnect(3)
	b.Disconnect(4)
	b.holds(tx)
	if b.Announced(tx.Wtxid(), 1) || !b.Announced(tx.Wtxid(), 2) || b.Announced(b.tx().Wtxid(), 2) {
		t.Error("Announced")
	}
	b.Disconnect(2)
	b.holds()
}

func TestErase(t *testing.T) {
	b := newBench(t, Config{})
	tx, other := b.tx(), b.tx()
	b.adds(tx, 1, true)
	b.adds(tx, 2, false)
	b.adds(other, 2, true)
	if !b.Erase(tx.Wtxid()) || b.Erase(tx.Wtxid()) {
		t.Error("Erase")
	}
	b.sound()
	b.holds(other)
	if n, weight, latency := b.Usage(2); n != 1 || weight != other.Weight() || latency != 1 {
		t.Errorf("usage %d, %d, %d", n, weight, latency)
	}
	if n, _, _ := b.Usage(1); n != 0 {
		t.Errorf("peer 1 has %d announcements", n)
	}
}

func TestEachWitnessIsAnOrphan(t *testing.T) {
	b := newBench(t, Config{})
	tx := b.tx()
	spoilt := witness(tx, 7)
	b.adds(spoilt, 1, true)
	if b.Has(wire.ByTxid(tx.Txid())) || b.Has(wire.ByWtxid(tx.Wtxid())) {
		t.Error("a spoilt witness is taken for the transaction")
	}
	b.adds(tx, 2, true)
	b.holds(spoilt, tx)
	plain := b.draft()
	plain.In[0].Witness = nil
	plain.Seal()
	b.adds(plain, 1, true)
	if !b.Has(wire.ByTxid(plain.Txid())) {
		t.Error("a transaction without witness is not found by its txid")
	}
}

func TestChildren(t *testing.T) {
	b := newBench(t, Config{})
	parent, stranger := b.tx(), b.tx()
	third := b.tx(stranger, parent)
	first := b.tx(parent)
	second := b.tx(parent, parent) // spends one output twice: not valid, but it may come
	grand := b.tx(first)
	other := b.tx(stranger)
	for n, tx := range []*wire.Tx{first, other, second, grand, third} {
		b.adds(tx, peer.ID(9-n), true)
	}
	b.AddAnnouncer(first.Wtxid(), 1) // comes later, which does not make it younger
	if got := b.Children(parent); !slices.Equal(got, []*wire.Tx{first, second, third}) {
		t.Errorf("%d children", len(got))
	}
	if got := b.Children(other); len(got) != 0 {
		t.Errorf("%d children of a leaf", len(got))
	}
	b.Erase(second.Wtxid())
	if got := b.Children(parent); !slices.Equal(got, []*wire.Tx{first, third}) {
		t.Errorf("%d children after one was erased", len(got))
	}
	b.holds(first, other, grand, third)
}

func TestForBlock(t *testing.T) {
	b := newBench(t, Config{})
	parent, stranger := b.tx(), b.tx()
	included, conflict, other := b.tx(parent), b.tx(parent, stranger), b.tx(stranger)
	child := b.tx(included)
	mutated := witness(included, 9)
	for _, tx := range []*wire.Tx{included, conflict, child, other, mutated} {
		b.adds(tx, 1, true)
	}
	coinbase := wire.Tx{In: []wire.TxIn{{PrevOut: wire.OutPoint{Index: 0xffffffff}}}}
	block := wire.NewBlock(wire.Header{}, []wire.Tx{coinbase, *included})
	if n := b.ForBlock(block); n != 3 {
		t.Errorf("%d erased", n)
	}
	b.sound()
	b.holds(child, other)
	if n := b.ForBlock(block); n != 0 {
		t.Errorf("%d erased again", n)
	}
}

func TestTooHeavy(t *testing.T) {
	b := newBench(t, Config{})
	at, above := b.heavy(MaxWeight), b.heavy(MaxWeight+1)
	if at.Weight() != MaxWeight || above.Weight() != MaxWeight+1 {
		t.Fatalf("weights %d, %d", at.Weight(), above.Weight())
	}
	b.adds(above, 1, false)
	b.adds(at, 1, true)
	b.holds(at)
}

// A witness of many empty items takes far more memory than it weighs.
func TestMemoryCounts(t *testing.T) {
	b := newBench(t, Config{})
	tx := b.draft()
	tx.In[0].Witness = make([][]byte, 10_000)
	tx.Seal()
	b.adds(tx, 1, true)
	if b.Weight() < 10*tx.Weight() || b.Weight() < 24*10_000/2 {
		t.Errorf("counts %d for a weight of %d", b.Weight(), tx.Weight())
	}
	tx = b.draft()
	tx.In[0].Witness = make([][]byte, 40_000)
	tx.Seal()
	b.adds(tx, 1, false)
	// Usual forms count by weight: P2WPKH, P2TR, P2PKH, many outputs.
	for name, form := range map[string]struct {
		in, out, script int
		witness         []int
	}{
		"p2wpkh":   {1, 2, 0, []int{72, 33}},
		"p2tr":     {1, 1, 0, []int{64}},
		"p2pkh":    {1, 2, 107, nil},
		"bare":     {1, 1, 0, nil},
		"sweep":    {500, 1, 0, []int{72, 33}},
		"payout":   {1, 2000, 0, []int{64}},
		"2-of-3":   {2, 2, 0, []int{0, 72, 72, 105}},
		"inscribe": {1, 1, 0, []int{64, 5000, 33}},
	} {
		tx := &wire.Tx{}
		for range form.in {
			in := b.input()
			in.Witness = nil
			in.ScriptSig = make([]byte, form.script)
			for _, size := range form.witness {
				in.Witness = append(in.Witness, make([]byte, size))
			}
			tx.In = append(tx.In, in)
		}
		for range form.out {
			tx.Out = append(tx.Out, wire.TxOut{PkScript: make([]byte, 22)})
		}
		if tx.Seal(); usage(tx) != tx.Weight() {
			t.Errorf("%s: counts %d, weighs %d", name, usage(tx), tx.Weight())
		}
	}
}

// Whatever form an orphan has, it takes twice at most what it counts, and what the
// allocator rounds up: a sixteenth here.
func TestMemoryIsBounded(t *testing.T) {
	for name, form := range map[string]struct{ in, out, script, items, size int }{
		"small":              {1, 1, 0, 2, 50},
		"inputs":             {1000, 1, 0, 0, 0},
		"outputs":            {1, 5000, 0, 0, 0},
		"scripts":            {100, 100, 200, 0, 0},
		"items":              {1, 1, 0, 20_000, 0},
		"inputs with items":  {300, 1, 0, 10, 0},
		"outputs with items": {1, 1000, 0, 3000, 0},
		"witness":            {3, 1, 0, 5, 5000},
	} {
		b := newBench(t, Config{PeerWeight: 1 << 40, MaxLatency: 1 << 30})
		const copies = 40
		var raw [copies][]byte
		for n := range raw {
			tx := &wire.Tx{}
			for range form.in {
				in := b.input()
				in.ScriptSig, in.Witness = make([]byte, form.script), make([][]byte, form.items)
				for i := range in.Witness {
					in.Witness[i] = make([]byte, form.size)
				}
				tx.In = append(tx.In, in)
			}
			for range form.out {
				tx.Out = append(tx.Out, wire.TxOut{PkScript: make([]byte, form.script)})
			}
			raw[n] = tx.AppendTo(nil)
		}
		before := heap()
		for n := range raw {
			tx, err := wire.DecodeTx(bytes.Clone(raw[n]))
			if err != nil {
				t.Fatal(err)
			}
			b.Add(tx, 1)
		}
		taken := heap() - before
		runtime.KeepAlive(raw)
		if n, _ := b.Count(); n != copies {
			t.Fatalf("%s: %d are kept", name, n)
		}
		t.Logf("%s: %d bytes, %d counted", name, taken/copies, int(b.Weight())/copies)
		const fixed = 1500 // of each orphan: itself, its announcement, maps that are half empty
		if got, most := taken/copies, 2*int(b.Weight())/copies*17/16+fixed; got > most {
			t.Errorf("%s: takes %d bytes, counts %d", name, got, int(b.Weight())/copies)
		}
	}
}

func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func TestLatencyScore(t *testing.T) {
	b := newBench(t, Config{})
	for _, c := range []struct{ inputs, score int }{{1, 1}, {9, 1}, {10, 2}, {19, 2}, {20, 3}, {100, 11}} {
		before := b.Latency()
		tx := b.wide(c.inputs)
		b.adds(tx, 1, true)
		if got := b.Latency() - before; got != c.score {
			t.Errorf("%d inputs: %d, want %d", c.inputs, got, c.score)
		}
		// Another announcer costs one: the inputs are there already. To the peer
		// it counts in full.
		before = b.Latency()
		b.AddAnnouncer(tx.Wtxid(), 2)
		if got := b.Latency() - before; got != 1 {
			t.Errorf("%d inputs: %d for another announcer", c.inputs, got)
		}
	}
	_, _, one := b.Usage(1)
	_, _, two := b.Usage(2)
	if one != two || one != 1+1+2+2+3+11 {
		t.Errorf("latency of the peers: %d, %d", one, two)
	}
}

// The oldest of the only peer goes when the bound on latency is reached.
func TestOldestGoesFirst(t *testing.T) {
	b := newBench(t, Config{MaxLatency: 10})
	var txs []*wire.Tx
	for range 13 {
		txs = append(txs, b.tx())
		b.adds(txs[len(txs)-1], 1, true)
	}
	b.holds(txs[3:]...)
	// What was announced again is no younger for it.
	b.AddAnnouncer(txs[3].Wtxid(), 1)
	b.adds(b.tx(), 1, true)
	if b.Has(wire.ByWtxid(txs[3].Wtxid())) {
		t.Error("an announcement was renewed")
	}
}

func TestWeightBound(t *testing.T) {
	b := newBench(t, Config{PeerWeight: 1000})
	first, second, third := b.heavy(600), b.heavy(400), b.heavy(999)
	b.adds(first, 1, true)
	b.adds(second, 1, true)
	b.adds(third, 2, true) // two peers may use 2000 together
	b.holds(first, second, third)
	b.AddAnnouncer(third.Wtxid(), 1) // counts against peer 1 but not in all
	b.holds(first, second, third)
	small := b.heavy(300)
	b.adds(small, 2, true)
	// Peer 1 uses 1999, peer 2 1299 and all 2299: peer 1 loses its oldest.
	b.holds(second, third, small)
	b.Disconnect(2)
	// One peer is left with 1399 and a bound of 1000.
	b.holds(third)
}

// A peer that stays in its share loses nothing, whatever others do.
func TestShareIsSafe(t *testing.T) {
	b := newBench(t, Config{MaxLatency: 300, PeerWeight: 25_000})
	var mine []*wire.Tx
	for n := range 300 / 4 {
		tx := b.tx()
		mine = append(mine, tx)
		b.adds(tx, 0, true)
		for p := peer.ID(1); p < 4; p++ {
			for range 3 {
				b.adds(b.wide(1+n%25), p, true)
				b.adds(b.heavy(500), p, true)
			}
			b.AddAnnouncer(tx.Wtxid(), p)
		}
	}
	for n, tx := range mine {
		if !b.Announced(tx.Wtxid(), 0) {
			t.Fatalf("number %d of a peer within its share is gone", n)
		}
	}
	if b.Latency() > 300 {
		t.Errorf("latency %d", b.Latency())
	}
}

// What is idle may be used, until someone else needs it.
func TestIdleShareIsUsed(t *testing.T) {
	b := newBench(t, Config{MaxLatency: 100})
	b.adds(b.tx(), 1, true)
	var lots []*wire.Tx
	for range 99 {
		lots = append(lots, b.tx())
		b.adds(lots[len(lots)-1], 2, true)
	}
	if n, _, _ := b.Usage(2); n != 99 {
		t.Fatalf("peer 2 has %d", n)
	}
	for range 60 {
		b.adds(b.tx(), 1, true)
	}
	one, _, _ := b.Usage(1)
	two, _, _ := b.Usage(2)
	if one != 50 || two != 50 {
		t.Errorf("the peers have %d and %d", one, two)
	}
	if b.Has(wire.ByWtxid(lots[48].Wtxid())) || !b.Has(wire.ByWtxid(lots[49].Wtxid())) {
		t.Error("not the oldest went")
	}
}

// Of two that exceed their shares the worse one pays, down to the other's level.
func TestWorstPays(t *testing.T) {
	for _, c := range []struct {
		name     string
		one, two func(b *bench)
		trigger  peer.ID
		loses    peer.ID
	}{
		{
			name:    "by latency",
			one:     func(b *bench) { b.many(40, 1, 1) },
			two:     func(b *bench) { b.many(60, 2, 1) },
			trigger: 1, loses: 2,
		}, {
			name:    "equal: who came last",
			one:     func(b *bench) { b.many(50, 1, 1) },
			two:     func(b *bench) { b.many(50, 2, 1) },
			trigger: 3, loses: 2,
		}, {
			name:    "latency of inputs",
			one:     func(b *bench) { b.many(48, 2, 1) },
			two:     func(b *bench) { b.many(13, 1, 30) },
			trigger: 3, loses: 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, Config{MaxLatency: 100})
			c.one(b)
			c.two(b)
			before := map[peer.ID]int{}
			for p := range peer.ID(4) {
				before[p], _, _ = b.Usage(p)
			}
			b.adds(b.tx(), c.trigger, true)
			before[c.trigger]++
			for p := range peer.ID(4) {
				n, _, _ := b.Usage(p)
				if lost := before[p] != n; lost != (p == c.loses) {
					t.Errorf("peer %v: %d of %d", p, n, before[p])
				}
			}
		})
	}
}

// At the same factor latency is worse than weight, whoever came last.
func TestLatencyIsWorse(t *testing.T) {
	b := newBench(t, Config{MaxLatency: 20, PeerWeight: 20_000}) // shares of 10 and 20,000
	b.many(15, 1, 1)
	for range 5 {
		b.adds(b.heavy(6400), 2, true)
	}
	b.adds(b.tx(), 1, true) // both use 1.6 shares now
	if one, _, _ := b.Usage(1); one != 15 {
		t.Errorf("peer 1 has %d of 16", one)
	}
	if two, _, _ := b.Usage(2); two != 5 {
		t.Errorf("peer 2 has %d of 5", two)
	}
}

// many adds orphans of so many inputs.
func (b *bench) many(n int, p peer.ID, inputs int) {
	b.Helper()
	for range n {
		b.adds(b.wide(inputs), p, true)
	}
}

// To announce what others have announced does not remove it.
func TestAnnouncingOthersDoesNotRemoveThem(t *testing.T) {
	b := newBench(t, Config{MaxLatency: 100})
	var mine []*wire.Tx
	for range 20 {
		mine = append(mine, b.tx())
		b.adds(mine[len(mine)-1], 1, true)
	}
	for _, tx := range mine {
		b.AddAnnouncer(tx.Wtxid(), 2)
	}
	b.many(200, 2, 1)
	for _, tx := range mine {
		if !b.Announced(tx.Wtxid(), 1) {
			t.Fatal("an orphan is gone for its other announcer")
		}
	}
}

func TestDefaults(t *testing.T) {
	b := newBench(t, Config{})
	for n := range MaxLatency + 5 {
		b.Add(b.tx(), peer.ID(n%4))
	}
	if n, _ := b.Count(); n != 3000 {
		t.Errorf("%d orphans are kept, want 3000", n)
	}
	b = newBench(t, Config{})
	b.adds(b.heavy(400_000), 1, true)
	b.adds(b.heavy(4000), 1, true)
	b.adds(b.heavy(1000), 1, true) // 405,000
	if n, _ := b.Count(); n != 2 {
		t.Errorf("%d orphans are kept, want 2", n)
	}
}

// What the orphans of a peer take is never reckoned as less than it is.
func TestFootprint(t *testing.T) {
	const copies = 400
	for name, draft := range map[string]func(m *maker) *wire.Tx{
		"small":      func(m *maker) *wire.Tx { return m.tx() },
		"wide":       func(m *maker) *wire.Tx { return m.wide(20) },
		"of a limit": func(m *maker) *wire.Tx { return m.heavy(40_000) },
	} {
		var m maker
		txs := make([][]byte, copies)
		for i := range txs {
			txs[i] = draft(&m).AppendTo(nil)
		}
		before := heap()
		o := New(Config{PeerWeight: 1 << 40})
		for _, raw := range txs {
			tx, err := wire.DecodeTx(bytes.Clone(raw))
			if err != nil {
				t.Fatal(err)
			}
			o.Add(tx, 1)
		}
		taken, reckoned := heap()-before, o.Footprint(1)
		t.Logf("%s: %d orphans take %d bytes, reckoned as %d", name, copies, taken, reckoned)
		if taken > reckoned {
			t.Errorf("%s: %d bytes are reckoned as %d", name, taken, reckoned)
		}
		runtime.KeepAlive(o)
		runtime.KeepAlive(txs)
	}
}
