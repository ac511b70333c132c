package sigverify

import (
	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// parsePubKey reads a public key of 33 or 65 bytes into p, with Z one.
// The hybrid forms 06 and 07 are full keys whose first byte repeats the parity
// of Y; it has to be right.
func parsePubKey(key []byte, p *secp.JacobianPoint) bool {
	if len(key) == 0 {
		return false
	}
	switch key[0] {
	case 2, 3:
		return len(key) == 33 && liftX((*[32]byte)(key[1:33]), key[0] == 3, p)
	case 4, 6, 7:
		if len(key) != 65 {
			return false
		}
	default:
		return false
	}
	if p.X.SetBytes((*[32]byte)(key[1:33])) != 0 || p.Y.SetBytes((*[32]byte)(key[33:65])) != 0 {
		return false
	}
	if key[0] != 4 && p.Y.IsOdd() != (key[0] == 7) {
		return false
	}
	p.Z.SetInt(1)
	var left, right secp.FieldVal
	left.SquareVal(&p.Y).Normalize()
	right.SquareVal(&p.X).Mul(&p.X).AddInt(7).Normalize()
	return left.Equals(&right)
}

// liftX sets p to the point with this X and the wanted parity of Y, if there
// is one.
func liftX(x *[32]byte, odd bool, p *secp.JacobianPoint) bool {
	if p.X.SetBytes(x) != 0 || !secp.DecompressY(&p.X, odd, &p.Y) {
		return false
	}
	p.Y.Normalize()
	p.Z.SetInt(1)
	return true
}

func infinite(p *secp.JacobianPoint) bool {
	return p.Z.IsZero() || (p.X.IsZero() && p.Y.IsZero())
}

// hasX reports whether the X coordinate of p, which is normalised and not at
// infinity, is x. It saves the inversion of Z by multiplying the other side.
func hasX(p *secp.JacobianPoint, x *secp.FieldVal) bool {
	var t secp.FieldVal
	t.SquareVal(&p.Z).Mul(x).Normalize()
	return t.Equals(&p.X)
}

// oddY reports whether Y of p is odd, given the inverse of its Z.
func oddY(p *secp.JacobianPoint, zInv *secp.FieldVal) bool {
	var t secp.FieldVal
	t.SquareVal(zInv).Mul(zInv).Mul(&p.Y).Normalize()
	return t.IsOdd()
}

// ValidPubKey reports whether key encodes a point of the curve in any form that
// consensus accepts: compressed, uncompressed or hybrid.
func ValidPubKey(key []byte) bool {
	var p secp.JacobianPoint
	return parsePubKey(key, &p)
}

// ValidXOnly reports whether key is the X coordinate of a point (BIP 340).
func ValidXOnly(key []byte) bool {
	var p secp.JacobianPoint
	return len(key) == 32 && liftX((*[32]byte)(key), false, &p)
}

// DecompressPubKey returns the uncompressed key (04, X, Y) with this X and
// parity of Y. It reports false when X is on no point of the curve.
func DecompressPubKey(x [32]byte, odd bool) (key [65]byte, ok bool) {
	var p secp.JacobianPoint
	if !liftX(&x, odd, &p) {
		return key, false
	}
	key[0] = 4
	p.X.PutBytesUnchecked(key[1:33])
	p.Y.PutBytesUnchecked(key[33:65])
	return key, true
}

// CompressPubKey returns the compressed form of a valid key of any form.
func CompressPubKey(key []byte) (compressed [33]byte, ok bool) {
	var p secp.JacobianPoint
	if !parsePubKey(key, &p) {
		return compressed, false
	}
	compressed[0] = 2 + byte(p.Y.IsOddBit())
	p.X.PutBytesUnchecked(compressed[1:])
	return compressed, true
}
