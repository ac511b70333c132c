package chain

import (
	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/chain/utxo"
)

// commit merges the first n steps into the coins, moves the tip and tells. It
// is the only place where readers come to see something new.
func (c *Chain) commit(n int) error {
	if n == 0 {
		return nil
	}
	steps := c.pipe.steps[:n]
	overlays := make([]*utxo.Overlay, 0, n)
	for _, s := range steps {
		if !s.disconnect {
			if err := c.keepUndo(s); err != nil {
				return c.fail(err)
			}
		}
		overlays = append(overlays, s.overlay)
	}
	old := c.tip()
	rest := append([]*step(nil), c.pipe.steps[n:]...)
	c.pipe.steps = steps
	tip := c.pipe.end(old)
	c.pipe.steps = rest

	if err := c.coins.Merge(tip.Hash(), overlays...); err != nil {
		return c.fail(err)
	}
	c.flush.merged += n
	c.moveTip(old, tip)
	c.maybeFlush(false)
	return nil
}

// keepUndo stores what a connected block spent and marks the block as fully
// checked.
func (c *Chain) keepUndo(s *step) error {
	n := s.node
	status := n.Status() | headers.StatusValidScripts
	if status&headers.StatusHasUndo == 0 {
		offset, err := c.store.AppendUndo(n.File(), s.undo, n.Parent().Hash())
		if err != nil {
			return err
		}
		n.SetUndoPos(offset)
		status |= headers.StatusHasUndo
	}
	s.undo = nil
	if status != n.Status() {
		n.SetStatus(status)
		c.dirty[n] = struct{}{}
	}
	return nil
}

// moveTip publishes the new active chain.
func (c *Chain) moveTip(old, tip *headers.Node) {
	c.active.Store(c.active.Load().With(tip))
	c.candidates.add(tip)
	c.candidates.prune(tip)
	c.moves++
	c.updateDownloadState()
	fork := tip
	if old != nil {
		fork = headers.LastCommonAncestor(old, tip)
	}
	e := event.Event{Kind: event.TipMoved, Height: tip.Height(), Hash: tip.Hash(), OldHeight: -1, ForkHeight: -1}
	if old != nil {
		e.OldHeight, e.OldHash, e.ForkHeight = old.Height(), old.Hash(), fork.Height()
	}
	c.publish(e)
	c.logTip(e)
}

func (c *Chain) logTip(e event.Event) {
	if e.Reorg() {
		c.log.Info("reorganisation", "height", e.Height, "best", e.Hash,
			"old_height", e.OldHeight, "old", e.OldHash, "fork_height", e.ForkHeight)
		return
	}
	if c.state.initialDownload.Load() && e.Height%progressBlocks != 0 {
		return
	}
	tip := c.tip()
	c.log.Info("UpdateTip", "best", e.Hash, "height", e.Height, "tx", tip.ChainTxCount(),
		"date", c.tipDate(), "progress", c.progressText(tip), "cache", c.coins.Bytes())
}

// progressBlocks is how many blocks pass between two log lines during initial
// download.
const progressBlocks = 2000
