package muhash

import (
	"encoding/binary"
	"math/bits"
)

// keystreamGeneric fills n with the ChaCha20 key stream under key, with nonce
// and counter zero: six blocks, each 16 words read as 8 limbs.
func (n *num) keystreamGeneric(key *[32]byte) {
	k := chachaKey(key)
	for block := range uint32(numBytes / 64) {
		chachaBlock((*[8]uint64)(n[8*block:]), &k, block)
	}
}

func chachaKey(key *[32]byte) (k [8]uint32) {
	for i := range k {
		k[i] = binary.LittleEndian.Uint32(key[4*i:])
	}
	return k
}

// The constant words of ChaCha20, "expand 32-byte k".
const (
	chacha0 = 0x61707865
	chacha1 = 0x3320646e
	chacha2 = 0x79622d32
	chacha3 = 0x6b206574
)

// chachaBlock writes one block. The state is kept in variables, which the
// compiler can hold in registers.
func chachaBlock(out *[8]uint64, k *[8]uint32, counter uint32) {
	var (
		x0, x1, x2, x3     uint32 = chacha0, chacha1, chacha2, chacha3
		x4, x5, x6, x7            = k[0], k[1], k[2], k[3]
		x8, x9, x10, x11          = k[4], k[5], k[6], k[7]
		x12, x13, x14, x15        = counter, uint32(0), uint32(0), uint32(0)
	)
	for range 10 {
		x0, x4, x8, x12 = quarter(x0, x4, x8, x12)
		x1, x5, x9, x13 = quarter(x1, x5, x9, x13)
		x2, x6, x10, x14 = quarter(x2, x6, x10, x14)
		x3, x7, x11, x15 = quarter(x3, x7, x11, x15)

		x0, x5, x10, x15 = quarter(x0, x5, x10, x15)
		x1, x6, x11, x12 = quarter(x1, x6, x11, x12)
		x2, x7, x8, x13 = quarter(x2, x7, x8, x13)
		x3, x4, x9, x14 = quarter(x3, x4, x9, x14)
	}
	out[0] = pair(x0+chacha0, x1+chacha1)
	out[1] = pair(x2+chacha2, x3+chacha3)
	out[2] = pair(x4+k[0], x5+k[1])
	out[3] = pair(x6+k[2], x7+k[3])
	out[4] = pair(x8+k[4], x9+k[5])
	out[5] = pair(x10+k[6], x11+k[7])
	out[6] = pair(x12+counter, x13)
	out[7] = pair(x14, x15)
}

func quarter(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	a += b
	d = bits.RotateLeft32(d^a, 16)
	c += d
	b = bits.RotateLeft32(b^c, 12)
	a += b
	d = bits.RotateLeft32(d^a, 8)
	c += d
	b = bits.RotateLeft32(b^c, 7)
	return a, b, c, d
}

func pair(lo, hi uint32) uint64 { return uint64(hi)<<32 | uint64(lo) }
