package wire_test

import (
	"testing"

	. "grapevine/wire"
)

func BenchmarkDecodeBlock(b *testing.B) {
	for _, c := range realBlocks {
		b.Run(c.name, func(b *testing.B) {
			raw := readShared(b, "blocks/"+c.name+".raw")
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := DecodeBlock(raw); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(raw)), "ns/byte")
		})
	}
}

// BenchmarkScan is the first pass alone: the cost of counting.
func BenchmarkScan(b *testing.B) {
	raw := readShared(b, "blocks/mainnet-413567.raw")
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if err := ScanBlock(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeTx(b *testing.B) {
	block, err := DecodeBlock(readShared(b, "blocks/testnet3-928848.raw"))
	if err != nil {
		b.Fatal(err)
	}
	start, end := block.TxSpan(len(block.Txs) - 1)
	raw := block.Raw()[start:end]
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeTx(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendBlock(b *testing.B) {
	block, err := DecodeBlock(readShared(b, "blocks/mainnet-413567.raw"))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(block.TotalSize()))
	b.ReportAllocs()
	for b.Loop() {
		NewBlock(block.Header, block.Txs)
	}
}

func BenchmarkHeaderHash(b *testing.B) {
	h := Header{Version: 1, Bits: 0x1d00ffff}
	b.ReportAllocs()
	for b.Loop() {
		h.Nonce++
		h.Hash()
	}
}
