package script

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"grapevine/chain/params"
	"grapevine/internal/testdata"
)

func readVectors(t *testing.T, name string, v any) {
	t.Helper()
	raw, err := os.ReadFile(testdata.Shared(t, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		t.Fatal(err)
	}
}

func network(t testing.TB, name string) *params.Params {
	t.Helper()
	p, err := params.ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func flipCase(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

type keyIOMeta struct {
	Chain                                string
	IsPrivkey, IsCompressed, TryCaseFlip bool
}

func TestKeyIOValid(t *testing.T) {
	var rows [][3]json.RawMessage
	readVectors(t, "vectors/core/key_io_valid.json", &rows)
	for _, row := range rows {
		var text, payloadHex string
		var meta keyIOMeta
		for i, v := range []any{&text, &payloadHex, &meta} {
			if err := json.Unmarshal(row[i], v); err != nil {
				t.Fatal(err)
			}
		}
		payload, _ := hex.DecodeString(payloadHex)
		p := network(t, meta.Chain)
		a, err := DecodeAddress(text, p)
		k, isKey := DecodeSecret(text, p)
		if meta.IsPrivkey {
			if err == nil || !isKey || k.Compressed != meta.IsCompressed || !bytes.Equal(k.Key[:], payload) || k.Encode(p) != text {
				t.Errorf("key %s (%s) does not round trip: %v %x", text, meta.Chain, isKey, k.Key)
			}
			continue
		}
		if err != nil || isKey || !bytes.Equal(a.Script(), payload) || a.Encode(p) != text {
			t.Errorf("address %s (%s): %v, script %x, again %s", text, meta.Chain, err, a.Script(), a.Encode(p))
		}
		if got, ok := AddressOf(payload, p); !ok || got != text {
			t.Errorf("script %x: %q, want %s", payload, got, text)
		}
		flipped, err := DecodeAddress(flipCase(text), p)
		if (err == nil) != meta.TryCaseFlip || err == nil && flipped != a {
			t.Errorf("address %s in the other case: %v", text, err)
		}
	}
	t.Logf("key_io_valid: %d cases", len(rows))
	if len(rows) != 70 {
		t.Fatal("the file is known to hold 70")
	}
}

func TestKeyIOInvalid(t *testing.T) {
	var rows [][]string
	readVectors(t, "vectors/core/key_io_invalid.json", &rows)
	for _, row := range rows {
		for _, chain := range []string{"main", "test", "testnet4", "signet", "regtest"} {
			p := network(t, chain)
			if a, err := DecodeAddress(row[0], p); err == nil || a.IsValid() {
				t.Errorf("%q is an address on %s", row[0], chain)
			}
			if _, ok := DecodeSecret(row[0], p); ok {
				t.Errorf("%q is a key on %s", row[0], chain)
			}
		}
	}
	t.Logf("key_io_invalid: %d cases", len(rows))
	if len(rows) != 70 {
		t.Fatal("the file is known to hold 70")
	}
}

func TestBase58Vectors(t *testing.T) {
	var rows [][2]string
	readVectors(t, "vectors/core/base58_encode_decode.json", &rows)
	for _, row := range rows {
		raw, _ := hex.DecodeString(row[0])
		if got := EncodeBase58(raw); got != row[1] {
			t.Errorf("%s encodes to %s, want %s", row[0], got, row[1])
		}
		got, ok := DecodeBase58(row[1], 256)
		if !ok || !bytes.Equal(got, raw) {
			t.Errorf("%s decodes to %x, %v", row[1], got, ok)
		}
		if got, ok := DecodeBase58(" \t\n\v\f\r"+row[1]+" \r", len(raw)); !ok || !bytes.Equal(got, raw) {
			t.Errorf("%s with white space and exact room: %x, %v", row[1], got, ok)
		}
		if _, ok := DecodeBase58(row[1], len(raw)-1); ok && len(raw) > 0 {
			t.Errorf("%s fits in a byte less", row[1])
		}
	}
	t.Logf("base58_encode_decode: %d cases", len(rows))
	if len(rows) != 21 {
		t.Fatal("the file is known to hold 21")
	}
	for _, bad := range []string{"invalid", "good 9", "bad0IOl", "skip\x00", "\x00good", "3vQB7B6MrGQZaxCuFg4oh\u00a0"} {
		if b, ok := DecodeBase58(bad, 100); ok {
			t.Errorf("%q decodes to %x", bad, b)
		}
	}
	if _, ok := DecodeBase58Check("2g", 100); ok {
		t.Error("a checksum of one byte")
	}
}

// TestDecodeAddressErrors pins sentences and positions; the strings are those
// of the functional tests of the RPC interface.
func TestDecodeAddressErrors(t *testing.T) {
	p := network(t, "regtest")
	var tooLong []int
	for i := 90; i < 108; i++ {
		tooLong = append(tooLong, i)
	}
	for _, c := range []struct {
		text, want string
		locations  []int
	}{
		{"bcrt1s0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav25430mtr", "Invalid Bech32 address program size (41 bytes)", nil},
		{"bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7k7grplx", "Invalid or unsupported Segwit (Bech32) or Base58 encoding.", nil},
		{"bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqdmchcc", "Version 1+ witness address must use Bech32m checksum", nil},
		{"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7k35mrzd", "Version 0 witness address must use Bech32 checksum", nil},
		{"bcrt130xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqynjegk", "Invalid Bech32 address witness version", nil},
		{"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kqqq5k3my", "Invalid Bech32 v0 address program size (21 bytes), per BIP141", nil},
		{"bcrt1q049edschfnwystcqnsvyfpj23mpsg3jcedq9xv049edschfnwystcqnsvyfpj23mpsg3jcedq9xv049edschfnwystcqnsvyfpj23m", "Bech32 string too long", tooLong},
		{"bcrt1q049edschfnwystcqnsvyfpj23mpsg3jcedq9xv", "Invalid Bech32 checksum", []int{9}},
		{"bcrt1qax9suht3qv95sw33xavx8crpxduefdrsvgsklu", "Invalid Bech32 checksum", []int{22, 43}},
		{"BCRT1QPLMTZKC2XHARPPZDLNPAQL78RSHJ68U32RAH7R", "Invalid Bech32 checksum", []int{38}},
		{"bcrtq049ldschfnwystcqnsvyfpj23mpsg3jcedq9xv", "Missing separator", nil},
		{"bcrt1q04oldschfnwystcqnsvyfpj23mpsg3jcedq9xv", "Invalid Base 32 character", []int{8}},
		{"bcrt1qdg3myrgvzw7ml8q0ejxhlkyxn7vl9r56yzkfgvzclrf4hkpx9yfqhpsuks", "Invalid Bech32 checksum", []int{19, 30}},
		{"bcrt1ptmp74ayg7p24uslctssvjm06q5phz4yrxucgnv", "Invalid Bech32 checksum", []int{5}},
		{"17VZNX1SN5NtKa8UQFxwQbFeFc3iqRYhem", "Invalid or unsupported Base58-encoded address.", nil},
		{"mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJJfn", "Invalid checksum or length of Base58 address (P2PKH or P2SH)", nil},
		{"2VKf7XKMrp4bVNVmuRbyCewkP8FhGLP2E54LHDPakr9Sq5mtU2", "Invalid checksum or length of Base58 address (P2PKH or P2SH)", nil},
		{"asfah14i8fajz0123f", "Invalid or unsupported Segwit (Bech32) or Base58 encoding.", nil},
		{"1q049ldschfnwystcqnsvyfpj23mpsg3jcedq9xv", "Invalid or unsupported Segwit (Bech32) or Base58 encoding.", nil},
		{"", "Invalid checksum or length of Base58 address (P2PKH or P2SH)", nil},
		{EncodeBase58Check(append([]byte{p.PubKeyHashPrefix}, make([]byte, 19)...)), "Invalid length for Base58 address (P2PKH or P2SH)", nil},
		{EncodeBech32(Bech32m, "bcrt", nil), "Empty Bech32 data section", nil},
		{EncodeBech32(Bech32m, "bcrtx", []byte{1, 2, 3, 4}), "Invalid or unsupported prefix for Segwit (Bech32) address (expected bcrt, got bcrtx).", nil},
		{EncodeBech32(Bech32m, "bcrt", []byte{1, 31, 31, 31, 31}), "Invalid padding in Bech32 data section", nil},
		{EncodeBech32(Bech32m, "bcrt", []byte{2, 0, 0}), "Invalid Bech32 address program size (1 byte)", nil},
		{EncodeBech32(Bech32, "bcrt", []byte{0, 0, 0}), "Invalid Bech32 v0 address program size (1 byte), per BIP141", nil},
	} {
		_, err := DecodeAddress(c.text, p)
		var got *AddressError
		if !errors.As(err, &got) || got.Message != c.want || !slices.Equal(got.Locations, c.locations) {
			t.Errorf("%s: %#v, want %q at %v", c.text, err, c.want, c.locations)
		}
	}
	for _, valid := range []string{"bcrt1qtmp74ayg7p24uslctssvjm06q5phz4yrxucgnv", "bcrt1p424qxxyd0r", "BCRT1QPLMTZKC2XHARPPZDLNPAQL78RSHJ68U33RAH7R",
		"bcrt1qdg3myrgvzw7ml9q0ejxhlkyxm7vl9r56yzkfgvzclrf4hkpx9yfqhpsuks", "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn"} {
		a, err := DecodeAddress(valid, p)
		if err != nil || a.Encode(p) != strings.ToLower(valid) && a.Encode(p) != valid {
			t.Errorf("%s: %v, again %s", valid, err, a.Encode(p))
		}
	}
}

func TestAnchorAddress(t *testing.T) {
	for chain, want := range map[string]string{"main": "bc1pfeessrawgf", "regtest": "bcrt1pfeesnyr2tx"} {
		p := network(t, chain)
		a, err := DecodeAddress(want, p)
		if err != nil || a.Type() != Anchor || !IsPayToAnchor(a.Script()) || a.Encode(p) != want {
			t.Errorf("%s: %v %v %x %s", chain, err, a.Type(), a.Script(), a.Encode(p))
		}
	}
}

func TestSecretRange(t *testing.T) {
	p := network(t, "main")
	order, _ := hex.DecodeString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")
	var k Secret
	for _, c := range []struct {
		key  []byte
		want bool
	}{{make([]byte, 32), false}, {order, false}, {append(bytes.Clone(order[:31]), 0x40), true}} {
		copy(k.Key[:], c.key)
		if _, ok := DecodeSecret(k.Encode(p), p); ok != c.want {
			t.Errorf("key %x: %v", c.key, ok)
		}
	}
	if got := hex.EncodeToString((Secret{Key: [32]byte{31: 1}, Compressed: true}).PubKey()); got != "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798" {
		t.Error(got)
	}
	if got := (Secret{Key: [32]byte{31: 1}}).PubKey(); len(got) != 65 || got[0] != 4 {
		t.Errorf("%x", got)
	}
}

func FuzzDecodeAddress(f *testing.F) {
	for _, s := range []string{"bc1pfeessrawgf", "1FsSia9rv4NeEwvJ2GvXrX7LyxYspbN2mo", "36j4NfKv6Akva9amjWrLG6MuSQym1GuEmm",
		"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "BC1SW50QGDZ25J", " 1 ", "bc1"} {
		f.Add(s)
	}
	p := params.Mainnet()
	f.Fuzz(func(t *testing.T, s string) {
		a, err := DecodeAddress(s, p)
		if err != nil {
			var e *AddressError
			if !errors.As(err, &e) || e.Message == "" {
				t.Fatalf("%q: %#v", s, err)
			}
			for _, at := range e.Locations {
				if at < 0 || at >= len(s) {
					t.Fatalf("%q: location %d", s, at)
				}
			}
			return
		}
		text, ok := AddressOf(a.Script(), p)
		if !ok || !strings.EqualFold(text, trimSpace(s)) {
			t.Fatalf("%q becomes %q", s, text)
		}
		again, err := DecodeAddress(text, p)
		if err != nil || again != a {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

func BenchmarkAddressOf(b *testing.B) {
	p := params.Mainnet()
	for name, s := range map[string][]byte{
		"p2pkh": AddressOfKeyHash([20]byte{1, 2, 3}).Script(),
		"p2wsh": append([]byte{0, 32}, make([]byte, 32)...),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				AddressOf(s, p)
			}
		})
	}
}
