package sigverify

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"

	"grapevine/internal/testdata"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBIP340Vectors runs every vector; those with a message of 32 bytes go
// through the exported function and a batch, the others through the inner one.
func TestBIP340Vectors(t *testing.T) {
	f, err := os.Open(testdata.Shared(t, "vectors/bips/bip-0340-test-vectors.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	const want = 19
	var n, n32 int
	for _, row := range rows[1:] {
		key, msg, sig := unhex(t, row[2]), unhex(t, row[4]), unhex(t, row[5])
		valid := row[6] == "TRUE"
		n++
		if got := schnorrAnyLength(key, sig, msg); got != valid {
			t.Errorf("vector %s (%s): got %v", row[0], row[7], got)
		}
		if len(msg) != 32 {
			continue
		}
		n32++
		m := (*[32]byte)(msg)
		if got := bothSchnorr(t, key, sig, m); got != valid {
			t.Errorf("vector %s: Schnorr gives %v", row[0], got)
		}
	}
	t.Logf("BIP 340: %d vectors, %d with a message of 32 bytes", n, n32)
	if n != want || n != len(rows)-1 {
		t.Fatalf("ran %d of %d vectors, the file is known to hold %d", n, len(rows)-1, want)
	}
}

type wycheproof struct {
	NumberOfTests int
	TestGroups    []struct {
		PublicKey struct{ Uncompressed string }
		Tests     []struct {
			TcID             int
			Comment          string
			Flags            []string
			Msg, Sig, Result string
		}
	}
}

// TestWycheproofECDSA compares with the vectors for strict Bitcoin signatures
// in two ways. With strict DER and low S demanded besides, as relay rules do,
// the verdicts are the vectors'. Without, as consensus did before BIP 66, more
// passes: malleated S, and BER in place of DER.
func TestWycheproofECDSA(t *testing.T) {
	raw, err := os.ReadFile(testdata.Shared(t, "vectors/core/wycheproof_ecdsa_secp256k1_sha256_bitcoin_test.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file wycheproof
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	n, lenient := 0, map[string]int{}
	for _, g := range file.TestGroups {
		key := unhex(t, g.PublicKey.Uncompressed)
		for _, c := range g.Tests {
			n++
			sig := unhex(t, c.Sig)
			hash := sha256.Sum256(unhex(t, c.Msg))
			got := both(t, key, sig, &hash)
			valid := c.Result == "valid"
			_, strictErr := ecdsa.ParseDERSignature(sig)
			strict := strictErr == nil && LowS(sig)
			if (got && strict) != valid {
				t.Errorf("test %d (%s, %v): got %v, strict %v, want %v", c.TcID, c.Comment, c.Flags, got, strict, valid)
			}
			if got && !valid {
				lenient[strings.Join(c.Flags, ",")]++
			}
		}
	}
	// Integers read as unsigned, long lengths, garbage; and n - s for s.
	if got, want := fmt.Sprint(lenient), "map[ArithmeticError:1 BerEncodedSignature:7 InvalidEncoding:18 ModifiedSignature:10 SignatureMalleabilityBitcoin:1]"; got != want {
		t.Errorf("leniency: %s, want %s", got, want)
	}
	t.Logf("wycheproof: %d vectors; passed beyond strict rules: %v", n, lenient)
	if n != file.NumberOfTests || n != 463 {
		t.Fatalf("ran %d, the file says %d and is known to hold 463", n, file.NumberOfTests)
	}
}

// TestBIP341Wallet checks output keys, parities and commitments against the
// wallet vectors.
func TestBIP341Wallet(t *testing.T) {
	raw, err := os.ReadFile(testdata.Shared(t, "vectors/bips/bip-0341-wallet-test-vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		ScriptPubKey []struct {
			Given        struct{ InternalPubkey string }
			Intermediary struct {
				MerkleRoot    *string
				Tweak         string
				TweakedPubkey string
			}
			Expected struct{ ScriptPathControlBlocks []string }
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	for i, c := range file.ScriptPubKey {
		internal := unhex(t, c.Given.InternalPubkey)
		want := unhex(t, c.Intermediary.TweakedPubkey)
		var root *[32]byte
		if c.Intermediary.MerkleRoot != nil {
			root = (*[32]byte)(unhex(t, *c.Intermediary.MerkleRoot))
		}
		tweak := TapTweakHash(internal, root)
		if hex.EncodeToString(tweak[:]) != c.Intermediary.Tweak {
			t.Errorf("case %d: tweak %x", i, tweak)
		}
		key, parity, ok := TaprootOutputKey(internal, root)
		if !ok || string(key[:]) != string(want) {
			t.Errorf("case %d: output key %x", i, key)
		}
		for _, cb := range c.Expected.ScriptPathControlBlocks {
			if got := unhex(t, cb)[0] & 1; got != parity {
				t.Errorf("case %d: parity %d, control block says %d", i, parity, got)
			}
		}
		if !bothTweak(t, want, internal, &tweak, parity) {
			t.Errorf("case %d: commitment refused", i)
		}
		if bothTweak(t, want, internal, &tweak, 1-parity) || bothTweak(t, internal, internal, &tweak, parity) {
			t.Errorf("case %d: wrong commitment accepted", i)
		}
		tweak[31] ^= 1
		if bothTweak(t, want, internal, &tweak, parity) {
			t.Errorf("case %d: wrong tweak accepted", i)
		}
	}
	t.Logf("BIP 341 wallet: %d cases", len(file.ScriptPubKey))
	if len(file.ScriptPubKey) != 7 {
		t.Fatalf("%d cases, the file is known to hold 7", len(file.ScriptPubKey))
	}
}

func testKey(seed byte) *btcec.PrivateKey {
	h := sha256.Sum256([]byte{seed})
	key, _ := btcec.PrivKeyFromBytes(h[:])
	return key
}
