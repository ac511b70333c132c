package headersync

import (
	"testing"

	"grapevine/chain/headers"
	"grapevine/internal/u256"
	"grapevine/wire"
)

// BenchmarkReceived is the cost of a full message: 2000 hashes.
func BenchmarkReceived(b *testing.B) {
	list := stock[:wire.MaxHeaders]
	for b.Loop() {
		s := newBench(b, Config{}).s
		s.AddPeer(1, outbound)
		if d := s.Received(epoch, 1, list); len(d.Submit) != len(list) {
			b.Fatal(d)
		}
	}
}

// BenchmarkAnswer is the cost of answering a getheaders in full.
func BenchmarkAnswer(b *testing.B) {
	v := newView()
	nodes := v.take(stock)
	v.active = headers.NewChain(nodes[len(nodes)-1])
	locator := headers.Locator(nodes[100])
	b.ReportAllocs()
	for b.Loop() {
		if list, _, _ := Answer(v, u256.Int{}, locator, wire.BlockHash{}); len(list) != wire.MaxHeaders {
			b.Fatal(len(list))
		}
	}
}
