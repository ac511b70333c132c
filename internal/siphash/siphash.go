// Package siphash is SipHash-2-4 (Aumasson, Bernstein 2012) of the two inputs
// that a node needs: a hash, and a hash with a number. It ranks and indexes by
// what peers chose: without the key nobody can aim at a collision or foresee an
// order. BIP 152 names transactions by it.
package siphash

import (
	"encoding/binary"
	"math/bits"
)

// Key is the secret. The zero key is known to everyone.
type Key struct{ K0, K1 uint64 }

// Hash returns SipHash-2-4 of 32 bytes. A compact block has every transaction of
// the pool hashed: written out, with the state in registers, it takes a third of the
// time.
func (k Key) Hash(b *[32]byte) uint64 {
	s := k.start()
	v0, v1, v2, v3 := s.v0, s.v1, s.v2, s.v3
	for n := 0; n < 5; n++ {
		m := uint64(32) << 56 // the length comes last
		if n < 4 {
			m = binary.LittleEndian.Uint64(b[8*n:])
		}
		v3 ^= m
		for range 2 {
			v0, v2 = v0+v1, v2+v3
			v1, v3 = bits.RotateLeft64(v1, 13)^v0, bits.RotateLeft64(v3, 16)^v2
			v0, v2 = bits.RotateLeft64(v0, 32)+v3, v2+v1
			v3, v1 = bits.RotateLeft64(v3, 21)^v0, bits.RotateLeft64(v1, 17)^v2
			v2 = bits.RotateLeft64(v2, 32)
		}
		v0 ^= m
	}
	v2 ^= 0xff
	for range 4 {
		v0, v2 = v0+v1, v2+v3
		v1, v3 = bits.RotateLeft64(v1, 13)^v0, bits.RotateLeft64(v3, 16)^v2
		v0, v2 = bits.RotateLeft64(v0, 32)+v3, v2+v1
		v3, v1 = bits.RotateLeft64(v3, 21)^v0, bits.RotateLeft64(v1, 17)^v2
		v2 = bits.RotateLeft64(v2, 32)
	}
	return v0 ^ v1 ^ v2 ^ v3
}

// HashWith returns SipHash-2-4 of 40 bytes: the 32 given, then the number in
// little-endian order.
func (k Key) HashWith(b *[32]byte, n uint64) uint64 {
	s := k.start()
	s.hash(b)
	s.word(n)
	return s.finish(40)
}

type state struct{ v0, v1, v2, v3 uint64 }

func (k Key) start() state {
	return state{
		v0: k.K0 ^ 0x736f6d6570736575, v1: k.K1 ^ 0x646f72616e646f6d,
		v2: k.K0 ^ 0x6c7967656e657261, v3: k.K1 ^ 0x7465646279746573,
	}
}

func (s *state) hash(b *[32]byte) {
	for n := 0; n < len(b); n += 8 {
		s.word(binary.LittleEndian.Uint64(b[n:]))
	}
}

func (s *state) word(m uint64) {
	s.v3 ^= m
	s.round()
	s.round()
	s.v0 ^= m
}

// finish takes the length of the input, a multiple of eight.
func (s *state) finish(size uint64) uint64 {
	s.word(size << 56)
	s.v2 ^= 0xff
	for range 4 {
		s.round()
	}
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3
}

func (s *state) round() {
	s.v0 += s.v1
	s.v2 += s.v3
	s.v1 = bits.RotateLeft64(s.v1, 13) ^ s.v0
	s.v3 = bits.RotateLeft64(s.v3, 16) ^ s.v2
	s.v0 = bits.RotateLeft64(s.v0, 32)
	s.v2 += s.v1
	s.v0 += s.v3
	s.v1 = bits.RotateLeft64(s.v1, 17) ^ s.v2
	s.v3 = bits.RotateLeft64(s.v3, 21) ^ s.v0
	s.v2 = bits.RotateLeft64(s.v2, 32)
}
