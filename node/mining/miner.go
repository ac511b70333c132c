package mining

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"grapevine/chain"
	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/mempool"
	"grapevine/wire"
)

// Chain is what a [Miner] needs of the chain.
type Chain interface {
	Active() *headers.Chain
	// CheckTemplate judges a block on the tip, proof of work and merkle root
	// aside.
	CheckTemplate(ctx context.Context, b *wire.Block) error
	// SubmitBlock takes a block in and returns once readers see the result.
	SubmitBlock(ctx context.Context, b *wire.Block) (chain.Outcome, error)
}

// Pool chooses transactions; a [mempool.Pool] does.
type Pool interface {
	Select(maxWeight wire.Weight, maxSigOps int64, minRate wire.FeeRate) mempool.Selection
}

// Clock tells the time of the node.
type Clock interface{ Now() time.Time }

// Config says what a [Miner] works on. Fields without a comment are required.
type Config struct {
	Params   *params.Params
	Chain    Chain
	Versions Versioner
	Clock    Clock
	// BlockVersion replaces the version of the blocks where blocks are mined on
	// demand; 0 does not.
	BlockVersion int32
	// Pool is where transactions come from; without one, blocks have none but
	// those that the caller gives.
	Pool Pool
	// Settled waits until the pool has taken in the moves of the tip so far;
	// required with a Pool.
	Settled func(ctx context.Context) error
	// MaxWeight bounds the blocks (`-blockmaxweight`); 0 means what consensus
	// allows.
	MaxWeight wire.Weight
	// Reserved is the part of it that is kept free for header and coinbase
	// (`-blockreservedweight`); 0 means 8,000.
	Reserved wire.Weight
	// MinFeeRate is what a transaction of the pool has to pay
	// (`-blockmintxfee`); 0 lets all in.
	MinFeeRate wire.FeeRate
}

// Miner mines on the tip of the chain, one block after the other.
type Miner struct {
	cfg Config
	// last is the last block put together, nil before the first.
	last atomic.Pointer[assembled]
	// search is [grind]; tests put a shorter one in its place.
	search func(ctx context.Context, h *wire.Header, tries *uint64, p *params.Params) (bool, error)
}

// New returns a miner.
func New(cfg Config) (*Miner, error) {
	if cfg.Params == nil || cfg.Chain == nil || cfg.Versions == nil || cfg.Clock == nil || cfg.Pool != nil && cfg.Settled == nil {
		return nil, errors.New("mining: incomplete configuration")
	}
	if cfg.MaxWeight == 0 {
		cfg.MaxWeight = wire.MaxBlockWeight
	}
	if cfg.Reserved == 0 {
		cfg.Reserved = reservedWeight
	}
	if cfg.MaxWeight < cfg.Reserved || cfg.MaxWeight > wire.MaxBlockWeight || cfg.MinFeeRate < 0 {
		return nil, fmt.Errorf("mining: blocks of weight %d from feerate %d on", cfg.MaxWeight, cfg.MinFeeRate)
	}
	return &Miner{cfg: cfg, search: grind}, nil
}

// DefaultMinFeeRate is the lowest feerate of transactions in a block, in
// satoshis for 1,000 virtual bytes, unless told otherwise: what pays nothing
// stays out.
const DefaultMinFeeRate wire.FeeRate = 1

// DefaultTries is how many nonces a call tries unless told otherwise.
const DefaultTries = 1_000_000

// assembled is what a template counts: weight with the reserve, transactions
// without the coinbase.
type assembled struct {
	weight wire.Weight
	txs    int
}

// LastAssembled returns the weight and the number of transactions of the last
// block that was put together, as a template counts them: with the reserve and
// without the coinbase. Transactions that a caller gave do not count. It reports
// false before the first block.
func (m *Miner) LastAssembled() (weight wire.Weight, txs int, ok bool) {
	last := m.last.Load()
	if last == nil {
		return 0, 0, false
	}
	return last.weight, last.txs, true
}

