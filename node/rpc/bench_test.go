package rpc

import (
	"context"
	"encoding/binary"
	"os"
	"testing"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/chain/utxo"
	"grapevine/internal/testdata"
	"grapevine/wire"
)

// sharedBlock is a fake whose tip is a real block, with its undo data.
func sharedBlock(tb testing.TB, name string) (*fakeLedger, *headers.Node) {
	tb.Helper()
	raw, err := os.ReadFile(testdata.Shared(tb, "blocks/"+name+".raw"))
	if err != nil {
		tb.Fatal(err)
	}
	b, err := wire.DecodeBlock(raw)
	if err != nil {
		tb.Fatal(err)
	}
	spent, err := os.ReadFile(testdata.Shared(tb, "blocks/"+name+".spent.raw"))
	if err != nil {
		tb.Fatal(err)
	}
	f := newFakeLedger(params.Regtest(params.RegtestOptions{}))
	h := b.Header
	h.PrevBlock = f.tree.Genesis().Hash()
	n := f.tree.Insert(h, f.tree.Genesis())
	f.store(n, b)
	f.undo[n.Hash()] = undoOf(tb, b, spent)
	n.AddStatus(headers.StatusHasUndo)
	f.active = f.active.With(n)
	return f, n
}

// undoOf gives each input of a block the next of a list of outputs: value,
// length of the script, script.
func undoOf(tb testing.TB, b *wire.Block, spent []byte) *utxo.BlockUndo {
	tb.Helper()
	u := &utxo.BlockUndo{}
	for i := range b.Txs[1:] {
		var coins []consensus.Coin
		for range b.Txs[i+1].In {
			value := wire.Amount(binary.LittleEndian.Uint64(spent))
			n, size, err := wire.ReadCompactSize(spent[8:])
			if err != nil {
				tb.Fatal(err)
			}
			start := 8 + size
			coins = append(coins, consensus.Coin{Out: wire.TxOut{Value: value, PkScript: spent[start : start+int(n)]}, Height: 1})
			spent = spent[start+int(n):]
		}
		u.Txs = append(u.Txs, coins)
	}
	return u
}

func BenchmarkGetBlock(b *testing.B) {
	for _, c := range []struct{ name, block, verbosity string }{
		{"mainnet300025/0", "mainnet-300025", "0"}, {"mainnet300025/1", "mainnet-300025", "1"},
		{"mainnet300025/2", "mainnet-300025", "2"}, {"mainnet300025/3", "mainnet-300025", "3"},
		{"testnet928848/2", "testnet3-928848", "2"}, {"testnet928848/3", "testnet3-928848", "3"},
	} {
		b.Run(c.name, func(b *testing.B) {
			f, n := sharedBlock(b, c.block)
			table := f.table(b)
			args, err := ParseJSON([]byte(`["` + n.Hash().String() + `", ` + c.verbosity + `]`))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			var w Writer
			for b.Loop() {
				w.buf = w.buf[:0]
				w.comma = false
				if err := table.Call(context.Background(), Request{Method: "getblock"}, args, &w); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(f.blocks[n.Hash()].TotalSize()))
			b.ReportMetric(float64(w.Len()), "answer-bytes")
		})
	}
}

func BenchmarkGetBlockHeader(b *testing.B) {
	f := newFakeLedger(params.Regtest(params.RegtestOptions{}))
	table := f.table(b)
	args, err := ParseJSON([]byte(`["` + f.p.GenesisHash.String() + `"]`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var w Writer
		if err := table.Call(context.Background(), Request{Method: "getblockheader"}, args, &w); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetBlockStats(b *testing.B) {
	f, _ := sharedBlock(b, "testnet3-928848")
	table := f.table(b)
	args, err := ParseJSON([]byte(`[1]`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var w Writer
		if err := table.Call(context.Background(), Request{Method: "getblockstats"}, args, &w); err != nil {
			b.Fatal(err)
		}
	}
}
