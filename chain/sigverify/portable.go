package sigverify

import (
	"bytes"
	"sync"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"grapevine/chain/sigverify/curve"
)

// Portable is the engine on our own curve code: the same answers as
// [Reference] in about a third of the time, on every CPU. It is a [Verifier]
// too. Make one with [NewPortable] and share it.
type Portable struct {
	table *curve.Table
	work  sync.Pool // of *portableWork
}

// NewPortable computes the tables of an engine, which takes a millisecond or
// two.
func NewPortable() *Portable {
	p := &Portable{table: curve.NewTable()}
	p.work.New = func() any { return new(portableWork) }
	return p
}

// portableWork is the working memory for a group of checks, about 100 KiB. It
// keeps no pointer to what it worked on.
type portableWork struct {
	terms   [groupSize]curve.Term
	sums    [groupSize]curve.Jacobian
	points  [groupSize]curve.Point
	s       [groupSize]secp.ModNScalar // then its inverse
	before  [groupSize]secp.ModNScalar
	scratch curve.Scratch
}

// VerifyAll implements [Engine].
func (p *Portable) VerifyAll(checks []Check) bool {
	if len(checks) == 0 {
		return true
	}
	w := p.work.Get().(*portableWork)
	defer p.work.Put(w)
	for len(checks) > 0 {
		n := min(groupSize, len(checks))
		if !p.verifyGroup(checks[:n], w) {
			return false
		}
		checks = checks[n:]
	}
	return true
}

func (p *Portable) verifyGroup(checks []Check, w *portableWork) bool {
	if !w.load(checks) {
		return false
	}
	w.finishScalars(checks)
	p.table.Sums(w.terms[:len(checks)], w.sums[:len(checks)], &w.scratch)
	schnorr := 0
	for i := range checks {
		c, sum := &checks[i], &w.sums[i]
		var x curve.Element
		if sum.Infinite() || !x.SetBytes(&c.R) {
			return false
		}
		if c.Kind == KindECDSA {
			if !sum.HasX(&x) && !hasXPlusOrder(sum, &c.R) {
				return false
			}
			continue
		}
		if !sum.HasX(&x) {
			return false
		}
		w.sums[schnorr] = *sum // those before it are done with
		schnorr++
	}
	return w.allEven(schnorr)
}

// load parses keys and scalars. For ECDSA it leaves s aside, the hash in U and
// r in V.
func (w *portableWork) load(checks []Check) bool {
	for i := range checks {
		c, t := &checks[i], &w.terms[i]
		if c.Kind == KindECDSA {
			var r secp.ModNScalar
			if r.SetBytes(&c.R) != 0 || r.IsZero() || w.s[i].SetBytes(&c.S) != 0 || w.s[i].IsZero() || !portableKey(c.key(), &t.P) {
				return false
			}
			continue
		}
		var s, e secp.ModNScalar
		if s.SetBytes(&c.S) != 0 || !portableLiftX((*[32]byte)(c.Key[:32]), false, &t.P) {
			return false
		}
		var h [32]byte
		challenge(&h, &c.R, (*[32]byte)(c.Key[:32]), c.Msg[:])
		e.SetBytes(&h)
		t.U, t.V = curve.ScalarFromBytes(&c.S), portableScalar(e.Negate())
		w.s[i].SetInt(1) // so that it does not matter among the inversions
	}
	return true
}

// finishScalars inverts all s together and completes U and V of the ECDSA
// checks.
func (w *portableWork) finishScalars(checks []Check) {
	var acc secp.ModNScalar
	acc.SetInt(1)
	for i := range checks {
		w.before[i] = acc
		acc.Mul(&w.s[i])
	}
	acc.InverseNonConst()
	for i := len(checks) - 1; i >= 0; i-- {
		c, t := &checks[i], &w.terms[i]
		if c.Kind == KindECDSA {
			var sInv, m, r secp.ModNScalar
			sInv.Mul2(&acc, &w.before[i])
			m.SetBytes(&c.Msg)
			r.SetBytes(&c.R)
			t.U, t.V = portableScalar(m.Mul(&sInv)), portableScalar(r.Mul(&sInv))
		}
		acc.Mul(&w.s[i])
	}
}

