package mining

import (
	"context"
	"errors"
	"testing"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/mempool"
	"grapevine/wire"
)

// fakePool hands out what a test puts into it.
type fakePool struct {
	f *fakeChain
	// lag is how many calls of settled it takes until the pool is at the tip.
	lag     int
	settles int
	txs     []mempool.TemplateTx
	fail    error // what settled returns

	maxWeight wire.Weight
	maxSigOps int64
	minRate   wire.FeeRate
}

func (p *fakePool) Select(maxWeight wire.Weight, maxSigOps int64, minRate wire.FeeRate) mempool.Selection {
	p.maxWeight, p.maxSigOps, p.minRate = maxWeight, maxSigOps, minRate
	if p.lag > 0 {
		return mempool.Selection{} // taking in a reorganisation
	}
	s := mempool.Selection{Tip: p.f.active.Tip(), Txs: p.txs}
	for i := range p.txs {
		s.Fees += p.txs[i].Fee
		s.Weight += p.txs[i].Tx.Weight()
	}
	return s
}

func (p *fakePool) settled(context.Context) error {
	p.settles++
	p.lag--
	return p.fail
}

func (p *fakePool) add(fee wire.Amount) {
	tx := wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: wire.OutPoint{Txid: wire.Txid{byte(len(p.txs) + 1)}}, Witness: [][]byte{{1}}}}, Out: []wire.TxOut{{Value: 1, PkScript: []byte{0x51}}}}
	p.txs = append(p.txs, mempool.TemplateTx{Tx: tx.Seal(), Fee: fee})
}

func (p *fakePool) miner(t *testing.T, change func(*Config)) *Miner {
	t.Helper()
	cfg := Config{Params: p.f.p, Chain: p.f, Versions: headers.NewVersionBits(p.f.p), Clock: p.f, Pool: p, Settled: p.settled}
	if change != nil {
		change(&cfg)
	}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A block takes the transactions of the pool in their order, claims their fees
// and commits to their witnesses.
func TestGenerateFromPool(t *testing.T) {
	p := &fakePool{f: newFakeChain(regtest())}
	p.add(700)
	p.add(11)
	m := p.miner(t, func(c *Config) { c.MinFeeRate = 5 })
	if _, _, ok := m.LastAssembled(); ok {
		t.Error("a block was put together before the first")
	}
	if _, err := m.Generate(t.Context(), 1, []byte{0x51}, DefaultTries); err != nil {
		t.Fatal(err)
	}
	b := p.f.blocks[0]
	if len(b.Txs) != 3 || b.Txs[1].Txid() != p.txs[0].Tx.Txid() || b.Txs[2].Txid() != p.txs[1].Tx.Txid() || b.Txs[0].Out[0].Value != 50*wire.Coin+711 {
		t.Errorf("%d transactions, reward %d", len(b.Txs), b.Txs[0].Out[0].Value)
	}
	if err := consensus.CheckBlock(b, p.f.p, consensus.CheckAll); err != nil {
		t.Error(err)
	}
	ctx := consensus.BlockContext{Height: 1, PrevMTP: p.f.tree.Genesis().MedianTimePast()}
	if err := consensus.ContextualCheckBlock(b, ctx, p.f.p); err != nil {
		t.Error(err)
	}
	if p.maxWeight != 3_992_000 || p.maxSigOps != 79_600 || p.minRate != 5 {
		t.Errorf("chosen within weight %d and cost %d from feerate %d on", p.maxWeight, p.maxSigOps, p.minRate)
	}
	weight, txs, ok := m.LastAssembled()
	if want := 8000 + p.txs[0].Tx.Weight() + p.txs[1].Tx.Weight(); !ok || weight != want || txs != 2 {
		t.Errorf("last assembled: %d, %d, %v; want %d", weight, txs, ok, want)
	}
	// A block of given transactions has those alone.
	given, err := m.Block(t.Context(), []byte{0x51}, []*wire.Tx{p.txs[1].Tx})
	if err != nil || len(given.Txs) != 2 || given.Txs[0].Out[0].Value != 50*wire.Coin {
		t.Errorf("given: %v, %v", given, err)
	}
}

// While the pool is behind, the miner waits for it; what it chose for another tip
// is never used.
func TestWorkWaitsForThePool(t *testing.T) {
	p := &fakePool{f: newFakeChain(regtest()), lag: 3}
	w, err := p.miner(t, nil).Work(t.Context())
	if err != nil || p.settles != 3 || w.Prev != w.Tip {
		t.Errorf("%v, settled %d times", err, p.settles)
	}
	p.lag, p.fail = 1, mempool.ErrClosed
	if _, err := p.miner(t, nil).Work(t.Context()); !errors.Is(err, mempool.ErrClosed) {
		t.Errorf("the pool has ended: %v", err)
	}
}

// movingChain moves its tip while it judges a template for the first time.
type movingChain struct {
	*fakeChain
	moved bool
}

func (m *movingChain) CheckTemplate(context.Context, *wire.Block) error {
	if m.moved {
		return nil
	}
	m.moved = true
	tip := m.active.Tip()
	m.active = m.active.With(m.tree.Insert(wire.Header{PrevBlock: tip.Hash(), Bits: tip.Bits(), Time: uint32(tip.Time()) + 1}, tip))
	return consensus.ErrNotBestPrevBlock
}

// A template for a tip that is no longer one is made anew, not reported.
func TestWorkFollowsTheTip(t *testing.T) {
	c := &movingChain{fakeChain: newFakeChain(regtest())}
	p := &fakePool{f: c.fakeChain}
	w, err := p.miner(t, func(cfg *Config) { cfg.Chain = c }).Work(t.Context())
	if err != nil || w.Height != 2 {
		t.Errorf("%+v, %v", w, err)
	}
}

func TestMinerConfig(t *testing.T) {
	p := &fakePool{f: newFakeChain(regtest())}
	for _, change := range []func(*Config){
		func(c *Config) { c.Settled = nil }, func(c *Config) { c.Chain = nil }, func(c *Config) { c.MaxWeight = 4_000_001 },
		func(c *Config) { c.MaxWeight = 100 }, func(c *Config) { c.MinFeeRate = -1 },
	} {
		cfg := Config{Params: p.f.p, Chain: p.f, Versions: headers.NewVersionBits(p.f.p), Clock: p.f, Pool: p, Settled: p.settled}
		change(&cfg)
		if _, err := New(cfg); err == nil {
			t.Errorf("accepted: %+v", cfg)
		}
	}
	m := p.miner(t, func(c *Config) { c.MaxWeight = 100_000 })
	if _, err := m.Work(t.Context()); err != nil || p.maxWeight != 92_000 {
		t.Errorf("%v, weight %d", err, p.maxWeight)
	}
	m = p.miner(t, func(c *Config) { c.MaxWeight, c.Reserved = 100_000, 2000 })
	if _, err := m.Work(t.Context()); err != nil || p.maxWeight != 98_000 {
		t.Errorf("%v, weight %d", err, p.maxWeight)
	}
	if weight, _, ok := m.LastAssembled(); !ok || weight < 2000 || weight >= 8000 {
		t.Errorf("weight %d of the last one", weight)
	}
}
