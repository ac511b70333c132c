package utxo

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// TestUndoBytes pins the form on the first payment of mainnet: block 170
// spends the coinbase of block 9, 50 BTC to an uncompressed key.
func TestUndoBytes(t *testing.T) {
	const (
		keyX = "11db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5c"
		keyY = "b2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3"
	)
	script := unhex(t, "4104"+keyX+keyY+"ac")
	u := &BlockUndo{Txs: [][]consensus.Coin{{{Height: 9, Coinbase: true, Out: wire.TxOut{Value: 50 * wire.Coin, PkScript: script}}}}}
	// One transaction, one input, 2*9+1, dummy, 50 BTC, odd key.
	want := unhex(t, "01"+"01"+"13"+"00"+"32"+"05"+keyX)
	if got := AppendBlockUndo(nil, u); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
	got, err := DecodeBlockUndo(want)
	if err != nil || !reflect.DeepEqual(got, u) {
		t.Errorf("%+v, %v", got, err)
	}
	// Old files have a transaction version where ours have zero.
	old := append([]byte{}, want...)
	old[3] = 1
	if got, err := DecodeBlockUndo(old); err != nil || !reflect.DeepEqual(got, u) {
		t.Errorf("with a version: %+v, %v", got, err)
	}
	// Height zero has no dummy.
	u.Txs[0][0].Height = 0
	want = unhex(t, "01"+"01"+"01"+"32"+"05"+keyX)
	if got := AppendBlockUndo(nil, u); !bytes.Equal(got, want) {
		t.Errorf("height zero: %x, want %x", got, want)
	}
}

func TestDecodeUndoMalformed(t *testing.T) {
	for _, c := range []struct {
		name, hex string
		want      DecodeErrorKind
	}{
		{"nothing", "", ErrCodecTruncated},
		{"block with a coinbase only", "00", ""},
		{"transaction without inputs", "0100", ""},
		{"smallest coin", "0101000006", ""},
		{"missing transaction", "02" + "01000006", ErrCodecTruncated},
		{"missing coin", "01" + "02000006", ErrCodecTruncated},
		{"claim of 33 million transactions", "fe00000002", ErrCodecTruncated},
		{"claim of 33 million coins", "01" + "fe00000002" + "000006", ErrCodecTruncated},
		{"claim over the limit", "fe01000002", ErrCodecCount},
		{"long count", "fd0100" + "01000006", ErrCodecCount},
		{"long count of coins", "01" + "fd0100" + "000006", ErrCodecCount},
		{"cut coin", "0101" + "130032" + "05aabb", ErrCodecTruncated},
		{"height too large", "0101" + "8ffefefe7f" + "000006", ErrCodecOverflow},
		{"dummy too large", "0101" + "13" + "8ffefefe7f" + "3206", ErrCodecOverflow},
		{"amount out of range", "0101" + "1300" + "80fefefefefefefefe7f" + "06", ErrCodecAmount},
		{"script of 3 GB", "0101" + "1300" + "32" + "8a95c0bb00", ErrCodecScriptSize},
		{"key that is no point", "0101" + "1300" + "32" + "04" + notOnCurve, ErrCodecPoint},
		{"bytes after", "010100000600", ErrCodecTrailing},
	} {
		raw := unhex(t, c.hex)
		_, err := DecodeBlockUndo(raw)
		if c.want == "" && err != nil || c.want != "" && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if got := allocated(func() { _, _ = DecodeBlockUndo(raw) }); got > 1024 {
			t.Errorf("%s: allocates %d bytes", c.name, got)
		}
	}
}

func randomUndo(rng *rand.Rand, txs int) *BlockUndo {
	u := &BlockUndo{Txs: make([][]consensus.Coin, txs)}
	for i := range u.Txs {
		u.Txs[i] = make([]consensus.Coin, rng.IntN(4))
		for j := range u.Txs[i] {
			u.Txs[i][j] = randomCoin(rng)
		}
	}
	return u
}

func TestUndoRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for txs := range 30 {
		u := randomUndo(rng, txs)
		raw := AppendBlockUndo(nil, u)
		got, err := DecodeBlockUndo(raw)
		if err != nil {
			t.Fatal(err)
		}
		if again := AppendBlockUndo(nil, got); !bytes.Equal(again, raw) {
			t.Fatal("encodes to other bytes")
		}
		clear(raw) // nothing may alias it
		if !reflect.DeepEqual(got, u) {
			t.Fatalf("%+v, want %+v", got, u)
		}
		for i := range got.Txs {
			_ = append(got.Txs[i], consensus.Coin{Height: 1})
			for j := range got.Txs[i] {
				_ = append(got.Txs[i][j].Out.PkScript, 0xff)
			}
		}
		if !reflect.DeepEqual(got, u) {
			t.Fatal("an append reached into a neighbour")
		}
	}
}

func TestUndoAllocs(t *testing.T) {
	raw := AppendBlockUndo(nil, randomUndo(rand.New(rand.NewPCG(1, 9)), 1000))
	if got := testing.AllocsPerRun(3, func() { _, _ = DecodeBlockUndo(raw) }); got > 4 {
		t.Errorf("%v allocations", got)
	}
}

func FuzzDecodeBlockUndo(f *testing.F) {
	f.Add(unhex(f, "00"))
	f.Add(unhex(f, "0101000006"))
	f.Add(unhex(f, "0101130032"+"04"+generatorX))
	f.Add(unhex(f, "02"+"00"+"02"+"130032"+"0751"+"000006"))
	f.Add(AppendBlockUndo(nil, randomUndo(rand.New(rand.NewPCG(2, 9)), 3)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		u, err := DecodeBlockUndo(raw)
		if err != nil {
			var e *DecodeError
			if !errors.As(err, &e) || e.Offset > len(raw) {
				t.Fatalf("untyped error or wild offset: %v", err)
			}
			return
		}
		// The dummy may have been anything and templates spelled out.
		again := AppendBlockUndo(nil, u)
		if len(again) > len(raw) {
			t.Fatalf("%x from %x", again, raw)
		}
		back, err := DecodeBlockUndo(again)
		if err != nil || !reflect.DeepEqual(back, u) {
			t.Fatalf("%+v, %v; was %+v", back, err, u)
		}
	})
}

func BenchmarkUndo(b *testing.B) {
	u := &BlockUndo{}
	rng := rand.New(rand.NewPCG(3, 9))
	for range 2500 {
		var coins []consensus.Coin
		for range 2 {
			c := randomCoin(rng)
			c.Out.PkScript = unhex(b, scriptCases[0].script)
			coins = append(coins, c)
		}
		u.Txs = append(u.Txs, coins)
	}
	raw := AppendBlockUndo(nil, u)
	b.Run("append", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		for b.Loop() {
			raw = AppendBlockUndo(raw[:0], u)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := DecodeBlockUndo(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}
