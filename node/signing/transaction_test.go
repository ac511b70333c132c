package signing

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// testKey returns a key of its own for each number.
func testKey(n byte, compressed bool) script.Secret {
	return script.Secret{Key: sha256.Sum256([]byte{n}), Compressed: compressed}
}

func p2sh(code []byte) []byte {
	return script.AddressOfScriptHash(script.Hash160(code)).Script()
}

func program(tb testing.TB, version int, b []byte) []byte {
	tb.Helper()
	a, ok := script.AddressOfProgram(version, b)
	if !ok {
		tb.Fatalf("no program: %d %x", version, b)
	}
	return a.Script()
}

func p2wsh(tb testing.TB, code []byte) []byte {
	h := sha256.Sum256(code)
	return program(tb, 0, h[:])
}

func p2pkh(key script.Secret) []byte {
	return script.AddressOfKeyHash(script.Hash160(key.PubKey())).Script()
}

func p2pk(key script.Secret) []byte {
	return append(script.AppendPush(nil, key.PubKey()), byte(script.OpCheckSig))
}

// form is one way of locking an output, with what unlocks it.
type form struct {
	name     string
	pkScript []byte
	scripts  [][]byte
	keys     []script.Secret
	witness  bool // signatures commit to the amount
}

// forms lists every form that can be signed, wrapped in every way.
func forms(tb testing.TB) []form {
	a, b, c, old := testKey(1, true), testKey(2, true), testKey(3, true), testKey(4, false)
	multi := script.AppendMultiSig(nil, 2, [][]byte{a.PubKey(), b.PubKey(), c.PubKey()})
	x := a.PubKey()[1:]
	tweaked, _, ok := sigverify.TaprootOutputKey(x, nil)
	if !ok {
		tb.Fatal("no output key")
	}
	keyHash := script.Hash160(a.PubKey())
	list := []form{
		{"pk, uncompressed", p2pk(old), nil, []script.Secret{old}, false},
		{"pkh, uncompressed", p2pkh(old), nil, []script.Secret{old}, false},
		{"sh pk, uncompressed", p2sh(p2pk(old)), [][]byte{p2pk(old)}, []script.Secret{old}, false},
		{"wpkh", program(tb, 0, keyHash[:]), nil, []script.Secret{a}, true},
		{"sh wpkh", p2sh(program(tb, 0, keyHash[:])), [][]byte{program(tb, 0, keyHash[:])}, []script.Secret{a}, true},
		{"tr by its output key", program(tb, 1, x), nil, []script.Secret{a}, true},
		{"tr by its internal key", program(tb, 1, tweaked[:]), nil, []script.Secret{a}, true},
		{"tr by an internal key of odd Y", func() []byte {
			odd := oddKey()
			q, _, _ := sigverify.TaprootOutputKey(odd.PubKey()[1:], nil)
			return program(tb, 1, q[:])
		}(), nil, []script.Secret{oddKey()}, true},
		{"anchor", []byte{0x51, 2, 0x4e, 0x73}, nil, nil, false},
	}
	for _, inner := range []form{
		{"pk", p2pk(a), nil, []script.Secret{a}, false},
		{"pkh", p2pkh(a), nil, []script.Secret{a}, false},
		{"multi", multi, nil, []script.Secret{a, c}, false},
		{"multi, all keys", multi, nil, []script.Secret{c, b, a}, false},
	} {
		code := inner.pkScript
		list = append(list, inner,
			form{"sh " + inner.name, p2sh(code), [][]byte{code}, inner.keys, false},
			form{"wsh " + inner.name, p2wsh(tb, code), [][]byte{code}, inner.keys, true},
			form{"sh wsh " + inner.name, p2sh(p2wsh(tb, code)), [][]byte{code, p2wsh(tb, code)}, inner.keys, true})
	}
	return list
}

// oddKey returns a key whose point has an odd Y.
func oddKey() script.Secret {
	for n := byte(10); ; n++ {
		if k := testKey(n, true); k.PubKey()[0] == 3 {
			return k
		}
	}
}

func (f *form) ring() *Keyring {
	var k Keyring
	for _, s := range f.keys {
		k.AddKey(s)
	}
	for _, s := range f.scripts {
		k.AddScript(s)
	}
	return &k
}

// spending returns a transaction that spends these outputs to as many.
func spending(outs ...[]byte) (*wire.Tx, []Spent) {
	tx := &wire.Tx{Version: 2}
	var spent []Spent
	for i, pk := range outs {
		tx.In = append(tx.In, wire.TxIn{PrevOut: wire.OutPoint{Txid: wire.Txid{byte(i + 1)}, Index: uint32(i)}, Sequence: 0xfffffffd})
		tx.Out = append(tx.Out, wire.TxOut{Value: 1000, PkScript: []byte{0x51, byte(i)}})
		spent = append(spent, Spent{Known: true, Out: wire.TxOut{Value: wire.Amount(2000 + i), PkScript: pk}})
	}
	return tx, spent
}

