package mempool

import (
	"testing"

	"grapevine/wire"
)

// large is a pool of n transactions on a stub ledger, and these transactions.
func large(b *testing.B, n int) (*stubWorld, []*wire.Tx) {
	b.Helper()
	w := onStub(b, 104, func(c *Config) { c.MaxBytes = 3_000_000_000 })
	l := w.ledger
	var list []*wire.Tx
	for i := 0; len(list) < n; i++ {
		coinbase := l.base(int32(1 + i/4)).block.Txs[0].Txid()
		wide := anyoneTx(wire.OutPoint{Txid: coinbase, Index: uint32(i % 4)}, wire.Coin, 5000)
		l.move(l.mine(l.tip, byte(i), wide))
		for k := range wide.Out {
			list = append(list, anyoneTx(wire.OutPoint{Txid: wide.Txid(), Index: uint32(k)}, wide.Out[k].Value, 2+k%7))
		}
	}
	list = list[:n]
	w.sync()
	for _, v := range w.SubmitAll(b.Context(), list, SubmitOptions{}) {
		if v.Err != nil {
			b.Fatal(v.Err)
		}
	}
	return w, list
}

// BenchmarkLargePool shows what readers and blocks cost in a pool of 100,000:
// none may hold up the others for long.
func BenchmarkLargePool(b *testing.B) {
	w, list := large(b, 100_000)
	b.Run("txids", func(b *testing.B) {
		for b.Loop() {
			if got, _ := w.Txids(); len(got) != len(list) {
				b.Fatal(len(got))
			}
		}
	})
	b.Run("lock of txids", func(b *testing.B) {
		for b.Loop() {
			_ = w.graph.Snapshot()
		}
	})
	b.Run("entries", func(b *testing.B) {
		for b.Loop() {
			if got := w.Entries(); len(got) != len(list) {
				b.Fatal(len(got))
			}
		}
	})
	b.Run("info", func(b *testing.B) {
		for b.Loop() {
			if w.Info().Size != len(list) {
				b.Fatal(w.Info().Size)
			}
		}
	})
	b.Run("select", func(b *testing.B) {
		for b.Loop() {
			if s := w.Select(3_992_000, 80_000, 1); len(s.Txs) < 1000 {
				b.Fatal(len(s.Txs))
			}
		}
	})
	b.Run("block and back", func(b *testing.B) {
		l := w.ledger
		s := w.Select(2_000_000, 80_000, 1)
		var txs []*wire.Tx
		for _, t := range s.Txs {
			txs = append(txs, t.Tx)
		}
		parent := l.tip
		next := l.mine(parent, 99, txs...)
		b.ReportMetric(float64(len(txs)), "tx/block")
		for b.Loop() {
			l.move(next)
			w.sync()
			l.move(parent)
			w.sync()
		}
		if w.Info().Size != len(list) {
			b.Fatal(w.Info().Size)
		}
	})
}
