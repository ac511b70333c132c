package blockstore

import (
	"context"
	"path/filepath"
	"testing"

	"grapevine/wire"
)

func benchStore(b *testing.B) *Store {
	s := mustOpen(b, Config{Dir: filepath.Join(b.TempDir(), "blocks"), Magic: testMagic})
	b.Cleanup(func() { _ = s.Close() })
	return s
}

func BenchmarkAppend(b *testing.B) {
	for name, size := range map[string]int{"250B": 250, "1MB": 1_000_000} {
		b.Run(name, func(b *testing.B) {
			s, raw := benchStore(b), testBlock(0, wire.BlockHash{}, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.AppendBlock(raw, 0, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for name, size := range map[string]int{"250B": 250, "1MB": 1_000_000} {
		b.Run(name, func(b *testing.B) {
			s, raw := benchStore(b), testBlock(0, wire.BlockHash{}, size)
			var at []Pos
			for range 64 {
				pos, err := s.AppendBlock(raw, 0, 0)
				if err != nil {
					b.Fatal(err)
				}
				at = append(at, pos)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := s.ReadBlock(at[i%len(at)], hashOf(raw)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkScan(b *testing.B) {
	for name, size := range map[string]int{"250B": 250, "1MB": 1_000_000} {
		b.Run(name, func(b *testing.B) {
			s, raw := benchStore(b), testBlock(0, wire.BlockHash{}, size)
			count := 100_000_000 / size
			for range count {
				if _, err := s.AppendBlock(raw, 0, 0); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(count * size))
			for b.Loop() {
				n := 0
				err := s.ScanFile(context.Background(), 0, func([]byte, Pos) error { n++; return nil })
				if err != nil || n != count {
					b.Fatal(n, err)
				}
			}
		})
	}
}

func BenchmarkUndo(b *testing.B) {
	s, raw := benchStore(b), testBlock(0, wire.BlockHash{}, 200_000)
	if _, err := s.AppendBlock(raw, 0, 0); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		at, err := s.AppendUndo(0, raw, wire.BlockHash{})
		if err == nil {
			_, err = s.ReadUndo(0, at, wire.BlockHash{})
		}
		if err != nil {
			b.Fatal(err)
		}
		if s.FileInfo(0).UndoSize > 1<<30 {
			s.ledger.infos[0].UndoSize = 0
		}
	}
}

// BenchmarkLoadIndex is a start of mainnet's size, per header.
func BenchmarkLoadIndex(b *testing.B) {
	s := benchStore(b)
	const headers = 200_000
	var batch []Record
	for i := range int32(headers) {
		batch = append(batch, Record{Header: wire.Header{Nonce: uint32(i), Time: uint32(i)}, Height: i, TxCount: 1})
		if len(batch) == 20_000 {
			if err := s.WriteIndex(batch); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	for b.Loop() {
		n := 0
		if err := s.LoadIndex(func(Record) error { n++; return nil }); err != nil || n != headers {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/headers, "ns/header")
}

func BenchmarkWriteIndex(b *testing.B) {
	s := benchStore(b)
	batch := make([]Record, 2000)
	height := int32(0)
	for b.Loop() {
		for i := range batch {
			batch[i] = Record{Header: wire.Header{Nonce: uint32(height)}, Height: height}
			height++
		}
		if err := s.WriteIndex(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2000, "ns/header")
}

func BenchmarkKey(b *testing.B) {
	buf := make([]byte, 1<<20)
	b.SetBytes(1 << 20)
	for b.Loop() {
		testKey.Apply(buf, buf, 3)
	}
}
