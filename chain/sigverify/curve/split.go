package curve

import (
	"encoding/binary"
	"math/bits"
)

// The endomorphism takes (x, y) to (beta*x, y), which is lambda times the
// point. A scalar k becomes k1 + k2*lambda with halves of 128 bits by rounding
// in the lattice of the pairs with k1 + k2*lambda = 0 modulo n. It has the
// short basis (a1, b1), (a2, a1); g1 and g2 are a1 and -b1, times 2^384/n.
var (
	beta = Element{0x96c28719501ee, 0x7512f58995c13, 0xc3434e99cf049, 0x7106e64479ea, 0x7ae96a2b657c}

	splitG1 = [4]uint64{0xe893209a45dbb031, 0x3daa8a1471e8ca7f, 0xe86c90e49284eb15, 0x3086d221a7d46bcd}
	splitG2 = [4]uint64{0x1571b4ae8ac47f71, 0x221208ac9df506c6, 0x6f547fa90abfe4c4, 0xe4437ed6010e8828}
)

const (
	splitA1lo, splitA1hi = 0xe86c90e49284eb15, 0x3086d221a7d46bcd
	splitB1lo, splitB1hi = 0x6f547fa90abfe4c3, 0xe4437ed6010e8828 // -b1
	splitA2lo, splitA2hi = 0x57c1108d9d44cfd8, 0x14ca50f7a8e2f3f6 // and 2^128
)

// Scalar is a number below 2^256 in four words, the lowest first.
type Scalar [4]uint64

// ScalarFromBytes reads big endian.
func ScalarFromBytes(b *[32]byte) (s Scalar) {
	for i := range s {
		s[i] = binary.BigEndian.Uint64(b[24-8*i:])
	}
	return s
}

// halfScalar is a number of 128 bits with a sign.
type halfScalar struct {
	lo, hi   uint64
	negative bool
}

// split returns k1 and k2 for a scalar below the group order. That they have
// 128 bits follows from the basis: |k1| <= (a1 + a2)/2 and |k2| <= (a1 - b1)/2,
// 0.64 and 0.54 times 2^128.
func (k *Scalar) split() (k1, k2 halfScalar) {
	c1lo, c1hi := roundedHigh(k, &splitG1)
	c2lo, c2hi := roundedHigh(k, &splitG2)

	// Modulo 2^256, which leaves the sign in the top bit.
	r1 := *k
	r1.sub(mul128(c1lo, c1hi, splitA1lo, splitA1hi))
	r1.sub(mul128(c2lo, c2hi, splitA2lo, splitA2hi))
	r1.sub(Scalar{0, 0, c2lo, c2hi})
	r2 := mul128(c1lo, c1hi, splitB1lo, splitB1hi)
	r2.sub(mul128(c2lo, c2hi, splitA1lo, splitA1hi))
	return r1.signed(), r2.signed()
}

// roundedHigh returns k*g/2^384, rounded.
func roundedHigh(k *Scalar, g *[4]uint64) (lo, hi uint64) {
	var t [8]uint64
	for i, x := range k {
		var carry uint64
		for j, y := range g {
			h, l := bits.Mul64(x, y)
			l, c := bits.Add64(l, t[i+j], 0)
			h += c
			l, c = bits.Add64(l, carry, 0)
			t[i+j], carry = l, h+c
		}
		t[i+4] = carry
	}
	lo, c := bits.Add64(t[6], t[5]>>63, 0)
	return lo, t[7] + c
}

func mul128(alo, ahi, blo, bhi uint64) (r Scalar) {
	var c uint64
	r[1], r[0] = bits.Mul64(alo, blo)
	r[3], r[2] = bits.Mul64(ahi, bhi)
	for _, m := range [2][2]uint64{{alo, bhi}, {ahi, blo}} {
		h, l := bits.Mul64(m[0], m[1])
		r[1], c = bits.Add64(r[1], l, 0)
		r[2], c = bits.Add64(r[2], h, c)
		r[3] += c
	}
	return r
}

// sub subtracts modulo 2^256.
func (k *Scalar) sub(a Scalar) {
	var c uint64
	for i := range k {
		k[i], c = bits.Sub64(k[i], a[i], c)
	}
}

func (k *Scalar) signed() halfScalar {
	if k[3]>>63 == 0 {
		return halfScalar{k[0], k[1], false}
	}
	var n Scalar
	n.sub(*k)
	return halfScalar{n[0], n[1], true}
}

// digits is a number of 128 bits as a sum of odd digits times powers of two, at
// least w bits apart (width-w non-adjacent form). A carry may make it one
// longer.
type digits [129]int16

// set computes the digits, below 2^(w-1) in size, and returns the number of
// the highest, -1 when there is none.
func (d *digits) set(lo, hi uint64, negative bool, w uint) (top int) {
	*d = digits{}
	top = -1
	at := 0
	for lo|hi != 0 {
		if lo == 0 {
			lo, hi = hi, 0
			at += 64
		}
		zeros := bits.TrailingZeros64(lo)
		lo, hi = lo>>zeros|hi<<(64-zeros), hi>>zeros
		at += zeros
		digit := int(lo & (1<<w - 1))
		lo, hi = lo>>w|hi<<(64-w), hi>>w
		if digit >= 1<<(w-1) {
			digit -= 1 << w
			var c uint64
			lo, c = bits.Add64(lo, 1, 0)
			hi += c
		}
		if negative {
			digit = -digit
		}
		d[at], top = int16(digit), at
		at += int(w)
	}
	return top
}
