package curve

import (
	"encoding/binary"
	"math/bits"
)

// Element is an element of the field of 2^256 - 2^32 - 977 elements, not
// necessarily reduced; see the package comment on magnitudes. The zero value is
// zero.
type Element [5]uint64

const (
	mask52 = 1<<52 - 1
	mask48 = 1<<48 - 1
	// foldTop is 2^256 modulo p, foldHigh 2^260.
	foldTop  = 0x1000003d1
	foldHigh = foldTop << 4
	// p0 is the low limb of p; the others are full.
	p0 = mask52 - foldTop + 1
)

// SetBytes sets e to a number in big endian. It reports whether the number is
// below p; e is magnitude 1 in any case.
func (e *Element) SetBytes(b *[32]byte) bool {
	w3, w2, w1, w0 := binary.BigEndian.Uint64(b[0:]), binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:]), binary.BigEndian.Uint64(b[24:])
	e[0] = w0 & mask52
	e[1] = (w0>>52 | w1<<12) & mask52
	e[2] = (w1>>40 | w2<<24) & mask52
	e[3] = (w2>>28 | w3<<36) & mask52
	e[4] = w3 >> 16
	return !(e[4] == mask48 && e[3]&e[2]&e[1] == mask52 && e[0] >= p0)
}

// Bytes returns the number in big endian. e has to be normalised.
func (e *Element) Bytes() (b [32]byte) {
	binary.BigEndian.PutUint64(b[24:], e[0]|e[1]<<52)
	binary.BigEndian.PutUint64(b[16:], e[1]>>12|e[2]<<40)
	binary.BigEndian.PutUint64(b[8:], e[2]>>24|e[3]<<28)
	binary.BigEndian.PutUint64(b[0:], e[3]>>36|e[4]<<16)
	return b
}

// Normalize reduces e, of any magnitude up to 64, to its one form below p.
func (e *Element) Normalize() *Element {
	t0, t1, t2, t3, t4 := e[0], e[1], e[2], e[3], e[4]
	t0 += t4 >> 48 * foldTop
	t4 &= mask48
	t1 += t0 >> 52
	t2 += t1 >> 52
	t3 += t2 >> 52
	t4 += t3 >> 52
	t0, t1, t2, t3 = t0&mask52, t1&mask52, t2&mask52, t3&mask52
	// The number is below 2p now, so that p comes off at most once: by adding
	// 2^256 - p and dropping bit 256.
	if t4>>48 != 0 || t4 == mask48 && t3&t2&t1 == mask52 && t0 >= p0 {
		t0 += foldTop
		t1 += t0 >> 52
		t2 += t1 >> 52
		t3 += t2 >> 52
		t4 += t3 >> 52
		t0, t1, t2, t3, t4 = t0&mask52, t1&mask52, t2&mask52, t3&mask52, t4&mask48
	}
	*e = Element{t0, t1, t2, t3, t4}
	return e
}

// IsZero reports whether e is zero modulo p, for a magnitude up to 64.
func (e *Element) IsZero() bool {
	// The low limb alone tells for nearly all.
	low := (e[0] + e[4]>>48*foldTop) & mask52
	if low != 0 && low != p0 {
		return false
	}
	t := *e
	t.Normalize()
	return t == Element{}
}

// IsOdd tells the parity of e, which has to be normalised.
func (e *Element) IsOdd() bool { return e[0]&1 != 0 }

// Equal reports whether two elements are the same modulo p, for magnitudes up
// to 31 of e and 32 of a.
func (e *Element) Equal(a *Element) bool {
	var d Element
	d.neg(e, 31)
	d.add(a)
	return d.IsZero()
}

// add adds a; the magnitudes add up.
func (e *Element) add(a *Element) *Element {
	e[0] += a[0]
	e[1] += a[1]
	e[2] += a[2]
	e[3] += a[3]
	e[4] += a[4]
	return e
}