// allEven reports whether the first n sums have an even Y.
func (w *portableWork) allEven(n int) bool {
	w.scratch.ToAffine(w.sums[:n], w.points[:n])
	for i := range w.points[:n] {
		if w.points[i].Y.IsOdd() {
			return false
		}
	}
	return true
}

func portableScalar(s *secp.ModNScalar) curve.Scalar {
	b := s.Bytes()
	return curve.ScalarFromBytes(&b)
}

// fieldMinusOrder is p - n: an r below it stands for the X coordinate r + n too.
var fieldMinusOrder = [32]byte{
	15: 0x01, 0x45, 0x51, 0x23, 0x19, 0x50, 0xb7, 0x5f, 0xc4, 0x40, 0x2d, 0xa1, 0x72, 0x2f, 0xc9, 0xba, 0xee,
}

func hasXPlusOrder(sum *curve.Jacobian, r *[32]byte) bool {
	if bytes.Compare(r[:], fieldMinusOrder[:]) >= 0 {
		return false
	}
	order := groupOrderField
	var v secp.FieldVal
	v.SetBytes(r)
	var x curve.Element
	x.SetBytes(v.Add(&order).Normalize().Bytes())
	return sum.HasX(&x)
}

// portableLiftX is liftX in our own arithmetic.
func portableLiftX(x *[32]byte, odd bool, p *curve.Point) bool {
	var e curve.Element
	return e.SetBytes(x) && p.LiftX(&e, odd)
}

// portableKey is parsePubKey in our own arithmetic.
func portableKey(key []byte, p *curve.Point) bool {
	if len(key) == 33 && key[0]&0xfe == 2 {
		return portableLiftX((*[32]byte)(key[1:]), key[0] == 3, p)
	}
	if len(key) != 65 || key[0] != 4 && key[0]&0xfe != 6 {
		return false
	}
	if !p.X.SetBytes((*[32]byte)(key[1:33])) || !p.Y.SetBytes((*[32]byte)(key[33:])) {
		return false
	}
	return (key[0] == 4 || p.Y.IsOdd() == (key[0] == 7)) && p.OnCurve()
}

// ECDSA implements [Verifier].
func (p *Portable) ECDSA(pubkey, sig []byte, hash *[32]byte) bool {
	var c [1]Check
	return c[0].setECDSA(pubkey, sig, hash) && p.VerifyAll(c[:])
}

// Schnorr implements [Verifier].
func (p *Portable) Schnorr(xonly, sig []byte, msg *[32]byte) bool {
	var c [1]Check
	return c[0].setSchnorr(xonly, sig, msg) && p.VerifyAll(c[:])
}

// TapTweak implements [Verifier].
func (p *Portable) TapTweak(outputKey, internalKey []byte, tweak *[32]byte, parity byte) bool {
	if len(outputKey) != 32 || len(internalKey) != 32 || parity > 1 {
		return false
	}
	var t secp.ModNScalar
	var internal curve.Point
	var x curve.Element
	if t.SetBytes(tweak) != 0 || !x.SetBytes((*[32]byte)(outputKey)) || !portableLiftX((*[32]byte)(internalKey), false, &internal) {
		return false
	}
	u := curve.ScalarFromBytes(tweak)
	var q [1]curve.Jacobian
	p.table.Base(&u, &q[0])
	q[0].AddPoint(&internal)
	if q[0].Infinite() || !q[0].HasX(&x) {
		return false
	}
	var affine [1]curve.Point
	curve.ToAffine(q[:], affine[:])
	return affine[0].Y.IsOdd() == (parity == 1)
}
