package node

import (
	"context"
	"errors"

	"grapevine/chain"
	"grapevine/mempool"
	"grapevine/wire"
)

// settledChain is the chain to those who write to it over RPC: a call returns once the pool has taken in what it changed, so that the next read
// sees it.
type settledChain struct {
	*chain.Chain
	pool *mempool.Pool
}

// Settled waits until the pool has taken in the moves of the tip so far.
func (s settledChain) Settled(ctx context.Context) error {
	return s.pool.TakenIn(ctx, s.Events().Last())
}

// after waits after a write, whether or not it failed: a refused block may have moved the tip all the same.
func (s settledChain) after(ctx context.Context, err error) error {
	if serr := s.Settled(ctx); serr != nil && err == nil && !errors.Is(serr, mempool.ErrClosed) {
		return serr
	}
	return err
}

// SubmitBlock is [chain.Chain.SubmitBlock].
func (s settledChain) SubmitBlock(ctx context.Context, b *wire.Block) (chain.Outcome, error) {
	out, err := s.Chain.SubmitBlock(ctx, b)
	return out, s.after(ctx, err)
}

// Invalidate is [chain.Chain.Invalidate].
func (s settledChain) Invalidate(ctx context.Context, hash wire.BlockHash) error {
	return s.after(ctx, s.Chain.Invalidate(ctx, hash))
}

// Reconsider is [chain.Chain.Reconsider].
func (s settledChain) Reconsider(ctx context.Context, hash wire.BlockHash) error {
	return s.after(ctx, s.Chain.Reconsider(ctx, hash))
}

// Precious is [chain.Chain.Precious].
func (s settledChain) Precious(ctx context.Context, hash wire.BlockHash) error {
	return s.after(ctx, s.Chain.Precious(ctx, hash))
}

func (n *Node) poolConfig(c *chain.Chain) mempool.Config {
	p := n.cfg.Pool
	return mempool.Config{
		Chain: c, MaxBytes: p.MaxBytes, MinRelay: p.MinRelay, Incremental: p.Incremental, Expiry: p.Expiry,
		ClusterCount: p.ClusterCount, ClusterVBytes: int(p.ClusterVBytes),
		DustRate: p.Dust, DataCarrierBytes: p.DataCarrierBytes, PermitBareMultisig: p.PermitBareMultisig, AcceptNonStandard: p.AcceptNonStandard,
		Workers: n.cfg.Chain.Workers, SigCache: c.SigCache(), Now: n.clock.Now, Logger: n.sink.Logger("mempool"),
	}
}
