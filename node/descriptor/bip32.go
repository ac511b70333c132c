package descriptor

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/binary"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/chain/sigverify"
)

const (
	hardened  = 1 << 31
	extKeyLen = 74 // without the prefix of the network
)

// extKey is an extended public key of BIP 32, with the private key where it
// is known.
type extKey struct {
	depth       uint8
	fingerprint [4]byte // of the parent
	child       uint32
	chainCode   [32]byte
	pub         [33]byte
	priv        *[32]byte
}

// parseExtKey reads an xpub or xprv of the network.
func parseExtKey(s string, p *params.Params) (*extKey, bool) {
	b, ok := script.DecodeBase58Check(s, 4+extKeyLen)
	if !ok || len(b) != 4+extKeyLen {
		return nil, false
	}
	prefix, b := [4]byte(b), b[4:]
	k := &extKey{depth: b[0], fingerprint: [4]byte(b[1:5]), child: binary.BigEndian.Uint32(b[5:9]), chainCode: [32]byte(b[9:41])}
	if k.depth == 0 && (k.child != 0 || k.fingerprint != [4]byte{}) {
		return nil, false
	}
	switch prefix {
	case p.ExtPubPrefix:
		k.pub = [33]byte(b[41:74])
		return k, k.pub[0]&0xfe == 2 && sigverify.ValidPubKey(k.pub[:])
	case p.ExtPrivPrefix:
		var n secp.ModNScalar
		if b[41] != 0 || n.SetByteSlice(b[42:74]) || n.IsZero() {
			return nil, false
		}
		k.setPriv(&n)
		return k, true
	}
	return nil, false
}

func (k *extKey) setPriv(n *secp.ModNScalar) {
	priv := n.Bytes()
	k.priv = &priv
	k.pub = [33]byte(secp.NewPrivateKey(n).PubKey().SerializeCompressed())
}

// encode returns the xpub; private keys are never written.
func (k *extKey) encode(p *params.Params) string {
	b := append([]byte(nil), p.ExtPubPrefix[:]...)
	b = append(append(b, k.depth), k.fingerprint[:]...)
	b = binary.BigEndian.AppendUint32(b, k.child)
	b = append(append(b, k.chainCode[:]...), k.pub[:]...)
	return script.EncodeBase58Check(b)
}

// derive returns the child at a step. It fails at depth 255, for the indexes
// that no hash is known to hit, and for a hardened step without private key.
func (k *extKey) derive(step uint32) (*extKey, error) {
	if k.depth == 255 {
		return nil, ErrNeedsPrivateKeys
	}
	mac := hmac.New(sha512.New, k.chainCode[:])
	if step&hardened != 0 {
		if k.priv == nil {
			return nil, ErrNeedsPrivateKeys
		}
		mac.Write([]byte{0})
		mac.Write(k.priv[:])
	} else {
		mac.Write(k.pub[:])
	}
	mac.Write(binary.BigEndian.AppendUint32(nil, step))
	sum := mac.Sum(nil)
	id := script.Hash160(k.pub[:])
	child := &extKey{depth: k.depth + 1, fingerprint: [4]byte(id[:4]), child: step, chainCode: [32]byte(sum[32:])}
	var tweak secp.ModNScalar
	if tweak.SetByteSlice(sum[:32]) {
		return nil, ErrNeedsPrivateKeys
	}
	if k.priv != nil {
		var n secp.ModNScalar
		n.SetBytes(k.priv)
		if n.Add(&tweak).IsZero() {
			return nil, ErrNeedsPrivateKeys
		}
		child.setPriv(&n)
		return child, nil
	}
	pub, err := secp.ParsePubKey(k.pub[:])
	if err != nil {
		return nil, err
	}
	var point, next secp.JacobianPoint
	pub.AsJacobian(&point)
	secp.ScalarBaseMultNonConst(&tweak, &next)
	secp.AddNonConst(&point, &next, &next)
	if next.Z.IsZero() {
		return nil, ErrNeedsPrivateKeys
	}
	next.ToAffine()
	child.pub = [33]byte(secp.NewPublicKey(&next.X, &next.Y).SerializeCompressed())
	return child, nil
}
