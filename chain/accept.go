package chain

import (
	"errors"
	"fmt"

	"grapevine/chain/blockstore"
	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/internal/u256"
	"grapevine/wire"
)

func invalid(kind consensus.ErrorKind, result consensus.Result, format string, args ...any) error {
	return &consensus.Error{Kind: kind, Result: result, Detail: fmt.Sprintf(format, args...)}
}

// acceptHeader adds a header that passed [consensus.CheckHeader] to the tree, or
// finds it there. With low set, one that is not there is refused for the work
// of its chain, unless it breaks a rule as well. Owner only.
func (c *Chain) acceptHeader(h *wire.Header, hash wire.BlockHash, low bool) (*headers.Node, error) {
	if n := c.tree.Lookup(hash); n != nil {
		if n.Status()&headers.StatusFailed != 0 {
			return n, invalid(consensus.ErrDuplicateHeader, consensus.ResultCachedInvalid, "block %s was previously marked invalid", hash)
		}
		return n, nil
	}
	prev := c.tree.Lookup(h.PrevBlock)
	if prev == nil {
		return nil, invalid(consensus.ErrPrevNotFound, consensus.ResultMissingPrev, "")
	}
	if prev.Status()&headers.StatusFailed != 0 {
		return nil, invalid(consensus.ErrPrevInvalid, consensus.ResultInvalidPrev, "")
	}
	if err := consensus.ContextualCheckHeader(h, c.headerContext(prev, h), c.params); err != nil {
		return nil, err
	}
	if low {
		return nil, invalid(consensus.ErrLowChainWork, consensus.ResultHeaderLowWork, "")
	}
	n := c.tree.InsertHashed(*h, hash, prev)
	c.dirty[n] = struct{}{}
	return n, nil
}

// headerContext gathers what a header after prev must fit.
func (c *Chain) headerContext(prev *headers.Node, h *wire.Header) consensus.HeaderContext {
	return consensus.HeaderContext{
		Height:       prev.Height() + 1,
		PrevTime:     prev.Time(),
		PrevMTP:      prev.MedianTimePast(),
		RequiredBits: headers.NextWorkRequired(prev, h.Time, c.params),
		Now:          c.cfg.Now().Unix(),
	}
}

// blockContext gathers what a block after prev must fit.
func (c *Chain) blockContext(prev *headers.Node) consensus.BlockContext {
	return consensus.BlockContext{Height: prev.Height() + 1, PrevMTP: prev.MedianTimePast()}
}

// arrival says how a block came.
type arrival struct {
	at          *blockstore.Pos // where it lies in our own files already
	unrequested bool            // see [BlockOptions]
	minWork     u256.Int
}

// acceptBlock stores a block that passed [consensus.CheckBlock], unless it is
// here already or was not asked for, and makes it and what waited for it
// candidates. Owner only.
func (c *Chain) acceptBlock(b *wire.Block, how arrival) (n *headers.Node, fresh bool, err error) {
	n, err = c.acceptHeader(&b.Header, b.Hash(), c.lowWork(b.Header.PrevBlock, headers.BlockProof(b.Header.Bits), how.minWork))
	if err != nil {
		return n, false, err
	}
	if n.Status()&headers.StatusHasData != 0 || how.unrequested && !c.welcome(n) {
		return n, false, nil
	}
	at := how.at
	if p := n.Parent(); p != nil { // genesis is found again by a reindex
		if err := consensus.ContextualCheckBlock(b, c.blockContext(p), c.params); err != nil {
			c.blockFailed(n, err)
			return n, false, err
		}
	}
	if at == nil && c.state.reindexing.Load() {
		return n, false, ErrReindexing
	}
	if at == nil {
		c.tellEarly(n, b)
	}
	pos, err := c.place(b, n, at)
	if err != nil {
		return n, false, c.fail(err)
	}
	c.received(n, b, pos)
	return n, true, nil
}

// lowWork reports whether headers with the given work would end with less than
// least after prev. A parent that is unknown is another error.
func (c *Chain) lowWork(prev wire.BlockHash, work, least u256.Int) bool {
	p := c.tree.Lookup(prev)
	return p != nil && p.ChainWork().Add(work).Cmp(least) < 0
}

// unrequestedAhead is how far above the tip a block may be that nobody asked
// for: two days of blocks, as many as a pruned node keeps.
const unrequestedAhead = 288

