package p2ptest

import (
	"testing"
	"time"

	"grapevine/wire"
)

// Many transactions at once: seven a second enter a network of sixty nodes for 40
// seconds, in chains of three, and all end up in all pools without being sent to
// anybody twice.
func TestManyTransactions(t *testing.T) {
	nodes, seconds := 60, 40
	if testing.Short() {
		nodes, seconds = 30, 20
	}
	net, _ := mesh(t, Config{
		Seed: 1, Latency: 100 * time.Millisecond, Spread: 0.5, Up: 10_000_000 / 8, Strict: testing.Short(),
		Verdicts: Verdicts{Headers: time.Millisecond, Block: 50 * time.Millisecond, Tx: time.Millisecond, Event: time.Millisecond},
	}, nodes, 8, 10)
	net.Run(30 * time.Second)
	before := net.Traffic()
	began := time.Now()
	var txs []*wire.Tx
	for i := range seconds * 7 {
		n := net.Nodes[net.Rand().IntN(nodes)]
		var tx *wire.Tx
		if i%3 == 0 {
			tx = net.World.Spend(wire.FeeRate(1000+i), 0, net.World.Fund())
		} else if tx = net.World.SpendOf(txs[i-1], wire.FeeRate(1000+i)); !n.Pool.Has(wire.ByTxid(txs[i-1].Txid())) {
			n = net.Nodes[0]
			for _, other := range net.Nodes { // where its parent is
				if other.Pool.Has(wire.ByTxid(txs[i-1].Txid())) {
					n = other
				}
			}
		}
		if err := n.Pool.Submit(tx); err != nil {
			t.Fatal(err)
		}
		txs = append(txs, tx)
		net.Run(time.Second / 7)
	}
	all := func() bool {
		for _, n := range net.Nodes {
			if n.Pool.Len() != len(txs) {
				return false
			}
		}
		return true
	}
	if !net.RunUntil(3*time.Minute, all) {
		least := len(txs)
		for _, n := range net.Nodes {
			least = min(least, n.Pool.Len())
		}
		t.Errorf("of %d transactions some node has %d only: %v", len(txs), least, net.Err())
	}
	d := net.Traffic().Since(before)
	t.Logf("%d transactions, each with: %s", len(txs), Counts{
		Messages: d.Messages / int64(len(txs)), Bytes: d.Bytes / int64(len(txs)),
	}.PerNode(nodes))
	t.Logf("in all: %s", d.PerNode(nodes))
	t.Logf("%d steps in %.1f s", net.Steps(), time.Since(began).Seconds())
	if sent := d.ByCommand["tx"].Messages; sent > int64(len(txs)*nodes*11/10) {
		t.Errorf("%d transactions were sent %d times in a network of %d", len(txs), sent, nodes)
	}
	checkQuiet(t, net)
}
