package script

import (
	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"grapevine/chain/params"
)

// Secret is a private key as wallets export it, with the form of public key
// that it stands for.
type Secret struct {
	Key        [32]byte // big endian, between 1 and n-1
	Compressed bool
}

// Encode returns the wallet import format on a network.
func (k Secret) Encode(p *params.Params) string {
	b := append([]byte{p.SecretKeyPrefix}, k.Key[:]...)
	if k.Compressed {
		b = append(b, 1)
	}
	return EncodeBase58Check(b)
}

// PubKey returns the public key in the form that k asks for: 33 or 65 bytes.
func (k Secret) PubKey() []byte {
	pub := secp.PrivKeyFromBytes(k.Key[:]).PubKey()
	if k.Compressed {
		return pub.SerializeCompressed()
	}
	return pub.SerializeUncompressed()
}

// DecodeSecret reads the wallet import format of a network. It reports false
// for anything else, keys outside the group order included.
func DecodeSecret(s string, p *params.Params) (Secret, bool) {
	b, ok := DecodeBase58Check(s, 34)
	if !ok || len(b) < 33 || b[0] != p.SecretKeyPrefix {
		return Secret{}, false
	}
	k := Secret{Key: [32]byte(b[1:33]), Compressed: len(b) == 34}
	if k.Compressed && b[33] != 1 {
		return Secret{}, false
	}
	var n secp.ModNScalar
	overflow := n.SetBytes(&k.Key) != 0
	return k, !overflow && !n.IsZero()
}
