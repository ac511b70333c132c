package utxo

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// coinCases are the figures of Bitcoin Core's coins_tests.
var coinCases = []struct {
	hex  string
	coin consensus.Coin
}{
	{"97f23c835800816115944e077fe7c803cfa57f29b36bf87c1d35", consensus.Coin{Height: 203998, Out: wire.TxOut{Value: 60_000_000_000}}},
	{"8ddf77bbd123008c988f1a4a4de2161e0f50aac7f17e7f9555caa4", consensus.Coin{Height: 120891, Coinbase: true, Out: wire.TxOut{Value: 110397}}},
	{"000006", consensus.Coin{}},
}

func TestCoinVectors(t *testing.T) {
	for _, c := range coinCases {
		raw := unhex(t, c.hex)
		c.coin.Out.PkScript = []byte{}
		if len(raw) > 20 {
			c.coin.Out.PkScript = unhex(t, "76a914"+c.hex[len(c.hex)-40:]+"88ac")
		}
		got, _, err := DecodeCoin(raw, nil)
		if err != nil || !reflect.DeepEqual(got, c.coin) {
			t.Errorf("%s: %+v, %v", c.hex, got, err)
		}
		if back := AppendCoin(nil, &c.coin); !bytes.Equal(back, raw) {
			t.Errorf("%s: encodes to %x", c.hex, back)
		}
	}
}

func TestDecodeCoinMalformed(t *testing.T) {
	for _, c := range []struct {
		name, hex string
		want      DecodeErrorKind
	}{
		{"nothing", "", ErrCodecTruncated},
		{"no amount", "00", ErrCodecTruncated},
		{"no script", "0000", ErrCodecTruncated},
		{"short script", "000007", ErrCodecTruncated},
		{"script of 3 GB", "00008a95c0bb00", ErrCodecScriptSize},
		{"height over 31 bits", "8ffefefe7f" + "0006", ErrCodecOverflow},
		{"amount over 64 bits", "00" + "81fefefefefefefefe7f" + "06", ErrCodecOverflow},
		{"amount over the money range", "00" + "80fefefefefefefefe7f" + "06", ErrCodecAmount},
		{"key that is no point", "000004" + notOnCurve, ErrCodecPoint},
		{"bytes after", "00000600", ErrCodecTrailing},
	} {
		_, slab, err := DecodeCoin(unhex(t, c.hex), []byte("kept"))
		var e *DecodeError
		if !errors.Is(err, c.want) || !errors.As(err, &e) || e.What == "" {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		if string(slab) != "kept" {
			t.Errorf("%s: slab is %q", c.name, slab)
		}
	}
	if c, _, err := DecodeCoin(unhex(t, "8efefefe7f0006"), nil); err != nil || c.Height != math.MaxInt32 || !c.Coinbase {
		t.Errorf("greatest height: %+v, %v", c, err)
	}
}

// randomCoin draws from the forms of scripts, amounts and heights.
func randomCoin(rng *rand.Rand) consensus.Coin {
	c := consensus.Coin{Height: int32(rng.Uint32() >> (1 + rng.IntN(31))), Coinbase: rng.IntN(2) == 0}
	c.Out.Value = wire.Amount(rng.Int64N(int64(wire.MaxMoney) + 1))
	for range rng.IntN(9) {
		c.Out.Value = c.Out.Value / 10 * 10
	}
	pick := rng.IntN(len(scriptCases) + 1)
	if pick == len(scriptCases) {
		c.Out.PkScript = make([]byte, rng.IntN(300))
		for i := range c.Out.PkScript {
			c.Out.PkScript[i] = byte(rng.Uint32())
		}
		return c
	}
	script, err := hex.DecodeString(scriptCases[pick].script)
	if err != nil {
		panic(err)
	}
	c.Out.PkScript = script
	return c
}

// TestCoinSlab: coins share one slab, growing it leaves earlier coins as they
// were, and an append to one script does not reach the next.
func TestCoinSlab(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	var want, got []consensus.Coin
	var slab []byte
	for range 500 {
		c := randomCoin(rng)
		raw := AppendCoin(nil, &c)
		if len(raw) > MaxCoinSize {
			t.Fatalf("coin of %d bytes", len(raw))
		}
		var back consensus.Coin
		var err error
		if back, slab, err = DecodeCoin(raw, slab); err != nil {
			t.Fatal(err)
		}
		clear(raw) // nothing may alias it
		want, got = append(want, c), append(got, back)
	}
	for i := range got {
		if n := len(got[i].Out.PkScript); cap(got[i].Out.PkScript) != n {
			t.Fatal("a script has room to grow into its neighbour")
		}
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("coin %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestCodecAllocs(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	var coins []consensus.Coin
	for range 50 {
		coins = append(coins, randomCoin(rng))
	}
	buf := make([]byte, 0, 1<<16)
	slab := make([]byte, 0, 1<<16)
	got := testing.AllocsPerRun(10, func() {
		slab = slab[:0]
		for i := range coins {
			buf = AppendCoin(buf[:0], &coins[i])
			var err error
			if _, slab, err = DecodeCoin(buf, slab); err != nil {
				t.Fatal(err)
			}
		}
	})
	if got != 0 {
		t.Errorf("%v allocations for 50 coins", got)
	}
}

// allocated returns the mean number of bytes that f allocates.
func allocated(f func()) uint64 {
	const runs = 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / runs
}

func FuzzDecodeCoin(f *testing.F) {
	for _, c := range coinCases {
		f.Add(unhex(f, c.hex))
	}
	for _, c := range scriptCases {
		f.Add(append([]byte{2, 9}, unhex(f, c.packed)...))
	}
	f.Add(unhex(f, "000004"+notOnCurve))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, _, err := DecodeCoin(raw, nil)
		if err != nil {
			var e *DecodeError
			if !errors.As(err, &e) || e.Offset > len(raw) {
				t.Fatalf("untyped error or wild offset: %v", err)
			}
			return
		}
		if !c.Out.Value.InRange() || c.Height < 0 || len(c.Out.PkScript) > maxSpendableScript || c.Out.PkScript == nil {
			t.Fatalf("impossible coin %+v", c)
		}
		// A template may also stand spelled out, so the bytes may shrink.
		again := AppendCoin(nil, &c)
		if len(again) > len(raw) {
			t.Fatalf("%x from %x", again, raw)
		}
		back, _, err := DecodeCoin(again, nil)
		if err != nil || !reflect.DeepEqual(back, c) {
			t.Fatalf("%+v, %v; was %+v", back, err, c)
		}
		if !bytes.Equal(AppendCoin(nil, &back), again) {
			t.Fatal("not stable")
		}
	})
}

func BenchmarkAppendCoin(b *testing.B) {
	for _, c := range scriptCases[:10] {
		b.Run(c.name, func(b *testing.B) {
			coin := consensus.Coin{Height: 800_000, Out: wire.TxOut{Value: 123_456_789, PkScript: unhex(b, c.script)}}
			buf := make([]byte, 0, 256)
			b.ReportAllocs()
			for b.Loop() {
				buf = AppendCoin(buf[:0], &coin)
			}
		})
	}
}

func BenchmarkDecodeCoin(b *testing.B) {
	for _, c := range scriptCases[:10] {
		b.Run(c.name, func(b *testing.B) {
			coin := consensus.Coin{Height: 800_000, Out: wire.TxOut{Value: 123_456_789, PkScript: unhex(b, c.script)}}
			raw := AppendCoin(nil, &coin)
			slab := make([]byte, 0, 256)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := DecodeCoin(raw, slab[:0]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
