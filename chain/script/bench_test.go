package script

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"testing"

	"grapevine/wire"
)

// yes holds every signature for good, so that what is left is the interpreter
// and the hashes.
type yes struct{}

func (yes) ECDSA(_, _ []byte, _ *[32]byte) bool            { return true }
func (yes) Schnorr(_, _ []byte, _ *[32]byte) bool          { return true }
func (yes) TapTweak(_, _ []byte, _ *[32]byte, _ byte) bool { return true }

// template is an input of one of the usual forms, with signatures of the right
// shape and no value.
type template struct {
	name      string
	pkScript  []byte
	scriptSig []byte
	witness   [][]byte
}

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func push(b []byte) []byte { return AppendPush(nil, b) }

func hash160(b []byte) []byte {
	e := engines.Get().(*engine)
	defer e.release()
	return bytes.Clone(e.hash160(b))
}

func p2shOf(redeem []byte) []byte { return concat([]byte{0xa9, 20}, hash160(redeem), []byte{0x87}) }

func p2wshOf(script []byte) []byte {
	h := sha256.Sum256(script)
	return concat([]byte{0, 32}, h[:])
}

func templates() []template {
	key := append([]byte{2}, bytes.Repeat([]byte{0x11}, 32)...)
	xonly := key[1:]
	der := unhex("3044022000" + "112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" + "022000" + "112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" + "01")
	der[4], der[38] = 0x11, 0x11
	schnorr := bytes.Repeat([]byte{0x33}, 64)
	p2wpkh := concat([]byte{0, 20}, hash160(key))
	p2pkh := concat([]byte{0x76, 0xa9, 20}, hash160(key), []byte{0x88, 0xac})
	twoOf3 := concat([]byte{0x52}, push(key), push(key), push(key), []byte{0x53, 0xae})
	leaf := concat(push(xonly), []byte{0xac})
	control := concat([]byte{0xc0}, xonly, xonly)
	p2tr := concat([]byte{0x51, 32}, xonly)
	return []template{
		{"p2pk", concat(push(key), []byte{0xac}), push(der), nil},
		{"p2pkh", p2pkh, concat(push(der), push(key)), nil},
		{"p2sh 2 of 3", p2shOf(twoOf3), concat([]byte{0}, push(der), push(der), push(twoOf3)), nil},
		{"p2wpkh", p2wpkh, nil, [][]byte{der, key}},
		{"p2sh-p2wpkh", p2shOf(p2wpkh), push(p2wpkh), [][]byte{der, key}},
		{"p2wsh 2 of 3", p2wshOf(twoOf3), nil, [][]byte{nil, der, der, twoOf3}},
		{"p2tr key", p2tr, nil, [][]byte{schnorr}},
		{"p2tr script", p2tr, nil, [][]byte{schnorr, leaf, control}},
	}
}

// with makes a transaction of n inputs of this form and two outputs.
func (tp *template) with(n int) (*wire.Tx, []wire.TxOut) {
	tx := &wire.Tx{Version: 2, Out: []wire.TxOut{{Value: 1e8, PkScript: make([]byte, 25)}, {Value: 2e8, PkScript: make([]byte, 22)}}}
	var spent []wire.TxOut
	for i := range n {
		in := wire.TxIn{ScriptSig: tp.scriptSig, Witness: tp.witness, Sequence: 0xfffffffd}
		binary.LittleEndian.PutUint32(in.PrevOut.Txid[:], uint32(i))
		tx.In = append(tx.In, in)
		spent = append(spent, wire.TxOut{Value: 5e7, PkScript: tp.pkScript})
	}
	return tx.Seal(), spent
}

// What a usual input costs beside its signatures. Nothing is allocated.
func BenchmarkVerify(b *testing.B) {
	for _, tp := range templates() {
		tx, spent := tp.with(2)
		m := NewMidstates(tx, spent)
		b.Run(tp.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Verify(tx, 1, StandardFlags, m, yes{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The hashes alone, by number of inputs, and what preparing a transaction costs.
func BenchmarkSigHash(b *testing.B) {
	for _, tp := range templates() {
		if tp.name != "p2pkh" && tp.name != "p2wpkh" && tp.name != "p2tr key" {
			continue
		}
		for _, n := range []int{1, 10, 1000} {
			tx, spent := tp.with(n)
			var m Midstates
			m.Reset(tx, spent)
			e := engines.Get().(*engine)
			e.inputContext = inputContext{tx: tx, in: n / 2, m: &m}
			e.hashes.once = true
			name := fmt.Sprintf("%s/%d", tp.name, n)
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					switch tp.name {
					case "p2pkh":
						e.version = versionLegacy
						e.ecdsaHash(tp.pkScript, SigHashAll)
					case "p2wpkh":
						e.version = versionWitnessV0
						e.ecdsaHash(tp.pkScript, SigHashAll)
					default:
						e.schnorrHash(SigHashDefault, nil)
					}
				}
			})
			e.release()
			b.Run(name+"/prepare", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					m.Reset(tx, spent)
				}
			})
		}
	}
}
