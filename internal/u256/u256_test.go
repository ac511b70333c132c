package u256

import (
	"encoding/binary"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func (x Int) big() *big.Int {
	b := x.BE()
	return new(big.Int).SetBytes(b[:])
}

func fromBig(t *testing.T, v *big.Int) Int {
	t.Helper()
	mod := new(big.Int).Lsh(big.NewInt(1), 256)
	var b [32]byte
	new(big.Int).Mod(v, mod).FillBytes(b[:])
	return FromBE(b)
}

// seeds are operands at the edges: carries over limbs, quotient digits whose
// first guess is too large, equal leading digits.
var seeds = []string{
	"0", "1", "2", "ff", "ffffffffffffffff", "10000000000000000",
	"ffffffffffffffffffffffffffffffff", "100000000000000000000000000000000",
	"8000000000000000000000000000000000000000000000000000000000000000",
	"7fffffffffffffff8000000000000000000000000000000000000000000000",
	"800000000000000000000000000000000000000000000001",
	"80000000000000000000000000000000ffffffffffffffff",
	"800000000000000000000000000000010000000000000000",
	"fffffffffffffffe00000000000000010000000000000000ffffffffffffffff",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"fffffffffffffffffffffffffffffffffffffffffffffffe0000000000000000",
}

func FuzzArithmetic(f *testing.F) {
	for _, a := range seeds {
		for _, b := range seeds {
			x, _ := ParseHex(a)
			y, _ := ParseHex(b)
			xb, yb := x.BE(), y.BE()
			f.Add(xb[:], yb[:], uint(len(a)*4))
		}
	}
	f.Fuzz(func(t *testing.T, xb, yb []byte, shift uint) {
		var a, b [32]byte
		copy(a[:], xb)
		copy(b[:], yb)
		checkArithmetic(t, FromBE(a), FromBE(b), shift%300)
		// Random numbers are nearly all of full length: vary the divisor's.
		checkArithmetic(t, FromBE(a), FromBE(b).Rsh(shift%256), shift%300)
	})
}

// Numbers made of limbs that are zero, all ones or random, so that carries run
// over several limbs and quotient digits are guessed wrong.
func TestArithmeticModel(t *testing.T) {
	limb := rapid.OneOf(rapid.Just(uint64(0)), rapid.Just(^uint64(0)), rapid.Just(uint64(1)<<63), rapid.Uint64())
	rapid.Check(t, func(r *rapid.T) {
		var x, y Int
		for i := range x {
			x[i], y[i] = limb.Draw(r, "x"), limb.Draw(r, "y")
		}
		y = y.Rsh(rapid.UintRange(0, 255).Draw(r, "shorter"))
		checkArithmetic(t, x, y, rapid.UintRange(0, 600).Draw(r, "shift"))
	})
}

func checkArithmetic(t *testing.T, x, y Int, shift uint) {
	t.Helper()
	want := func(name string, got Int, v *big.Int) {
		t.Helper()
		if w := fromBig(t, v); got != w {
			t.Fatalf("%s of %s and %s (shift %d): got %s, want %s", name, x, y, shift, got, w)
		}
	}
	bx, by := x.big(), y.big()
	want("sum", x.Add(y), new(big.Int).Add(bx, by))
	want("difference", x.Sub(y), new(big.Int).Sub(bx, by))
	want("product", x.Mul64(y[0]), new(big.Int).Mul(bx, new(big.Int).SetUint64(y[0])))
	want("left shift", x.Lsh(shift), new(big.Int).Lsh(bx, shift))
	want("right shift", x.Rsh(shift), new(big.Int).Rsh(bx, shift))
	want("complement", x.Not(), new(big.Int).Sub(new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1)), bx))
	if !y.IsZero() {
		want("quotient", x.Div(y), new(big.Int).Div(bx, by))
	}
	if got := x.Cmp(y); got != bx.Cmp(by) {
		t.Fatalf("compare %s with %s: %d", x, y, got)
	}
	if got := x.BitLen(); got != bx.BitLen() {
		t.Fatalf("bits of %s: %d", x, got)
	}
	if back, err := ParseHex(x.Hex()); err != nil || back != x {
		t.Fatalf("hex of %s comes back as %s, %v", x, back, err)
	}
	if FromLE(x.LE()) != x || FromBE(x.BE()) != x {
		t.Fatalf("bytes of %s", x)
	}
	f, _ := new(big.Float).SetInt(bx).Float64()
	if got := x.Float64(); got != f && !near(got, f) {
		t.Fatalf("float of %s: %g, want %g", x, got, f)
	}
}

// near allows the last bit: the sum of digits rounds more than once.
func near(a, b float64) bool {
	d := a - b
	if d < 0 {
		d = -d
	}
	return d <= b/(1<<51)
}

func TestParseHexRefuses(t *testing.T) {
	for _, s := range []string{"", "0x1", "g", "-1", strings.Repeat("0", 65), " 1"} {
		if _, err := ParseHex(s); err == nil {
			t.Errorf("%q was read as a number", s)
		}
	}
}

func TestDivByZeroPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	FromUint64(1).Div(Int{})
}

// The figures are those of Bitcoin Core's arith_uint256 tests for the compact
// form: value, form that comes back, sign, overflow.
func TestCompactForms(t *testing.T) {
	cases := []struct {
		in       uint32
		value    string
		out      uint32
		negative bool
		overflow bool
	}{
		{0x00000000, "0", 0, false, false},
		{0x00123456, "0", 0, false, false},
		{0x01003456, "0", 0, false, false},
		{0x02000056, "0", 0, false, false},
		{0x03000000, "0", 0, false, false},
		{0x04000000, "0", 0, false, false},
		{0x00923456, "0", 0, false, false},
		{0x01803456, "0", 0, false, false},
		{0x02800056, "0", 0, false, false},
		{0x03800000, "0", 0, false, false},
		{0x04800000, "0", 0, false, false},
		{0x01123456, "12", 0x01120000, false, false},
		{0x01fedcba, "7e", 0x017e0000, true, false},
		{0x02123456, "1234", 0x02123400, false, false},
		{0x03123456, "123456", 0x03123456, false, false},
		{0x04123456, "12345600", 0x04123456, false, false},
		{0x04923456, "12345600", 0x04123456, true, false},
		{0x05009234, "92340000", 0x05009234, false, false},
		{0x20123456, "1234560000000000000000000000000000000000000000000000000000000000", 0x20123456, false, false},
		{0xff123456, "0", 0, false, true},
	}
	for _, c := range cases {
		got, neg, over := FromCompact(c.in)
		if neg != c.negative || over != c.overflow {
			t.Errorf("%08x: negative %v, overflow %v", c.in, neg, over)
		}
		if over {
			continue
		}
		want, err := ParseHex(c.value)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%08x: value %s, want %s", c.in, got, want)
		}
		if got.Compact() != c.out {
			t.Errorf("%08x: comes back as %08x, want %08x", c.in, got.Compact(), c.out)
		}
	}
	if got := FromUint64(0x80).Compact(); got != 0x02008000 {
		t.Errorf("0x80 as %08x", got)
	}
}

// The last forms of each length that fit 256 bits, and the first that do not.
func TestCompactOverflow(t *testing.T) {
	for compact, want := range map[uint32]bool{
		0x207fffff: false,
		0x2100ffff: false, 0x21010000: true, 0x217fffff: true,
		0x220000ff: false, 0x22000100: true, 0x2200ffff: true,
		0x23000001: true, 0xff000001: true, 0xff000000: false,
	} {
		if _, _, got := FromCompact(compact); got != want {
			t.Errorf("%08x: overflow %v", compact, got)
		}
	}
}

func FuzzCompact(f *testing.F) {
	for _, v := range []uint32{0x1d00ffff, 0x207fffff, 0x1e0377ae, 0xff123456, 0x21010000, 0x22000100, 0x20800000} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, compact uint32) {
		got, neg, over := FromCompact(compact)
		word, size := int64(compact&0x7fffff), int(compact>>24)
		want := big.NewInt(word)
		if size <= 3 {
			want.Rsh(want, uint(8*(3-size)))
		} else {
			want.Lsh(want, uint(8*(size-3)))
		}
		if zero := size <= 3 && want.Sign() == 0 || word == 0; zero {
			if neg || over {
				t.Fatalf("%08x: zero is negative %v, overflows %v", compact, neg, over)
			}
		} else if neg != (compact&0x800000 != 0) || over != (want.BitLen() > 256) {
			t.Fatalf("%08x: negative %v, overflow %v", compact, neg, over)
		}
		if got != fromBig(t, want) {
			t.Fatalf("%08x: %s, want %x", compact, got, want)
		}
		// The form of a value never grows it, and reading it again is stable.
		again, neg, over := FromCompact(got.Compact())
		if neg || over || again.Cmp(got) > 0 || again.Compact() != got.Compact() {
			t.Fatalf("%08x: %s turns into %s", compact, got, again)
		}
		if word != 0 && !over && size >= 3 && size <= 32 && again != got {
			t.Fatalf("%08x: %s does not survive", compact, got)
		}
	})
}

func TestNothingAllocates(t *testing.T) {
	x, _ := ParseHex(seeds[13])
	y, _ := ParseHex(seeds[10])
	var sink Int
	if n := testing.AllocsPerRun(100, func() {
		sink = x.Div(y).Add(x).Mul64(7).Lsh(3)
		sink, _, _ = FromCompact(sink.Compact())
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if sink.IsZero() {
		t.Error("no result")
	}
}

func BenchmarkDiv(b *testing.B) {
	var raw [32]byte
	binary.BigEndian.PutUint32(raw[4:], 0xffff_0000)
	x, y := Int{}.Not(), FromBE(raw)
	for b.Loop() {
		x.Div(y)
	}
}
