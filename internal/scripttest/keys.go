package scripttest

import (
	"bytes"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"

	"grapevine/chain/script"
	"grapevine/chain/sigverify"
)

// key is one of a few private keys; nothing depends on which.
type key struct{ priv *btcec.PrivateKey }

var keyring = func() (keys [4]key) {
	for i := range keys {
		priv, _ := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{byte(7*i + 3)}, 32))
		keys[i] = key{priv}
	}
	return keys
}()

func (g *generator) key() key { return keyring[g.pick(len(keyring))] }

func (k key) xonly() []byte { return schnorr.SerializePubKey(k.priv.PubKey()) }

func (k key) outputKey(root *[32]byte) []byte {
	out, _, _ := sigverify.TaprootOutputKey(k.xonly(), root)
	return out[:]
}

// encoded returns the public key in one of the forms of ECDSA scripts, now and
// then in one that is none.
func (k key) encoded(g *generator) []byte {
	switch g.pick(20) {
	case 1, 2:
		return k.priv.PubKey().SerializeUncompressed()
	case 3: // hybrid
		b := k.priv.PubKey().SerializeUncompressed()
		b[0] = 6 + b[64]&1
		return b
	case 4: // hybrid with the wrong parity
		b := k.priv.PubKey().SerializeUncompressed()
		b[0] = 7 - b[64]&1
		return b
	case 5:
		return g.bytes([]int{0, 1, 32, 33, 34, 65}[g.pick(6)])
	}
	return k.priv.PubKey().SerializeCompressed()
}

// tapKey is encoded for tapscript: 32 bytes, or something unknown.
func (k key) tapKey(g *generator) []byte {
	switch g.pick(24) {
	case 1:
		return g.bytes(g.pick(3))
	case 2:
		return k.priv.PubKey().SerializeCompressed()
	case 3:
		return g.bytes(32)
	}
	return k.xonly()
}

func (g *generator) hashType() script.HashType {
	if g.pick(3) != 1 {
		return script.SigHashAll
	}
	return []script.HashType{1, 2, 3, 0x81, 0x82, 0x83, 0, 4, 0x41, 0xe3, 0xff}[g.pick(11)]
}

// sign makes an ECDSA signature over code for the input, by the rules of the
// kind of spend.
func (g *generator) sign(k key, code []byte) []byte {
	if g.pick(24) == 1 {
		return nil
	}
	s, t := g.spend, g.hashType()
	var hash [32]byte
	switch s.Kind {
	case P2WSH, P2SHP2WSH, P2WPKH, P2SHP2WPKH:
		m := script.NewMidstates(s.Tx, s.Spent)
		hash = script.WitnessV0SigHash(m, s.Tx, s.In, code, s.Spent[s.In].Value, t)
	default:
		hash = script.LegacySigHash(s.Tx, s.In, code, t)
	}
	return g.breakDER(append(ecdsa.Sign(k.priv, hash[:]).Serialize(), byte(t)))
}

// breakDER now and then returns another form of the signature, or a wrong one.
func (g *generator) breakDER(sig []byte) []byte {
	switch g.pick(32) {
	case 1: // high S
		return highS(sig)
	case 2: // a zero in front of R
		n := sig[3]
		out := append([]byte{0x30, sig[1] + 1, 2, n + 1, 0}, sig[4:]...)
		return out
	case 3: // other value
		sig[len(sig)-5] ^= 1
	case 4: // cut short
		return sig[:len(sig)-2]
	case 5: // garbage between S and the hash type
		return append(sig[:len(sig)-1:len(sig)-1], 0, sig[len(sig)-1])
	case 6:
		return g.bytes(g.pick(12))
	case 7: // the length of R in long form, the outer length left wrong
		return append([]byte{0x30, sig[1], 2, 0x81}, sig[3:]...)
	case 8: // outer length in long form
		return append([]byte{0x30, 0x81}, sig[1:]...)
	case 9: // the zero in front of a high R left out: negative by the rules of DER
		if sig[3] == 33 {
			return append([]byte{0x30, sig[1] - 1, 2, 32}, sig[5:]...)
		}
	case 10: // outer length that counts too much
		sig[1] += 7
	}
	return sig
}

// highS replaces S by the group order minus S.
func highS(sig []byte) []byte {
	r := sig[4 : 4+sig[3]]
	s := sig[6+sig[3] : len(sig)-1]
	var n btcec.ModNScalar
	n.SetByteSlice(s)
	n.Negate()
	b := n.Bytes()
	high := append([]byte{0}, b[:]...)
	out := append([]byte{0x30, byte(4 + len(r) + len(high)), 2, byte(len(r))}, r...)
	out = append(append(out, 2, byte(len(high))), high...)
	return append(out, sig[len(sig)-1])
}

// keyPathSig signs for the output key itself.
func (g *generator) keyPathSig(k key, annex [][]byte) []byte {
	spend := &script.TaprootSpend{}
	if len(annex) > 0 {
		spend.Annex = annex[0]
	}
	return g.schnorrSig(tweaked(k), spend)
}

// tweaked returns the private key of the output key without script tree.
func tweaked(k key) key {
	d := k.priv.Key
	if k.priv.PubKey().SerializeCompressed()[0] == 3 {
		d.Negate()
	}
	t := sigverify.TapTweakHash(k.xonly(), nil)
	var n btcec.ModNScalar
	n.SetBytes(&t)
	d.Add(&n)
	b := d.Bytes()
	priv, _ := btcec.PrivKeyFromBytes(b[:])
	return key{priv}
}

func (g *generator) schnorrSig(k key, spend *script.TaprootSpend) []byte {
	s, t := g.spend, g.hashType()
	m := script.NewMidstates(s.Tx, s.Spent)
	hash, ok := script.TaprootSigHash(m, s.Tx, s.In, t, spend)
	if !ok {
		hash[0] = 1 // any signature will do
	}
	sig, err := schnorr.Sign(k.priv, hash[:])
	if err != nil {
		return nil
	}
	b := sig.Serialize()
	if t != script.SigHashDefault || g.pick(8) == 1 {
		b = append(b, byte(t))
	}
	switch g.pick(20) {
	case 1:
		b[40] ^= 1
	case 2:
		b = b[:len(b)-1]
	case 3:
		return nil
	}
	return b
}
