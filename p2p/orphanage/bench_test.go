package orphanage

import (
	"testing"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// full returns an orphanage that 125 peers have filled, by latency.
func full(m *maker) *Orphanage {
	o := New(Config{})
	for n := range 2 * MaxLatency {
		o.Add(m.tx(), peer.ID(n%125))
	}
	return o
}

// BenchmarkAddFull adds orphans to a full orphanage: each takes one away.
func BenchmarkAddFull(b *testing.B) {
	m := &maker{}
	o := full(m)
	txs := make([]*wire.Tx, 10_000)
	for n := range txs {
		txs[n] = m.tx()
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		o.Add(txs[n%len(txs)], peer.ID(n%125))
		n++
	}
}

// BenchmarkForBlock is a block of 3000 transactions that concern no orphan.
func BenchmarkForBlock(b *testing.B) {
	m := &maker{}
	o := full(m)
	txs := make([]wire.Tx, 3000)
	for n := range txs {
		txs[n] = *m.wide(2)
	}
	block := wire.NewBlock(wire.Header{}, txs)
	for b.Loop() {
		o.ForBlock(block)
	}
}

// BenchmarkOneOutput is the worst that one peer can do: all its orphans spend one
// output, and it leaves.
func BenchmarkOneOutput(b *testing.B) {
	m := &maker{}
	parent := m.tx()
	txs := make([]*wire.Tx, 1400)
	for n := range txs {
		txs[n] = m.tx(parent)
	}
	for b.Loop() {
		o := New(Config{})
		for _, tx := range txs {
			o.Add(tx, 1)
		}
		if len(o.Children(parent)) < 1000 {
			b.Fatal("the orphans were not kept")
		}
		o.Disconnect(1)
	}
}
