package p2ptest

import (
	"slices"
	"testing"
	"time"

	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// syncCase is a node that fetches a chain from servers.
type syncCase struct {
	blocks, size int
	servers      int
	up           []int64 // of each server, the last one for the rest; 0 for no bound
	latency      time.Duration
	spread       float64
	verdicts     Verdicts
	set          func(cfg *p2p.CoreConfig)
}

type syncResult struct {
	took      time.Duration
	maxQueued int64
	sent      []int64 // blocks by server
	node      *Node
}

func runSync(t *testing.T, seed uint64, c syncCase, limit time.Duration, during func(net *Network)) syncResult {
	t.Helper()
	net := New(Traced(t, Config{Seed: seed, Latency: c.latency, Spread: c.spread, Verdicts: c.verdicts}))
	blocks := net.World.Chain(net.World.Genesis(), c.blocks, c.size)
	for i := range c.servers {
		n := net.AddNode(NodeConfig{Make: RealCore(), Up: c.up[min(i, len(c.up)-1)], Verdicts: &Verdicts{Read: time.Millisecond}})
		n.Ledger.Load(blocks...)
	}
	set := c.set
	if set == nil {
		set = func(*p2p.CoreConfig) {}
	}
	node := net.AddNode(NodeConfig{Make: RealCore(set), Deaf: true})
	net.Run(0)
	for _, server := range net.Nodes[:c.servers] {
		node.Call(server, peer.FullRelay)
	}
	if during != nil {
		during(net)
	}
	r := syncResult{node: node}
	tip := blocks[len(blocks)-1].Hash()
	for start := net.Elapsed(); node.Ledger.Tip() != tip; r.took = net.Elapsed() - start {
		if net.Elapsed()-start > limit || net.Err() != nil {
			t.Fatalf("height %d of %d after %v, %d bytes queued, %d peers: %v",
				node.Ledger.Height(), c.blocks, limit, node.Ledger.Queued(), len(node.Peers()), net.Err())
		}
		net.Run(20 * time.Millisecond)
		r.maxQueued = max(r.maxQueued, node.Ledger.Queued())
	}
	for _, n := range net.Nodes[:c.servers] {
		count := int64(0)
		if k := n.Sent.ByCommand["block"]; k != nil {
			count = k.Messages
		}
		r.sent = append(r.sent, count)
	}
	t.Logf("%d blocks of %d bytes from %d peers in %.2f s; %v blocks by peer; at most %d bytes queued",
		c.blocks, c.size, c.servers, r.took.Seconds(), r.sent, r.maxQueued)
	checkQuiet(t, net)
	return r
}

const ms = time.Millisecond

// quickLedger connects 400 kB in six milliseconds.
var quickLedger = Verdicts{Headers: ms, Block: ms, BlockByte: 12 * time.Nanosecond, Tx: ms, Event: ms}

// Blocks of 400 kB over 10 MB/s: the link is never idle.
func TestSyncFillsTheLink(t *testing.T) {
	for _, servers := range []int{1, 4} {
		r := runSync(t, 1, syncCase{blocks: 250, size: 400_000, servers: servers, up: []int64{10_000_000 / int64(servers)}, latency: 50 * ms, verdicts: quickLedger}, time.Minute, nil)
		if ideal := 10 * time.Second; r.took > ideal*13/10 {
			t.Errorf("100 MB over 10 MB/s from %d peers took %v", servers, r.took)
		}
	}
}

// Small blocks over a slow link: what counts is how many are under way.
func TestSyncOfSmallBlocks(t *testing.T) {
	r := runSync(t, 1, syncCase{blocks: 14_131, size: 250, servers: 1, up: []int64{0}, latency: 100 * ms, verdicts: Verdicts{Headers: ms, Block: 50 * time.Microsecond, Event: ms}}, 2*time.Minute, nil)
	if r.took > 20*time.Second {
		t.Errorf("the first 14,131 blocks over a link of 100 ms took %v", r.took)
	}
}

// The ledger is the bottleneck: what waits for it stays within the credits.
func TestSyncWaitsForTheLedger(t *testing.T) {
	slow := Verdicts{Headers: ms, Block: ms, BlockByte: 250 * time.Nanosecond, Event: ms} // 4 MB/s
	r := runSync(t, 1, syncCase{blocks: 250, size: 400_000, servers: 4, up: []int64{50_000_000}, latency: 10 * ms, verdicts: slow}, time.Minute, nil)
	if r.maxQueued > 48<<20 {
		t.Errorf("%d bytes were queued, the credits are %d", r.maxQueued, 48<<20)
	}
	if r.took > 27*time.Second {
		t.Errorf("100 MB at 4 MB/s took %v", r.took)
	}
	r = runSync(t, 1, syncCase{
		blocks: 250, size: 400_000, servers: 4, up: []int64{50_000_000}, latency: 10 * ms, verdicts: slow,
		set: func(cfg *p2p.CoreConfig) { cfg.FetchCredits = 8 << 20 },
	}, time.Minute, nil)
	if r.maxQueued > 8<<20 {
		t.Errorf("%d bytes were queued with credits of %d", r.maxQueued, 8<<20)
	}
	// Peers of equal speed take turns.
	for i, n := range r.sent {
		if n < 50 {
			t.Errorf("peer %d sent %d of 250 blocks", i, n)
		}
	}
}

// One slow peer among quick ones costs little, in time and in copies, whether it
// delivers a block in a while or in an hour.
func TestSyncBesideSlowPeer(t *testing.T) {
	for _, c := range []struct {
		name         string
		blocks, size int
		latency      time.Duration
		rates        []int64
	}{
		{"medium blocks", 2000, 50_000, 30 * ms, []int64{1000, 30_000, 100_000, 300_000}},
		{"large blocks", 300, 400_000, 30 * ms, []int64{30_000, 100_000, 300_000}},
		{"small blocks, far away", 10_000, 250, 100 * ms, []int64{1000, 10_000, 100_000}},
	} {
		sc := syncCase{blocks: c.blocks, size: c.size, servers: 4, up: []int64{3_000_000}, latency: c.latency, verdicts: quickLedger}
		quick := runSync(t, 1, sc, time.Minute, nil)
		for _, rate := range c.rates {
			sc.up = []int64{rate, 3_000_000}
			slow := runSync(t, 1, sc, 10*time.Minute, nil)
			// Three peers instead of four take a third longer.
			if slow.took > quick.took*3/2 {
				t.Errorf("%s: %v with a peer of %d B/s among four, %v without", c.name, slow.took, rate, quick.took)
			}
			sent := int64(0)
			for _, n := range slow.sent {
				sent += n
			}
			if limit := int64(c.blocks * 105 / 100); sent > limit {
				t.Errorf("%s: beside a peer of %d B/s %d blocks were sent", c.name, rate, sent)
			}
		}
	}
}

// Servers come and go, one of them at a time.
func TestSyncWhileServersFail(t *testing.T) {
	Seeds(t, 3, func(t *testing.T, seed uint64) {
		c := syncCase{blocks: 1500, size: 20_000, servers: 4, up: []int64{500_000}, latency: 30 * ms, spread: 0.5, verdicts: quickLedger}
		runSync(t, seed, c, 3*time.Minute, func(net *Network) {
			node := net.Nodes[c.servers]
			var fail func(i int)
			fail = func(i int) {
				server := net.Nodes[i%c.servers]
				server.Stop()
				net.after(int64(time.Second), do(func() {
					server.Start()
					node.Call(server, peer.FullRelay)
				}))
				if i < 12 {
					net.after(int64(2*time.Second), do(func() { fail(i + 1) }))
				}
			}
			net.after(int64(time.Second), do(func() { fail(0) }))
		})
	})
}

// A peer that freezes during the sync, with its connection up.
func TestSyncWhileServerFreezes(t *testing.T) {
	c := syncCase{blocks: 3000, size: 10_000, servers: 3, up: []int64{1_000_000}, latency: 30 * ms, verdicts: quickLedger}
	whole := runSync(t, 1, c, time.Minute, nil)
	r := runSync(t, 1, c, 5*time.Minute, func(net *Network) {
		net.after(int64(3*time.Second), do(func() { net.Nodes[0].Freeze() }))
	})
	if r.took > 3*whole.took {
		t.Errorf("%v with a peer that freezes, %v without", r.took, whole.took)
	}
}

// A block that was damaged on purpose is fetched again from somebody else.
func TestMutatedBlock(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * ms}, 0)
	blocks := s.chain(20, 300)
	damaged := slices.Clone(blocks)
	for i := 5; i < 15; i++ {
		damaged[i] = s.World.Mutate(blocks[i])
	}
	bad := s.join(false, func(a *Actor) { a.Chain = damaged })
	s.Run(time.Second)
	if bad.Connected() {
		t.Error("the peer with damaged blocks is still there")
	}
	if s.node.Ledger.BestHeader().Height() != 20 {
		t.Error("headers were condemned for damaged blocks")
	}
	s.join(false, func(a *Actor) { a.Chain = blocks })
	s.wantWithin(10*time.Second, "sync from an honest peer", synced(s.node, blocks))
}

