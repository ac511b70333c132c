package compact

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"grapevine/internal/testdata"
	"grapevine/wire"
)

// realBlock is block 426,884 of mainnet, of 2016.
func realBlock(tb testing.TB) *wire.Block { return testdata.Block(tb, "mainnet-426884") }

// poolOf lists the transactions of a block as a pool holds them, without the
// coinbase.
func poolOf(b *wire.Block) (ids []wire.Wtxid, txs []*wire.Tx) {
	for i := range b.Txs[1:] {
		ids, txs = append(ids, b.Txs[i+1].Wtxid()), append(txs, &b.Txs[i+1])
	}
	return ids, txs
}

// fill finds what it can, and tests the invariants after each step.
func fill(tb testing.TB, p *Partial, txs ...*wire.Tx) {
	tb.Helper()
	for _, tx := range txs {
		p.Fill([]wire.Wtxid{tx.Wtxid()}, []*wire.Tx{tx})
		if err := p.check(); err != nil {
			tb.Fatal(err)
		}
	}
}

// The compact block of 426,884 as a node sent it in 2016 names the block's
// transactions by txid; before segwit that is the wtxid, too.
func TestRealCompactBlock(t *testing.T) {
	b := realBlock(t)
	raw, err := os.ReadFile(testdata.Shared(t, "blocks/mainnet-426884.cmpctblock.raw"))
	if err != nil {
		t.Fatal(err)
	}
	msg, err := wire.DecodeMessage("cmpctblock", raw)
	if err != nil {
		t.Fatal(err)
	}
	m := msg.(*wire.MsgCmpctBlock)
	t.Logf("%d bytes for a block of %d with %d transactions", len(raw), b.TotalSize(), len(b.Txs))
	if n := len(m.ShortIDs) + len(m.Prefilled); n != len(b.Txs) || m.Header.Hash() != b.Hash() {
		t.Fatalf("%d transactions of block %s", n, m.Header.Hash())
	}
	if ours := Build(b, m.Nonce).AppendPayload(nil); !bytes.Equal(ours, raw) {
		t.Errorf("the same block and nonce make another message of %d bytes", len(ours))
	}
	p, err := NewPartial(m)
	if err != nil {
		t.Fatal(err)
	}
	p.Fill(poolOf(b))
	if missing := p.Missing(); len(missing) != 0 || p.Prefilled != 1 || p.FromPool != len(b.Txs)-1 {
		t.Fatalf("missing %d, prefilled %d, %d from the pool", len(missing), p.Prefilled, p.FromPool)
	}
	got, err := p.Complete(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Raw(), b.Raw()) {
		t.Error("another block")
	}
}

// What the pool lacks is asked for and put in its place.
func TestMissing(t *testing.T) {
	b := realBlock(t)
	ids, txs := poolOf(b)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, lacks := range []int{1, 7, len(txs)} {
		lost := map[int]bool{}
		for len(lost) < lacks {
			lost[rng.IntN(len(txs))] = true
		}
		p, err := NewPartial(Build(b, rng.Uint64()))
		if err != nil {
			t.Fatal(err)
		}
		var want []uint16
		for i := range txs {
			if lost[i] {
				want = append(want, uint16(i+1))
			} else if !p.Fill(ids[i:i+1], txs[i:i+1]) && i < len(txs)-1 {
				t.Fatal("looks for nothing more")
			}
		}
		missing := p.Missing()
		if !slices.Equal(missing, want) {
			t.Fatalf("missing %v, want %v", missing, want)
		}
		answer, ok := Pick(b, missing)
		if !ok || answer.Block != b.Hash() {
			t.Fatal("not answered")
		}
		got, err := p.Complete(answer.Txs, true)
		if err != nil || !bytes.Equal(got.Raw(), b.Raw()) {
			t.Fatalf("%d missing: another block, %v", lacks, err)
		}
	}
	if _, ok := Pick(b, []uint16{uint16(len(b.Txs))}); ok {
		t.Error("gives a transaction behind the last one")
	}
}

