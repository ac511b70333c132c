package p2ptest

import (
	"testing"
	"time"

	"grapevine/wire"
)

// mesh makes a network in which each node has called a number of others.
func mesh(t testing.TB, cfg Config, nodes, degree, height int) (*Network, []*wire.Block) {
	t.Helper()
	net := New(Traced(t, cfg))
	return net, net.Mesh(RealCore(), nodes, degree, height)
}

// Blocks and transactions reach all nodes though some are always away, packets are
// lost and the network falls into two for a while.
func TestGossipUnderFaults(t *testing.T) {
	seeds := 3
	if testing.Short() {
		seeds = 1
	}
	Seeds(t, seeds, func(t *testing.T, seed uint64) {
		const nodes = 60
		net, blocks := mesh(t, Config{
			Seed: seed, Latency: 80 * time.Millisecond, Spread: 0.6, Up: 1_000_000, Loss: 0.01, Strict: true,
			Verdicts: Verdicts{Headers: time.Millisecond, Block: 20 * time.Millisecond, Tx: time.Millisecond, Event: 5 * time.Millisecond},
		}, nodes, 6, 10)
		tip := blocks[len(blocks)-1].Hash()
		net.Run(10 * time.Second)
		var txs []*wire.Tx
		give := func(n *Node) {
			if !n.running() {
				return
			}
			tx := net.World.Spend(1000, 0, net.World.Fund())
			if err := n.Pool.Submit(tx); err != nil {
				t.Error(err)
			}
			txs = append(txs, tx)
		}
		// The first ten nodes stay; those that come back call others again.
		stop := net.Churn(4*time.Second, net.Nodes[10:])
		net.KeepCalling(4)
		minute := func(a, b *Node) {
			for range 6 {
				for _, n := range []*Node{a, b} {
					give(n)
				}
				net.Run(10 * time.Second)
			}
		}
		minute(net.Nodes[0], net.Nodes[1])
		net.PartitionAt(nodes / 2)
		// The lower half finds two blocks, the upper one three.
		mine := func(n *Node) *wire.Block {
			b := net.World.Mine(n.Ledger.Tip(), net.Time(), 20_000)
			if err := n.Ledger.Mine(b); err != nil {
				t.Error(err)
			}
			return b
		}
		mine(net.Nodes[2])
		minute(net.Nodes[3], net.Nodes[4])
		mine(net.Nodes[2])
		high := net.Nodes[nodes-1]
		high.Start()
		for range 3 {
			tip = mine(high).Hash()
			net.Run(10 * time.Second)
		}
		net.Heal()
		minute(net.Nodes[5], net.Nodes[6])
		stop()
		agree := func() bool {
			for _, n := range net.Nodes {
				if n.Ledger.Tip() != tip || !n.running() {
					return false
				}
			}
			return true
		}
		if !net.RunUntil(10*time.Minute, agree) {
			for _, n := range net.Nodes {
				if n.Ledger.Tip() != tip {
					t.Logf("node %d at %d, %d peers, running %v", n.ID, n.Ledger.Height(), len(n.Peers()), n.running())
				}
			}
			t.Fatalf("no agreement ten minutes after the faults: %v", net.Err())
		}
		// Once all have connections again, a transaction that is new reaches them.
		net.Run(time.Minute)
		tx := net.World.Spend(1000, 0, net.World.Fund())
		spread := net.Track(tx.Txid(), tx.TotalSize())
		if err := net.Nodes[0].Pool.Submit(tx); err != nil {
			t.Fatal(err)
		}
		if !net.RunUntil(3*time.Minute, func() bool { return spread.Count() == nodes }) {
			t.Errorf("a transaction after the faults: %v", spread)
			for _, n := range net.Nodes {
				if !n.Pool.Has(wire.ByTxid(tx.Txid())) {
					t.Logf("node %d lacks it; it has %d peers", n.ID, len(n.Peers()))
				}
			}
		}
		for _, tx := range txs { // the ten that stayed know all, from whichever side it came
			for _, n := range net.Nodes[:10] {
				if !n.Pool.Has(wire.ByTxid(tx.Txid())) {
					t.Errorf("node %d lacks a transaction", n.ID)
				}
			}
		}
		checkQuiet(t, net)
	})
}

func TestRealCoresRunTheSame(t *testing.T) {
	run := func(seed uint64) (uint64, uint64) {
		net, blocks := mesh(t, Config{Seed: seed, Latency: 50 * time.Millisecond, Spread: 0.5, Up: 1_000_000, Loss: 0.01}, 40, 5, 10)
		net.Run(10 * time.Second)
		for range 20 {
			if err := net.Nodes[1].Pool.Submit(net.World.Spend(1000, 0, net.World.Fund())); err != nil {
				t.Error(err)
			}
		}
		if err := net.Nodes[2].Ledger.Mine(net.World.Mine(blocks[9].Hash(), net.Time(), 10_000)); err != nil {
			t.Error(err)
		}
		net.Nodes[3].Stop()
		net.Run(30 * time.Second)
		return net.Trace(), net.Steps()
	}
	seen := make(map[uint64]bool)
	for seed := range uint64(3) {
		a, steps := run(seed)
		b, again := run(seed)
		if a != b || steps != again {
			t.Errorf("seed %d: trace %016x after %d steps, then %016x after %d", seed, a, steps, b, again)
		}
		if seen[a] {
			t.Errorf("seed %d gives the run of another", seed)
		}
		seen[a] = true
	}
}
