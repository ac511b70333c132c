package utxo

import (
	"bytes"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"testing"

	"grapevine/chain/sigverify"
	"grapevine/wire"
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// TestVarint are the bit patterns of Bitcoin Core's serialize_tests.
func TestVarint(t *testing.T) {
	for _, c := range []struct {
		n   uint64
		hex string
	}{
		{0, "00"}, {0x7f, "7f"}, {0x80, "8000"}, {0x1234, "a334"}, {0xffff, "82fe7f"}, {0x123456, "c7e756"},
		{0x80123456, "86ffc7e756"}, {0xffffffff, "8efefefe7f"}, {0x7fffffffffffffff, "fefefefefefefefe7f"},
		{math.MaxUint64, "80fefefefefefefefe7f"}, {3_000_000_000, "8a95c0bb00"},
	} {
		raw := unhex(t, c.hex)
		if got := appendVarint(nil, c.n); !bytes.Equal(got, raw) {
			t.Errorf("%d: %x, want %s", c.n, got, c.hex)
		}
		if n, size, kind := readVarint(raw, math.MaxUint64); n != c.n || size != len(raw) || kind != "" {
			t.Errorf("%s: %d in %d bytes, %s", c.hex, n, size, kind)
		}
		_, _, kind := readVarint(raw, math.MaxUint32)
		if want := c.n > math.MaxUint32; (kind == ErrCodecOverflow) != want {
			t.Errorf("%s as 32 bits: %q", c.hex, kind)
		}
		for n := range raw {
			if _, _, kind := readVarint(raw[:n], math.MaxUint64); kind != ErrCodecTruncated {
				t.Errorf("%s cut to %d: %q", c.hex, n, kind)
			}
		}
	}
	for _, s := range []string{"80fefefefefefefefeff00", "81fefefefefefefefe7f", "ffffffffffffffffffff7f"} {
		if _, _, kind := readVarint(unhex(t, s), math.MaxUint64); kind != ErrCodecOverflow {
			t.Errorf("%s: %q", s, kind)
		}
	}
	for _, s := range []string{"8efefeff00", "8ffefefe7f"} {
		if _, _, kind := readVarint(unhex(t, s), math.MaxUint32); kind != ErrCodecOverflow {
			t.Errorf("%s as 32 bits: %q", s, kind)
		}
	}
	for n := uint64(0); n < 100_000; n++ { // as serialize_tests
		b := appendVarint(nil, n)
		if got, size, kind := readVarint(b, math.MaxUint32); got != n || size != len(b) || kind != "" {
			t.Fatalf("%d: %d %s", n, got, kind)
		}
	}
}

// TestCompressAmount are the figures of Bitcoin Core's compress_tests.
func TestCompressAmount(t *testing.T) {
	const cent = wire.Coin / 100
	for _, c := range []struct {
		n wire.Amount
		x uint64
	}{{0, 0}, {1, 1}, {cent, 7}, {wire.Coin, 9}, {50 * wire.Coin, 0x32}, {wire.MaxMoney, 0x1406f40}} {
		if got := compressAmount(c.n); got != c.x {
			t.Errorf("%s: %#x, want %#x", c.n, got, c.x)
		}
		if got, ok := decompressAmount(c.x); got != c.n || !ok {
			t.Errorf("%#x: %s, want %s", c.x, got, c.n)
		}
	}
	check := func(n wire.Amount) {
		if got, ok := decompressAmount(compressAmount(n)); got != n || !ok {
			t.Fatalf("%s comes back as %s, %v", n, got, ok)
		}
	}
	for i := wire.Amount(1); i <= 100_000; i++ {
		check(i)
	}
	for i := wire.Amount(1); i <= 10_000; i++ {
		check(i * cent)
		check(i * wire.Coin)
	}
	for i := wire.Amount(1); i <= 420_000; i++ {
		check(i * 50 * wire.Coin)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		check(wire.Amount(rng.Int64N(int64(wire.MaxMoney) + 1)))
	}
	for x := range uint64(100_000) {
		n, ok := decompressAmount(x)
		if got := compressAmount(n); got != x || !ok {
			t.Fatalf("%#x is %s, which gives %#x", x, n, got)
		}
	}
	// Nothing outside the money range, whatever overflows on the way.
	for _, x := range []uint64{compressAmount(wire.MaxMoney + 1), 0x1406f40 + 10, math.MaxUint64, math.MaxUint64 - 1, 1 << 63, 18_899_999_999_999_999 * 10} {
		if n, ok := decompressAmount(x); ok {
			t.Errorf("%#x accepted as %s", x, n)
		}
	}
	for range 100_000 {
		x := rng.Uint64() >> rng.IntN(64)
		if n, ok := decompressAmount(x); ok && (!n.InRange() || compressAmount(n) != x) {
			t.Fatalf("%#x accepted as %s", x, n)
		}
	}
}

// generator is the point that the tests build keys from.
const (
	generatorX    = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	generatorY    = "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
	generatorNegY = "b7c52588d95c3b9aa25b0403f1eef75702e84bb7597aabe663b82f6f04ef2777"
	// notOnCurve is an X without a point.
	notOnCurve = "eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34"
)

var scriptCases = []struct {
	name, script, packed string
}{
	{"P2PKH", "76a914" + "816115944e077fe7c803cfa57f29b36bf87c1d35" + "88ac", "00816115944e077fe7c803cfa57f29b36bf87c1d35"},
	{"P2SH", "a914" + "816115944e077fe7c803cfa57f29b36bf87c1d35" + "87", "01816115944e077fe7c803cfa57f29b36bf87c1d35"},
	{"compressed key, even", "2102" + generatorX + "ac", "02" + generatorX},
	{"compressed key, odd", "2103" + generatorX + "ac", "03" + generatorX},
	{"compressed key that is no point", "2103" + notOnCurve + "ac", "03" + notOnCurve},
	{"full key, even", "4104" + generatorX + generatorY + "ac", "04" + generatorX},
	{"full key, odd", "4104" + generatorX + generatorNegY + "ac", "05" + generatorX},
	{"full key that is no point", "4104" + notOnCurve + generatorY + "ac", "49" + "4104" + notOnCurve + generatorY + "ac"},
	{"hybrid key", "4106" + generatorX + generatorY + "ac", "49" + "4106" + generatorX + generatorY + "ac"},
	{"empty", "", "06"},
	{"one byte", "51", "0751"},
	{"P2WPKH", "0014816115944e077fe7c803cfa57f29b36bf87c1d35", "1c0014816115944e077fe7c803cfa57f29b36bf87c1d35"},
	{"nearly P2PKH", "76a914" + "816115944e077fe7c803cfa57f29b36bf87c1d35" + "87ac", "1f76a914816115944e077fe7c803cfa57f29b36bf87c1d3587ac"},
	{"nearly P2SH", "a914" + "816115944e077fe7c803cfa57f29b36bf87c1d35" + "88", "1da914816115944e077fe7c803cfa57f29b36bf87c1d3588"},
	{"key with first byte 4 in 33", "2104" + generatorX + "ac", "292104" + generatorX + "ac"},
}

func TestCompressScript(t *testing.T) {
	if x := unhex(t, notOnCurve); sigverify.ValidXOnly(x) {
		t.Fatal("the X for failures is on the curve")
	}
	for _, c := range scriptCases {
		t.Run(c.name, func(t *testing.T) {
			script, packed := unhex(t, c.script), unhex(t, c.packed)
			if got := appendScript(nil, script); !bytes.Equal(got, packed) {
				t.Fatalf("%x, want %s", got, c.packed)
			}
			p, size, kind := readScript(append(packed, 0xee))
			if kind != "" || size != len(packed) || p.size() != len(script) {
				t.Fatalf("%d bytes for %d, %q", size, p.size(), kind)
			}
			if got, kind := p.appendTo(nil); !bytes.Equal(got, script) || kind != "" {
				t.Errorf("%x, want %s (%q)", got, c.script, kind)
			}
			for n := range packed {
				if _, _, kind := readScript(packed[:n]); kind != ErrCodecTruncated {
					t.Errorf("cut to %d: %q", n, kind)
				}
			}
		})
	}
	for _, form := range []string{"04", "05"} {
		p, _, kind := readScript(unhex(t, form+notOnCurve))
		if kind != "" {
			t.Fatal(kind)
		}
		if _, kind := p.appendTo(nil); kind != ErrCodecPoint {
			t.Errorf("form %s that is no point: %q", form, kind)
		}
	}
	long := appendScript(nil, make([]byte, maxSpendableScript))
	if _, size, kind := readScript(long); size != len(long) || kind != "" {
		t.Errorf("longest script: %q", kind)
	}
	if _, _, kind := readScript(appendScript(nil, make([]byte, maxSpendableScript+1))); kind != ErrCodecScriptSize {
		t.Errorf("script over the limit: %q", kind)
	}
}
