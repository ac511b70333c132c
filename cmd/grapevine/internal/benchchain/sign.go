package benchchain

import (
	"crypto/sha256"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"grapevine/chain/script"
	"grapevine/wire"
)

// signer hands out nonces with their points and inverses, in order.
type signer struct {
	keys     *scalarLine
	nonces   []secp.ModNScalar
	inverses []secp.ModNScalar
	points   []point
}

func newSigner(keys, nonces *scalarLine, start uint32, n int) *signer {
	s := &signer{keys: keys, points: nonces.points(start, n)}
	for i := range n {
		s.nonces = append(s.nonces, nonces.at(start+uint32(i)))
	}
	s.inverses = append(s.inverses, s.nonces...)
	invert(s.inverses)
	return s
}

func (s *signer) next() (k, kInv secp.ModNScalar, r point) {
	k, kInv, r = s.nonces[0], s.inverses[0], s.points[0]
	s.nonces, s.inverses, s.points = s.nonces[1:], s.inverses[1:], s.points[1:]
	return k, kInv, r
}

// ecdsa signs with a low S and appends the hash type.
func (s *signer) ecdsa(key uint32, hash [32]byte) []byte {
	_, kInv, point := s.next()
	var x [32]byte
	point.putX(&x)
	var r, m secp.ModNScalar
	r.SetBytes(&x)
	m.SetBytes(&hash)
	d := s.keys.at(key)
	d.Mul(&r).Add(&m).Mul(&kInv)
	if d.IsOverHalfOrder() {
		d.Negate()
	}
	sig := append(make([]byte, 0, 73), 0x30, 0)
	sig = appendDERInt(appendDERInt(sig, r.Bytes()), d.Bytes())
	sig[1] = byte(len(sig) - 2)
	return append(sig, byte(script.SigHashAll))
}

func appendDERInt(b []byte, v [32]byte) []byte {
	n := v[:]
	for len(n) > 1 && n[0] == 0 && n[1]&0x80 == 0 {
		n = n[1:]
	}
	if n[0]&0x80 != 0 {
		return append(append(b, 2, byte(len(n)+1), 0), n...)
	}
	return append(append(b, 2, byte(len(n))), n...)
}

// schnorr signs for the point with private key d and this X coordinate, after
// BIP 340 but for the nonce; oddKey tells that d belongs to the odd Y.
func (s *signer) schnorr(d secp.ModNScalar, oddKey bool, pubX []byte, msg [32]byte) []byte {
	k, _, point := s.next()
	if point.odd() {
		k.Negate()
	}
	if oddKey {
		d.Negate()
	}
	var r [32]byte
	point.putX(&r)
	var e secp.ModNScalar
	h := challenge(&r, pubX, &msg)
	e.SetBytes(&h)
	e.Mul(&d).Add(&k)
	sum := e.Bytes()
	return append(append(make([]byte, 0, 64), r[:]...), sum[:]...)
}

func challenge(r *[32]byte, pubX []byte, msg *[32]byte) [32]byte {
	tag := sha256.Sum256([]byte("BIP0340/challenge"))
	b := append(append(make([]byte, 0, 160), tag[:]...), tag[:]...)
	return sha256.Sum256(append(append(append(b, r[:]...), pubX...), msg[:]...))
}

// sign fills in the input script or witness of one input.
func (s *signer) sign(tx *wire.Tx, in int, c *coin, m *script.Midstates) {
	input := &tx.In[in]
	switch c.kind {
	case P2PKH:
		sig := s.ecdsa(c.key, script.LegacySigHash(tx, in, c.pkScript(), script.SigHashAll))
		input.ScriptSig = script.AppendPush(script.AppendPush(nil, sig), c.pub(0))
	case P2WPKH:
		h := script.Hash160(c.pub(0))
		code := script.AddressOfKeyHash(h).Script() // BIP 143
		sig := s.ecdsa(c.key, script.WitnessV0SigHash(m, tx, in, code, c.value, script.SigHashAll))
		input.Witness = [][]byte{sig, c.pub(0)}
	case P2WSH:
		code := c.multisig()
		hash := script.WitnessV0SigHash(m, tx, in, code, c.value, script.SigHashAll)
		first, second := signingPair(c.key)
		input.Witness = [][]byte{nil, s.ecdsa(c.key+first, hash), s.ecdsa(c.key+second, hash), code}
	case P2TRKey:
		hash := taprootHash(m, tx, in, nil)
		d := s.keys.at(c.key)
		if c.internalOdd() {
			d.Negate()
		}
		var t secp.ModNScalar
		tweak := c.tweak()
		t.SetBytes(&tweak)
		input.Witness = [][]byte{s.schnorr(*d.Add(&t), c.outputOdd(), c.output(), hash)}
	case P2TRScript:
		leaf := c.leafHash()
		sig := s.schnorr(s.keys.at(c.key), c.internalOdd(), c.internal(), taprootHash(m, tx, in, &leaf))
		input.Witness = [][]byte{sig, c.leaf(), append([]byte{c.controlByte()}, c.internal()...)}
	}
}

// signingPair chooses two of three keys, each pair as often as the others.
func signingPair(key uint32) (first, second uint32) {
	switch key % 3 {
	case 0:
		return 0, 1
	case 1:
		return 0, 2
	}
	return 1, 2
}

func taprootHash(m *script.Midstates, tx *wire.Tx, in int, leaf *[32]byte) [32]byte {
	spend := script.TaprootSpend{LeafHash: leaf, CodeSeparator: script.NoCodeSeparator}
	hash, ok := script.TaprootSigHash(m, tx, in, script.SigHashDefault, &spend)
	if !ok {
		panic("benchchain: the default hash type always has a hash")
	}
	return hash
}
