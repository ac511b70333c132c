package script

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// derSig puts a signature together from its integers, with the lengths that
// they have.
func derSig(r, s string) []byte {
	rb, sb := unhex(r), unhex(s)
	b := append([]byte{0x30, byte(4 + len(rb) + len(sb)), 2, byte(len(rb))}, rb...)
	b = append(append(b, 2, byte(len(sb))), sb...)
	return append(b, 1)
}

// BIP 66, "DER encoding reference", condition by condition.
func TestStrictDER(t *testing.T) {
	r32 := strings.Repeat("11", 32)
	for name, sig := range map[string][]byte{
		"usual": derSig(r32, r32), "least": derSig("01", "01"), "zeros": derSig("00", "00"),
		"padded as it must be": derSig("00ff", "0080"), "33 bytes each": derSig("00"+strings.Repeat("ff", 32), "00"+strings.Repeat("80", 32)),
		"longest": derSig(strings.Repeat("11", 65), "01"),
	} {
		if !isStrictDER(sig) {
			t.Errorf("%s: %x refused", name, sig)
		}
	}
	change := func(at int, to byte) []byte {
		b := bytes.Clone(derSig(r32, r32))
		b[at] = to
		return b
	}
	long := derSig(r32, r32)
	for name, sig := range map[string][]byte{
		"nothing":          nil,
		"8 bytes":          derSig("01", "01")[:8],
		"74 bytes":         derSig(strings.Repeat("11", 66), "01"),
		"no sequence":      change(0, 0x31),
		"length too small": change(1, long[1]-1),
		"length too large": change(1, long[1]+1),
		"R no integer":     change(2, 3),
		"S no integer":     change(36, 3),
		"R too long":       change(3, 33),
		"R beyond the end": change(3, 0xff),
		"S too short":      change(37, 31),
		"S too long":       change(37, 33),
		"R empty":          derSig("", r32),
		"S empty":          derSig(r32, ""),
		"R negative":       derSig("80", r32),
		"S negative":       derSig(r32, "ff00"),
		"R padded":         derSig("0011", r32),
		"S padded":         derSig(r32, "00007f"),
		"trailing byte":    append(derSig(r32, r32), 1),
		"no hash type":     derSig(r32, r32)[:70],
	} {
		if isStrictDER(sig) {
			t.Errorf("%s: %x taken", name, sig)
		}
	}
}

func TestKeyForms(t *testing.T) {
	for _, c := range []struct {
		first                      byte
		size                       int
		shaped, compressed, uncomp bool
	}{
		{2, 33, true, true, false}, {3, 33, true, true, false}, {4, 65, true, false, true},
		{6, 65, true, false, false}, {7, 65, true, false, false},
		{2, 65, false, false, false}, {2, 32, false, false, false}, {2, 34, false, false, false},
		{4, 33, false, false, false}, {6, 64, false, false, false}, {7, 66, false, false, false},
		{0, 33, false, false, false}, {1, 33, false, false, false}, {5, 65, false, false, false}, {8, 65, false, false, false},
	} {
		key := make([]byte, c.size)
		key[0] = c.first
		if isKeyShaped(key) != c.shaped || isCompressed(key) != c.compressed || isUncompressed(key) != c.uncomp {
			t.Errorf("%s: %v %v %v", hex.EncodeToString(key[:1]), isKeyShaped(key), isCompressed(key), isUncompressed(key))
		}
	}
	if isKeyShaped(nil) || isCompressed(nil) || isUncompressed(nil) {
		t.Error("no key is one")
	}
}

func TestDefinedHashType(t *testing.T) {
	for b := range 256 {
		want := b == 1 || b == 2 || b == 3 || b == 0x81 || b == 0x82 || b == 0x83
		if isDefinedHashType(byte(b)) != want {
			t.Errorf("%#x: %v", b, !want)
		}
	}
}
