package node

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"grapevine/chain"
	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/chain/utxo"
	"grapevine/internal/vfs/crash"
	"grapevine/mempool"
	"grapevine/node/mining"
	"grapevine/p2p"
	"grapevine/p2p/compact"
	"grapevine/p2p/conn"
	"grapevine/p2p/p2ptest"
	"grapevine/wire"
)

// complete is a node of a simulated network that has a chain and a pool of its own,
// those of the product, on a disk in memory. What the core submits is judged at once, and
// the verdict is told a little later by the network's clock.
type complete struct {
	t     *testing.T
	net   *p2ptest.Network
	node  *p2ptest.Node
	chain *chain.Chain
	pool  *mempool.Pool
	miner *mining.Miner
	own   peerOwners
	told  *headers.Node // the tip that the core was told of
	chEv  *event.Cursor
	txEv  *mempool.Cursor
	ctx   context.Context

	mu    sync.Mutex
	early []checkedBlock // that the chain found worth passing on
}

type checkedBlock struct {
	node  *headers.Node
	block *wire.Block
}

// simClock is the network's time, as chain and pool ask for it from any goroutine.
type simClock struct{ ns atomic.Int64 }

func (c *simClock) Now() time.Time { return time.Unix(0, c.ns.Load()) }

// trueScript pays to whoever shows the script OP_TRUE.
var trueScript = func() []byte {
	sum := sha256.Sum256([]byte{0x51})
	return append([]byte{0, 32}, sum[:]...)
}()

