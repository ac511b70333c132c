package index

import (
	"encoding/binary"
	"testing"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/wire"
)

const benchTxs = 2000 // a block

// benchLedger is a chain of full blocks of small transactions.
func benchLedger(b *testing.B, blocks int) *ledger {
	b.Helper()
	l := newLedger(params.Regtest(params.RegtestOptions{}))
	tip := l.tree.Genesis()
	n := uint32(0)
	for range blocks {
		txs := make([]wire.Tx, benchTxs)
		for i := range txs {
			n++
			tx := wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: wire.OutPoint{Index: n}, ScriptSig: make([]byte, 107)}},
				Out: []wire.TxOut{{Value: 1, PkScript: make([]byte, 25)}, {Value: 2, PkScript: make([]byte, 25)}}}
			txs[i] = *tx.Seal()
		}
		h := wire.Header{PrevBlock: tip.Hash(), Bits: tip.Bits(), Time: n}
		binary.LittleEndian.PutUint32(h.MerkleRoot[:], n)
		tip = l.learn(wire.NewBlock(h, txs))
	}
	l.active.Store(headers.NewChain(tip))
	return l
}

// BenchmarkBuild writes an index to disk; blocks are in memory and decoded.
func BenchmarkBuild(b *testing.B) {
	const blocks = 200
	l := benchLedger(b, blocks)
	for b.Loop() {
		x, err := Open(Config{Chain: l, Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		if err := x.follow(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := x.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*blocks*benchTxs/b.Elapsed().Seconds(), "tx/s")
}

// BenchmarkFind looks up transactions of an index of 400,000; reading the block
// is not part of it.
func BenchmarkFind(b *testing.B) {
	l := benchLedger(b, 200)
	x, err := Open(Config{Chain: l, Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	if err := x.follow(b.Context()); err != nil {
		b.Fatal(err)
	}
	block := l.blocks[l.Active().At(77).Hash()]
	i := 0
	for b.Loop() {
		i++
		if _, ok, err := x.Find(block.Txs[i%benchTxs].Txid()); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
	if err := x.Close(); err != nil {
		b.Fatal(err)
	}
}
