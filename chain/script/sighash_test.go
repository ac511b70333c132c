package script

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"

	"grapevine/wire"
)

// manyInputs makes a transaction that is large enough to have prefix states.
func manyInputs(inputs, outputs int) (*wire.Tx, []wire.TxOut) {
	rng := rand.New(rand.NewPCG(uint64(inputs), uint64(outputs)))
	tx := &wire.Tx{Version: rng.Uint32(), LockTime: rng.Uint32()}
	spent := make([]wire.TxOut, inputs)
	for i := range inputs {
		in := wire.TxIn{PrevOut: wire.OutPoint{Index: rng.Uint32()}, ScriptSig: []byte{0x51}, Sequence: rng.Uint32()}
		binary.LittleEndian.PutUint64(in.PrevOut.Txid[7:], rng.Uint64())
		tx.In = append(tx.In, in)
		spent[i] = wire.TxOut{Value: wire.Amount(rng.Uint32()), PkScript: make([]byte, rng.IntN(40))}
	}
	for range outputs {
		tx.Out = append(tx.Out, wire.TxOut{Value: wire.Amount(rng.Uint32()), PkScript: make([]byte, rng.IntN(300))})
	}
	return tx, spent
}

// The hash by way of midstates, prefix states and remembered states is the one
// of the plain serialisation, whatever the input and the hash type.
func TestSigHashMidstates(t *testing.T) {
	codes := [][]byte{nil, {0xac}, bytes.Repeat([]byte{0x51}, 253), {0xab, 0x51, 0xab}, {0x02, 0xab, 0xab, 0xab, 0xac}, {0x51, 0x4d, 0x01}, {0xab, 0x4c, 0x05, 0xab}}
	for _, size := range [][2]int{{1, 1}, {2, 0}, {127, 3}, {128, 2}, {130, 300}, {300, 1}} {
		tx, _ := manyInputs(size[0], size[1])
		for in := range tx.In {
			if in > 5 && in%prefixEvery > 1 && in%prefixEvery < prefixEvery-1 {
				continue
			}
			for _, ht := range []HashType{1, 2, 3, 0x81, 0x82, 0x83, 0, 0x50, 0xffffffff} {
				code := codes[(in+int(ht))%len(codes)]
				if got, want := cachedLegacy(tx, in, code, ht), LegacySigHash(tx, in, code, ht); got != want {
					t.Fatalf("%v input %d type %x: %x, want %x", size, in, ht, got, want)
				}
			}
		}
	}
}

// What the script code is when its last push reaches past the end: everything
// up to the data that is missing, under the full length.
func TestSigHashBrokenCode(t *testing.T) {
	for code, want := range map[string]string{
		"51ac":             "0251ac",
		"abacab":           "01ac",
		"02abab":           "0302abab",
		"ab02abab":         "0302abab",
		"510501":           "035105",
		"514c":             "02514c",
		"03abab":           "0303",
		"514c05aa":         "04514c05",
		"4d05":             "024d",
		"ab4d0500aa":       "044d0500",
		"4e05000000aabbcc": "084e05000000",
	} {
		if got := appendCode(nil, unhex(code)); !bytes.Equal(got, unhex(want)) {
			t.Errorf("%s: %x, want %s", code, got, want)
		}
	}
}

