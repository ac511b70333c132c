package chain

import (
	"context"
	"sync"

	"grapevine/chain/headers"
	"grapevine/chain/sigverify"
	"grapevine/chain/utxo"
)

// Verified says how far [Chain.VerifyDB] came.
type Verified uint8

const (
	// VerifiedAll: everything asked for was verified.
	VerifiedAll Verified = iota
	// VerifiedPartly: the coins of some blocks were left out, since taking
	// these blocks off would need more memory than the cache of coins.
	VerifiedPartly
)

// VerifyDB checks the newest blocks against what is stored of them: 0 that
// they can be read, 1 that they are valid by themselves, 2 that their undo
// data can be read, 3 that taking them off matches the coins, 4 that they
// connect again. A blocks of zero or less, or too large, means all. An error
// that wraps [ErrCorrupt] says what is wrong. Nothing is changed.
func (c *Chain) VerifyDB(ctx context.Context, level, blocks int) (done Verified, err error) {
	err = c.alone(ctx, func() (err error) {
		done, err = c.verify(ctx, level, blocks)
		return err
	})
	if err != nil {
		return VerifiedAll, err // when ctx has ended, done is still the owner's
	}
	return done, nil
}

// verifyAtStart is VerifyDB with the configured depth, before the chain runs.
func (c *Chain) verifyAtStart() error {
	if c.cfg.CheckBlocks == 0 || c.tip().Height() == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if c.cfg.CheckLevel >= 4 {
		// Blocks are connected again, which needs the script workers.
		pool := newScriptPool(c.cfg.Workers, sigverify.NewCache(0), func() {})
		usual := c.scripts
		c.scripts = pool
		var running sync.WaitGroup
		running.Go(func() { pool.run(ctx) })
		defer func() {
			cancel()
			running.Wait()
			c.scripts = usual
		}()
	}
	_, err := c.verify(ctx, c.cfg.CheckLevel, c.cfg.CheckBlocks)
	return err
}

func (c *Chain) verify(ctx context.Context, level, blocks int) (Verified, error) {
	tip := c.tip()
	depth := int32(min(blocks, int(tip.Height())))
	if depth <= 0 {
		depth = tip.Height()
	}
	v := verifier{c: c, level: min(max(level, 0), 4)}
	c.log.Info("Verifying blocks", "blocks", depth, "level", v.level)
	stop := tip.Height() - depth
	n := tip
	for ; n.Height() > stop; n = n.Parent() {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		c.cfg.Progress("Verifying blocks…", float64(tip.Height()-n.Height())/float64(depth))
		if err := v.takeOff(n); err != nil {
			return 0, err
		}
	}
	if v.unclean != nil {
		return 0, corrupt("the coins do not match block %s at height %d; -reindex-chainstate rebuilds them", v.unclean.Hash(), v.unclean.Height())
	}
	if v.level >= 4 && !v.skipped {
		for h := stop + 1; h <= tip.Height(); h++ {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			if err := v.putOn(tip.Ancestor(h)); err != nil {
				return 0, err
			}
		}
	}
	if v.skipped {
		c.log.Warn("Skipped verification of level >=3 (insufficient database cache size). Consider increasing -dbcache.")
		return VerifiedPartly, nil
	}
	return VerifiedAll, nil
}

// verifier takes blocks off in overlays of its own and puts them on again.
type verifier struct {
	c       *Chain
	level   int
	top     *utxo.Overlay
	bytes   int64
	skipped bool
	unclean *headers.Node
}

func (v *verifier) takeOff(n *headers.Node) error {
	read := v.c.Block
	if v.level >= 1 {
		read = v.c.checkedBlock
	}
	b, err := read(n)
	if err != nil {
		return damaged(err)
	}
	if v.level < 2 {
		return nil
	}
	undo, err := v.c.Undo(n)
	if err != nil {
		return damaged(err)
	}
	if v.level < 3 || v.skipped {
		return nil
	}
	if v.bytes > v.c.cfg.CacheBytes {
		v.skipped = true
		return nil
	}
	overlay := utxo.NewOverlay(v.top, v.c.coins)
	clean, err := disconnectBlock(overlay, b, undo, n, v.c.params)
	if err != nil {
		return err
	}
	if !clean {
		v.unclean = n
	}
	v.top = overlay
	v.bytes += overlayBytes(overlay)
	return nil
}

func (v *verifier) putOn(n *headers.Node) error {
	b, err := v.c.Block(n)
	if err != nil {
		return damaged(err)
	}
	s, err := v.c.connect(n, b, connectOptions{below: v.top, scripts: scriptsAlways})
	if err == nil {
		err = v.c.runNow(s.job)
	}
	if err != nil {
		return corrupt("block %s at height %d does not connect: %v", n.Hash(), n.Height(), err)
	}
	v.top = s.overlay
	return nil
}
