package sigverify

import (
	"bytes"
	"crypto/sha256"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// Verifier answers the interpreter's questions about signatures. Keys and
// signatures are as they stand on the stack, without the hash type byte.
type Verifier interface {
	// ECDSA reports whether sig signs hash under pubkey, with the leniency
	// that consensus demands (see the package comment).
	ECDSA(pubkey, sig []byte, hash *[32]byte) bool
	// Schnorr reports whether sig, 64 bytes, signs msg under the key of 32
	// bytes, after BIP 340. Other lengths give false.
	Schnorr(xonly, sig []byte, msg *[32]byte) bool
	// TapTweak reports whether outputKey, of this parity of Y, is internalKey
	// tweaked by tweak: the hash t of BIP 341, see [TapTweakHash].
	TapTweak(outputKey, internalKey []byte, tweak *[32]byte, parity byte) bool
}

// Direct is the Verifier that computes every answer.
type Direct struct{}

func (Direct) ECDSA(pubkey, sig []byte, hash *[32]byte) bool { return ECDSA(pubkey, sig, hash) }

func (Direct) Schnorr(xonly, sig []byte, msg *[32]byte) bool { return Schnorr(xonly, sig, msg) }

func (Direct) TapTweak(outputKey, internalKey []byte, tweak *[32]byte, parity byte) bool {
	return TapTweak(outputKey, internalKey, tweak, parity)
}

// ECDSA verifies one signature; see [Verifier].
func ECDSA(pubkey, sig []byte, hash *[32]byte) bool {
	var c Check
	var w ecdsaWork
	if !c.setECDSA(pubkey, sig, hash) || !w.load(&c) {
		return false
	}
	var sInv secp.ModNScalar
	sInv.InverseValNonConst(&w.s)
	return w.verify(&sInv)
}

// Schnorr verifies one signature; see [Verifier].
func Schnorr(xonly, sig []byte, msg *[32]byte) bool {
	return schnorrAnyLength(xonly, sig, msg[:])
}

// schnorrAnyLength is BIP 340 for messages of any length.
func schnorrAnyLength(xonly, sig, msg []byte) bool {
	if len(xonly) != 32 || len(sig) != 64 {
		return false
	}
	var e [32]byte
	challenge(&e, (*[32]byte)(sig[:32]), (*[32]byte)(xonly), msg)
	var R secp.JacobianPoint
	if !schnorrPoint(xonly, (*[32]byte)(sig[:32]), (*[32]byte)(sig[32:]), &e, &R) {
		return false
	}
	zInv := R.Z
	zInv.Inverse()
	return !oddY(&R, &zInv)
}

// TapTweak verifies the commitment of a taproot output key; see [Verifier].
func TapTweak(outputKey, internalKey []byte, tweak *[32]byte, parity byte) bool {
	if len(outputKey) != 32 || len(internalKey) != 32 || parity > 1 {
		return false
	}
	var q secp.JacobianPoint
	if !tweaked(internalKey, tweak, &q) {
		return false
	}
	var x secp.FieldVal
	if x.SetBytes((*[32]byte)(outputKey)) != 0 || !hasX(&q, &x) {
		return false
	}
	zInv := q.Z
	zInv.Inverse()
	return oddY(&q, &zInv) == (parity == 1)
}

// LowS reports whether sig parses and its S is at most half the group order.
// As in consensus' parser, an S out of range reads as zero, which is low.
func LowS(sig []byte) bool {
	var r, s [32]byte
	if !parseDERLax(sig, &r, &s) {
		return false
	}
	var n secp.ModNScalar
	if n.SetBytes(&r) != 0 || n.SetBytes(&s) != 0 {
		return true
	}
	return bytes.Compare(s[:], groupHalfOrder[:]) <= 0
}

// challenge computes the hash e of BIP 340 over R, P and the message.
func challenge(e, r, key *[32]byte, msg []byte) {
	var buf [192]byte
	b := append(buf[:0], tagChallenge[:]...)
	b = append(b, r[:]...)
	b = append(b, key[:]...)
	b = append(b, msg...)
	*e = sha256.Sum256(b)
}

// schnorrPoint sets R to sG - eP and reports whether it is a point with X
// coordinate r. What is left to check is that its Y is even, which costs an
// inversion that batches share.
func schnorrPoint(xonly []byte, r, s, e *[32]byte, R *secp.JacobianPoint) bool {
	var P, sG secp.JacobianPoint
	var rx secp.FieldVal
	var sn, en secp.ModNScalar
	if rx.SetBytes(r) != 0 || sn.SetBytes(s) != 0 || !liftX((*[32]byte)(xonly), false, &P) {
		return false
	}
	en.SetBytes(e)
	en.Negate()
	secp.ScalarMultNonConst(&en, &P, R)
	secp.ScalarBaseMultNonConst(&sn, &sG)
	secp.AddNonConst(R, &sG, R)
	return !infinite(R) && hasX(R, &rx)
}

// ecdsaWork is one ECDSA check on its way through a batch: parsed, and waiting
// for the inverse of s.
type ecdsaWork struct {
	key     secp.JacobianPoint
	r, s, m secp.ModNScalar
	check   *Check
}

// load parses the check. It fails for an invalid key, and for r or s zero or
// not below the group order.
func (w *ecdsaWork) load(c *Check) bool {
	if w.r.SetBytes(&c.R) != 0 || w.s.SetBytes(&c.S) != 0 || w.r.IsZero() || w.s.IsZero() {
		return false
	}
	if !parsePubKey(c.key(), &w.key) {
		return false
	}
	w.m.SetBytes(&c.Msg)
	w.check = c
	return true
}

// verify completes the check: X of (m/s)G + (r/s)P is r modulo n. A high S
// needs no care, as it turns the point into its negative with the same X.
func (w *ecdsaWork) verify(sInv *secp.ModNScalar) bool {
	var u1, u2 secp.ModNScalar
	u1.Mul2(&w.m, sInv)
	u2.Mul2(&w.r, sInv)
	var R, G secp.JacobianPoint
	secp.ScalarMultNonConst(&u2, &w.key, &R)
	secp.ScalarBaseMultNonConst(&u1, &G)
	secp.AddNonConst(&R, &G, &R)
	if infinite(&R) {
		return false
	}
	var x secp.FieldVal
	x.SetBytes(&w.check.R)
	if hasX(&R, &x) {
		return true
	}
	// X may be r + n as well, as long as that is below p.
	if x.IsGtOrEqPrimeMinusOrder() {
		return false
	}
	x.Add(&groupOrderField).Normalize()
	return hasX(&R, &x)
}

// groupOrderField is n as a field element; only read.
var groupOrderField = func() (f secp.FieldVal) {
	f.SetByteSlice(secp.Params().N.Bytes())
	return f
}()