func newComplete(t *testing.T, ctx context.Context, net *p2ptest.Network, clock *simClock, run func(func() error)) *complete {
	t.Helper()
	p := params.Regtest(params.RegtestOptions{})
	disk := crash.New()
	c, err := chain.Open(chain.Config{Params: p, Dir: "/node", FS: disk, CacheBytes: 8 << 20, SigCacheBytes: 1 << 20, Workers: 1, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	cfg := mempool.DefaultConfig()
	cfg.Chain, cfg.SigCache, cfg.Now, cfg.Workers = c, c.SigCache(), clock.Now, 1
	pool, err := mempool.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	run(func() error { return c.Run(ctx) })
	run(func() error { return pool.Run(ctx) })
	n := &complete{
		t: t, net: net, chain: c, pool: pool, own: peerOwners{Chain: c, pool: pool}, told: c.Active().Tip(),
		chEv: c.Events().Subscribe(), txEv: pool.Events().Subscribe(), ctx: ctx,
	}
	n.own.WatchEarly(func(node *headers.Node, b *wire.Block) {
		n.mu.Lock()
		n.early = append(n.early, checkedBlock{node, b})
		n.mu.Unlock()
	})
	settled := settledChain{c, pool}
	n.miner, err = mining.New(mining.Config{
		Params: p, Chain: settled, Versions: headers.NewVersionBits(p), Clock: clock, Pool: pool, Settled: settled.Settled, MinFeeRate: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	n.node = net.AddNode(p2ptest.NodeConfig{Make: n.core, Filter: n.filter})
	return n
}

// core makes the node's core, which reads the real chain and pool.
func (n *complete) core(sim *p2ptest.Node) p2ptest.Stepper {
	n.told = n.chain.Active().Tip()
	core, err := p2p.NewCore(p2p.CoreConfig{
		Params: n.chain.Params(), Ledger: peerLedger{n.chain, new(atomic.Bool)}, Pool: n.pool,
		Rand: rand.New(rand.NewPCG(uint64(sim.ID), uint64(n.net.Elapsed()))), Services: services, UserAgent: "/complete/",
		MinRelayFeeRate: 100, IncrementalFeeRate: 100, Conn: conn.Config{MaxInbound: 115, FullRelay: 8, BlockRelay: 2},
		Unbroadcast: n.pool.Unbroadcast,
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return core
}

// later tells the core of what happened, unless the node was stopped meanwhile.
func (n *complete) later(delay time.Duration, ev p2p.Event) {
	core := n.node.Core()
	n.net.At(n.net.Elapsed()+delay, func() {
		if core != nil && n.node.Core() == core {
			n.node.Step(ev)
		}
	})
}

// filter does what concerns chain and pool; the engine does the rest.
func (n *complete) filter(_ *p2ptest.Node, a p2p.Action) p2p.Action {
	switch a := a.(type) {
	case p2p.SubmitHeaders:
		last, err := n.own.SubmitHeaders(n.ctx, a.List)
		n.later(time.Millisecond, p2p.HeadersJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Count: len(a.List), Last: last, Err: err})
	case p2p.SubmitBlock:
		ev := p2p.BlockJudged{Peer: a.Peer, Seq: a.Seq, Hash: a.Block.Hash(), Size: a.Size, Requested: a.Requested}
		ev.Fresh, ev.Err = n.own.SubmitBlock(n.ctx, a.Block, a.Requested)
		n.later(5*time.Millisecond, ev)
	case p2p.SubmitTx:
		v := n.own.SubmitTxs(n.ctx, []*wire.Tx{a.Tx})[0]
		n.later(time.Millisecond, p2p.TxJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Tx: a.Tx, TxVerdict: v})
	case p2p.SubmitPackage:
		ev := p2p.PackageJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Parent: a.Parent, Child: a.Child}
		ev.Verdicts, ev.Err = n.own.SubmitPackage(n.ctx, a.Parent, a.Child)
		n.later(time.Millisecond, ev)
	case p2p.TxServed:
		n.own.TxServed(a.Txid)
	case p2p.Reconstruct:
		n.later(time.Millisecond, n.reconstruct(a))
	case p2p.Complete:
		ev := p2p.Reconstructed{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Hash: a.Hash}
		ev.Block, ev.Err = a.Partial.(*compact.Partial).Complete(a.Txs, a.Witness)
		n.later(time.Millisecond, ev)
	case p2p.ServeBlock:
		return n.serve(a)
	default:
		return a
	}
	n.tell()
	return nil
}

// reconstruct looks for the block's transactions in the pool.
func (n *complete) reconstruct(a p2p.Reconstruct) p2p.Reconstructed {
	ev := p2p.Reconstructed{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Hash: a.Hash}
	made, err := compact.NewPartial(a.Msg)
	if err == nil {
		n.pool.Scan(made.Fill)
		made.FillExtra(a.Extra)
		if ev.Missing = made.Missing(); len(ev.Missing) > 0 {
			ev.Partial = made
		} else {
			ev.Block, err = made.Complete(nil, a.Witness)
		}
	}
	ev.Err = err
	return ev
}

func (n *complete) serve(a p2p.ServeBlock) p2p.Action {
	raw, err := n.own.RawBlock(a.Node)
	var b *wire.Block
	if err == nil {
		b, err = wire.DecodeBlock(raw)
	}
	if err != nil {
		n.later(0, p2p.Served{Peer: a.Peer, Node: a.Node, Err: err})
		return nil
	}
	msg := wire.Message(&wire.MsgBlock{Block: b, NoWitness: !a.Witness})
	if a.Parts != nil {
		part, ok := compact.Pick(b, a.Parts.Indexes)
		if !ok {
			n.t.Fatal("asked for parts that there are not")
		}
		msg = part
	} else if a.Compact {
		msg = compact.Build(b, uint64(n.net.Elapsed()))
	}
	n.later(0, p2p.Served{Peer: a.Peer, Node: a.Node, Bytes: 24 + msg.PayloadSize()})
	return p2p.Send{Peer: a.Peer, Msg: msg}
}

// tell passes on what has changed in chain and pool, as the service does.
func (n *complete) tell() {
	ended, cancel := context.WithCancel(n.ctx)
	cancel()
	if err := n.own.TakenIn(n.ctx, n.chain.Events().Last()); err != nil {
		n.t.Fatal(err)
	}
	n.mu.Lock()
	for _, e := range n.early {
		n.later(0, p2p.BlockChecked{Node: e.node, Block: e.block, Msg: compact.Build(e.block, uint64(n.net.Elapsed()))})
	}
	n.early = nil
	n.mu.Unlock()
	for {
		ev, err := n.chEv.Next(ended)
		if errors.Is(err, context.Canceled) {
			break
		}
		if ev.Kind == event.HeaderTip {
			n.later(0, p2p.HeaderTip{})
		}
	}
	if tip := n.chain.Active().Tip(); tip != n.told {
		var fresh []*headers.Node
		for b := tip; !n.told.HasAncestor(b) && len(fresh) < 8; b = b.Parent() {
			fresh = append([]*headers.Node{b}, fresh...)
		}
		for _, b := range fresh {
			if raw, err := n.own.RawBlock(b); err == nil && !n.chain.Syncing() {
				if block, err := wire.DecodeBlock(raw); err == nil {
					n.later(0, p2p.BlockConnected{Block: block})
				}
			}
		}
		n.later(0, p2p.TipMoved{Old: n.told, New: tip})
		n.told = tip
	}
	for {
		ev, err := n.txEv.Next(ended)
		if err != nil {
			break
		}
		if ev.Kind == mempool.Added {
			n.later(0, p2p.PoolAdded{Txid: ev.Txid, Wtxid: ev.Wtxid})
		}
	}
}

// mine puts a block of what the pool holds on the node's tip.
func (n *complete) mine(count int) []wire.BlockHash {
	n.t.Helper()
	hashes, err := n.miner.Generate(n.ctx, count, trueScript, 1<<20)
	if err != nil || len(hashes) != count {
		n.t.Fatal(hashes, err)
	}
	n.tell()
	return hashes
}

// outpoint is something to spend.
type outpoint struct {
	at    wire.OutPoint
	value wire.Amount
}

// spend makes a transaction of one coin into two.
func (c outpoint) spend(fee wire.Amount) *wire.Tx {
	half := (c.value - fee) / 2
	return (&wire.Tx{
		Version: 2, In: []wire.TxIn{{PrevOut: c.at, Sequence: 0xfffffffd, Witness: [][]byte{{0x51}}}},
		Out: []wire.TxOut{{Value: half, PkScript: trueScript}, {Value: half, PkScript: trueScript}},
	}).Seal()
}

// coinbases returns what the blocks pay, by height from 1 on.
func (n *complete) coinbases(to int32) (out []outpoint) {
	for h := int32(1); h <= to; h++ {
		raw, err := n.own.RawBlock(n.chain.Active().At(h))
		if err != nil {
			n.t.Fatal(err)
		}
		b, err := wire.DecodeBlock(raw)
		if err != nil {
			n.t.Fatal(err)
		}
		out = append(out, outpoint{wire.OutPoint{Txid: b.Txs[0].Txid()}, b.Txs[0].Out[0].Value})
	}
	return out
}

func (n *complete) state() string {
	stats, _, err := n.chain.CoinStats(n.ctx, utxo.HashSerialized)
	if err != nil {
		n.t.Fatal(err)
	}
	return fmt.Sprintf("height %d, tip %s, coins %s", n.chain.Active().Height(), n.chain.Active().Tip().Hash(), stats.Hash)
}

// spender sends transactions to nodes at random.
type spender struct {
	rand  *rand.Rand
	coins []outpoint
	sent  []wire.Txid
}

// send has a node take in a transaction that spends a random coin, which may be one
// of a transaction that nobody has confirmed yet, and that this node has not even heard of.
func (s *spender) send(n *complete) {
	i := s.rand.IntN(len(s.coins))
	c := s.coins[i]
	tx := c.spend(500 + wire.Amount(s.rand.IntN(5000)))
	if _, err := n.pool.Submit(n.ctx, tx, mempool.SubmitOptions{Local: true}); err != nil {
		return // its parent has not come here, or too many depend on each other
	}
	n.tell()
	s.coins[i] = outpoint{wire.OutPoint{Txid: tx.Txid()}, tx.Out[0].Value}
	s.coins = append(s.coins, outpoint{wire.OutPoint{Txid: tx.Txid(), Index: 1}, tx.Out[1].Value})
	s.sent = append(s.sent, tx.Txid())
}

// Fifty nodes with chains and pools of their own, which are stopped and started, cut off
// from each other for a while, and mine blocks of the transactions that they are
// sent, agree in the end: on the tip, on the coins, and on every transaction.
func TestCompleteNodesAgree(t *testing.T) {
	nodes, hour := 50, time.Hour
	if testing.Short() {
		nodes, hour = 12, 20*time.Minute
	}
	const seed = 4
	clock := &simClock{}
	net := p2ptest.New(p2ptest.Config{Seed: seed, Latency: 100 * time.Millisecond, Spread: 0.5, Up: 1_250_000})
	clock.ns.Store(net.Time().UnixNano())
	ctx, cancel := context.WithCancel(context.Background())
	var running []chan error
	run := func(f func() error) {
		ended := make(chan error, 1)
		running = append(running, ended)
		go func() { ended <- f() }()
	}
	defer func() {
		cancel()
		for _, ended := range running {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}()
	all := make([]*complete, nodes)
	for i := range all {
		all[i] = newComplete(t, ctx, net, clock, run)
	}
	tick := func(d time.Duration) { // the clock of chain and pool follows in steps of a second
		for end := net.Elapsed() + d; net.Elapsed() < end && net.Err() == nil; {
			clock.ns.Store(net.Time().UnixNano())
			net.Run(min(time.Second, end-net.Elapsed()))
		}
	}
	tick(time.Second)
	all[0].mine(130)
	for _, n := range all {
		n.node.CallSome(8)
	}
	net.KeepCalling(8)
	tick(2 * time.Minute)
	for i, n := range all {
		if n.chain.Active().Height() != 130 {
			t.Fatalf("node %d is at %d after the sync", i, n.chain.Active().Height())
		}
	}
	r := rand.New(rand.NewPCG(seed, 1))
	s := &spender{rand: r, coins: all[0].coinbases(30)}
	up := func() *complete {
		for {
			if n := all[r.IntN(nodes)]; n.node.Core() != nil {
				return n
			}
		}
	}
	sims := make([]*p2ptest.Node, nodes)
	for i, n := range all {
		sims[i] = n.node
	}
	calm := net.Churn(2*time.Minute, sims)
	start := net.Elapsed()
	for sec := 0; net.Elapsed() < start+hour; sec++ {
		switch net.Elapsed() - start {
		case hour / 3:
			net.PartitionAt(nodes / 3)
		case hour/3 + 5*time.Minute:
			net.Heal()
		}
		if sec%3 == 0 {
			s.send(up())
		}
		if r.IntN(60) == 0 {
			up().mine(1)
		}
		tick(time.Second)
	}
	calm()
	tick(30 * time.Minute) // those that are stopped come back, what was cut off is asked for again
	all[0].mine(1)
	tick(5 * time.Minute)
	if err := net.Err(); err != nil {
		t.Fatal(err)
	}
	judgeAgreement(t, all, s.sent)
	heard := map[string]int64{}
	for _, n := range all {
		for command, count := range n.node.Received.ByCommand {
			heard[command] += count.Messages
		}
	}
	t.Logf("messages received: %v", heard)
	if heard["cmpctblock"] == 0 || heard["blocktxn"] == 0 {
		t.Error("blocks were not passed on by compact blocks")
	}
}

func judgeAgreement(t *testing.T, all []*complete, sent []wire.Txid) {
	t.Helper()
	want := all[0].state()
	confirmed := map[wire.Txid]bool{}
	for h := int32(1); h <= all[0].chain.Active().Height(); h++ {
		raw, err := all[0].own.RawBlock(all[0].chain.Active().At(h))
		if err != nil {
			t.Fatal(err)
		}
		b, err := wire.DecodeBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Txs {
			confirmed[b.Txs[i].Txid()] = true
		}
	}
	lost, waiting := 0, 0
	for i, n := range all {
		if got := n.state(); got != want {
			t.Errorf("node %d: %s\nnode 0: %s", i, got, want)
		}
		for _, id := range sent {
			switch {
			case confirmed[id]:
			case n.pool.Has(wire.ByTxid(id)):
				waiting++
			default:
				lost++
			}
		}
	}
	t.Logf("%s; %d transactions sent, %d wait in %d pools", want, len(sent), waiting, len(all))
	if lost > 0 {
		t.Errorf("%d times a transaction is neither confirmed nor in a pool", lost)
	}
	if len(sent) < 100 {
		t.Errorf("only %d transactions were sent", len(sent))
	}
}