func outsOf(spent []Spent) (outs []wire.TxOut) {
	for _, s := range spent {
		outs = append(outs, s.Out)
	}
	return outs
}

var hashTypes = []script.HashType{
	script.SigHashDefault, script.SigHashAll, script.SigHashNone, script.SigHashSingle,
	script.SigHashAll | script.SigHashAnyoneCanPay, script.SigHashNone | script.SigHashAnyoneCanPay, script.SigHashSingle | script.SigHashAnyoneCanPay,
}

// Every form under every hash type, among other inputs: the interpreter takes
// what was signed, and not after a change of what the signature commits to.
func TestEveryFormAndHashType(t *testing.T) {
	n := 0
	for _, f := range forms(t) {
		for _, hashType := range hashTypes {
			t.Run(fmt.Sprintf("%s/%#x", f.name, uint32(hashType)), func(t *testing.T) {
				tx, spent := spending([]byte{0x51}, f.pkScript, []byte{0x52})
				tx, errs := Transaction(tx, spent, f.ring(), hashType)
				if len(errs) != 0 {
					t.Fatal(errs[0].Message)
				}
				judge := func(outs []wire.TxOut) error {
					return script.Verify(tx, 1, script.StandardFlags, script.NewMidstates(tx, outs), sigverify.Direct{})
				}
				if err := judge(outsOf(spent)); err != nil {
					t.Fatal(err)
				}
				if f.keys == nil {
					return // nothing is signed
				}
				checkCommitments(t, &f, tx, spent, hashType, judge)
			})
			n++
		}
	}
	t.Logf("%d forms under %d hash types: %d cases", len(forms(t)), len(hashTypes), n)
}

// checkCommitments changes parts of the transaction one after the other.
func checkCommitments(t *testing.T, f *form, tx *wire.Tx, spent []Spent, hashType script.HashType, judge func([]wire.TxOut) error) {
	t.Helper()
	base, alone := hashType&3, hashType&script.SigHashAnyoneCanPay != 0
	for _, c := range []struct {
		what      string
		committed bool
		change    func() (restore func())
	}{
		{"its own output", base != script.SigHashNone, func() func() { tx.Out[1].Value++; return func() { tx.Out[1].Value-- } }},
		{"another output", base != script.SigHashNone && base != script.SigHashSingle, func() func() { tx.Out[0].Value++; return func() { tx.Out[0].Value-- } }},
		{"another input", !alone, func() func() { tx.In[0].PrevOut.Index++; return func() { tx.In[0].PrevOut.Index-- } }},
		{"its own input", true, func() func() { tx.In[1].PrevOut.Index++; return func() { tx.In[1].PrevOut.Index-- } }},
		{"its own amount", f.witness, func() func() { spent[1].Out.Value++; return func() { spent[1].Out.Value-- } }},
	} {
		restore := c.change()
		if valid := judge(outsOf(spent)) == nil; valid == c.committed {
			t.Errorf("after a change of %s: valid %v", c.what, valid)
		}
		restore()
	}
}

// Signing is a function of its arguments.
func TestSignaturesAreDeterministic(t *testing.T) {
	for _, f := range forms(t) {
		var first []byte
		for range 2 {
			tx, spent := spending(f.pkScript)
			tx, _ = Transaction(tx, spent, f.ring(), script.SigHashDefault)
			got := tx.AppendTo(nil)
			if first != nil && !bytes.Equal(got, first) {
				t.Errorf("%s: signed twice, %x and %x", f.name, first, got)
			}
			first = got
		}
	}
}

// R stays below 2^255 for many keys, so that a signature is never longer than
// 70 bytes.
func TestLowR(t *testing.T) {
	var shorter int
	for n := range 256 {
		key, hash := testKey(byte(n), true), sha256.Sum256([]byte{byte(n), 1})
		sig := signECDSA(&key.Key, &hash)
		if len(sig) > 70 || sig[3] > 32 || !sigverify.LowS(sig) || !sigverify.ECDSA(key.PubKey(), sig, &hash) {
			t.Errorf("key %d: %x", n, sig)
		}
		if len(sig) < 70 {
			shorter++
		}
	}
	if shorter == 0 {
		t.Error("no signature is shorter, as one in 128 should be")
	}
}

