package chain

import (
	"context"

	"grapevine/chain/headers"
	"grapevine/internal/u256"
	"grapevine/wire"
)

// Invalidate marks a block and all that builds on it as invalid, whatever it
// is; when it is part of the active chain, the chain moves to the best branch
// without it. It returns once that has happened. Genesis stays as it is.
func (c *Chain) Invalidate(ctx context.Context, hash wire.BlockHash) error {
	n := c.tree.Lookup(hash)
	if n == nil {
		return ErrUnknownBlock
	}
	if n.Height() == 0 {
		return nil // it stays, as with Bitcoin Core, which says nothing either
	}
	if err := c.alone(ctx, func() error { return c.invalidate(n) }); err != nil {
		return err
	}
	return c.quiesce(ctx)
}

// invalidate takes the active chain back to below n, in steps whose overlays
// fit in memory, and marks n.
func (c *Chain) invalidate(n *headers.Node) error {
	for c.active.Load().Contains(n) {
		if err := c.pushDisconnect(c.pipe.end(c.tip())); err != nil {
			return err
		}
		end := c.pipe.end(c.tip())
		if end != n.Parent() && c.pipe.overlayBytes() <= c.maxOverlayBytes() {
			continue
		}
		if err := c.commit(len(c.pipe.steps)); err != nil {
			return err
		}
		if c.coins.Full() {
			if err := c.flushAll(); err != nil {
				return err
			}
		}
	}
	c.markFailed(n)
	c.refillCandidates()
	return nil
}

// leaveInvalid takes the active chain off blocks that are marked as invalid. A
// stop may come after the marks were written and before the coins were.
func (c *Chain) leaveInvalid() error {
	n := c.tip()
	if n.Status()&headers.StatusFailed == 0 {
		return nil
	}
	for n.Parent().Status()&headers.StatusFailed != 0 {
		n = n.Parent()
	}
	c.log.Warn("leaving blocks that are marked as invalid", "from", n.Height(), "to", c.tip().Height())
	return c.invalidate(n)
}

// Reconsider takes the mark of invalidity off a block, its descendants and its
// ancestors; they are checked again and followed where they have the most
// work. It returns once that has happened.
func (c *Chain) Reconsider(ctx context.Context, hash wire.BlockHash) error {
	n := c.tree.Lookup(hash)
	if n == nil {
		return ErrUnknownBlock
	}
	err := c.alone(ctx, func() error {
		for m := range c.tree.All() {
			related := m.Ancestor(n.Height()) == n || n.Ancestor(m.Height()) == m
			if !related || m.Status()&headers.StatusFailed == 0 {
				continue
			}
			m.ClearStatus(headers.StatusFailed)
			c.dirty[m] = struct{}{}
			if m == c.bestInvalid {
				c.bestInvalid = nil
			}
		}
		c.refillCandidates()
		c.tree.RecomputeBest()
		c.tellBestHeader()
		return nil
	})
	if err != nil {
		return err
	}
	return c.quiesce(ctx)
}

// refillCandidates looks through the tree for every block that could be the
// tip; the tip itself is always one.
func (c *Chain) refillCandidates() {
	tip := c.tip()
	c.candidates.add(tip)
	for n := range c.tree.All() {
		if n.ChainTxCount() != 0 && n.Status()&headers.StatusFailed == 0 && !better(tip, n) {
			c.candidates.add(n)
		}
	}
	c.candidates.prune(tip)
}

// preciousState is what [Chain.Precious] remembers between calls.
type preciousState struct {
	work     u256.Int // the tip's work at the last call
	sequence int32    // the last number given out; negative
}

// Precious treats a block as if it had arrived before all others with the
// same work. It returns once the chain follows it, where it can.
func (c *Chain) Precious(ctx context.Context, hash wire.BlockHash) error {
	n := c.tree.Lookup(hash)
	if n == nil {
		return ErrUnknownBlock
	}
	err := c.alone(ctx, func() error {
		tip := c.tip()
		if n.ChainWork().Cmp(tip.ChainWork()) < 0 {
			return nil
		}
		if tip.ChainWork().Cmp(c.precious.work) > 0 {
			c.precious.sequence = 0
		}
		c.precious.work = tip.ChainWork()
		c.candidates.remove(n)
		if c.precious.sequence > -1<<31 {
			c.precious.sequence--
		}
		n.SetSequenceID(c.precious.sequence)
		if n.ChainTxCount() != 0 && n.Status()&headers.StatusFailed == 0 {
			c.candidates.add(n)
			c.candidates.prune(c.tip())
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.quiesce(ctx)
}

// quiesce returns when the best candidate of this moment has been connected or
// found invalid, and in that case the next one.
func (c *Chain) quiesce(ctx context.Context) error {
	for {
		err := c.ask(ctx, func(reply func(error)) error {
			target := c.findTarget()
			if target == nil || target == c.tip() {
				reply(nil)
				return nil
			}
			c.waiters = append(c.waiters, &waiter{node: target, reply: func(_ Outcome, err error) { reply(err) }})
			return nil
		})
		if !isInvalid(err) {
			return err
		}
	}
}