// neg sets e to -a, for a of magnitude w at most; e has magnitude w+1.
func (e *Element) neg(a *Element, w uint64) *Element {
	w++
	e[0] = w*p0 - a[0]
	e[1] = w*mask52 - a[1]
	e[2] = w*mask52 - a[2]
	e[3] = w*mask52 - a[3]
	e[4] = w*mask48 - a[4]
	return e
}

// mulInt multiplies by a small number, and the magnitude with it.
func (e *Element) mulInt(n uint64) *Element {
	for i := range e {
		e[i] *= n
	}
	return e
}

// half divides by two. Magnitude w becomes w/2 + 1.
func (e *Element) half() *Element {
	t0, t1, t2, t3, t4 := e[0], e[1], e[2], e[3], e[4]
	if t0&1 != 0 { // p is odd: add it first
		t0 += p0
		t1 += mask52
		t2 += mask52
		t3 += mask52
		t4 += mask48
	}
	e[0] = t0>>1 + t1&1<<51
	e[1] = t1>>1 + t2&1<<51
	e[2] = t2>>1 + t3&1<<51
	e[3] = t3>>1 + t4&1<<51
	e[4] = t4 >> 1
	return e
}

// wide is a number of two words.
type wide struct{ hi, lo uint64 }

func mulWide(a, b uint64) wide {
	hi, lo := bits.Mul64(a, b)
	return wide{hi, lo}
}

func (w wide) mac(a, b uint64) wide {
	hi, lo := bits.Mul64(a, b)
	lo, c := bits.Add64(w.lo, lo, 0)
	hi, _ = bits.Add64(w.hi, hi, c)
	return wide{hi, lo}
}

func (w wide) plus(a uint64) wide {
	lo, c := bits.Add64(w.lo, a, 0)
	return wide{w.hi + c, lo}
}

// shr52 is what carries over to the next limb.
func (w wide) shr52() uint64 { return w.hi<<12 | w.lo>>52 }

// carry adds a carry of more than 64 bits.
func (w wide) carry(from wide) wide {
	lo, c := bits.Add64(w.lo, from.hi<<12|from.lo>>52, 0)
	hi, _ := bits.Add64(w.hi, from.hi>>52, c)
	return wide{hi, lo}
}

// mul sets e to a*b, for magnitudes whose product is 64 at most. The columns
// from 2^260 on come first and are folded into those below, as 2^260 is
// foldHigh; so is the part of the last column from 2^256 on.
//
// With wa*wb at most 64 a column is below 5*65*2^104 < 2^113; what is left of
// column 4 from bit 48 on is below 2^64, since both top limbs are short.
func (e *Element) mul(a, b *Element) *Element {
	a0, a1, a2, a3, a4 := a[0], a[1], a[2], a[3], a[4]
	b0, b1, b2, b3, b4 := b[0], b[1], b[2], b[3], b[4]

	c := mulWide(a1, b4).mac(a2, b3).mac(a3, b2).mac(a4, b1)
	d5 := c.lo & mask52
	c = mulWide(a2, b4).mac(a3, b3).mac(a4, b2).carry(c)
	d6 := c.lo & mask52
	c = mulWide(a3, b4).mac(a4, b3).carry(c)
	d7 := c.lo & mask52
	c = mulWide(a4, b4).carry(c)
	d8, d9 := c.lo&mask52, c.shr52()

	c = mulWide(a0, b0).mac(d5, foldHigh)
	r0 := c.lo & mask52
	c = mulWide(a0, b1).mac(a1, b0).mac(d6, foldHigh).carry(c)
	r1 := c.lo & mask52
	c = mulWide(a0, b2).mac(a1, b1).mac(a2, b0).mac(d7, foldHigh).carry(c)
	r2 := c.lo & mask52
	c = mulWide(a0, b3).mac(a1, b2).mac(a2, b1).mac(a3, b0).mac(d8, foldHigh).carry(c)
	r3 := c.lo & mask52
	c = mulWide(a0, b4).mac(a1, b3).mac(a2, b2).mac(a3, b1).mac(a4, b0).mac(d9, foldHigh).carry(c)
	return e.fold(c, r0, r1, r2, r3)
}

