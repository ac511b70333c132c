package rpc

import (
	"strconv"
	"testing"
)

// benchPool is how many transactions are in the pool of the benchmarks: half a
// block of small ones.
const benchPool = 2000

// fill puts benchPool transactions into the pool, which spend an output each of
// one in the chain, and returns another in hex.
func (w *coinWallet) fill() string {
	w.t.Helper()
	fan := w.spend(1_000_000, benchPool+1, w.coin())
	w.send(fan)
	w.mine(1)
	for i := range benchPool {
		w.send(w.spendOutput(1000, 1, uint32(i), fan))
	}
	return rawOf(w.spendOutput(1000, 1, benchPool, fan))
}

func BenchmarkPoolMethods(b *testing.B) {
	w := newCoinWallet(b, 1)
	raw := w.fill()
	if got := member1(b, w.call("getmempoolinfo", ""), "size"); got != strconv.Itoa(benchPool) {
		b.Fatalf("%s transactions in the pool", got)
	}
	for _, c := range []struct{ name, method, args string }{
		{"judge one", "testmempoolaccept", `["` + raw + `"]`}, {"list ids", "getrawmempool", ""}, {"list entries", "getrawmempool", "true"},
		{"template, kept", "getblocktemplate", segwit}, {"info", "getmempoolinfo", ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			w.call(c.method, c.args) // the first template has to be made
			b.ReportAllocs()
			for b.Loop() {
				w.call(c.method, c.args)
			}
		})
	}
	b.Run("new work", func(b *testing.B) {
		for b.Loop() {
			if _, err := w.miner.Work(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