// Two holders of keys sign one after the other, in both orders and below every
// wrapping; what the first left is kept.
func TestSigningInTurn(t *testing.T) {
	a, b, c := testKey(1, true), testKey(2, true), testKey(3, true)
	multi := script.AppendMultiSig(nil, 2, [][]byte{a.PubKey(), b.PubKey(), c.PubKey()})
	for _, f := range []form{
		{name: "bare", pkScript: multi},
		{name: "sh", pkScript: p2sh(multi), scripts: [][]byte{multi}},
		{name: "wsh", pkScript: p2wsh(t, multi), scripts: [][]byte{multi}},
		{name: "sh wsh", pkScript: p2sh(p2wsh(t, multi)), scripts: [][]byte{multi, p2wsh(t, multi)}},
	} {
		both := f
		both.keys = []script.Secret{a, c}
		blank, spent := spending(f.pkScript)
		want, errs := Transaction(blank, spent, both.ring(), script.SigHashAll)
		if errs != nil {
			t.Fatal(errs[0])
		}
		for _, order := range [][2]script.Secret{{a, c}, {c, a}} {
			first := f
			first.keys = order[:1]
			half, errs := Transaction(blank, spent, first.ring(), script.SigHashAll)
			if len(errs) != 1 {
				t.Fatalf("%s: one key of two is enough", f.name)
			}
			// The second has no scripts: they are in the input by now.
			second := form{keys: order[1:]}
			tx, errs := Transaction(half, spent, second.ring(), script.SigHashAll)
			if errs != nil {
				t.Fatalf("%s: %s", f.name, errs[0].Message)
			}
			if !bytes.Equal(tx.AppendTo(nil), want.AppendTo(nil)) {
				t.Errorf("%s: one after the other %x, together %x", f.name, tx.AppendTo(nil), want.AppendTo(nil))
			}
			// Complete, it is left alone, with no key at all.
			if tx, errs = Transaction(tx, spent, &Keyring{}, script.SigHashNone); errs != nil || !bytes.Equal(tx.AppendTo(nil), want.AppendTo(nil)) {
				t.Errorf("%s: a complete input was changed to %x", f.name, tx.AppendTo(nil))
			}
		}
	}
}

// Signatures of different hash types stand side by side.
func TestSigningInTurnWithOtherHashTypes(t *testing.T) {
	a, b := testKey(1, true), testKey(2, true)
	multi := script.AppendMultiSig(nil, 2, [][]byte{a.PubKey(), b.PubKey()})
	for _, pk := range [][]byte{multi, p2wsh(t, multi)} {
		tx, spent := spending(pk, []byte{0x51})
		for i, key := range []script.Secret{b, a} {
			f := form{keys: []script.Secret{key}, scripts: [][]byte{multi}}
			var errs []*InputError
			if tx, errs = Transaction(tx, spent, f.ring(), []script.HashType{script.SigHashNone, script.SigHashSingle}[i]); len(errs) != 1-i {
				t.Fatalf("after %d signatures: %v", i+1, errs)
			}
		}
	}
}

// What is missing is told in the words that clients match on.
func TestIncompleteInputs(t *testing.T) {
	a, b, old := testKey(1, true), testKey(2, true), testKey(4, false)
	multi := script.AppendMultiSig(nil, 2, [][]byte{a.PubKey(), b.PubKey()})
	keyHash := script.Hash160(a.PubKey())
	oldHash := script.Hash160(old.PubKey())
	for _, c := range []struct {
		name  string
		out   []byte
		keys  []script.Secret
		codes [][]byte
		want  string
	}{
		{"no key for pkh", p2pkh(a), nil, nil, "Unable to sign input, invalid stack size (possibly missing key)"},
		{"no key for pk", p2pk(a), []script.Secret{b}, nil, "Unable to sign input, invalid stack size (possibly missing key)"},
		{"no key for wpkh", program(t, 0, keyHash[:]), nil, nil, "Witness program hash mismatch"},
		{"no key for tr", program(t, 1, a.PubKey()[1:]), []script.Secret{b}, nil, "Witness program was passed an empty witness"},
		{"no script for sh", p2sh(multi), []script.Secret{a, b}, nil, "Unable to sign input, invalid stack size (possibly missing key)"},
		{"no script for wsh", p2wsh(t, multi), []script.Secret{a, b}, nil, "Witness program was passed an empty witness"},
		{"one of two", multi, []script.Secret{a}, nil, "CHECK(MULTI)SIG failing with non-zero signature (possibly need more signatures)"},
		{"one of two below wsh", p2wsh(t, multi), []script.Secret{b}, [][]byte{multi}, "CHECK(MULTI)SIG failing with non-zero signature (possibly need more signatures)"},
		{"none of two", multi, nil, nil, "Script evaluated without error but finished with a false/empty top stack element"},
		{"uncompressed key for wpkh", program(t, 0, oldHash[:]), []script.Secret{old}, nil, "Witness program hash mismatch"},
		{"data", []byte{0x6a}, nil, nil, "OP_RETURN was encountered"},
		{"something else", []byte{0x00}, nil, nil, "Script evaluated without error but finished with a false/empty top stack element"},
	} {
		tx, spent := spending(c.out)
		f := form{keys: c.keys, scripts: c.codes}
		_, errs := Transaction(tx, spent, f.ring(), script.SigHashDefault)
		if len(errs) != 1 || errs[0].Message != c.want || errs[0].Input != 0 {
			t.Errorf("%s: %v, want %q", c.name, errs, c.want)
		}
	}
}

