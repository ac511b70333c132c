package node

import (
	"context"
	"testing"
	"time"

	"grapevine/mempool"
	"grapevine/p2p/p2ptest"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// A parent that pays nothing travels with its child through nodes that would take
// neither by itself: the child is announced, the parent asked for, and both are judged
// together, in one pool after the other.
func TestPackageTravels(t *testing.T) {
	clock := &simClock{}
	net := p2ptest.New(p2ptest.Config{Seed: 9, Latency: 50 * time.Millisecond})
	clock.ns.Store(net.Time().UnixNano())
	ctx, cancel := context.WithCancel(t.Context())
	var ended []chan error
	run := func(f func() error) {
		c := make(chan error, 1)
		ended = append(ended, c)
		go func() { c <- f() }()
	}
	defer func() {
		cancel()
		for _, c := range ended {
			if err := <-c; err != nil {
				t.Error(err)
			}
		}
	}()
	var all []*complete
	for range 3 {
		all = append(all, newComplete(t, ctx, net, clock, run))
	}
	pass := func(d time.Duration) {
		for end := net.Elapsed() + d; net.Elapsed() < end; {
			clock.ns.Store(net.Time().UnixNano())
			net.Run(time.Second)
		}
	}
	pass(time.Second)
	all[0].mine(130)
	all[1].node.Call(all[0].node, peer.FullRelay)
	all[2].node.Call(all[1].node, peer.FullRelay)
	pass(time.Minute)
	coin := all[0].coinbases(1)[0]
	parent := coin.spend(0)
	out := outpoint{wire.OutPoint{Txid: parent.Txid()}, parent.Out[0].Value}
	child := out.spend(5000)
	if _, err := all[0].pool.Submit(ctx, parent, mempool.SubmitOptions{}); err == nil {
		t.Fatal("the parent pays enough by itself")
	}
	if v := all[0].pool.SubmitPackage(ctx, []*wire.Tx{parent, child}, mempool.SubmitOptions{}); v.Err != nil {
		t.Fatalf("%+v", v)
	}
	all[0].tell()
	pass(2 * time.Minute)
	for i, n := range all {
		for _, tx := range []*wire.Tx{parent, child} {
			if n.chain.Active().Height() != 130 || !n.pool.Has(wire.ByTxid(tx.Txid())) {
				t.Errorf("node %d at %d lacks %s", i, n.chain.Active().Height(), tx.Txid())
			}
		}
	}
	if err := net.Err(); err != nil {
		t.Error(err)
	}
}
