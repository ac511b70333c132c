package utxo

import (
	"encoding/binary"
	"math/bits"

	"grapevine/wire"
)

// hasher maps outpoints to table positions with SipHash-1-3 under a secret
// key. Whoever makes transactions chooses their outpoints, and could without
// the key send thousands of them to one place of the table. One round a word
// is what hash tables elsewhere use (Rust, Python): the output is never
// shown, only timing could leak it.
type hasher struct{ k0, k1 uint64 }

func sipRound(v0, v1, v2, v3 uint64) (uint64, uint64, uint64, uint64) {
	v0 += v1
	v2 += v3
	v1 = bits.RotateLeft64(v1, 13) ^ v0
	v3 = bits.RotateLeft64(v3, 16) ^ v2
	v0 = bits.RotateLeft64(v0, 32)
	v2 += v1
	v0 += v3
	v1 = bits.RotateLeft64(v1, 17) ^ v2
	v3 = bits.RotateLeft64(v3, 21) ^ v0
	v2 = bits.RotateLeft64(v2, 32)
	return v0, v1, v2, v3
}

// txidState is the state after the 32 bytes of a txid: the outputs of one
// transaction share it.
type txidState struct{ v0, v1, v2, v3 uint64 }

func (h hasher) txid(id *wire.Txid) txidState {
	v0 := h.k0 ^ 0x736f6d6570736575
	v1 := h.k1 ^ 0x646f72616e646f6d
	v2 := h.k0 ^ 0x6c7967656e657261
	v3 := h.k1 ^ 0x7465646279746573
	for i := 0; i < 32; i += 8 {
		m := binary.LittleEndian.Uint64(id[i : i+8])
		v3 ^= m
		v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
		v0 ^= m
	}
	return txidState{v0, v1, v2, v3}
}

// index finishes the hash: the last word holds the index and, as SipHash
// wants it, the length of the message (36) in its top byte.
func (s txidState) index(i uint32) uint32 {
	m := uint64(i) | 36<<56
	v0, v1, v2, v3 := s.v0, s.v1, s.v2, s.v3^m
	v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	v0 ^= m
	v2 ^= 0xff
	v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	return uint32((v0 ^ v1 ^ v2 ^ v3) >> 32)
}

// outpoint hashes the whole key.
func (h hasher) outpoint(op *wire.OutPoint) uint32 {
	return h.txid(&op.Txid).index(op.Index)
}
