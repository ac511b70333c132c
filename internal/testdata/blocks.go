package testdata

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/klauspost/compress/zstd"

	"grapevine/wire"
)

// Coin is an output that a real block spends.
type Coin struct {
	Out wire.TxOut
	// Height and Coinbase are known where Dated is set only.
	Height   int32
	Coinbase bool
	Dated    bool
}

// Block reads one of the real blocks of the shared folder, such as
// "mainnet-300025".
func Block(tb testing.TB, name string) *wire.Block {
	tb.Helper()
	raw, err := os.ReadFile(Shared(tb, "blocks/"+name+".raw"))
	if err != nil {
		tb.Fatal(err)
	}
	b, err := wire.DecodeBlock(raw)
	if err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return b
}

// Spent reads the outputs that a real block spends, in the order of its
// inputs without that of the coinbase. It fails the test when there are not as
// many as inputs. Known are those of mainnet-300025, mainnet-367891 (dated)
// and testnet3-928848.
func Spent(tb testing.TB, name string) []Coin {
	tb.Helper()
	var coins []Coin
	if _, err := os.Stat(Shared(tb, "blocks") + "/" + name + ".spent.json.zst"); err == nil {
		coins = spentJSON(tb, name)
	} else if !errors.Is(err, os.ErrNotExist) {
		tb.Fatal(err)
	} else {
		for _, out := range SpentRaw(tb, name) {
			coins = append(coins, Coin{Out: out})
		}
	}
	inputs := 0
	for i, tx := range Block(tb, name).Txs {
		if i > 0 {
			inputs += len(tx.In)
		}
	}
	if len(coins) != inputs {
		tb.Fatalf("%s: %d coins for %d inputs", name, len(coins), inputs)
	}
	return coins
}

// SpentRaw reads a file of spent outputs: value, script length, script.
func SpentRaw(tb testing.TB, name string) (outs []wire.TxOut) {
	tb.Helper()
	b, err := os.ReadFile(Shared(tb, "blocks/"+name+".spent.raw"))
	if err != nil {
		tb.Fatal(err)
	}
	for len(b) > 0 {
		if len(b) < 9 {
			tb.Fatalf("%s: spent output cut short", name)
		}
		n, size, err := wire.ReadCompactSize(b[8:])
		if err != nil || uint64(len(b)-8-size) < n {
			tb.Fatalf("%s: spent output: %v", name, err)
		}
		end := 8 + size + int(n)
		outs = append(outs, wire.TxOut{
			Value:    wire.Amount(binary.LittleEndian.Uint64(b)),
			PkScript: b[8+size : end : end],
		})
		b = b[end:]
	}
	return outs
}

func spentJSON(tb testing.TB, name string) []Coin {
	tb.Helper()
	f, err := os.Open(Shared(tb, "blocks/"+name+".spent.json.zst"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	defer z.Close()
	text, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	var entries []struct {
		TxOut struct {
			Value        wire.Amount `json:"value"`
			ScriptPubKey string      `json:"script_pubkey"`
		} `json:"txout"`
		Coinbase bool  `json:"is_coinbase"`
		Height   int32 `json:"creation_height"`
	}
	if err := json.Unmarshal(text, &entries); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	coins := make([]Coin, len(entries))
	for i, e := range entries {
		script, err := hex.DecodeString(e.TxOut.ScriptPubKey)
		if err != nil {
			tb.Fatalf("%s: coin %d: %v", name, i, err)
		}
		coins[i] = Coin{
			Out:    wire.TxOut{Value: e.TxOut.Value, PkScript: script},
			Height: e.Height, Coinbase: e.Coinbase, Dated: true,
		}
	}
	return coins
}
