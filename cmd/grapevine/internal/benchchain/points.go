package benchchain

import (
	"crypto/sha256"
	"encoding/binary"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// scalarLine is the numbers base, base+1, base+2 ... modulo the group order.
type scalarLine struct{ base secp.ModNScalar }

func newScalarLine(seed uint64, what string) (l scalarLine) {
	h := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte("grapevine bench chain "+what), seed))
	l.base.SetBytes(&h)
	return l
}

func (l *scalarLine) at(i uint32) (s secp.ModNScalar) {
	s.SetInt(i).Add(&l.base)
	return s
}

// point is a point in affine coordinates, normalised.
type point struct{ x, y secp.FieldVal }

func (p *point) odd() bool { return p.y.IsOdd() }

func (p *point) putX(b *[32]byte) { p.x.PutBytes(b) }

func (p *point) appendCompressed(b []byte) []byte {
	var x [32]byte
	p.putX(&x)
	return append(append(b, 2+byte(p.y.IsOddBit())), x[:]...)
}

// points computes the points of n neighbouring scalars.
func (l *scalarLine) points(start uint32, n int) []point {
	if n == 0 {
		return nil
	}
	var one secp.ModNScalar
	var g secp.JacobianPoint
	secp.ScalarBaseMultNonConst(one.SetInt(1), &g)
	g.ToAffine()
	run := make([]secp.JacobianPoint, n)
	first := l.at(start)
	secp.ScalarBaseMultNonConst(&first, &run[0])
	for i := 1; i < n; i++ {
		secp.AddNonConst(&run[i-1], &g, &run[i])
	}
	return toAffine(run)
}

// toAffine shares one inversion among all points, none of which may be at
// infinity.
func toAffine(run []secp.JacobianPoint) []point {
	before := make([]secp.FieldVal, len(run))
	var acc secp.FieldVal
	acc.SetInt(1)
	for i := range run {
		before[i] = acc
		acc.Mul(&run[i].Z)
	}
	acc.Inverse()
	out := make([]point, len(run))
	for i := len(run) - 1; i >= 0; i-- {
		zInv, zInv2 := before[i], secp.FieldVal{}
		zInv.Mul(&acc)
		acc.Mul(&run[i].Z)
		zInv2.SquareVal(&zInv)
		out[i].x.Mul2(&run[i].X, &zInv2).Normalize()
		out[i].y.Mul2(&run[i].Y, &zInv2).Mul(&zInv).Normalize()
	}
	return out
}

// invert replaces all scalars, none of them zero, by their inverses.
func invert(scalars []secp.ModNScalar) {
	if len(scalars) == 0 {
		return
	}
	before := make([]secp.ModNScalar, len(scalars))
	var acc secp.ModNScalar
	acc.SetInt(1)
	for i := range scalars {
		before[i] = acc
		acc.Mul(&scalars[i])
	}
	acc.InverseNonConst()
	for i := len(scalars) - 1; i >= 0; i-- {
		inverse := before[i]
		inverse.Mul(&acc)
		acc.Mul(&scalars[i])
		scalars[i] = inverse
	}
}
