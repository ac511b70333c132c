package u256

import "math/bits"

// Add returns x + y modulo 2^256.
func (x Int) Add(y Int) (z Int) {
	var c uint64
	z[0], c = bits.Add64(x[0], y[0], 0)
	z[1], c = bits.Add64(x[1], y[1], c)
	z[2], c = bits.Add64(x[2], y[2], c)
	z[3], _ = bits.Add64(x[3], y[3], c)
	return z
}

// Sub returns x - y modulo 2^256.
func (x Int) Sub(y Int) (z Int) {
	var b uint64
	z[0], b = bits.Sub64(x[0], y[0], 0)
	z[1], b = bits.Sub64(x[1], y[1], b)
	z[2], b = bits.Sub64(x[2], y[2], b)
	z[3], _ = bits.Sub64(x[3], y[3], b)
	return z
}

// Not returns x with every bit inverted: 2^256 - 1 - x.
func (x Int) Not() Int { return Int{^x[0], ^x[1], ^x[2], ^x[3]} }

// Mul64 returns x * y modulo 2^256.
func (x Int) Mul64(y uint64) (z Int) {
	var carry uint64
	for i, limb := range x {
		hi, lo := bits.Mul64(limb, y)
		sum, c := bits.Add64(lo, carry, 0)
		z[i], carry = sum, hi+c
	}
	return z
}

// Lsh returns x shifted left by n bits, modulo 2^256.
func (x Int) Lsh(n uint) (z Int) {
	limbs, shift := int(n/64), n%64
	for i := 3; i >= limbs; i-- {
		z[i] = x[i-limbs] << shift
		if shift != 0 && i > limbs {
			z[i] |= x[i-limbs-1] >> (64 - shift)
		}
	}
	return z
}

// Rsh returns x shifted right by n bits.
func (x Int) Rsh(n uint) (z Int) {
	limbs, shift := int(n/64), n%64
	for i := 0; i+limbs < 4; i++ {
		z[i] = x[i+limbs] >> shift
		if shift != 0 && i+limbs < 3 {
			z[i] |= x[i+limbs+1] << (64 - shift)
		}
	}
	return z
}

// Div returns x / y rounded down. It panics when y is zero.
func (x Int) Div(y Int) Int {
	switch {
	case y.IsZero():
		panic("u256: division by zero")
	case x.Cmp(y) < 0:
		return Int{}
	case y.BitLen() <= 64:
		return x.div64(y[0])
	}
	return x.divLong(y)
}

func (x Int) div64(y uint64) (q Int) {
	var rem uint64
	for i := 3; i >= 0; i-- {
		q[i], rem = bits.Div64(rem, x[i], y)
	}
	return q
}

// divLong is schoolbook division with 64-bit digits (Knuth, volume 2, 4.3.1,
// algorithm D). The divisor has at least two digits and is not above x.
func (x Int) divLong(y Int) (q Int) {
	n := (y.BitLen() + 63) / 64
	// With the divisor's top bit set, a guess of a quotient digit from the
	// leading digits is at most two too large.
	shift := uint(n*64 - y.BitLen())
	v := y.Lsh(shift)
	var u [5]uint64
	shifted := x.Lsh(shift)
	copy(u[:], shifted[:])
	if shift != 0 {
		u[4] = x[3] >> (64 - shift)
	}
	for j := 4 - n; j >= 0; j-- {
		digit := guess(u[j+n], u[j+n-1], u[j+n-2], v[n-1], v[n-2])
		borrow := subMul(u[j:j+n+1], v[:n], digit)
		for borrow != 0 {
			digit--
			borrow -= addBack(u[j:j+n+1], v[:n])
		}
		q[j] = digit
	}
	return q
}

// guess estimates the digit (u2,u1,u0) / (v1,v0), never too small.
func guess(u2, u1, u0, v1, v0 uint64) uint64 {
	if u2 >= v1 {
		return ^uint64(0)
	}
	digit, rem := bits.Div64(u2, u1, v1)
	for {
		hi, lo := bits.Mul64(digit, v0)
		if hi < rem || hi == rem && lo <= u0 {
			return digit
		}
		digit--
		sum, carry := bits.Add64(rem, v1, 0)
		if carry != 0 {
			return digit
		}
		rem = sum
	}
}

// subMul subtracts v*digit from u, one digit longer, and returns the borrow.
func subMul(u, v []uint64, digit uint64) (borrow uint64) {
	var carry uint64
	for i, limb := range v {
		hi, lo := bits.Mul64(limb, digit)
		lo, c := bits.Add64(lo, carry, 0)
		carry = hi + c
		u[i], borrow = bits.Sub64(u[i], lo, borrow)
	}
	u[len(v)], borrow = bits.Sub64(u[len(v)], carry, borrow)
	return borrow
}

// addBack undoes one subtraction of v from u, and returns 1 when that settles
// the borrow.
func addBack(u, v []uint64) (carry uint64) {
	for i, limb := range v {
		u[i], carry = bits.Add64(u[i], limb, carry)
	}
	u[len(v)], carry = bits.Add64(u[len(v)], 0, carry)
	return carry
}
