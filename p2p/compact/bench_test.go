package compact

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"grapevine/wire"
)

func BenchmarkBuild(b *testing.B) {
	block := realBlock(b)
	b.ReportAllocs()
	for b.Loop() {
		Build(block, 7)
	}
	b.ReportMetric(float64(len(block.Txs)), "txs")
}

// largePool is a pool of 50,000 transactions, some of them the block's.
func largePool(block *wire.Block) (ids []wire.Wtxid, txs []*wire.Tx) {
	ids, txs = poolOf(block)
	for i := len(ids); i < 50_000; i++ {
		var id wire.Wtxid
		binary.LittleEndian.PutUint64(id[:], uint64(i))
		ids, txs = append(ids, id), append(txs, txs[i%len(block.Txs[1:])])
	}
	rng := rand.New(rand.NewPCG(7, 8))
	rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i]; txs[i], txs[j] = txs[j], txs[i] })
	return ids, txs
}

func BenchmarkScanPool50k(b *testing.B) {
	block := realBlock(b)
	ids, txs := largePool(block)
	m := Build(block, 7)
	m.ShortIDs[9]++ // so that the whole pool is looked through
	b.ReportAllocs()
	for b.Loop() {
		p, _ := NewPartial(m)
		p.Fill(ids, txs)
	}
}

func BenchmarkReconstruct(b *testing.B) {
	block := realBlock(b)
	ids, txs := poolOf(block)
	m := Build(block, 7)
	b.ReportAllocs()
	b.SetBytes(int64(block.TotalSize()))
	for b.Loop() {
		p, err := NewPartial(m)
		if err != nil {
			b.Fatal(err)
		}
		p.Fill(ids, txs)
		if len(p.Missing()) > 0 {
			b.Fatal("missing")
		}
		if _, err := p.Complete(nil, true); err != nil {
			b.Fatal(err)
		}
	}
}
