package rpc

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"grapevine/chain"
	"grapevine/chain/headers"
	"grapevine/chain/index"
	"grapevine/chain/params"
	"grapevine/internal/testdata"
	"grapevine/mempool"
	"grapevine/node/mining"
	"grapevine/wire"
)

// realNode is a chain, a pool, an index and the methods on them, without a
// server.
type realNode struct {
	*chain.Chain
	pool  *mempool.Pool
	index *index.TxIndex
	miner *mining.Miner
	table *Table
	now   time.Time
}

func (r *realNode) Now() time.Time { return r.now }

// settled waits until the pool has taken in what the chain did.
func (r *realNode) settled(ctx context.Context) error {
	return r.pool.TakenIn(ctx, r.Chain.Events().Last())
}

// SubmitBlock returns once the pool has taken the block in too, as in a node.
func (r *realNode) SubmitBlock(ctx context.Context, b *wire.Block) (chain.Outcome, error) {
	o, err := r.Chain.SubmitBlock(ctx, b)
	if err == nil {
		err = r.settled(ctx)
	}
	return o, err
}

// run runs a component until the test ends.
func run(t testing.TB, what string, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s: %v", what, err)
		}
	})
}

// newRealNode opens a node on regtest at a fixed time, and imports block files.
func newRealNode(t testing.TB, now time.Time, blocks ...string) *realNode {
	t.Helper()
	p := params.Regtest(params.RegtestOptions{})
	dir := t.TempDir()
	r := &realNode{now: now}
	var err error
	r.Chain, err = chain.Open(chain.Config{Params: p, Dir: dir, CacheBytes: 16 << 20, MaxTipAge: 100 * 365 * 24 * time.Hour, Now: r.Now})
	if err != nil {
		t.Fatal(err)
	}
	run(t, "chain", r.Chain.Run)
	cfg := mempool.DefaultConfig()
	cfg.Chain, cfg.Now, cfg.SigCache = r.Chain, r.Now, r.SigCache()
	if r.pool, err = mempool.New(cfg); err != nil {
		t.Fatal(err)
	}
	if r.index, err = index.Open(index.Config{Chain: r.Chain, Dir: filepath.Join(dir, "txindex")}); err != nil {
		t.Fatal(err)
	}
	run(t, "index", r.index.Run)
	run(t, "pool", r.pool.Run)
	r.makeTable(t, p)
	if len(blocks) > 0 {
		if err := r.Import(t.Context(), blocks...); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	for {
		if ready, err := r.index.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		} else if ready {
			return r
		}
	}
}

func (r *realNode) makeTable(t testing.TB, p *params.Params) {
	t.Helper()
	versions := headers.NewVersionBits(p)
	var err error
	r.miner, err = mining.New(mining.Config{Params: p, Chain: r, Versions: versions, Clock: r, Pool: r.pool, Settled: r.settled, MinFeeRate: mining.DefaultMinFeeRate})
	if err != nil {
		t.Fatal(err)
	}
	ledger, err := LedgerCommands(LedgerConfig{
		Params: p, Blocks: r, Coins: r, Acceptor: r, Operator: r, Miner: r.miner, Versions: versions, Events: r.Events(),
		Logger: slog.New(slog.DiscardHandler), Warnings: preRelease, Pool: r.pool, TxIndex: r.index,
	})
	if err != nil {
		t.Fatal(err)
	}
	pool, err := PoolCommands(PoolConfig{Params: p, Pool: r.pool, Coins: r})
	if err != nil {
		t.Fatal(err)
	}
	if r.table, err = NewTable(ledger, pool); err != nil {
		t.Fatal(err)
	}
	r.table.SetReady()
}

// What Bitcoin Core answered about transactions and its pool, to the letter, in
// the order of the recording.
func TestPoolGolden(t *testing.T) {
	methods := map[string]int{
		"getmempoolinfo": 2, "getrawmempool": 4, "getzmqnotifications": 1, "getprioritisedtransactions": 2, "getrawtransaction": 24,
		"gettxout": 20, "testmempoolaccept": 5, "sendrawtransaction": 18, "getmempoolentry": 3, "getmempoolancestors": 2,
		"getmempooldescendants": 2, "gettxspendingprevout": 2, "prioritisetransaction": 2, "estimatesmartfee": 4,
		"createrawtransaction": 5, "getmininginfo": 1, "getblocktemplate": 3, "generatetoaddress": 2,
		"getmempoolcluster": 2, "getmempoolfeeratediagram": 1,
	}
	var names []string
	calls := 0
	for name, n := range methods {
		names = append(names, name)
		calls += n
	}
	mock := readRecorded(t, "setmocktime")[0]
	seconds, err := mock.params.At(0).Int64()
	if err != nil {
		t.Fatal(err)
	}
	r := newRealNode(t, time.Unix(seconds, 0), testdata.Shared(t, "golden/regtest.blk"))
	recording := readRecorded(t, names...)
	if len(recording) != calls {
		t.Errorf("%d calls, want %d", len(recording), calls)
	}
	for _, c := range recording {
		if diff := c.differs(t.Context(), r.table); diff != "" {
			t.Errorf("line %d, %s %s:\n%s", c.line, c.method, strings.TrimSpace(string(c.params.AppendJSON(nil)))[:min(60, len(c.params.AppendJSON(nil)))], diff)
		}
	}
	t.Logf("%d calls of %d methods", len(recording), len(methods))
}
