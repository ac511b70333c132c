package muhash

import (
	"encoding/binary"
	"math/big"
	"math/bits"
)

const (
	limbs    = 48
	numBytes = 8 * limbs
	// primeDiff is what the modulus lacks to 2^3072.
	primeDiff = 1103717
)

// num is a number below 2^3072, least significant limb first. Numbers from the
// modulus on stand for what they leave as a remainder; [num.normalize] makes
// them unique.
type num [limbs]uint64

func (n *num) setBytes(b *[numBytes]byte) {
	for i := range n {
		n[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
}

func (n *num) appendTo(b []byte) []byte {
	for _, limb := range n {
		b = binary.LittleEndian.AppendUint64(b, limb)
	}
	return b
}

// mul sets n to n*m modulo the prime.
func (n *num) mul(m *num) {
	var t [2 * limbs]uint64
	multiply(&t, n, m)
	n.reduce(&t)
}

// multiplyGeneric adds a*b to t, whose lower half is zero.
func multiplyGeneric(t *[2 * limbs]uint64, a, b *num) {
	for i, x := range a {
		t[i+limbs] = addMulRow((*num)(t[i:i+limbs]), b, x)
	}
}

// addMulRow adds m*x to t and returns the limb that is carried out.
func addMulRow(t, m *num, x uint64) uint64 {
	var carry uint64
	for j := 0; j < limbs; j += 4 {
		a, b := (*[4]uint64)(t[j:j+4]), (*[4]uint64)(m[j:j+4])
		h0, l0 := bits.Mul64(x, b[0])
		h1, l1 := bits.Mul64(x, b[1])
		h2, l2 := bits.Mul64(x, b[2])
		h3, l3 := bits.Mul64(x, b[3])

		var c uint64
		l0, c = bits.Add64(l0, carry, 0)
		l1, c = bits.Add64(l1, h0, c)
		l2, c = bits.Add64(l2, h1, c)
		l3, c = bits.Add64(l3, h2, c)
		h3 += c

		a[0], c = bits.Add64(a[0], l0, 0)
		a[1], c = bits.Add64(a[1], l1, c)
		a[2], c = bits.Add64(a[2], l2, c)
		a[3], c = bits.Add64(a[3], l3, c)
		carry = h3 + c
	}
	return carry
}

// reduce sets n to t modulo the prime: 2^3072 is worth primeDiff.
func (n *num) reduce(t *[2 * limbs]uint64) {
	*n = num(t[:limbs])
	carry := addMulRow(n, (*num)(t[limbs:]), primeDiff)
	// The carry is below 2^21, so adding its worth carries at most once more,
	// and then leaves a number that is far from the end.
	for carry != 0 {
		carry = n.addSmall(carry * primeDiff)
	}
}

// addSmall adds x and returns the carry out of the top.
func (n *num) addSmall(x uint64) uint64 {
	for i := range n {
		if x == 0 {
			return 0
		}
		n[i], x = bits.Add64(n[i], x, 0)
	}
	return x
}

// normalize brings n below the modulus.
func (n *num) normalize() {
	if n[0] < 1<<64-primeDiff {
		return
	}
	for _, limb := range n[1:] {
		if limb != 1<<64-1 {
			return
		}
	}
	n.addSmall(primeDiff) // 2^3072 drops out at the top
}

// invert sets n to its inverse modulo the prime; zero stays zero. It runs once
// for each sum, so it may be slow.
func (n *num) invert() {
	n.normalize()
	p := new(big.Int).Lsh(big.NewInt(1), 8*numBytes)
	p.Sub(p, big.NewInt(primeDiff))
	var be [numBytes]byte
	for i, limb := range n {
		binary.BigEndian.PutUint64(be[numBytes-8-8*i:], limb)
	}
	x := new(big.Int).SetBytes(be[:])
	x.ModInverse(x, p) // leaves zero, which has none, as it is
	x.FillBytes(be[:])
	for i := range n {
		n[i] = binary.BigEndian.Uint64(be[numBytes-8-8*i:])
	}
}
