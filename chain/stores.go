package chain

import (
	"errors"
	"path/filepath"

	"grapevine/chain/blockstore"
	"grapevine/chain/headers"
	"grapevine/chain/utxo"
	"grapevine/wire"
)

// recentBytes bounds the blocks that wait in memory for their turn.
const recentBytes = 32 << 20

// Close closes the stores of a chain that is not run.
func (c *Chain) Close() error { return c.close() }

func (c *Chain) close() (err error) {
	if c.coins != nil {
		err = c.coins.Close()
	}
	if c.store != nil {
		err = errors.Join(err, c.store.Close())
	}
	return err
}

func (c *Chain) openStores() error {
	if err := c.openBlocks(); err != nil {
		return err
	}
	if err := c.openCoins(c.cfg.Reindex || c.cfg.ReindexChainstate); err != nil {
		err = errors.Join(err, c.store.Close())
		c.store = nil
		return err
	}
	return nil
}

func (c *Chain) openBlocks() (err error) {
	t := c.cfg.tune
	cfg := blockstore.Config{
		FS: c.cfg.FS, Dir: filepath.Join(c.cfg.Dir, "blocks"), Magic: c.params.Magic,
		Plain: c.cfg.NoXOR, Reindex: c.cfg.Reindex, Logger: c.log,
		MaxFileSize: t.maxFileSize, BlockChunk: t.blockChunk, UndoChunk: t.undoChunk,
		IndexBuffer: t.indexBuffer, MinFree: t.minFree,
	}
	c.store, err = blockstore.Open(cfg)
	if !errors.Is(err, blockstore.ErrUnindexed) {
		return err
	}
	// Block files without an index may be another program's, which has its index
	// elsewhere; beside coins of ours they are ours.
	if ours, ownerErr := utxo.Owned(c.cfg.FS, c.coinsDir()); ownerErr != nil || !ours {
		return err
	}
	c.indexAnew()
	cfg.Reindex = true
	c.store, err = blockstore.Open(cfg)
	return err
}

// indexAnew makes this start one with -reindex.
func (c *Chain) indexAnew() {
	c.log.Warn("There are block files, and the block index has nothing of them: they are indexed anew")
	c.cfg.Reindex = true
}

// restoreIndex begins to index the block files anew when the index has nothing
// of them.
func (c *Chain) restoreIndex() error {
	lost, err := c.indexLost()
	if err != nil || !lost {
		return err
	}
	err = c.close()
	c.coins, c.store = nil, nil
	if err != nil {
		return err
	}
	c.indexAnew()
	if err := c.openStores(); err != nil {
		return err
	}
	c.state.reindexing.Store(c.store.Reindexing())
	return nil
}

// indexLost reports whether the block files hold something while the index,
// which is ours, is empty.
func (c *Chain) indexLost() (bool, error) {
	if c.store.Reindexing() || c.tree.Len() > 1 || c.tree.Genesis().Status()&headers.StatusHasData != 0 {
		return false, nil
	}
	return c.filesHold()
}

func (c *Chain) coinsDir() string { return filepath.Join(c.cfg.Dir, "chainstate") }

func (c *Chain) openCoins(wipe bool) (err error) {
	c.coins, err = utxo.Open(utxo.Config{
		FS: c.cfg.FS, Dir: c.coinsDir(), Wipe: wipe,
		CacheBytes: c.cfg.CacheBytes, Logger: c.log,
	})
	return err
}

// dropStaleCoins begins the coins anew when a reindex was cut short after the
// index had been dropped and before the coins were.
func (c *Chain) dropStaleCoins() error {
	if _, ok := c.unknownHead(); !ok || !c.store.Reindexing() {
		return nil
	}
	if err := c.coins.Close(); err != nil {
		return err
	}
	return c.openCoins(true)
}

// unknownHead is a block that the coins are at, or that a flush was to bring
// them to, and that the index does not have. No crash leaves one behind: the
// index is synced before the coins are.
func (c *Chain) unknownHead() (wire.BlockHash, bool) {
	best := c.coins.Best()
	if !best.IsZero() && c.tree.Lookup(best) == nil {
		return best, true
	}
	if to, _, interrupted := c.coins.Heads(); interrupted && c.tree.Lookup(to) == nil {
		return to, true
	}
	return wire.BlockHash{}, false
}