// Answers that do not fit what was asked for are the sender's fault; others may
// be a collision.
func TestWrongAnswers(t *testing.T) {
	b := realBlock(t)
	lack := []uint16{3, 9}
	answer, _ := Pick(b, lack)
	other, _ := Pick(b, []uint16{9, 3})
	for _, c := range []struct {
		name string
		txs  []wire.Tx
		want error
	}{
		{"one too few", answer.Txs[:1], ErrInvalid},
		{"one too many", append(slices.Clone(answer.Txs), b.Txs[5]), ErrInvalid},
		{"none", nil, ErrInvalid},
		{"in another order", other.Txs, ErrCollision},
		{"right", answer.Txs, nil},
	} {
		p, err := NewPartial(Build(b, 5))
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Txs[1:] {
			if !slices.Contains(lack, uint16(i+1)) {
				p.Fill([]wire.Wtxid{b.Txs[i+1].Wtxid()}, []*wire.Tx{&b.Txs[i+1]})
			}
		}
		if got := p.Missing(); !slices.Equal(got, lack) {
			t.Fatal(got)
		}
		if _, err := p.Complete(c.txs, true); !errors.Is(err, c.want) && (err != nil || c.want != nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// A name that two transactions have is asked for, one that is there twice is not.
func TestCollisionInPool(t *testing.T) {
	b := realBlock(t)
	m := Build(b, 1)
	names := NamerOf(&m.Header, m.Nonce)
	stranger := (&wire.Tx{Version: 9, In: b.Txs[1].In, Out: b.Txs[1].Out}).Seal()
	m.ShortIDs[4] = names.Name(stranger.Wtxid()) // as if transaction 5 had its name
	p, err := NewPartial(m)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, p, stranger, stranger)
	if p.txs[5] != stranger {
		t.Fatal("not found")
	}
	// One with another wtxid and the same name: there is none at hand, so it is put where
	// the first was.
	p.take(5, &b.Txs[5])
	if err := p.check(); err != nil {
		t.Fatal(err)
	}
	if p.txs[5] != nil || !p.found[5] {
		t.Error("takes one of two that have the name")
	}
	p.take(5, stranger)
	if p.txs[5] != nil {
		t.Error("takes a third one")
	}
	if got := p.Missing(); !slices.Contains(got, 5) {
		t.Error("does not ask for it")
	}
}

// A transaction that the pool took for another of the same name makes a block that
// does not fit its header: nobody is to blame.
func TestCollisionFound(t *testing.T) {
	b := realBlock(t)
	m := Build(b, 1)
	p, _ := NewPartial(m)
	p.Fill(poolOf(b))
	p.txs[7] = p.txs[8]
	p.Missing()
	if _, err := p.Complete(nil, false); !errors.Is(err, ErrCollision) {
		t.Error(err)
	}
}

// Witnesses are committed to by the coinbase: another witness is another block,
// though the merkle root fits.
func TestWitnessIsChecked(t *testing.T) {
	b := testdata.Block(t, "testnet3-928848")
	at := slices.IndexFunc(b.Txs, func(tx wire.Tx) bool { return !tx.IsCoinbase() && tx.HasWitness() })
	for _, witness := range []bool{true, false} {
		p, _ := NewPartial(Build(b, 1))
		p.Fill(poolOf(b))
		bent := b.Txs[at].Clone()
		bent.In[0].Witness[0][8] ^= 1
		p.txs[at] = bent.Seal()
		p.Missing()
		_, err := p.Complete(nil, witness)
		if errors.Is(err, ErrCollision) != true {
			t.Errorf("witness checked %v: %v", witness, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	b := realBlock(t)
	good := func() *wire.MsgCmpctBlock { return Build(b, 1) }
	for _, c := range []struct {
		name string
		bend func(m *wire.MsgCmpctBlock)
		want error
	}{
		{"as it is", func(*wire.MsgCmpctBlock) {}, nil},
		{"nothing", func(m *wire.MsgCmpctBlock) { m.ShortIDs, m.Prefilled = nil, nil }, ErrInvalid},
		{"too many", func(m *wire.MsgCmpctBlock) { m.ShortIDs = make([]wire.ShortID, MaxTxs) }, ErrInvalid},
		{"beyond the end", func(m *wire.MsgCmpctBlock) { m.Prefilled[0].Index = uint16(len(m.ShortIDs) + 1) }, ErrInvalid},
		{"place twice", func(m *wire.MsgCmpctBlock) { m.Prefilled = append(m.Prefilled, m.Prefilled[0]) }, ErrInvalid},
		{"name twice", func(m *wire.MsgCmpctBlock) { m.ShortIDs[3] = m.ShortIDs[9] }, ErrCollision},
		{"coinbase last", func(m *wire.MsgCmpctBlock) { m.Prefilled[0].Index = uint16(len(m.ShortIDs)) }, nil},
	} {
		m := good()
		c.bend(m)
		p, err := NewPartial(m)
		if !errors.Is(err, c.want) && (err != nil || c.want != nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err == nil {
			if err := p.check(); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
}

// Names that were chosen to lie in one chain of the table are refused, not walked
// through.
func TestChosenNames(t *testing.T) {
	b := realBlock(t)
	m := Build(b, 1)
	tab := newTable(len(m.ShortIDs))
	first := mix(1) >> tab.shift
	chosen := []wire.ShortID{}
	for name := uint64(1); len(chosen) <= maxChain; name++ {
		if mix(name)>>tab.shift == first {
			chosen = append(chosen, wire.ShortID(name))
		}
	}
	copy(m.ShortIDs, chosen)
	if _, err := NewPartial(m); !errors.Is(err, ErrCollision) {
		t.Errorf("%d names in one chain: %v", len(chosen), err)
	}
}

// Names of the largest block at random stay well within the longest chain.
func TestRandomNames(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 5 {
		tab := newTable(MaxTxs)
		for i := range MaxTxs {
			if !tab.add(wire.ShortID(rng.Uint64()&nameMask), uint16(i)) {
				t.Fatalf("refused after %d names", i)
			}
		}
		longest, run := 0, 0
		for _, s := range tab.slots {
			if run++; s == 0 {
				run = 0
			}
			longest = max(longest, run)
		}
		if longest > maxChain/2 {
			t.Errorf("a run of %d", longest)
		}
	}
}

// More than a block can hold is not taken, whatever the names say.
func TestTooMuchFound(t *testing.T) {
	big := func(serial byte) *wire.Tx {
		tx := &wire.Tx{Version: 2, In: []wire.TxIn{{ScriptSig: make([]byte, 300_000)}}}
		tx.In[0].ScriptSig[0] = serial
		return tx.Seal()
	}
	h := wire.Header{Bits: 1}
	names := NamerOf(&h, 0)
	m := &wire.MsgCmpctBlock{Header: h}
	var txs []*wire.Tx
	for i := range 20 {
		txs = append(txs, big(byte(i)))
		m.ShortIDs = append(m.ShortIDs, names.Name(txs[i].Wtxid()))
	}
	p, err := NewPartial(m)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, p, txs...)
	if p.size > maxBlockSize || p.FromPool != 13 {
		t.Errorf("%d transactions of %d bytes", p.FromPool, p.size)
	}
	m = &wire.MsgCmpctBlock{Header: h}
	for i, tx := range txs {
		m.Prefilled = append(m.Prefilled, wire.PrefilledTx{Index: uint16(i), Tx: *tx})
	}
	if _, err := NewPartial(m); !errors.Is(err, ErrCollision) {
		t.Errorf("6 MB prefilled: %v", err)
	}
}

func TestExtra(t *testing.T) {
	b := realBlock(t)
	e := NewExtra(ExtraTxs)
	for i := range b.Txs[:150] {
		e.Add(&b.Txs[i])
	}
	all := e.All()
	if err := e.check(); err != nil || len(all) != ExtraTxs || e.Footprint() > extraBytes {
		t.Fatalf("%d of %d bytes", len(all), e.Footprint())
	}
	for i := range b.Txs[:150] {
		if kept := slices.Contains(all, &b.Txs[i]); kept != (i >= 50) {
			t.Errorf("transaction %d kept: %v", i, kept)
		}
	}
	large := (&wire.Tx{In: []wire.TxIn{{ScriptSig: make([]byte, extraTxBytes)}}}).Seal()
	if e.Add(large); slices.Contains(e.All(), large) {
		t.Error("keeps a large one")
	}
	none := NewExtra(0)
	if none.Add(&b.Txs[1]); len(none.All()) != 0 {
		t.Error("keeps one of none")
	}
	many := NewExtra(1 << 20)
	for i := range 300 {
		many.Add((&wire.Tx{Version: uint32(i), In: []wire.TxIn{{ScriptSig: make([]byte, extraTxBytes-1000)}}}).Seal())
		if err := many.check(); err != nil {
			t.Fatal(err)
		}
	}
	if list := many.All(); len(list) < ExtraTxs || len(list) > ExtraTxs+1 || list[len(list)-1].Version != 299 {
		t.Errorf("keeps %d of any number", len(list))
	}

	p, _ := NewPartial(Build(b, 3))
	p.FillExtra(all)
	p.FillExtra(all) // the same ones do not count as a collision
	if err := p.check(); err != nil || p.FromExtra != ExtraTxs {
		t.Errorf("%d found among others, %v", p.FromExtra, err)
	}
	if got := p.Missing(); len(got) != len(b.Txs)-1-ExtraTxs {
		t.Errorf("%d missing", len(got))
	}
}

func TestBuildNothing(t *testing.T) {
	if Build(&wire.Block{}, 0) != nil {
		t.Error("a block of nothing")
	}
	if Build(&wire.Block{Txs: make([]wire.Tx, MaxTxs+1)}, 0) != nil {
		t.Error("a block of more than can be numbered")
	}
}

// The scan of a pool takes no memory, whatever it finds.
func TestFillAllocatesNothing(t *testing.T) {
	b := realBlock(t)
	ids, txs := poolOf(b)
	p, _ := NewPartial(Build(b, 3))
	if n := testing.AllocsPerRun(10, func() { p.Fill(ids, txs) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Who asks for more than there is in a block is refused before room is made for an answer.
func TestPickMakesNoRoomInVain(t *testing.T) {
	b := wire.NewBlock(wire.Header{}, []wire.Tx{{In: []wire.TxIn{{}}, Out: []wire.TxOut{{}}}})
	indexes := make([]uint16, MaxTxs)
	for i := range indexes {
		indexes[i] = uint16(i)
	}
	n := testing.AllocsPerRun(3, func() {
		if _, ok := Pick(b, indexes); ok {
			t.Error("a block of one transaction has 65,535")
		}
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}
