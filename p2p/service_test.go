package p2p_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"go.uber.org/goleak"

	"grapevine/chain"
	"grapevine/chain/chaintest"
	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/p2p"
	"grapevine/p2p/conn"
	"grapevine/wire"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/syndtr/goleveldb/leveldb.(*DB).mpoolDrain"))
}

// testNode is a chain and a service without a pool.
type testNode struct {
	*p2p.Service
	chain *chain.Chain
	stop  func()
}

// emptyPool takes nothing.
type emptyPool struct{}

func (emptyPool) Has(wire.GenTxid) bool                              { return false }
func (emptyPool) Lookup(wire.GenTxid) (*wire.Tx, wire.FeeRate, bool) { return nil, 0, false }
func (emptyPool) MinFeeRate() wire.FeeRate                           { return 100 }
func (emptyPool) Scan(func([]wire.Wtxid, []*wire.Tx) bool)           {}

type ledger struct{ *chain.Chain }

func (l ledger) Syncing() bool { return l.Status().InitialBlockDownload }
func (l ledger) Loading() bool { return false }

type owners struct{ *chain.Chain }

func (o owners) SubmitBlock(ctx context.Context, b *wire.Block, requested bool) (bool, error) {
	out, err := o.SubmitBlockWith(ctx, b, chain.BlockOptions{Requested: requested})
	return out == chain.Connected || out == chain.Stored, err
}
func (o owners) SubmitTxs(_ context.Context, txs []*wire.Tx) []p2p.TxVerdict {
	return make([]p2p.TxVerdict, len(txs))
}
func (o owners) SubmitPackage(context.Context, *wire.Tx, *wire.Tx) ([]p2p.TxVerdict, error) {
	return make([]p2p.TxVerdict, 2), nil
}
func (o owners) CheckTx(context.Context, *wire.Tx) (err error, failure bool) { return nil, false }
func (o owners) TakenIn(context.Context, uint64) error                       { return nil }
func (o owners) TxServed(wire.Txid)                                          {}
func (o owners) Events() *event.Ring                                         { return o.Chain.Events() }
func (o owners) RawBlock(n *headers.Node) ([]byte, error)                    { return o.Chain.RawBlock(n) }
func (o owners) WatchPool(ctx context.Context, _ func(wire.Txid, wire.Wtxid)) error {
	<-ctx.Done()
	return ctx.Err()
}

// startNode runs a node that listens at addr and connects to the targets.
func startNode(t *testing.T, network *memoryNet, addr string, connect ...string) *testNode {
	t.Helper()
	return startNodeWith(t, network, addr, func(cfg *p2p.Config) { cfg.Core.Conn.Connect = connect })
}

// startNodeWith runs one whose configuration is changed.
func startNodeWith(t *testing.T, network *memoryNet, addr string, set func(cfg *p2p.Config)) *testNode {
	t.Helper()
	zero := wire.BlockHash{}
	c, err := chain.Open(chain.Config{Params: params.Regtest(params.RegtestOptions{}), Dir: t.TempDir(), CacheBytes: 4 << 20, AssumeValid: &zero, MaxTipAge: 50 * 365 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	cfg := p2p.Config{
		Core: p2p.CoreConfig{
			Params: c.Params(), Ledger: ledger{c}, Pool: emptyPool{}, Rand: rand.New(rand.NewPCG(1, uint64(len(addr)))),
			Services: wire.NodeNetwork | wire.NodeWitness, UserAgent: "/test:1/", Conn: conn.Config{MaxInbound: 10},
		},
		Owners: owners{c}, Listeners: []p2p.Listener{{Listener: network.listen(addr)}}, Dial: network.dial,
	}
	set(&cfg)
	s, err := p2p.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- c.Run(ctx) }()
	sctx, scancel := context.WithCancel(context.Background())
	go func() { ended <- s.Run(sctx) }()
	n := &testNode{Service: s, chain: c}
	n.stop = func() {
		scancel()
		if err := <-ended; err != nil {
			t.Errorf("service ended with %v", err)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("chain ended with %v", err)
		}
		n.stop = func() {}
	}
	t.Cleanup(func() { n.stop() })
	return n
}

// waitFor waits for something that other goroutines bring about.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("in vain: %s", what)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func TestNodesSyncAndFollow(t *testing.T) {
	network := newMemoryNet()
	branch := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	branch.Mine(150, 3)
	a := startNode(t, network, "127.0.0.1:1001")
	for _, b := range branch.Blocks {
		if _, err := a.chain.SubmitBlock(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	b := startNode(t, network, "127.0.0.1:1002", "127.0.0.1:1001")
	waitFor(t, "the second node has the chain", func() bool { return b.chain.Active().Tip().Hash() == branch.Tip.Hash() })
	c := startNode(t, network, "127.0.0.1:1003", "127.0.0.1:1002")
	waitFor(t, "the third node has the chain", func() bool { return c.chain.Active().Tip().Hash() == branch.Tip.Hash() })
	waitFor(t, "all three are connected", func() bool { return len(a.Peers()) == 1 && len(b.Peers()) == 2 && len(c.Peers()) == 1 })

	// A reorganisation at the end of the line reaches its beginning.
	other := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 3)
	other.Mine(160, 0)
	for _, blk := range other.Blocks {
		if _, err := c.chain.SubmitBlock(t.Context(), blk); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "the first node follows the other branch", func() bool { return a.chain.Active().Tip().Hash() == other.Tip.Hash() })
	for _, p := range append(a.Peers(), b.Peers()...) {
		if !p.HandshakeDone || p.BytesReceived == 0 || p.SentByType["version"] == 0 {
			t.Errorf("peer %+v", p)
		}
	}
}
