package benchchain

import (
	"crypto/sha256"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"

	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// coin is an output with what it takes to spend it.
type coin struct {
	out   wire.OutPoint
	value wire.Amount
	key   uint32 // number of its first key
	kind  Kind
	// pubs holds its compressed public keys. A taproot coin has the internal
	// key there, then the X coordinate of the output key and its parity.
	pubs [99]byte
}

func (c *coin) pub(i int) []byte { return c.pubs[33*i : 33*i+33] }

// Taproot coins only.
func (c *coin) internal() []byte  { return c.pubs[1:33] }
func (c *coin) internalOdd() bool { return c.pubs[0] == 3 }
func (c *coin) output() []byte    { return c.pubs[33:65] }
func (c *coin) outputOdd() bool   { return c.pubs[65] == 1 }
func (c *coin) controlByte() byte { return script.LeafTapscript | c.pubs[65] }
func (c *coin) leaf() []byte {
	return append(script.AppendPush(nil, c.internal()), byte(script.OpCheckSig))
}
func (c *coin) leafHash() [32]byte { return script.TapLeafHash(script.LeafTapscript, c.leaf()) }
func (c *coin) isTaproot() bool    { return c.kind == P2TRKey || c.kind == P2TRScript }
func (c *coin) txOut() wire.TxOut  { return wire.TxOut{Value: c.value, PkScript: c.pkScript()} }
func (c *coin) multisig() []byte {
	return script.AppendMultiSig(nil, 2, [][]byte{c.pub(0), c.pub(1), c.pub(2)})
}

// tweak is the number that turns the internal into the output key.
func (c *coin) tweak() [32]byte {
	if c.kind == P2TRScript {
		root := c.leafHash()
		return sigverify.TapTweakHash(c.internal(), &root)
	}
	return sigverify.TapTweakHash(c.internal(), nil)
}

func (c *coin) pkScript() []byte {
	switch c.kind {
	case P2PKH:
		return script.AddressOfKeyHash(script.Hash160(c.pub(0))).Script()
	case P2WPKH:
		h := script.Hash160(c.pub(0))
		return append([]byte{0, 20}, h[:]...)
	case P2WSH:
		h := sha256.Sum256(c.multisig())
		return append([]byte{0, 32}, h[:]...)
	}
	return append([]byte{byte(script.Op1), 32}, c.output()...)
}

// fillKeys gives the coins their public keys; points are those of all their
// keys in order.
func fillKeys(coins []*coin, points []point) {
	var taproot []*coin
	var outputs []secp.JacobianPoint
	for _, c := range coins {
		for i := range c.kind.keys() {
			points[i].appendCompressed(c.pubs[:33*i])
		}
		if c.isTaproot() {
			taproot = append(taproot, c)
			outputs = append(outputs, tweaked(&points[0], c.tweak()))
		}
		points = points[c.kind.keys():]
	}
	for i, q := range toAffine(outputs) {
		q.putX((*[32]byte)(taproot[i].pubs[33:65]))
		taproot[i].pubs[65] = byte(q.y.IsOddBit())
	}
}

// tweaked returns P + tG for the P of even Y with this X coordinate.
func tweaked(p *point, tweak [32]byte) (q secp.JacobianPoint) {
	var t secp.ModNScalar
	t.SetBytes(&tweak)
	secp.ScalarBaseMultNonConst(&t, &q)
	var one secp.FieldVal
	one.SetInt(1)
	even := secp.MakeJacobianPoint(&p.x, &p.y, &one)
	if p.odd() {
		even.Y.Negate(1).Normalize()
	}
	secp.AddNonConst(&q, &even, &q)
	return q
}