// A peer that an operator named is not punished, but it is not asked again for
// what it has damaged.
func TestMutatedBlockOfNamedPeer(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * ms}, 0)
	blocks := s.chain(20, 300)
	damaged := slices.Clone(blocks)
	damaged[9] = s.World.Mutate(blocks[9])
	s.kind = peer.Manual
	bad := s.join(false, func(a *Actor) { a.Chain = damaged })
	s.Run(time.Minute)
	if n := len(bad.Asked()); !bad.Connected() || n != 20 {
		t.Errorf("connected %v, asked %d times for 20 blocks", bad.Connected(), n)
	}
	s.join(false, func(a *Actor) { a.Chain = blocks })
	s.wantWithin(10*time.Second, "the damaged block from another peer", synced(s.node, blocks))
}

// Before the best header is a day old, one peer is asked for headers and not all.
func TestOnePeerIsAskedForHeaders(t *testing.T) {
	s := newStage(t, Config{Latency: 100 * ms, Up: 200_000}, 0)
	blocks := s.World.Chain(s.World.Genesis(), 9000, 200)
	var list []*Actor
	for range 4 {
		list = append(list, s.join(false, func(a *Actor) { a.Chain = blocks }))
	}
	s.wantWithin(time.Minute, "9,000 headers", func() bool { return s.node.Ledger.BestHeader().Height() == 9000 })
	asked := 0
	for _, a := range list {
		if n := a.Count("getheaders"); n > 2 {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("%d peers were asked for all headers", asked)
	}
	s.wantWithin(2*time.Minute, "9,000 blocks", synced(s.node, blocks))
	for i, a := range list {
		if n := len(a.Asked()); n < 1000 {
			t.Errorf("peer %d was asked for %d of 9,000 blocks", i, n)
		}
	}
}

// Two pairs of nodes, cut off from each other for 150 and 120 blocks with
// transactions on both sides, agree once they are joined. What only the losing side
// had confirmed is back in the pools.
func TestTwoNetworksJoin(t *testing.T) {
	Seeds(t, 3, func(t *testing.T, seed uint64) {
		net := New(Traced(t, Config{Seed: seed, Latency: 20 * ms, Up: 5_000_000, Strict: true, Verdicts: quickLedger}))
		base := net.World.Chain(net.World.Genesis(), 10, 300)
		for range 4 {
			net.AddNode(NodeConfig{Make: RealCore()}).Ledger.Load(base...)
		}
		net.Run(0)
		n := net.Nodes
		n[0].Call(n[1], peer.Manual)
		n[2].Call(n[3], peer.Manual)
		both := net.World.Spend(1000, 0, net.World.Fund())
		var lost []*wire.Tx
		for i := range 150 {
			for side, at := range []*Node{n[0], n[2]} {
				if side == 1 && i >= 120 {
					continue
				}
				tx := net.World.Spend(1000, 0, net.World.Fund())
				if i == 0 {
					tx = both
				}
				if err := at.Pool.Submit(tx); err != nil {
					t.Fatal(err)
				}
				if side == 1 && i > 0 {
					lost = append(lost, tx)
				}
				if err := at.Ledger.Mine(net.World.Mine(at.Ledger.Tip(), net.Time(), 300, tx)); err != nil {
					t.Fatal(err)
				}
			}
			net.Run(time.Second)
		}
		if n[1].Ledger.Height() != 160 || n[3].Ledger.Height() != 130 {
			t.Fatalf("heights %d and %d before they are joined", n[1].Ledger.Height(), n[3].Ledger.Height())
		}
		n[3].Call(n[0], peer.Manual)
		winner := n[0].Ledger.Tip()
		if !net.RunUntil(20*time.Second, func() bool { return n[2].Ledger.Tip() == winner && n[3].Ledger.Tip() == winner }) {
			t.Fatalf("heights %d, %d: %v", n[2].Ledger.Height(), n[3].Ledger.Height(), net.Err())
		}
		net.Run(time.Minute)
		for _, node := range n {
			for i, tx := range lost {
				if !node.Pool.Has(wire.ByTxid(tx.Txid())) {
					t.Fatalf("node %d lacks transaction %d of the losing side", node.ID, i)
				}
			}
			if node.Pool.Has(wire.ByTxid(both.Txid())) {
				t.Error("a transaction that both sides had confirmed is in a pool")
			}
		}
		checkQuiet(t, net)
	})
}
