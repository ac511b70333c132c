package mempool

import (
	"sync"
	"sync/atomic"
	"testing"

	"grapevine/wire"
)

// payments is a pool with a chain below it, and n plain payments of a witness
// key hash to two outputs, each independent of the others.
func payments(b *testing.B, n int) (*world, []*wire.Tx) {
	b.Helper()
	br := branch(b, 110, 0)
	w := open(b, nil)
	w.extend(br.Blocks...)
	var list []*wire.Tx
	for i := 0; len(list) < n; i++ {
		wide := coin(br, i, min(2000, n-len(list)), 100_000)
		w.extend(block(br, wide))
		for k := range wide.Out {
			list = append(list, child(wide, 2, 1000, uint32(k)))
		}
	}
	return w, list
}

// benchPayments is how many payments one run of a benchmark takes in.
const benchPayments = 6000

// BenchmarkSubmit takes in plain payments, from one caller after the other and
// from many at once. The pool's aim is 10,000 a second on two cores.
func BenchmarkSubmit(b *testing.B) {
	for _, c := range []struct {
		name    string
		callers int
	}{{"one by one", 1}, {"64 callers", 64}, {"lists of 64", 0}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			total := 0
			for b.Loop() {
				b.StopTimer()
				w, list := payments(b, benchPayments)
				b.StartTimer()
				submitAll(b, w, list, c.callers)
				b.StopTimer()
				if n := w.Info().Size; n != len(list) {
					b.Fatalf("%d of %d taken", n, len(list))
				}
				total += len(list)
				w.stop()
				b.StartTimer()
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "tx/s")
		})
	}
}

func submitAll(b *testing.B, w *world, list []*wire.Tx, callers int) {
	if callers == 0 {
		for len(list) > 0 {
			n := min(64, len(list))
			for _, v := range w.SubmitAll(b.Context(), list[:n], SubmitOptions{}) {
				if v.Err != nil {
					b.Fatal(v.Err)
				}
			}
			list = list[n:]
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(list) {
					return
				}
				if _, err := w.Submit(b.Context(), list[i], SubmitOptions{}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkSelect chooses a full block, and BenchmarkBlock takes one in.
func BenchmarkSelect(b *testing.B) {
	w, list := payments(b, benchPayments)
	submitAll(b, w, list, 64)
	b.ReportAllocs()
	for b.Loop() {
		if s := w.Select(4_000_000, 80_000, 1); len(s.Txs) != len(list) {
			b.Fatalf("%d selected", len(s.Txs))
		}
	}
}

// BenchmarkTxids lists a pool in the order of mining.
func BenchmarkTxids(b *testing.B) {
	w, list := payments(b, benchPayments)
	submitAll(b, w, list, 64)
	for b.Loop() {
		if got, _ := w.Txids(); len(got) != len(list) {
			b.Fatal(len(got))
		}
	}
}
