package txrequest

import (
	"encoding/binary"
	"math/bits"

	"grapevine/p2p/peer"
)

// sipKey keys the random order of peers.
type sipKey struct{ k0, k1 uint64 }

// priority ranks a peer for a hash; the highest is asked first. The top bit puts
// preferred ones first, the rest is SipHash-2-4 of both, which nobody without the
// key can compute.
func (k sipKey) priority(hash [32]byte, p peer.ID, preferred bool) uint64 {
	rank := k.sum(hash, uint64(p)) >> 1
	if preferred {
		rank |= 1 << 63
	}
	return rank
}

// sum is SipHash-2-4 of the hash followed by a little-endian word.
func (k sipKey) sum(hash [32]byte, tail uint64) uint64 {
	v0, v1 := k.k0^0x736f6d6570736575, k.k1^0x646f72616e646f6d
	v2, v3 := k.k0^0x6c7967656e657261, k.k1^0x7465646279746573
	round := func() {
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
	}
	word := func(m uint64) {
		v3 ^= m
		round()
		round()
		v0 ^= m
	}
	for n := 0; n < len(hash); n += 8 {
		word(binary.LittleEndian.Uint64(hash[n:]))
	}
	word(tail)
	word(40 << 56) // the length in bytes
	v2 ^= 0xff
	round()
	round()
	round()
	round()
	return v0 ^ v1 ^ v2 ^ v3
}