// welcome reports whether a block that nobody asked for is taken: disk and work
// are spent only on one that may soon be the tip.
func (c *Chain) welcome(n *headers.Node) bool {
	tip := c.tip()
	if n.ChainWork().Cmp(tip.ChainWork()) < 0 || n.Height() > tip.Height()+unrequestedAhead {
		return false
	}
	return n.ChainWork().Cmp(*c.cfg.MinimumChainWork) >= 0
}

func (c *Chain) place(b *wire.Block, n *headers.Node, at *blockstore.Pos) (blockstore.Pos, error) {
	if at != nil {
		return *at, c.store.RegisterBlock(*at, len(b.Raw()), n.Height(), b.Header.Time)
	}
	return c.store.AppendBlock(b.Raw(), n.Height(), b.Header.Time)
}

// received notes where the data of n are, and links to the tree's known
// transactions what that completes.
func (c *Chain) received(n *headers.Node, b *wire.Block, pos blockstore.Pos) {
	n.SetTxCount(uint32(len(b.Txs)))
	n.SetData(pos.File, pos.Offset)
	n.AddStatus(headers.StatusHasData | headers.StatusValidTransactions)
	c.dirty[n] = struct{}{}
	c.link(n)
	if better(n, c.tip()) {
		c.recent.put(n, b) // its turn may come soon
	}
}

// link counts the transactions up to n and, from there, up to the blocks that
// came before their parents; all of them may become the tip.
func (c *Chain) link(n *headers.Node) {
	if p := n.Parent(); p != nil && p.ChainTxCount() == 0 {
		c.unlinked[p] = append(c.unlinked[p], n)
		return
	}
	tip := c.tip()
	for queue := []*headers.Node{n}; len(queue) > 0; queue = queue[1:] {
		m := queue[0]
		var before uint64
		if p := m.Parent(); p != nil {
			before = p.ChainTxCount()
		}
		m.SetChainTxCount(before + uint64(m.TxCount()))
		c.sequence++
		m.SetSequenceID(c.sequence)
		c.dirty[m] = struct{}{}
		if m.Status()&headers.StatusFailed == 0 && (tip == nil || !better(tip, m)) {
			c.candidates.add(m)
		}
		queue = append(queue, c.unlinked[m]...)
		delete(c.unlinked, m)
	}
}

// blockFailed marks n and its descendants unless the fault may lie with whoever
// passed the block on rather than with its header.
func (c *Chain) blockFailed(n *headers.Node, err error) {
	var ce *consensus.Error
	if !errors.As(err, &ce) || !ce.Result.MarksHeader() {
		return
	}
	c.markFailed(n)
	c.log.Info("invalid block", "hash", n.Hash(), "height", n.Height(), "reason", err)
}

// markFailed marks n and all that builds on it, and takes them out of the
// candidates. It looks at leaves and at what it marks, so that a worthless block
// at the tip costs next to nothing, however many headers are known.
func (c *Chain) markFailed(n *headers.Node) {
	marked := make(map[*headers.Node]bool)
	for _, leaf := range c.tree.Leaves() {
		if leaf.Ancestor(n.Height()) != n {
			continue
		}
		for m := leaf; !marked[m]; m = m.Parent() {
			marked[m] = true
			c.markOne(m)
			if m == n {
				break
			}
		}
	}
	c.vetted = nil
	if c.bestInvalid == nil || n.ChainWork().Cmp(c.bestInvalid.ChainWork()) > 0 {
		c.bestInvalid = n
	}
	c.tree.RecomputeBest()
	c.tellBestHeader()
	c.warnOfInvalidWork()
}

func (c *Chain) markOne(n *headers.Node) {
	c.candidates.remove(n)
	if n.Status()&headers.StatusFailed == 0 {
		n.AddStatus(headers.StatusFailed)
		c.dirty[n] = struct{}{}
	}
	c.recent.drop(n)
}

// warnOfInvalidWork tells people when an invalid branch has much more work
// than ours: then either our data or our rules are in question.
func (c *Chain) warnOfInvalidWork() {
	tip := c.tip()
	large := false
	if c.bestInvalid != nil && tip != nil {
		six := headers.BlockProof(tip.Bits()).Mul64(6)
		large = c.bestInvalid.ChainWork().Cmp(tip.ChainWork().Add(six)) > 0
	}
	if large && !c.state.largeInvalid.Load() {
		c.log.Warn("found an invalid chain more than 6 blocks longer than our best chain")
	}
	c.state.largeInvalid.Store(large)
}