// Check has the chain judge a block on the tip, proof of work aside.
func (m *Miner) Check(ctx context.Context, b *wire.Block) error {
	return m.cfg.Chain.CheckTemplate(ctx, b)
}

// Now returns the node's time.
func (m *Miner) Now() time.Time { return m.cfg.Clock.Now() }

// MinFeeRate returns what a transaction of the pool has to pay to be mined.
func (m *Miner) MinFeeRate() wire.FeeRate { return m.cfg.MinFeeRate }

// TemplateOn returns the template of the block after prev.
func (m *Miner) TemplateOn(prev *headers.Node) Template {
	t := NewTemplate(prev, m.cfg.Clock.Now(), m.cfg.Versions, m.cfg.Params)
	if m.cfg.BlockVersion != 0 && m.cfg.Params.MineOnDemand() {
		t.Version = m.cfg.BlockVersion
	}
	return t
}

// TemplateError says why a block that was put together would not be valid.
type TemplateError struct{ Err error }

func (e *TemplateError) Error() string { return "TestBlockValidity failed: " + e.Err.Error() }

// Unwrap returns the rule that would be broken.
func (e *TemplateError) Unwrap() error { return e.Err }

// RejectedError says why a finished block was not taken in.
type RejectedError struct{ Err error }

func (e *RejectedError) Error() string {
	return fmt.Sprintf("block not accepted: %v", e.Err)
}

// Unwrap returns the reason.
func (e *RejectedError) Unwrap() error { return e.Err }

// Generate mines n blocks that pay the script and submits each. It returns the
// hashes of those that it found before tries nonces were used up or ctx ended.
func (m *Miner) Generate(ctx context.Context, n int, payTo []byte, tries uint64) ([]wire.BlockHash, error) {
	var hashes []wire.BlockHash
	for extra := uint64(0); len(hashes) < n && ctx.Err() == nil; {
		w, err := m.Work(ctx)
		if err != nil {
			return hashes, err
		}
		b, err := m.find(ctx, w.Block(payTo, extra), &tries)
		switch {
		case err != nil:
			return hashes, err
		case b == nil && tries == 0:
			return hashes, nil
		case b == nil:
			// All nonces of a header failed: another coinbase gives new ones.
			extra++
			continue
		}
		if _, err := m.cfg.Chain.SubmitBlock(ctx, b); err != nil {
			return hashes, &RejectedError{err}
		}
		hashes = append(hashes, b.Hash())
		extra = 0
	}
	return hashes, nil
}

// Block finds a block of the given transactions, in their order; the fees are
// left unclaimed. It does not submit it. The block is nil when [DefaultTries]
// nonces did not do.
func (m *Miner) Block(ctx context.Context, payTo []byte, txs []*wire.Tx) (*wire.Block, error) {
	t := m.TemplateOn(m.cfg.Chain.Active().Tip())
	m.last.Store(&assembled{weight: m.cfg.Reserved})
	b := t.Assemble(payTo, txs, 0, 0)
	if err := m.cfg.Chain.CheckTemplate(ctx, b); err != nil {
		return nil, &TemplateError{err}
	}
	tries := uint64(DefaultTries)
	return m.find(ctx, b, &tries)
}

// find searches the nonce of a block. The result is nil when the nonces or the
// tries ran out.
func (m *Miner) find(ctx context.Context, b *wire.Block, tries *uint64) (*wire.Block, error) {
	if m.cfg.Params.IsSignet() {
		// Without a solution to the challenge no nonce makes it a block.
		if err := consensus.CheckSignetSolution(b, m.cfg.Params); err != nil {
			return nil, &RejectedError{err}
		}
	}
	h := b.Header
	found, err := m.search(ctx, &h, tries, m.cfg.Params)
	if err != nil || !found {
		return nil, err
	}
	return wire.NewBlock(h, b.Txs), nil
}
