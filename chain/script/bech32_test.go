package script

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Strings from BIP 173 and BIP 350, with the errors that Bitcoin Core reports.
func TestBech32Valid(t *testing.T) {
	for enc, list := range map[Bech32Encoding][]string{
		Bech32: {
			"A12UEL5L", "a12uel5l",
			"an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
			"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
			"11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
			"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "?1ezyfcl",
		},
		Bech32m: {
			"A1LQFN3A", "a1lqfn3a",
			"an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
			"abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
			"11llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllludsr8",
			"split1checkupstagehandshakeupstreamerranterredcaperredlc445v", "?1v759aa",
		},
	} {
		for _, s := range list {
			got, hrp, digits := DecodeBech32(s)
			if got != enc || EncodeBech32(enc, hrp, digits) != strings.ToLower(s) {
				t.Errorf("%s: encoding %d, again %s", s, got, EncodeBech32(enc, hrp, digits))
			}
			if msg, at := LocateBech32Errors(s); msg != "" || at != nil {
				t.Errorf("%s: %s at %v", s, msg, at)
			}
		}
	}
}

func TestBech32Invalid(t *testing.T) {
	const mixed, position, digit = "Invalid character or mixed case", "Invalid separator position", "Invalid Base 32 character"
	for _, c := range []struct {
		s, message string
		at         []int
	}{
		{" 1nwldj5", mixed, []int{0}}, {"\x7f1axkwrx", mixed, []int{0}}, {"\x801eym55h", mixed, []int{0}},
		{"an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx", "Bech32 string too long", []int{90}},
		{"pzry9x0s0muk", "Missing separator", nil}, {"1pzry9x0s0muk", position, []int{0}},
		{"x1b4n0q5v", digit, []int{2}}, {"li1dgmt3", position, []int{2}}, {"de1lg7wt\xff", mixed, []int{8}},
		{"A1G7SGD8", "Invalid checksum", nil}, {"10a06t8", position, []int{0}}, {"1qzzfhee", position, []int{0}},
		{"a12UEL5L", mixed, []int{3, 4, 5, 7}}, {"A12uEL5L", mixed, []int{3}},
		{"abcdef1qpzrz9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "Invalid Bech32 checksum", []int{11}},
		{"test1zg69w7y6hn0aqy352euf40x77qddq3dc", "Invalid Bech32 checksum", []int{9, 16}},

		{" 1xj0phk", mixed, []int{0}}, {"\x7f1g6xzxy", mixed, []int{0}}, {"\x801vctc34", mixed, []int{0}},
		{"an84characterslonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11d6pts4", "Bech32 string too long", []int{90}},
		{"qyrz8wqd2c9m", "Missing separator", nil}, {"1qyrz8wqd2c9m", position, []int{0}},
		{"y1b0jsk6g", digit, []int{2}}, {"lt1igcx5c0", digit, []int{3}}, {"in1muywd", position, []int{2}},
		{"mm1crxm3i", digit, []int{8}}, {"au1s5cgom", digit, []int{7}}, {"M1VUXWEZ", "Invalid checksum", nil},
		{"16plkw9", position, []int{0}}, {"1p2gdwpf", position, []int{0}},
		{"abcdef1l7aum6echk45nj2s0wdvt2fg8x9yrzpqzd3ryx", "Invalid Bech32m checksum", []int{21}},
		{"test1zg69v7y60n00qy352euf40x77qcusag6", "Invalid Bech32m checksum", []int{13, 32}},
	} {
		if enc, _, _ := DecodeBech32(c.s); enc != Bech32Invalid {
			t.Errorf("%q decodes", c.s)
		}
		message, at := LocateBech32Errors(c.s)
		if message != c.message || !slices.Equal(at, c.at) {
			t.Errorf("%q: %q at %v, want %q at %v", c.s, message, at, c.message, c.at)
		}
	}
}

// TestBech32LocatesRandomErrors damages one or two characters of random
// strings: the code guarantees that they are found.
func TestBech32LocatesRandomErrors(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 2000 {
		digits := make([]byte, 1+rng.IntN(60))
		for i := range digits {
			digits[i] = byte(rng.IntN(32))
		}
		enc := Bech32 + Bech32Encoding(round%2)
		s := []byte(EncodeBech32(enc, "bcrt", digits))
		var want []int
		for len(want) < 1+round/2%2 {
			at := 5 + rng.IntN(len(s)-5)
			if slices.Contains(want, at) {
				continue
			}
			old := s[at]
			for s[at] == old {
				s[at] = bech32Alphabet[rng.IntN(32)]
			}
			want = append(want, at)
		}
		slices.Sort(want)
		message, at := LocateBech32Errors(string(s))
		// The other encoding may explain the damage with as few errors.
		if !strings.HasPrefix(message, "Invalid Bech32") || len(at) > len(want) {
			t.Fatalf("%s: %q at %v, damaged at %v", s, message, at, want)
		}
		if len(at) == len(want) && enc == Bech32 && !slices.Equal(at, want) {
			t.Fatalf("%s: %q at %v, damaged at %v", s, message, at, want)
		}
	}
}

func FuzzBech32(f *testing.F) {
	f.Add("a12uel5l")
	f.Add("abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx")
	f.Add("A1G7SGD8")
	f.Fuzz(func(t *testing.T, s string) {
		enc, hrp, digits := DecodeBech32(s)
		message, _ := LocateBech32Errors(s)
		if (enc == Bech32Invalid) != (message != "") {
			t.Fatalf("%q: encoding %d, message %q", s, enc, message)
		}
		if enc != Bech32Invalid && EncodeBech32(enc, hrp, digits) != strings.ToLower(s) {
			t.Fatalf("%q does not round trip", s)
		}
	})
}

func FuzzBase58(f *testing.F) {
	f.Add("1FsSia9rv4NeEwvJ2GvXrX7LyxYspbN2mo")
	f.Add("111")
	f.Fuzz(func(t *testing.T, s string) {
		b, ok := DecodeBase58(s, 100)
		if !ok {
			return
		}
		if got := EncodeBase58(b); got != trimSpace(s) || len(b) > 100 {
			t.Fatalf("%q becomes %q", s, got)
		}
	})
}
