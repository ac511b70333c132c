package p2p_test

import (
	"testing"
	"time"

	"grapevine/p2p"
	"grapevine/p2p/p2ptest"
	"grapevine/wire"
)

// checked verifies a core's invariants after each step.
type checked struct {
	p2ptest.Stepper
	core interface{ Check() error }
	tb   testing.TB
}

func (c *checked) Step(now time.Time, e p2p.Event) []p2p.Action {
	list := c.Stepper.Step(now, e)
	if err := c.core.Check(); err != nil {
		c.tb.Fatalf("after %T: %v", e, err)
	}
	return list
}

// checkedCore makes cores whose invariants are verified after each step.
func checkedCore(tb testing.TB, set ...func(*p2p.CoreConfig)) func(*p2ptest.Node) p2ptest.Stepper {
	return func(n *p2ptest.Node) p2ptest.Stepper {
		core := p2ptest.NewCore(n, set...)
		return &checked{Stepper: p2ptest.Watched(n, core), core: core, tb: tb}
	}
}

// A network under faults, every core checked after each step.
func TestInvariantsInNetwork(t *testing.T) {
	p2ptest.Seeds(t, 2, func(t *testing.T, seed uint64) {
		const nodes = 25
		net := p2ptest.New(p2ptest.Traced(t, p2ptest.Config{
			Seed: seed, Latency: 50 * time.Millisecond, Spread: 0.6, Up: 500_000, Loss: 0.02, Strict: true,
			Verdicts: p2ptest.Verdicts{Headers: time.Millisecond, Block: 50 * time.Millisecond, Tx: 5 * time.Millisecond, Event: 20 * time.Millisecond},
		}))
		net.Mesh(checkedCore(t), nodes, 5, 10)
		net.KeepCalling(3)
		stop := net.Churn(3*time.Second, net.Nodes[5:])
		last := net.World.Fund()
		for i := range 60 {
			net.Run(time.Second)
			n := net.Nodes[i%5]
			tx := net.World.Spend(1000, 0, last)
			if n.Pool.Submit(tx) == nil {
				last = wire.OutPoint{Txid: tx.Txid()} // chains, so that there are orphans
			} else {
				last = net.World.Fund()
			}
			if i%7 == 0 {
				if err := n.Ledger.Mine(net.World.Mine(n.Ledger.Tip(), net.Time(), 5000, tx)); err != nil {
					t.Fatal(err)
				}
			}
			switch i {
			case 20:
				net.PartitionAt(nodes / 2)
			case 40:
				net.Heal()
			}
		}
		stop()
		net.Run(time.Minute)
		tip := net.World.Mine(net.Nodes[0].Ledger.Tip(), net.Time(), 1000)
		if err := net.Nodes[0].Ledger.Mine(tip); err != nil {
			t.Fatal(err)
		}
		agree := func() bool {
			for _, n := range net.Nodes {
				if n.Ledger.Tip() != tip.Hash() {
					return false
				}
			}
			return true
		}
		if !net.RunUntil(5*time.Minute, agree) {
			t.Errorf("no agreement: %v", net.Err())
		}
		if net.Err() != nil {
			t.Error(net.Err())
		}
	})
}
