package script

import (
	"encoding/hex"
	"math"
	"testing"
)

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{
		0: "", 1: "01", -1: "81", 127: "7f", -127: "ff", 128: "8000", -128: "8080", 255: "ff00", -255: "ff80",
		256: "0001", -256: "0081", 32767: "ff7f", 32768: "008000", 1<<31 - 1: "ffffff7f", -(1<<31 - 1): "ffffffff",
		1 << 31: "0000008000", 1<<32 - 2: "feffffff00", math.MaxInt64: "ffffffffffffff7f", math.MinInt64: "000000000000008080",
	} {
		b := AppendNum(nil, n)
		if hex.EncodeToString(b) != want {
			t.Errorf("%d: %x, want %s", n, b, want)
		}
		got, ok := parseNum(b, true, 5)
		if ok != (len(b) <= 5) || ok && got != n {
			t.Errorf("%d reads back as %d, %v", n, got, ok)
		}
	}
	if _, ok := parseNum(make([]byte, 5), false, 4); ok {
		t.Error("five bytes read as an operand")
	}
	for _, s := range []string{"00", "80", "0100", "0080", "ff0000", "7f00", "0180"} {
		if _, ok := parseNum(unhex(s), true, 4); ok {
			t.Errorf("%s is not minimal", s)
		}
		if _, ok := parseNum(unhex(s), false, 4); !ok {
			t.Errorf("%s is a number", s)
		}
	}
	if n, _ := parseNum(unhex("0180"), false, 4); n != -1 {
		t.Error(n)
	}
}

func TestAppendInt(t *testing.T) {
	for n, want := range map[int64]string{0: "00", -1: "4f", 1: "51", 16: "60", 17: "0111", -2: "0182", 227931: "035b7a03", 500000000: "040065cd1d"} {
		if got := hex.EncodeToString(AppendInt(nil, n)); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestIsTrue(t *testing.T) {
	for s, want := range map[string]bool{"": false, "00": false, "80": false, "0080": false, "0000": false, "01": true, "8000": true, "0081": true, "000001": true, "8080": true} {
		if isTrue(unhex(s)) != want {
			t.Errorf("%s: %v", s, !want)
		}
	}
}