// A transaction's parts are computed when its inputs need them, and hashing
// without them gives the same.
func TestMidstatesOnDemand(t *testing.T) {
	tx, spent := manyInputs(3, 2)
	check := func(name string, v0, v1, legacy bool) {
		t.Helper()
		m := NewMidstates(tx, spent)
		if m.hasV0 != v0 || m.hasV1 != v1 || m.hasLegacy != legacy {
			t.Errorf("%s: v0 %v, v1 %v, legacy %v", name, m.hasV0, m.hasV1, m.hasLegacy)
		}
		full := NewMidstates(tx, spent)
		full.Prepare(tx)
		for _, ht := range []HashType{0, 1, 2, 3, 0x81, 0x82, 0x83} {
			if WitnessV0SigHash(m, tx, 2, []byte{0xac}, 5, ht) != WitnessV0SigHash(full, tx, 2, []byte{0xac}, 5, ht) {
				t.Errorf("%s: version 0, type %x differs", name, ht)
			}
			a, aok := TaprootSigHash(m, tx, 2, ht, &TaprootSpend{Annex: []byte{0x50}})
			b, bok := TaprootSigHash(full, tx, 2, ht, &TaprootSpend{Annex: []byte{0x50}})
			if a != b || aok != bok || aok != (ht&3 != 3) {
				t.Errorf("%s: taproot, type %x differs", name, ht)
			}
		}
	}
	check("no witness", false, false, true)
	tx.In[1].Witness = [][]byte{{1}}
	check("one witness", true, false, true)
	spent[1].PkScript = append([]byte{0x51, 32}, make([]byte, 32)...)
	check("one taproot", false, true, true)
	tx.In[0].Witness, tx.In[2].Witness = tx.In[1].Witness, tx.In[1].Witness
	check("all witness", true, true, false)

	defer func() {
		if recover() == nil {
			t.Error("a spent output too few is taken")
		}
	}()
	NewMidstates(tx, spent[:2])
}

// Whoever signs by the exported hashes makes what the interpreter accepts, for
// every hash type, with an annex and without.
func TestSigningByExportedHashes(t *testing.T) {
	key, pub := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{9}, 32))
	xonly := schnorr.SerializePubKey(pub)
	code := append(push(pub.SerializeCompressed()), byte(OpCheckSig))
	tx, spent := manyInputs(3, 2)
	check := func(what string, in int, ht HashType, ok bool) {
		t.Helper()
		got := verifyBoth(t, tx, in, MandatoryFlags, NewMidstates(tx, spent), newMemo())
		if (got == "OK") != ok {
			t.Errorf("%s, input %d, type %x: %s", what, in, ht, got)
		}
	}
	for in := range tx.In {
		tx.In[in].ScriptSig = nil
		for _, ht := range []HashType{0, 1, 2, 3, 0x81, 0x82, 0x83} {
			spent[in].PkScript = p2wshOf(code)
			tx.In[in].Witness = [][]byte{{}} // so that the midstates are those of a witness
			hash := WitnessV0SigHash(NewMidstates(tx, spent), tx, in, code, spent[in].Value, ht)
			tx.In[in].Witness = [][]byte{append(ecdsa.Sign(key, hash[:]).Serialize(), byte(ht)), code}
			check("version 0", in, ht, true)

			spent[in].PkScript = append([]byte{0x51, 32}, xonly...)
			for _, annex := range [][]byte{nil, {annexTag, 1, 2}} {
				hash, ok := TaprootSigHash(NewMidstates(tx, spent), tx, in, ht, &TaprootSpend{Annex: annex, CodeSeparator: NoCodeSeparator})
				if wanted := ht&3 != SigHashSingle || in < len(tx.Out); ok != wanted {
					t.Errorf("input %d, type %x: hash %v", in, ht, ok)
				}
				sig, err := schnorr.Sign(key, hash[:])
				if err != nil {
					t.Fatal(err)
				}
				item := sig.Serialize()
				if ht != SigHashDefault {
					item = append(item, byte(ht))
				}
				tx.In[in].Witness = [][]byte{item}
				if annex != nil {
					tx.In[in].Witness = append(tx.In[in].Witness, annex)
				}
				check("taproot", in, ht, ok)
			}
		}
		tx.In[in].Witness = nil
	}
}

func FuzzSigHash(f *testing.F) {
	f.Add(unhex("ac"), uint32(1), uint8(0), uint8(1))
	f.Add(unhex("abac"), uint32(0x83), uint8(130), uint8(2))
	f.Add(unhex("4c05ab"), uint32(2), uint8(64), uint8(0))
	f.Fuzz(func(t *testing.T, code []byte, ht uint32, inputs, outputs uint8) {
		tx, _ := manyInputs(int(inputs)+1, int(outputs))
		in := int(inputs) / 2
		if got, want := cachedLegacy(tx, in, code, HashType(ht)), LegacySigHash(tx, in, code, HashType(ht)); got != want {
			t.Fatalf("%x, want %x", got, want)
		}
	})
}
