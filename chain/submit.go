package chain

import (
	"context"
	"errors"
	"sync"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/internal/u256"
	"grapevine/wire"
)

// Outcome says what became of a submitted block that broke no rule.
type Outcome uint8

const (
	// Connected: the block is part of the active chain.
	Connected Outcome = iota + 1
	// Stored: the block is kept, but its branch has not the most work, or was
	// not judged yet.
	Stored
	// Duplicate: the block was here before and is valid.
	Duplicate
	// DuplicateUnjudged: the block was here before; its scripts were never
	// checked.
	DuplicateUnjudged
	// Ignored: the block was not asked for and is not kept, see [BlockOptions].
	// Its header is.
	Ignored
)

// BlockOptions say how a block came to us.
type BlockOptions struct {
	// Requested is set for a block that we asked for, or that an operator or a
	// miner of ours brings. Any other is kept only if it has at least the tip's
	// work and the network's minimum, and is at most 288 blocks ahead.
	Requested bool
	// MinWork is what a chain must have for its headers to be kept: a block whose
	// header is new and has less is refused as "too-little-chainwork". Zero takes
	// any. See [Chain.MinWork].
	MinWork u256.Int
}

// waiter is a caller who waits for the verdict on a block.
type waiter struct {
	node    *headers.Node
	until   *headers.Node // the best candidate when the block came
	verdict error
	reply   func(Outcome, error)
}

// SubmitBlock accepts a block and returns once it has been judged and, where
// its branch has the most work, connected, with the blocks that waited for it:
// what is read afterwards shows it.
// The error is a [consensus.Error] when a rule is broken, and a failure
// otherwise.
func (c *Chain) SubmitBlock(ctx context.Context, b *wire.Block) (Outcome, error) {
	return c.SubmitBlockWith(ctx, b, BlockOptions{Requested: true})
}

// SubmitBlockWith is [Chain.SubmitBlock] for a block that came from others. It is
// made to be called from many goroutines, with the blocks in any order once
// their headers are known; see [Chain.Queued] for what bounds their memory.
func (c *Chain) SubmitBlockWith(ctx context.Context, b *wire.Block, opts BlockOptions) (Outcome, error) {
	if out, err := c.known(b.Hash()); out != 0 || err != nil {
		return out, err
	}
	entered := c.enter(b)
	defer entered()
	if err := consensus.CheckBlock(b, c.params, consensus.CheckAll); err != nil {
		return 0, err
	}
	var out Outcome
	err := c.ask(ctx, func(reply func(error)) error {
		n, fresh, err := c.acceptBlock(b, arrival{unrequested: !opts.Requested, minWork: opts.MinWork})
		c.noteHeld()
		entered()
		if err != nil {
			reply(err)
			return c.failure()
		}
		if !fresh {
			if out, err = c.known(b.Hash()); out == 0 && err == nil {
				out = Ignored
			}
			reply(err)
			return nil
		}
		c.waiters = append(c.waiters, &waiter{node: n, until: c.findTarget(), reply: func(o Outcome, err error) {
			out = o
			reply(err)
		}})
		return nil
	})
	if err != nil {
		return 0, err // when ctx has ended, out is still the owner's
	}
	return out, nil
}

// Queued returns the bytes of the blocks in memory that are not connected yet:
// those that calls of [Chain.SubmitBlock] and [Chain.SubmitBlockWith] have handed
// over and that no verdict was given on, those of which it is that they wait
// for their parents, and those that an import has read ahead.
// Whoever brings blocks stops asking for more of them while it is large.
func (c *Chain) Queued() int64 { return c.entering.Load() + c.held.Load() }

// enter counts a block that is on its way to the owner, until the result is
// called for the first time, by whichever goroutine.
func (c *Chain) enter(b *wire.Block) (entered func()) {
	size := int64(len(b.Raw()))
	c.entering.Add(size)
	var once sync.Once
	return func() { once.Do(func() { c.entering.Add(-size) }) }
}

// noteHeld publishes what the blocks take that wait or are being connected.
func (c *Chain) noteHeld() { c.held.Store(int64(c.recent.bytes + c.pipe.blockBytes())) }

// known says what there is to say about a block whose data are here already.
func (c *Chain) known(hash wire.BlockHash) (Outcome, error) {
	n := c.tree.Lookup(hash)
	if n == nil {
		return 0, nil
	}
	switch s := n.Status(); {
	case s&headers.StatusFailed != 0:
		return 0, invalid(consensus.ErrDuplicateHeader, consensus.ResultCachedInvalid, "block %s was previously marked invalid", hash)
	case s&headers.StatusHasData == 0:
		return 0, nil
	case s&headers.StatusValidScripts != 0:
		return Duplicate, nil
	default:
		return DuplicateUnjudged, nil
	}
}

// noteVerdict keeps why n failed for those who wait for it.
func (c *Chain) noteVerdict(n *headers.Node, err error) {
	for _, w := range c.waiters {
		if w.node == n {
			w.verdict = err
		}
	}
}

// answerWaiters replies to those whose block will not change its state
// without something new arriving.
func (c *Chain) answerWaiters() {
	active := c.active.Load()
	rest := c.waiters[:0]
	for _, w := range c.waiters {
		switch {
		case c.pending(w.until):
			rest = append(rest, w)
		case w.verdict != nil:
			w.reply(0, w.verdict)
		case active.Contains(w.node):
			w.reply(Connected, nil)
		case w.node.Status()&headers.StatusFailed != 0:
			w.reply(0, invalid(consensus.ErrPrevInvalid, consensus.ResultInvalidPrev, ""))
		case c.pending(w.node):
			rest = append(rest, w)
		default:
			w.reply(Stored, nil)
		}
	}
	clear(c.waiters[len(rest):])
	c.waiters = rest
}

// pending reports whether n may still become part of the active chain by
// itself.
func (c *Chain) pending(n *headers.Node) bool {
	if n == nil || c.halted() || n.Status()&headers.StatusFailed != 0 {
		return false
	}
	return n.ChainTxCount() != 0 && better(n, c.tip()) || c.pipe.contains(n)
}

// CheckTemplate reports whether a block would be valid on the current tip,
// without keeping anything of it. Proof of work is not asked for.
func (c *Chain) CheckTemplate(ctx context.Context, b *wire.Block) error {
	return c.alone(ctx, func() error {
		tip := c.tip()
		if b.Header.PrevBlock != tip.Hash() {
			return invalid(consensus.ErrNotBestPrevBlock, consensus.ResultUnset, "")
		}
		opts := consensus.CheckAll
		opts.CheckPow = false
		if err := consensus.CheckBlock(b, c.params, opts); err != nil {
			return err
		}
		if err := consensus.ContextualCheckHeader(&b.Header, c.headerContext(tip, &b.Header), c.params); err != nil {
			return err
		}
		if err := consensus.ContextualCheckBlock(b, c.blockContext(tip), c.params); err != nil {
			return err
		}
		s, err := c.connectOn(tip, b, connectOptions{scripts: scriptsKeep})
		if err != nil {
			if !isInvalid(err) {
				return errors.Join(err, c.fail(err))
			}
			return err
		}
		return c.runNow(s.job)
	})
}

// runNow checks the scripts of one block while the owner waits.
func (c *Chain) runNow(j *scriptJob) error {
	ended := make(chan struct{})
	j.after = func() { close(ended) }
	c.scripts.submit(j)
	<-ended
	return j.err()
}
