package utxo

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"grapevine/chain/consensus"
	"grapevine/internal/testdata"
	"grapevine/wire"
)

// benchPoint is a distinct outpoint for each number, two to a transaction.
func benchPoint(n int) (op wire.OutPoint) {
	x := uint64(n / 2)
	for i := 0; i < 32; i += 8 {
		x += 0x9e3779b97f4a7c15
		z := (x ^ x>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		binary.LittleEndian.PutUint64(op.Txid[i:], z^z>>31)
	}
	op.Index = uint32(n % 2)
	return op
}

var benchScript = make([]byte, 25)

func benchCoin(n int) consensus.Coin {
	return consensus.Coin{Out: wire.TxOut{Value: wire.Amount(n), PkScript: benchScript}, Height: int32(n % 900000)}
}

// benchSet returns a set with n coins in the active generation.
func benchSet(b *testing.B, n int, cache int64) *Set {
	s, err := Open(Config{Dir: b.TempDir(), CacheBytes: cache})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	benchFill(b, s, 0, n)
	return s
}

// benchFill merges coins from..to in layers of 10,000 and returns the time
// that the merges took.
func benchFill(b *testing.B, s *Set, from, to int) (merging time.Duration) {
	o := NewOverlay(nil, s)
	for i := from; i < to; {
		o.Reset(nil, s)
		for end := min(i+10000, to); i < end; i++ {
			o.Add(benchPoint(i), benchCoin(i), true)
		}
		start := time.Now()
		if err := s.Merge(wire.BlockHash{1}, o); err != nil {
			b.Fatal(err)
		}
		merging += time.Since(start)
	}
	return merging
}

// BenchmarkFetch resolves 4,000 random coins of the active generation at a
// time, as the inputs of a block.
func BenchmarkFetch(b *testing.B) {
	for _, n := range []int{1 << 20, 8 << 20} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := benchSet(b, n, 4<<30)
			const block = 4000
			r := rand.New(rand.NewPCG(1, 2))
			ops, dst, found := make([]wire.OutPoint, block), make([]consensus.Coin, block), make([]bool, block)
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				b.StopTimer()
				for i := range ops {
					ops[i] = benchPoint(r.IntN(n))
				}
				b.StartTimer()
				if err := s.Fetch(ops, dst, found); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			for i := range found {
				if !found[i] {
					b.Fatal("missing")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/block, "ns/coin")
		})
	}
}

// BenchmarkMerge spends 4,000 random coins and creates as many, as a block does.
func BenchmarkMerge(b *testing.B) {
	for _, n := range []int{1 << 20, 8 << 20} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := benchSet(b, n, 4<<30)
			const block = 4000
			r := rand.New(rand.NewPCG(1, 2))
			live := make([]int, n)
			for i := range live {
				live[i] = i
			}
			next := n
			o := NewOverlay(nil, s)
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				b.StopTimer()
				o.Reset(nil, s)
				for range block {
					k := r.IntN(n)
					o.Spend(benchPoint(live[k]))
					o.Add(benchPoint(next), benchCoin(next), true)
					live[k] = next
					next++
				}
				b.StartTimer()
				if err := s.Merge(wire.BlockHash{2}, o); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/block/2, "ns/change")
		})
	}
}

// BenchmarkOverlay builds the layer that BenchmarkMerge folds in.
func BenchmarkOverlay(b *testing.B) {
	s := benchSet(b, 0, 64<<20)
	const block = 4000
	ops := make([]wire.OutPoint, 2*block)
	for i := range ops {
		ops[i] = benchPoint(i)
	}
	o := NewOverlay(nil, s)
	c := benchCoin(1)
	b.ReportAllocs()
	for b.Loop() {
		o.Reset(nil, s)
		for i := range block {
			o.Spend(ops[i])
			o.Add(ops[block+i], c, true)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/block/2, "ns/change")
}

// BenchmarkFlush writes generations of 1M coins over a growing database.
func BenchmarkFlush(b *testing.B) {
	const n = 1 << 20
	s := benchSet(b, 0, 450<<20)
	next := 0
	var written int64
	for b.Loop() {
		b.StopTimer()
		benchFill(b, s, next, next+n)
		next += n
		if err := s.BeginFlush(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		for {
			f := s.flush
			done, err := s.FlushStep(4 << 20)
			if err != nil {
				b.Fatal(err)
			}
			if done {
				written += f.written
				break
			}
		}
	}
	b.ReportMetric(float64(written)/1e6/b.Elapsed().Seconds(), "MB/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/coin")
}

// BenchmarkMiss reads 4,000 random coins of 4M that only the database has.
func BenchmarkMiss(b *testing.B) {
	const n = 4 << 20
	dir := b.TempDir()
	s, err := Open(Config{Dir: dir, CacheBytes: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	benchFill(b, s, 0, n)
	if err := s.Flush(); err != nil {
		b.Fatal(err)
	}
	s.Close()
	if s, err = Open(Config{Dir: dir, CacheBytes: 450 << 20}); err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	const block = 4000
	r := rand.New(rand.NewPCG(1, 2))
	ops, dst, found := make([]wire.OutPoint, block), make([]consensus.Coin, block), make([]bool, block)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for i := range ops {
			ops[i] = benchPoint(r.IntN(n))
		}
		b.StartTimer()
		if err := s.Fetch(ops, dst, found); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/block, "ns/coin")
}

func BenchmarkHash(b *testing.B) {
	h := hasher{1, 2}
	op := benchPoint(3)
	var x uint32
	for b.Loop() {
		x += h.outpoint(&op)
	}
	_ = x
}

// BenchmarkConnect connects and merges a real block of 4,886 inputs over 2M
// coins: what the owner does for a block besides its rules.
func BenchmarkConnect(b *testing.B) {
	raw, err := os.ReadFile(testdata.Shared(b, "blocks/mainnet-413567.raw"))
	if err != nil {
		b.Fatal(err)
	}
	block, err := wire.DecodeBlock(raw)
	if err != nil {
		b.Fatal(err)
	}
	s := benchSet(b, 2<<20, 4<<30)
	fund := NewOverlay(nil, s)
	for i := range block.Txs[1:] {
		for _, in := range block.Txs[i+1].In {
			fund.Add(in.PrevOut, benchCoin(1), true)
		}
	}
	if err := s.Merge(wire.BlockHash{1}, fund); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		o := NewOverlay(nil, s)
		if _, missing, err := o.Connect(block, 2, true); missing >= 0 || err != nil {
			b.Fatal(missing, err)
		}
		o.retire()
	}
	inputs, outputs := countCoins(block)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(inputs+outputs), "ns/change")
}
