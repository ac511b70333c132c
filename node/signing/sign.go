package signing

import (
	"encoding/binary"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"grapevine/chain/sigverify"
)

// signECDSA returns the DER signature of a hash: deterministic, low S, low R.
// One draw in two has an R of 32 bytes, so that the loop is short.
func signECDSA(key *[32]byte, hash *[32]byte) []byte {
	var d, z secp.ModNScalar
	d.SetBytes(key)
	z.SetBytes(hash)
	defer d.Zero()
	var extra []byte
	for counter := uint32(1); ; counter++ {
		if r, s, ok := drawSignature(&d, &z, key, hash, extra); ok {
			return ecdsa.NewSignature(r, s).Serialize()
		}
		extra = make([]byte, 32)
		binary.LittleEndian.PutUint32(extra, counter)
	}
}

// drawSignature tries one nonce. It reports false for a signature whose R has
// its highest bit set, which would take a byte more, and for the nonces that no
// hash is known to give.
func drawSignature(d, z *secp.ModNScalar, key, hash *[32]byte, extra []byte) (r, s *secp.ModNScalar, ok bool) {
	k := secp.NonceRFC6979(key[:], hash[:], extra, nil, 0)
	defer k.Zero()
	var point secp.JacobianPoint
	secp.ScalarBaseMultNonConst(k, &point)
	point.ToAffine()
	r, s = new(secp.ModNScalar), new(secp.ModNScalar)
	r.SetBytes(point.X.Bytes())
	if rb := r.Bytes(); r.IsZero() || rb[0] >= 0x80 {
		return nil, nil, false
	}
	// s = (z + rd) / k
	s.Mul2(r, d).Add(z)
	s.Mul(k.InverseNonConst())
	return r, s, !s.IsZero() // encoding takes the lower of S and its negative
}

// signSchnorr returns the BIP 340 signature of a message, by the key itself, or
// where tweaked is set by the key that BIP 341 makes of it and the merkle root,
// nil without scripts.
func signSchnorr(key, msg *[32]byte, tweaked bool, merkleRoot *[32]byte) ([]byte, bool) {
	if tweaked {
		var ok bool
		if key, ok = tweakKey(key, merkleRoot); !ok {
			return nil, false
		}
	}
	priv, _ := btcec.PrivKeyFromBytes(key[:])
	sig, err := schnorr.Sign(priv, msg[:], schnorr.CustomNonce([32]byte{}))
	if err != nil {
		return nil, false
	}
	return sig.Serialize(), true
}

// tweakKey returns the private key of the output key that BIP 341 makes of a
// private key and a merkle root.
func tweakKey(key, merkleRoot *[32]byte) (*[32]byte, bool) {
	pub := secp.PrivKeyFromBytes(key[:]).PubKey().SerializeCompressed()
	var d, t secp.ModNScalar
	d.SetBytes(key)
	defer d.Zero()
	if pub[0] == secp.PubKeyFormatCompressedOdd {
		d.Negate()
	}
	tweak := sigverify.TapTweakHash(pub[1:], merkleRoot)
	if overflow := t.SetBytes(&tweak); overflow != 0 {
		return nil, false
	}
	if d.Add(&t); d.IsZero() {
		return nil, false
	}
	out := d.Bytes()
	return &out, true
}
