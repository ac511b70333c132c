package wire

import (
	"strings"
	"testing"
)

// A hash reads from 64 digits of either case and from nothing else, the same
// for every kind of hash.
func FuzzParseHash(f *testing.F) {
	for _, s := range []string{"", "00", strings.Repeat("0f", 32), strings.Repeat("A9", 32), strings.Repeat("0", 65), strings.Repeat("0", 63) + "g"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := len(s) == 64 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
		h, err := ParseBlockHash(s)
		if (err == nil) != want {
			t.Fatalf("%q: %v", s, err)
		}
		txid, err1 := ParseTxid(s)
		wtxid, err2 := ParseWtxid(s)
		root, err3 := ParseMerkleRoot(s)
		for _, e := range []error{err1, err2, err3} {
			if (e == nil) != want {
				t.Fatalf("%q: %v", s, e)
			}
		}
		for _, got := range []string{h.String(), txid.String(), wtxid.String(), root.String()} {
			if want && got != strings.ToLower(s) {
				t.Fatalf("%q reads as %s", s, got)
			}
		}
	})
}
