package script

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"grapevine/chain/sigverify"
	"grapevine/internal/testdata"
	"grapevine/wire"
)

const (
	txscriptModule  = "github.com/btcsuite/btcd/txscript/v2"
	txscriptVersion = "v2.0.0"
)

// coreVectors reads one of the JSON files of Bitcoin Core's tests from the
// module that ships them, so that the test runs anywhere.
func coreVectors(t testing.TB, name string) []json.RawMessage {
	t.Helper()
	raw, err := os.ReadFile(testdata.Module(t, txscriptModule, txscriptVersion, "data/"+name))
	if err != nil {
		t.Fatal(err)
	}
	var all []json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// cases keeps the entries that are more than a comment.
func cases(t testing.TB, name string) (list [][]json.RawMessage) {
	t.Helper()
	for _, raw := range coreVectors(t, name) {
		var entry []json.RawMessage
		if err := json.Unmarshal(raw, &entry); err != nil {
			t.Fatal(err)
		}
		if len(entry) > 1 {
			list = append(list, entry)
		}
	}
	return list
}

// counted fails unless a test ran every case of its file.
func counted(t *testing.T, name string, ran, inFile, known int) {
	t.Helper()
	t.Logf("%s: %d cases of %d", name, ran, inFile)
	if ran != inFile || inFile != known {
		t.Errorf("%s: %d cases ran, the file holds %d, known are %d", name, ran, inFile, known)
	}
}

func str(t testing.TB, raw json.RawMessage) string {
	t.Helper()
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return s
}

// parseScript reads the notation of the vectors: numbers, 0x for raw bytes,
// 'text' for pushes, opcode names with or without OP_.
func parseScript(text string) ([]byte, error) {
	var s []byte
	for _, w := range strings.Fields(text) {
		if n, err := strconv.ParseInt(w, 10, 64); err == nil {
			s = AppendInt(s, n)
			continue
		}
		switch {
		case strings.HasPrefix(w, "0x"):
			b, err := hex.DecodeString(w[2:])
			if err != nil {
				return nil, err
			}
			s = append(s, b...)
		case len(w) >= 2 && w[0] == '\'' && w[len(w)-1] == '\'':
			s = AppendPush(s, []byte(w[1:len(w)-1]))
		default:
			op, ok := opcodeByName(w)
			if !ok {
				return nil, fmt.Errorf("unknown opcode %q", w)
			}
			s = append(s, byte(op))
		}
	}
	return s, nil
}

func opcodeByName(name string) (Opcode, bool) {
	name = "OP_" + strings.TrimPrefix(name, "OP_")
	for op := int(OpReserved); op <= int(OpCheckSigAdd); op++ {
		if Opcode(op).String() == name {
			return Opcode(op), true
		}
	}
	return 0, false
}

func mustScript(t testing.TB, text string) []byte {
	t.Helper()
	s, err := parseScript(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return s
}

func mustFlags(t testing.TB, text string) (f Flags) {
	t.Helper()
	if text == "" || text == "NONE" {
		return 0
	}
	for _, name := range strings.Split(text, ",") {
		flag, ok := ParseFlag(name)
		if !ok {
			t.Fatalf("unknown flag %q", name)
		}
		f |= flag
	}
	return f
}

// fillFlags and trimFlags make a combination of flags that means something.
func fillFlags(f Flags) Flags {
	if f&VerifyCleanStack != 0 {
		f |= VerifyWitness
	}
	if f&VerifyWitness != 0 {
		f |= VerifyP2SH
	}
	return f
}

func trimFlags(f Flags) Flags {
	if f&VerifyP2SH == 0 {
		f &^= VerifyWitness
	}
	if f&VerifyWitness == 0 {
		f &^= VerifyCleanStack
	}
	return f
}

// memo is a verifier, and an engine for batches, that computes each check once:
// the vectors repeat them under hundreds of flags.
type memo struct {
	checks map[string]bool
	batch  map[sigverify.Check]bool
}

func newMemo() *memo {
	return &memo{map[string]bool{}, map[sigverify.Check]bool{}}
}

func (m *memo) once(key string, f func() bool) bool {
	v, ok := m.checks[key]
	if !ok {
		v = f()
		m.checks[key] = v
	}
	return v
}

func (m *memo) ECDSA(key, sig []byte, hash *[32]byte) bool {
	return m.once(fmt.Sprintf("e%x/%x/%x", key, sig, *hash), func() bool { return sigverify.ECDSA(key, sig, hash) })
}

func (m *memo) Schnorr(key, sig []byte, msg *[32]byte) bool {
	return m.once(fmt.Sprintf("s%x/%x/%x", key, sig, *msg), func() bool { return sigverify.Schnorr(key, sig, msg) })
}

func (m *memo) TapTweak(out, in []byte, tweak *[32]byte, parity byte) bool {
	return m.once(fmt.Sprintf("t%x/%x/%x/%d", out, in, *tweak, parity), func() bool { return sigverify.TapTweak(out, in, tweak, parity) })
}

func (m *memo) VerifyAll(checks []sigverify.Check) bool {
	for i, c := range checks {
		v, ok := m.batch[c]
		if !ok {
			v = sigverify.Reference{}.VerifyAll(checks[i : i+1])
			m.batch[c] = v
		}
		if !v {
			return false
		}
	}
	return true
}

// verifyBoth verifies directly and in a batch, and fails the test when the two
// differ. It returns the kind of error, or "OK".
func verifyBoth(t testing.TB, tx *wire.Tx, in int, flags Flags, m *Midstates, memo *memo) ErrorKind {
	t.Helper()
	err := Verify(tx, in, flags, m, memo)
	b := sigverify.NewBatch(memo, nil)
	batched := VerifyBatched(tx, in, flags, m, b)
	if batched != nil && (err == nil || batched.Error() != err.Error()) {
		t.Errorf("batched: %v, direct: %v", batched, err)
	}
	if batched == nil && b.Verify() != (err == nil) {
		t.Errorf("batched: %v with %d checks, direct: %v", b.Verify(), b.Len(), err)
	}
	if err == nil {
		return "OK"
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error of type %T", err)
	}
	return e.Kind
}

// spending builds the transaction pair that the script vectors are about.
func spending(scriptSig, pkScript []byte, witness [][]byte, value wire.Amount) (*wire.Tx, []wire.TxOut) {
	credit := &wire.Tx{
		Version: 1,
		In:      []wire.TxIn{{PrevOut: wire.OutPoint{Index: math.MaxUint32}, ScriptSig: []byte{0, 0}, Sequence: math.MaxUint32}},
		Out:     []wire.TxOut{{Value: value, PkScript: pkScript}},
	}
	tx := &wire.Tx{
		Version: 1,
		In:      []wire.TxIn{{PrevOut: wire.OutPoint{Txid: credit.Txid()}, ScriptSig: scriptSig, Witness: witness, Sequence: math.MaxUint32}},
		Out:     []wire.TxOut{{Value: value}},
	}
	return tx, credit.Out
}

// generatorX is the public key of the private key 1, which the taproot cases of
// script_tests.json use as internal key.
var generatorX = unhex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")

// scriptWitness reads the first element of a case that has a witness: items,
// then the amount. Two macros stand for a tapscript and its control block.
func scriptWitness(t *testing.T, raw json.RawMessage) (items [][]byte, output []byte, value wire.Amount) {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	for _, r := range list[:len(list)-1] {
		s := str(t, r)
		switch {
		case strings.HasPrefix(s, "#SCRIPT#"):
			items = append(items, mustScript(t, s[len("#SCRIPT#"):]))
		case s == "#CONTROLBLOCK#":
			leaf := TapLeafHash(LeafTapscript, items[len(items)-1])
			key, parity, ok := sigverify.TaprootOutputKey(generatorX, &leaf)
			if !ok {
				t.Fatal("no output key")
			}
			output = key[:]
			items = append(items, append([]byte{LeafTapscript | parity}, generatorX...))
		default:
			items = append(items, unhex(s))
		}
	}
	f, err := strconv.ParseFloat(string(list[len(list)-1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return items, output, wire.Amount(math.Round(f * 1e8))
}

func TestScriptVectors(t *testing.T) {
	list, memo, rng := cases(t, "script_tests.json"), newMemo(), rand.New(rand.NewPCG(1, 2))
	ran := 0
	for _, c := range list {
		name := string(bytes.Join(rawBytes(c), []byte(" ")))
		var witness [][]byte
		var output []byte
		var value wire.Amount
		if c[0][0] == '[' {
			witness, output, value = scriptWitness(t, c[0])
			c = c[1:]
		}
		pkText := strings.Replace(str(t, c[1]), "#TAPROOTOUTPUT#", "0x"+hex.EncodeToString(output), 1)
		scriptSig, pkScript := mustScript(t, str(t, c[0])), mustScript(t, pkText)
		flags, want := mustFlags(t, str(t, c[2])), ErrorKind(str(t, c[3]))
		if flags&VerifyCleanStack != 0 {
			flags |= VerifyP2SH | VerifyWitness
		}
		tx, spent := spending(scriptSig, pkScript, witness, value)
		m := NewMidstates(tx, spent)
		if got := verifyBoth(t, tx, 0, flags, m, memo); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		// Fewer flags never make a valid input invalid, more never the reverse.
		for range 256 {
			f := flags &^ (Flags(rng.Uint32()) & AllFlags)
			if want != "OK" {
				f = flags | Flags(rng.Uint32())&AllFlags
			}
			if f != fillFlags(f) {
				continue
			}
			if got := verifyBoth(t, tx, 0, f, m, memo); (got == "OK") != (want == "OK") {
				t.Errorf("%s with flags %v: %s", name, f.Names(), got)
			}
		}
		ran++
	}
	counted(t, "script_tests.json", ran, len(list), 1222)
}

func rawBytes(list []json.RawMessage) (out [][]byte) {
	for _, r := range list {
		out = append(out, r)
	}
	return out
}

func TestSigHashVectors(t *testing.T) {
	list := cases(t, "sighash.json")
	ran := 0
	for i, c := range list {
		tx, err := wire.DecodeTx(unhex(str(t, c[0])))
		if err != nil {
			t.Fatal(err)
		}
		code := unhex(str(t, c[1]))
		in, _ := strconv.Atoi(string(c[2]))
		n, _ := strconv.ParseInt(string(c[3]), 10, 64)
		hashType := HashType(int32(n))
		want := reversed(unhex(str(t, c[4])))
		if got := LegacySigHash(tx, in, code, hashType); !bytes.Equal(got[:], want) {
			t.Errorf("case %d: %x, want %x", i, got, want)
		}
		if got := cachedLegacy(tx, in, code, hashType); !bytes.Equal(got[:], want) {
			t.Errorf("case %d by way of the midstates: %x, want %x", i, got, want)
		}
		ran++
	}
	counted(t, "sighash.json", ran, len(list), 500)
}

func reversed(b []byte) []byte {
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return b
}

// cachedLegacy computes the hash as the interpreter does, twice, so that the
// second comes from the remembered state.
func cachedLegacy(tx *wire.Tx, in int, code []byte, t HashType) [32]byte {
	m := NewMidstates(tx, make([]wire.TxOut, len(tx.In)))
	m.Prepare(tx)
	e := engines.Get().(*engine)
	e.inputContext = inputContext{tx: tx, in: in, m: m}
	first := *e.ecdsaHash(code, t)
	second := *e.ecdsaHash(bytes.Clone(code), t)
	e.release()
	if first != second {
		return [32]byte{}
	}
	return first
}
