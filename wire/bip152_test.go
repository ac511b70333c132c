package wire_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"testing"

	. "grapevine/wire"
)

// sipHash is SipHash-2-4 of 32 bytes, as BIP 152 salts short identifiers.
func sipHash(k0, k1 uint64, data [32]byte) uint64 {
	v := [4]uint64{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573}
	round := func() {
		v[0] += v[1]
		v[2] += v[3]
		v[1], v[3] = bits.RotateLeft64(v[1], 13)^v[0], bits.RotateLeft64(v[3], 16)^v[2]
		v[0] = bits.RotateLeft64(v[0], 32)
		v[2] += v[1]
		v[0] += v[3]
		v[1], v[3] = bits.RotateLeft64(v[1], 17)^v[2], bits.RotateLeft64(v[3], 21)^v[0]
		v[2] = bits.RotateLeft64(v[2], 32)
	}
	for _, m := range []uint64{
		binary.LittleEndian.Uint64(data[:]), binary.LittleEndian.Uint64(data[8:]),
		binary.LittleEndian.Uint64(data[16:]), binary.LittleEndian.Uint64(data[24:]), 32 << 56,
	} {
		v[3] ^= m
		round()
		round()
		v[0] ^= m
	}
	v[2] ^= 0xff
	for range 4 {
		round()
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3]
}

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
	k0, k1 := binary.LittleEndian.Uint64(key[:]), binary.LittleEndian.Uint64(key[8:])
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
		if want := ShortID(sipHash(k0, k1, tx.Wtxid()) & 0xffffffffffff); short[0] != want {
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
