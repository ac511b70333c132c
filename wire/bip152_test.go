package wire_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"grapevine/internal/siphash"
	. "grapevine/wire"
)

// TestBIP152RealBlock holds a compact block as a node sent it against the block:
// header, prefilled coinbase, and each short identifier computed from the
// block's own transactions.
func TestBIP152RealBlock(t *testing.T) {
	raw := readShared(t, "blocks/mainnet-426884.cmpctblock.raw")
	block, err := DecodeBlock(readShared(t, "blocks/mainnet-426884.raw"))
	if err != nil {
		t.Fatal(err)
	}
	msg, err := DecodeMessage("cmpctblock", bytes.Clone(raw))
	if err != nil {
		t.Fatal(err)
	}
	m := msg.(*MsgCmpctBlock)
	if !bytes.Equal(m.AppendPayload(nil), raw) || m.PayloadSize() != len(raw) {
		t.Error("does not round trip")
	}
	if m.Header != block.Header || len(m.ShortIDs)+len(m.Prefilled) != len(block.Txs) {
		t.Fatalf("%d and %d transactions, the block has %d", len(m.ShortIDs), len(m.Prefilled), len(block.Txs))
	}
	var nonce [8]byte
	binary.LittleEndian.PutUint64(nonce[:], m.Nonce)
	key := sha256.Sum256(append(m.Header.AppendTo(nil), nonce[:]...))
	sip := siphash.Key{K0: binary.LittleEndian.Uint64(key[:]), K1: binary.LittleEndian.Uint64(key[8:])}
	short, prefilled := m.ShortIDs, m.Prefilled
	for i := range block.Txs {
		tx := &block.Txs[i]
		if len(prefilled) > 0 && int(prefilled[0].Index) == i {
			if prefilled[0].Tx.Wtxid() != tx.Wtxid() {
				t.Errorf("prefilled %d is another transaction", i)
			}
			prefilled = prefilled[1:]
			continue
		}
		wtxid := [32]byte(tx.Wtxid())
		if want := ShortID(sip.Hash(&wtxid) & 0xffffffffffff); short[0] != want {
			t.Errorf("short identifier of %d: %x, want %x", i, short[0], want)
		}
		short = short[1:]
	}
	t.Logf("%d short identifiers, %d prefilled", len(m.ShortIDs), len(m.Prefilled))
}

// TestBIP152Indexes: "differentially encoded" indexes, each the gap since the
// one before it less one.
func TestBIP152Indexes(t *testing.T) {
	m := &MsgGetBlockTxn{Indexes: []uint16{0, 1, 5, 259, 65535}}
	want := append(make([]byte, 32), 5, 0, 0, 3, 0xfd, 253, 0, 0xfd, 0xfb, 0xfe)
	if got := m.AppendPayload(nil); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}
