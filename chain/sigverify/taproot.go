package sigverify

import (
	"crypto/sha256"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// A tagged hash (BIP 340) starts with SHA256(tag) twice.
var (
	tagChallenge = taggedPrefix("BIP0340/challenge")
	tagTapTweak  = taggedPrefix("TapTweak")
)

func taggedPrefix(tag string) (prefix [64]byte) {
	h := sha256.Sum256([]byte(tag))
	copy(prefix[:32], h[:])
	copy(prefix[32:], h[:])
	return prefix
}

// TapTweakHash returns the tweak t of BIP 341 for an internal key of 32 bytes
// and the merkle root of its script tree, nil when there is none.
func TapTweakHash(internalKey []byte, merkleRoot *[32]byte) [32]byte {
	var buf [128]byte
	b := append(buf[:0], tagTapTweak[:]...)
	b = append(b, internalKey...)
	if merkleRoot != nil {
		b = append(b, merkleRoot[:]...)
	}
	return sha256.Sum256(b)
}

// TaprootOutputKey returns the output key Q = P + tG and the parity of its Y
// for an internal key and a merkle root, nil when there are no scripts. It
// reports false for a key that is no point, and for the tweaks out of range
// that no hash is known to give.
func TaprootOutputKey(internalKey []byte, merkleRoot *[32]byte) (key [32]byte, parity byte, ok bool) {
	if len(internalKey) != 32 {
		return key, 0, false
	}
	tweak := TapTweakHash(internalKey, merkleRoot)
	var q secp.JacobianPoint
	if !tweaked(internalKey, &tweak, &q) {
		return key, 0, false
	}
	q.ToAffine()
	q.X.PutBytes(&key)
	return key, byte(q.Y.IsOddBit()), true
}

// tweaked sets q to P + tG. False means an invalid key, a tweak not below the
// group order, or the point at infinity.
func tweaked(internalKey []byte, tweak *[32]byte, q *secp.JacobianPoint) bool {
	var p, tG secp.JacobianPoint
	var t secp.ModNScalar
	if !liftX((*[32]byte)(internalKey), false, &p) || t.SetBytes(tweak) != 0 {
		return false
	}
	secp.ScalarBaseMultNonConst(&t, &tG)
	secp.AddNonConst(&tG, &p, q)
	return !infinite(q)
}
