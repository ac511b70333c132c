package chain

import (
	"fmt"

	"grapevine/chain/blockstore"
	"grapevine/chain/consensus"
	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/chain/sigverify"
	"grapevine/chain/utxo"
	"grapevine/wire"
)

// Open opens the ledger in cfg.Dir, or begins one there. An interrupted flush
// is rolled forward, and the newest blocks are verified as the configuration
// asks. The caller runs [Chain.Run] afterwards, or [Chain.Close].
func Open(cfg Config) (*Chain, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	c := &Chain{
		cfg:     cfg,
		params:  cfg.Params,
		log:     cfg.Logger,
		tree:    headers.NewTree(cfg.Params),
		events:  event.NewRing(eventsKept),
		cmds:    make(chan func() error), // unbuffered: a caller waits for the owner
		imports: make(chan *importItem),  // likewise
		wakeup:  make(chan struct{}, 1),  // one pending wake-up stands for all
		done:    make(chan struct{}),
	}
	c.unlinked = make(map[*headers.Node][]*headers.Node)
	c.dirty = make(map[*headers.Node]struct{})
	c.sequence = headers.SequenceFromDisk
	c.recent = newRecent(recentBytes)
	c.reader = newBlockReader(c.checkedBlock, c.recent.has, c.wake)
	c.scripts = newScriptPool(cfg.Workers, sigverify.NewCache(cfg.SigCacheBytes), c.wake)
	c.state.initialDownload.Store(true)
	c.active.Store(headers.NewChain(nil))
	c.publish = func(event.Event) {} // nobody can have subscribed yet

	if err := c.openStores(); err != nil {
		return nil, err
	}
	if err := c.load(); err != nil {
		_ = c.close() // the error that led here says more
		return nil, wayOut(err)
	}
	return c, nil
}

// load brings the tree, the coins and the active chain to where they were.
func (c *Chain) load() error {
	c.cfg.Progress("Loading block index…", 0)
	if err := c.loadIndex(); err != nil {
		return err
	}
	if err := c.restoreIndex(); err != nil {
		return err
	}
	if err := c.dropStaleCoins(); err != nil {
		return err
	}
	// Before anything is written: to an index that lost its records the block
	// files are empty, and the genesis block would go over what they hold.
	if head, ok := c.unknownHead(); ok {
		return corrupt("the coins are at block %s, which the block index does not have; -reindex rebuilds both", head)
	}
	if err := c.loadGenesis(); err != nil {
		return err
	}
	if to, from, interrupted := c.coins.Heads(); interrupted {
		if err := c.rollForward(from, to); err != nil {
			return err
		}
	}
	tip := c.tree.Lookup(c.coins.Best())
	c.active.Store(headers.NewChain(tip))
	for n := tip; n != nil; n = n.Parent() {
		n.SetSequenceID(headers.SequenceBestFromDisk)
	}
	c.refillCandidates()
	c.tree.RecomputeBest()
	c.updateDownloadState()
	c.log.Info("Loaded best chain", "hash", tip.Hash(), "height", tip.Height(), "date", c.tipDate(), "progress", c.progressText(tip))
	return c.verifyAtStart()
}

// loadIndex fills the tree from the stored records.
func (c *Chain) loadIndex() error {
	err := c.store.LoadIndex(func(r blockstore.Record) error {
		hash := r.Header.Hash()
		n := c.tree.Lookup(hash)
		if n == nil {
			parent := c.tree.Lookup(r.Header.PrevBlock)
			if parent == nil {
				return corrupt("block index: header %s at height %d has no parent; -reindex rebuilds the index", hash, r.Height)
			}
			n = c.tree.InsertHashed(r.Header, hash, parent)
		}
		n.SetStatus(headers.Status(r.Status))
		n.SetTxCount(r.TxCount)
		n.SetData(r.File, r.DataPos)
		n.SetUndoPos(r.UndoPos)
		c.count(n)
		return nil
	})
	c.state.reindexing.Store(c.store.Reindexing())
	return err
}

// count restores the number of transactions up to n, or notes that those of
// its parents are missing.
func (c *Chain) count(n *headers.Node) {
	if n.TxCount() == 0 {
		return
	}
	p := n.Parent()
	if p == nil {
		n.SetChainTxCount(uint64(n.TxCount()))
		return
	}
	if p.ChainTxCount() == 0 {
		c.unlinked[p] = append(c.unlinked[p], n)
		return
	}
	n.SetChainTxCount(p.ChainTxCount() + uint64(n.TxCount()))
}