func TestUnknownOutputs(t *testing.T) {
	a := testKey(1, true)
	keyHash := script.Hash160(a.PubKey())
	var keys Keyring
	keys.AddKey(a)
	tx, spent := spending(p2pkh(a), program(t, 1, a.PubKey()[1:]), program(t, 0, keyHash[:]), []byte{0x51})
	spent[3] = Spent{}
	spent[2].Out.Value = UnknownAmount
	_, errs := Transaction(tx, spent, &keys, script.SigHashDefault)
	var got []string
	for _, e := range errs {
		got = append(got, fmt.Sprintf("%d: %s", e.Input, e.Message))
	}
	want := []string{"1: Witness program was passed an empty witness", "2: Missing amount", "3: Input not found or already spent"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
	// A taproot signature cannot be judged without the other outputs either.
	tx, spent = spending(program(t, 1, a.PubKey()[1:]), []byte{0x51})
	if tx, errs = Transaction(tx, spent, &keys, script.SigHashDefault); errs != nil {
		t.Fatal(errs[0])
	}
	spent[1] = Spent{}
	if _, errs := Transaction(tx, spent, &keys, script.SigHashDefault); len(errs) != 2 || errs[0].Message != "Invalid Schnorr signature hash type" {
		t.Errorf("got %v", errs)
	}
}

// SINGLE without an output of the same number signs nothing: the hash would be
// the number one, a signature of which opens every such input.
func TestSingleWithoutOutput(t *testing.T) {
	a := testKey(1, true)
	var keys Keyring
	keys.AddKey(a)
	tx, spent := spending(p2pkh(a), p2pkh(a))
	tx.Out = tx.Out[:1]
	tx, errs := Transaction(tx, spent, &keys, script.SigHashSingle|script.SigHashAnyoneCanPay)
	if len(errs) != 1 || errs[0].Input != 1 || len(tx.In[1].ScriptSig) != 0 {
		t.Errorf("%v, %x", errs, tx.In[1].ScriptSig)
	}
}

// Junk in the input must neither panic nor get in the way of a signature.
func FuzzCarried(f *testing.F) {
	a, b := testKey(1, true), testKey(2, true)
	multi := script.AppendMultiSig(nil, 2, [][]byte{a.PubKey(), b.PubKey()})
	f.Add([]byte{}, []byte{}, uint8(0))
	f.Add(script.AppendPush(nil, multi), multi, uint8(1))
	sig, _ := hex.DecodeString("3006020101020101")
	f.Add(script.AppendPush([]byte{0}, append(sig, 1)), sig, uint8(2))
	outs := [][]byte{multi, p2sh(multi), p2wsh(f, multi), p2sh(p2wsh(f, multi)), program(f, 1, a.PubKey()[1:]), p2pkh(a)}
	f.Fuzz(func(t *testing.T, scriptSig, item []byte, which uint8) {
		pk := outs[int(which)%len(outs)]
		tx, spent := spending(pk)
		tx.In[0].ScriptSig, tx.In[0].Witness = scriptSig, [][]byte{item, multi}
		ring := (&form{keys: []script.Secret{a, b}, scripts: [][]byte{multi, p2wsh(t, multi)}}).ring()
		if _, errs := Transaction(tx, spent, ring, script.SigHashAll); errs != nil {
			t.Fatalf("%x: %s", pk, errs[0].Message)
		}
	})
}

func BenchmarkSignP2WPKH(b *testing.B) {
	a := testKey(1, true)
	h := script.Hash160(a.PubKey())
	var keys Keyring
	keys.AddKey(a)
	pk := program(b, 0, h[:])
	for b.Loop() {
		tx, spent := spending(pk)
		if _, errs := Transaction(tx, spent, &keys, script.SigHashAll); errs != nil {
			b.Fatal(errs[0])
		}
	}
}