// sqr sets e to a*a, for a magnitude of 8 at most.
func (e *Element) sqr(a *Element) *Element {
	a0, a1, a2, a3, a4 := a[0], a[1], a[2], a[3], a[4]
	twice0, twice1, twice2, twice3 := 2*a0, 2*a1, 2*a2, 2*a3

	c := mulWide(twice1, a4).mac(twice2, a3)
	d5 := c.lo & mask52
	c = mulWide(twice2, a4).mac(a3, a3).carry(c)
	d6 := c.lo & mask52
	c = mulWide(twice3, a4).carry(c)
	d7 := c.lo & mask52
	c = mulWide(a4, a4).carry(c)
	d8, d9 := c.lo&mask52, c.shr52()

	c = mulWide(a0, a0).mac(d5, foldHigh)
	r0 := c.lo & mask52
	c = mulWide(twice0, a1).mac(d6, foldHigh).carry(c)
	r1 := c.lo & mask52
	c = mulWide(twice0, a2).mac(a1, a1).mac(d7, foldHigh).carry(c)
	r2 := c.lo & mask52
	c = mulWide(twice0, a3).mac(twice1, a2).mac(d8, foldHigh).carry(c)
	r3 := c.lo & mask52
	c = mulWide(twice0, a4).mac(twice1, a3).mac(a2, a2).mac(d9, foldHigh).carry(c)
	return e.fold(c, r0, r1, r2, r3)
}

// fold finishes a product: c is column 4, the rest below 2^52.
func (e *Element) fold(c wide, r0, r1, r2, r3 uint64) *Element {
	r4 := c.lo & mask48
	low := mulWide(c.hi<<16|c.lo>>48, foldTop).plus(r0)
	e[0] = low.lo & mask52
	e[1] = r1 + low.shr52()
	e[2], e[3], e[4] = r2, r3, r4
	return e
}

// sqrN squares n times.
func (e *Element) sqrN(a *Element, n int) *Element {
	e.sqr(a)
	for range n - 1 {
		e.sqr(e)
	}
	return e
}

// powers holds a to 2^n - 1 for the n that the exponents of inversion and root
// are made of: both start with 223 ones.
type powers struct{ x2, x22, x223 Element }

func (p *powers) set(a *Element) {
	var x3, x6, x9, x11, x44, x88, x176, x220, t Element
	p.x2.mul(t.sqr(a), a)
	x3.mul(t.sqr(&p.x2), a)
	x6.mul(t.sqrN(&x3, 3), &x3)
	x9.mul(t.sqrN(&x6, 3), &x3)
	x11.mul(t.sqrN(&x9, 2), &p.x2)
	p.x22.mul(t.sqrN(&x11, 11), &x11)
	x44.mul(t.sqrN(&p.x22, 22), &p.x22)
	x88.mul(t.sqrN(&x44, 44), &x44)
	x176.mul(t.sqrN(&x88, 88), &x88)
	x220.mul(t.sqrN(&x176, 44), &x44)
	p.x223.mul(t.sqrN(&x220, 3), &x3)
}

// inverse sets e to 1/a, zero for zero: a to the power of p - 2, which reads
// 223 ones, 0, 22 ones, 00001, 011, 01. The magnitude of a is 8 at most.
func (e *Element) inverse(a *Element) *Element {
	base := *a
	var p powers
	p.set(&base)
	e.mul(e.sqrN(&p.x223, 23), &p.x22)
	e.mul(e.sqrN(e, 5), &base)
	e.mul(e.sqrN(e, 3), &p.x2)
	return e.mul(e.sqrN(e, 2), &base)
}

// sqrt sets e to a root of a and reports whether there is one: a to the power
// of (p + 1)/4, which reads 223 ones, 0, 22 ones, 000011, 00.
func (e *Element) sqrt(a *Element) bool {
	base := *a
	var p powers
	p.set(&base)
	e.mul(e.sqrN(&p.x223, 23), &p.x22)
	e.mul(e.sqrN(e, 6), &p.x2)
	e.sqrN(e, 2)
	var check Element
	return check.sqr(e).Equal(&base)
}
