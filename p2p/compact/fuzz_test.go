package compact

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"grapevine/wire"
)

// tiny returns a block of n small transactions whose header commits to nothing.
func tiny(n int) *wire.Block {
	txs := make([]wire.Tx, n)
	for i := range txs {
		txs[i] = wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: wire.OutPoint{Index: uint32(i)}}}, Out: []wire.TxOut{{Value: wire.Amount(i)}}}
		if i == 0 {
			txs[0].In[0].PrevOut.Index = 1<<32 - 1
		}
	}
	return wire.NewBlock(wire.Header{Bits: 0x207fffff, Version: 4}, txs)
}

// FuzzPartial puts together what bytes of a stranger say, with a pool that has
// every other transaction. Whatever they are, the invariants hold, what is missing
// is what the naive search says, and the answer that fits never counts as invalid.
func FuzzPartial(f *testing.F) {
	b := tiny(12)
	f.Add(Build(b, 77).AppendPayload(nil), uint8(0))
	f.Add(Build(b, 77).AppendPayload(nil), uint8(3))
	m := Build(b, 1)
	m.Prefilled = append(m.Prefilled, wire.PrefilledTx{Index: 5, Tx: b.Txs[5]})
	m.ShortIDs = append(m.ShortIDs[:4], m.ShortIDs[5:]...)
	f.Add(m.AppendPayload(nil), uint8(1))
	m.ShortIDs[2] = m.ShortIDs[3]
	f.Add(m.AppendPayload(nil), uint8(2))
	f.Add(binary.LittleEndian.AppendUint64(make([]byte, 80), 1), uint8(0))
	f.Fuzz(func(t *testing.T, raw []byte, lack uint8) {
		msg, err := wire.DecodeMessage("cmpctblock", raw)
		if err != nil {
			return
		}
		m := msg.(*wire.MsgCmpctBlock)
		p, err := NewPartial(m)
		if err != nil {
			if !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrCollision) {
				t.Fatalf("an error without a kind: %v", err)
			}
			if errors.Is(err, ErrInvalid) {
				t.Fatalf("what decodes is well-formed, but: %v", err)
			}
			return
		}
		if err := p.check(); err != nil {
			t.Fatal(err)
		}
		have := map[wire.ShortID]*wire.Tx{}
		names := NamerOf(&m.Header, m.Nonce)
		for i := range b.Txs {
			if i%4 == int(lack)%4 {
				continue
			}
			tx := &b.Txs[i]
			have[names.Name(tx.Wtxid())] = tx
			fill(t, p, tx)
		}
		missing := p.Missing()
		if want := naiveMissing(m, have); len(want) != len(missing) {
			t.Fatalf("missing %v, naively %v", missing, want)
		}
		if p.Footprint() > 1024+30*len(raw) {
			t.Fatalf("%d bytes of memory of %d sent", p.Footprint(), len(raw))
		}
		txs := make([]wire.Tx, len(missing))
		for i := range txs {
			txs[i] = b.Txs[int(missing[i])%len(b.Txs)]
		}
		got, err := p.Complete(txs, true)
		switch {
		case errors.Is(err, ErrInvalid):
			t.Fatalf("as many as were asked for, but: %v", err)
		case err == nil && (got.Hash() != m.Header.Hash() || !bytes.Equal(got.Raw()[:80], raw[:80])):
			t.Fatal("another header")
		}
	})
}

// naiveMissing looks up each name by itself.
func naiveMissing(m *wire.MsgCmpctBlock, have map[wire.ShortID]*wire.Tx) (list []uint16) {
	at, next := 0, 0
	for _, name := range m.ShortIDs {
		for next < len(m.Prefilled) && int(m.Prefilled[next].Index) == at {
			at, next = at+1, next+1
		}
		if have[name] == nil {
			list = append(list, uint16(at))
		}
		at++
	}
	return list
}