// loadGenesis stores the genesis block in a new ledger. Its coinbase cannot
// be spent, so it makes no coin.
func (c *Chain) loadGenesis() error {
	g := c.tree.Genesis()
	if g.Status()&headers.StatusHasData == 0 && !c.store.Reindexing() {
		raw := append([]byte(nil), c.params.Genesis.Raw()...)
		pos, err := c.store.AppendBlock(raw, 0, uint32(g.Time()))
		if err != nil {
			return err
		}
		g.SetData(pos.File, pos.Offset)
		g.SetStatus(headers.StatusHasData)
	}
	if g.ChainTxCount() == 0 {
		g.SetTxCount(1)
		g.SetChainTxCount(1)
		g.AddStatus(headers.StatusValidTransactions | headers.StatusValidScripts)
		c.dirty[g] = struct{}{}
	}
	if c.coins.Best().IsZero() {
		if _, _, interrupted := c.coins.Heads(); !interrupted {
			return c.coins.Merge(g.Hash())
		}
	}
	return nil
}

// rollForward completes a flush that was interrupted: some coins are as of
// one block, some as of another. Spending and adding are idempotent, so the
// branch from their fork to the newer block is applied again, after that of
// the older one, if it was left, has been taken off.
func (c *Chain) rollForward(from, to wire.BlockHash) error {
	target := c.tree.Lookup(to)
	source := c.tree.Genesis()
	if !from.IsZero() {
		if source = c.tree.Lookup(from); source == nil {
			return corrupt("an interrupted flush was from block %s, which the block index does not have; -reindex-chainstate rebuilds the coins", from)
		}
	}
	fork := headers.LastCommonAncestor(source, target)
	c.log.Info("Replaying blocks after an interrupted flush", "from", source.Height(), "fork", fork.Height(), "to", target.Height())
	for n := source; n != fork; n = n.Parent() {
		if err := c.replayOff(n); err != nil {
			return err
		}
	}
	total := target.Height() - fork.Height()
	for h := fork.Height() + 1; h <= target.Height(); h++ {
		c.cfg.Progress("Replaying blocks…", float64(h-fork.Height())/float64(total))
		if err := c.replayOn(target.Ancestor(h)); err != nil {
			return err
		}
	}
	return c.coins.FinishReplay(to)
}

func (c *Chain) replayOn(n *headers.Node) error {
	b, err := c.Block(n)
	if err != nil {
		return fmt.Errorf("replay of block %s: %w", n.Hash(), err)
	}
	for i := range b.Txs {
		tx := &b.Txs[i]
		if i > 0 {
			for j := range tx.In {
				if err := c.coins.ReplaySpend(tx.In[j].PrevOut); err != nil {
					return err
				}
			}
		}
		if err := replayOutputs(c.coins, tx, n.Height(), i == 0); err != nil {
			return err
		}
	}
	return nil
}

func (c *Chain) replayOff(n *headers.Node) error {
	b, err := c.Block(n)
	if err != nil {
		return fmt.Errorf("replay of block %s: %w", n.Hash(), err)
	}
	undo, err := c.Undo(n)
	if err != nil {
		return fmt.Errorf("replay of block %s: %w", n.Hash(), err)
	}
	if len(undo.Txs)+1 != len(b.Txs) {
		return corrupt("undo data of block %s are for %d transactions, not %d", n.Hash(), len(undo.Txs)+1, len(b.Txs))
	}
	for i := len(b.Txs) - 1; i >= 0; i-- {
		tx := &b.Txs[i]
		for o := range tx.Out {
			if err := c.coins.ReplaySpend(wire.OutPoint{Txid: tx.Txid(), Index: uint32(o)}); err != nil {
				return err
			}
		}
		if i == 0 {
			break
		}
		spent := undo.Txs[i-1]
		if len(spent) != len(tx.In) {
			return corrupt("undo data of transaction %s are for %d inputs, not %d", tx.Txid(), len(spent), len(tx.In))
		}
		for j := range tx.In {
			if err := c.coins.ReplayAdd(tx.In[j].PrevOut, spent[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

// replayOutputs adds what a transaction creates to coins that may have it.
func replayOutputs(coins *utxo.Set, tx *wire.Tx, height int32, coinbase bool) error {
	for o := range tx.Out {
		if !spendable(tx, uint32(o)) {
			continue
		}
		err := coins.ReplayAdd(wire.OutPoint{Txid: tx.Txid(), Index: uint32(o)},
			consensus.Coin{Out: tx.Out[o], Height: height, Coinbase: coinbase})
		if err != nil {
			return err
		}
	}
	return nil
}
