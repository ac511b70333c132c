package chain

import (
	"errors"

	"grapevine/chain/headers"
	"grapevine/chain/utxo"
	"grapevine/wire"
)

// advance moves everything on that can be moved on without waiting. Owner
// only; it is called whenever something may have changed.
func (c *Chain) advance() error {
	for {
		if err := c.settle(); err != nil {
			return err
		}
		more, err := c.startNext()
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	c.forgetLosers()
	c.noteHeld()
	c.answerWaiters()
	if c.recent.full() {
		// Imports wait for room, so that blocks of branches that lose, or whose
		// parents are missing, make some. They are read back if they are needed.
		c.recent.evict(c.recent.limit/4, func(n *headers.Node) bool { return !c.pending(n) })
	}
	return nil
}

// forgetLosers lets go of the blocks in memory that do not lead to a better tip
// any more, when nothing is being connected. If that changes they are read
// back. The tip has to move once for each sixteen of them first, so that many
// that wait for their parents are not looked through for every block.
func (c *Chain) forgetLosers() {
	tip := c.tip()
	if c.moves == 0 || 16*c.moves < len(c.recent.blocks) || len(c.pipe.steps) > 0 || c.findTarget() != tip {
		return
	}
	c.moves = 0
	for n := range c.recent.blocks {
		if n.ChainWork().Cmp(tip.ChainWork()) <= 0 {
			c.recent.drop(n)
		}
	}
}

// settle takes in the verdicts of the script workers: failed blocks are
// marked, and what is better than the tip is committed.
func (c *Chain) settle() error {
	if s := c.pipe.retire(); s != nil {
		err := s.job.err()
		// What stands before the failed block and is better than the tip stays:
		// its scripts may still be running. Where they have passed it is committed
		// at once, as no worker will wake the owner for it again.
		c.abandonFrom(s)
		c.blockFailed(s.node, err)
		c.noteVerdict(s.node, err)
	}
	n := c.pipe.committable(c.tip())
	if n == 0 && c.pipe.overlayBytes() > c.maxOverlayBytes() {
		// A reorganisation too large to hold: commit what has passed.
		n = c.pipe.passed()
	}
	return c.commit(n)
}

// abandonFrom drops the failed step, all after it, and what before it then
// leads nowhere.
func (c *Chain) abandonFrom(failed *step) {
	for i, s := range c.pipe.steps {
		if s != failed {
			continue
		}
		for _, later := range c.pipe.steps[i:] {
			if later.job != nil {
				later.job.dropped.Store(true)
			}
			c.pipe.bytes -= later.bytes
		}
		c.pipe.steps = c.pipe.steps[:i]
		break
	}
	c.dropDeadEnd()
}

// startNext begins the next step towards the best candidate. It reports
// whether it did something.
func (c *Chain) startNext() (bool, error) {
	if len(c.exclusive) > 0 && !c.pipe.reorganising(c.tip()) {
		if len(c.pipe.steps) > 0 {
			return false, nil
		}
		do := c.exclusive[0]
		c.exclusive = c.exclusive[1:]
		return true, do()
	}
	if c.halted() || !c.pipe.room() || c.flushHolds() {
		return false, nil
	}
	target := c.findTarget()
	end := c.pipe.end(c.tip())
	if target == nil || target == end {
		return false, nil
	}
	if end == nil {
		return false, errors.New("chain: no tip to build on")
	}
	if target.Ancestor(end.Height()) != end {
		return c.startReorg(target)
	}
	if c.cfg.StopAtHeight > 0 && end.Height() >= c.cfg.StopAtHeight {
		return false, nil
	}
	return c.startConnect(target.Ancestor(end.Height() + 1))
}

// findTarget returns the best candidate whose branch is usable. Candidates
// with an invalid or missing ancestor are dropped.
func (c *Chain) findTarget() *headers.Node {
	for {
		target := c.candidates.best()
		if target == nil || c.usable(target) {
			c.vetted = target
			return target
		}
		c.candidates.remove(target)
	}
}

// usable reports whether all blocks from the active chain to target are here
// and not known to be invalid. It looks no further than the last target, so
// that a long branch is not walked again for every block on it.
func (c *Chain) usable(target *headers.Node) bool {
	active := c.active.Load()
	for n := target; n != nil && n != c.vetted && !active.Contains(n); n = n.Parent() {
		if s := n.Status(); s&headers.StatusFailed != 0 || s&headers.StatusHasData == 0 {
			return false
		}
	}
	return true
}

// startReorg disconnects the tip's branch down to where target forks off.
// It waits until the pipeline is empty, unless that already leads there.
func (c *Chain) startReorg(target *headers.Node) (bool, error) {
	end := c.pipe.end(c.tip())
	if len(c.pipe.steps) > 0 {
		if c.pipe.passed() < len(c.pipe.steps) {
			// A better branch appeared while another is being checked: see
			// what comes of that first.
			return false, nil
		}
		if !c.pipe.steps[len(c.pipe.steps)-1].disconnect {
			// All passed and still not better than the tip: begin anew.
			c.pipe.drop()
			return true, nil
		}
	}
	return true, c.pushDisconnect(end)
}

// pushDisconnect adds the step that takes n, the end of the pipeline, off.
func (c *Chain) pushDisconnect(n *headers.Node) error {
	b, err := c.Block(n)
	if err != nil {
		return c.fail(err)
	}
	undo, err := c.Undo(n)
	if err != nil {
		return c.fail(err)
	}
	overlay := utxo.NewOverlay(c.pipe.top(), c.coins)
	clean, err := disconnectBlock(overlay, b, undo, n, c.params)
	if err != nil {
		return c.fail(err)
	}
	if !clean {
		// What would be left are the coins of no block.
		return c.fail(corrupt("the coins do not match block %s at height %d, which is to be disconnected; -reindex-chainstate rebuilds them",
			n.Hash(), n.Height()))
	}
	c.pipe.push(&step{node: n, disconnect: true, overlay: overlay})
	return nil
}

// startConnect adds the step that connects n on the end of the pipeline, when
// its block is at hand; else it is fetched and the owner is woken later.
func (c *Chain) startConnect(n *headers.Node) (bool, error) {
	b, err := c.fetched(n)
	if err != nil {
		return false, c.fail(err)
	}
	if b == nil {
		return false, nil
	}
	s, err := c.connect(n, b, connectOptions{below: c.pipe.top()})
	if err != nil {
		if !isInvalid(err) {
			return false, c.fail(err)
		}
		c.blockFailed(n, err)
		c.noteVerdict(n, err)
		c.dropDeadEnd()
		return true, nil
	}
	c.recent.drop(n)
	c.pipe.push(s)
	c.scripts.submit(s.job)
	return true, nil
}

// dropDeadEnd abandons steps that lead away from the tip and that nothing
// better follows any more.
func (c *Chain) dropDeadEnd() {
	if c.pipe.reorganising(c.tip()) {
		c.pipe.drop()
	}
}

// fetched returns the block of n if it is in memory. If not, reading it and
// the ones after it begins, and the owner is woken when n's is there.
func (c *Chain) fetched(n *headers.Node) (*wire.Block, error) {
	if b := c.recent.get(n); b != nil {
		return b, nil
	}
	return c.reader.get(n, c.candidates.best())
}
