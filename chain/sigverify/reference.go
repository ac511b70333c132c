package sigverify

import (
	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// Reference is the engine on btcec's curve arithmetic: correct on every CPU,
// and the oracle for faster ones.
type Reference struct{}

// groupSize is how many checks share one inversion. Beyond some tens the gain
// is nil, while the work area, on the stack, grows by about 250 bytes a check.
const groupSize = 32

// VerifyAll implements [Engine].
func (Reference) VerifyAll(checks []Check) bool {
	for len(checks) > 0 {
		n := min(groupSize, len(checks))
		if !verifyGroup(checks[:n]) {
			return false
		}
		checks = checks[n:]
	}
	return true
}

// verifyGroup verifies at most groupSize checks.
func verifyGroup(checks []Check) bool {
	var work [groupSize]ecdsaWork
	var points [groupSize]secp.JacobianPoint
	nWork, nPoints := 0, 0
	for i := range checks {
		c := &checks[i]
		if c.Kind == KindECDSA {
			if !work[nWork].load(c) {
				return false
			}
			nWork++
			continue
		}
		var e [32]byte
		challenge(&e, &c.R, (*[32]byte)(c.Key[:32]), c.Msg[:])
		if !schnorrPoint(c.Key[:32], &c.R, &c.S, &e, &points[nPoints]) {
			return false
		}
		nPoints++
	}
	return finishECDSA(work[:nWork]) && finishSchnorr(points[:nPoints])
}

// finishECDSA inverts all s with one inversion: with the products of all
// before each at hand, the inverse of the whole is peeled off from the end.
func finishECDSA(work []ecdsaWork) bool {
	if len(work) == 0 {
		return true
	}
	var before [groupSize]secp.ModNScalar
	var acc secp.ModNScalar
	acc.SetInt(1)
	for i := range work {
		before[i] = acc
		acc.Mul(&work[i].s)
	}
	acc.InverseNonConst()
	for i := len(work) - 1; i >= 0; i-- {
		var sInv secp.ModNScalar
		sInv.Mul2(&acc, &before[i])
		if !work[i].verify(&sInv) {
			return false
		}
		acc.Mul(&work[i].s)
	}
	return true
}

// finishSchnorr checks that every point has an even Y, with one inversion. No
// Z is zero, as none of the points is at infinity.
func finishSchnorr(points []secp.JacobianPoint) bool {
	if len(points) == 0 {
		return true
	}
	var before [groupSize]secp.FieldVal
	var acc secp.FieldVal
	acc.SetInt(1)
	for i := range points {
		before[i] = acc
		acc.Mul(&points[i].Z)
	}
	acc.Inverse()
	for i := len(points) - 1; i >= 0; i-- {
		zInv := before[i]
		zInv.Mul(&acc)
		if oddY(&points[i], &zInv) {
			return false
		}
		acc.Mul(&points[i].Z)
	}
	return true
}
