package u256

import (
	"strings"
	"testing"
)

// FuzzParseHex: 1 to 64 digits of either case are a number and nothing else
// is; every form of the number gives it back.
func FuzzParseHex(f *testing.F) {
	for _, s := range []string{"", "0", "F", "0x1", "-1", strings.Repeat("f", 64), strings.Repeat("f", 65), "00" + strings.Repeat("8", 62)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := len(s) >= 1 && len(s) <= 64 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
		x, err := ParseHex(s)
		if (err == nil) != want {
			t.Fatalf("%q: %v", s, err)
		}
		if !want {
			return
		}
		if got := x.Hex(); got != strings.Repeat("0", 64-len(s))+strings.ToLower(s) {
			t.Fatalf("%q reads as %s", s, got)
		}
		if FromBE(x.BE()) != x || FromLE(x.LE()) != x {
			t.Fatalf("%q does not survive its bytes", s)
		}
	})
}
