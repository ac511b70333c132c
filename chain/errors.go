package chain

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"grapevine/chain/blockstore"
	"grapevine/chain/consensus"
)

// Errors of a chain that say nothing about a block's validity.
var (
	// ErrStopHeight is what [Chain.Run] returns after reaching
	// Config.StopAtHeight.
	ErrStopHeight = errors.New("chain: stop height reached")
	// ErrClosed is returned to callers that wait while the chain ends.
	ErrClosed = errors.New("chain: closed")
	// ErrUnknownBlock is returned where a hash is not in the block tree.
	ErrUnknownBlock = errors.New("Block not found")
	// ErrNoData is returned where a block or its undo data is not stored.
	ErrNoData = errors.New("Block not available (not fully downloaded)")
	// ErrReindexing is returned for blocks that arrive while the block files
	// are being indexed anew.
	ErrReindexing = errors.New("chain: the block files are being indexed, no block is taken")
	// ErrCorrupt is wrapped by errors about stored data that contradict
	// themselves; -reindex or -reindex-chainstate rebuilds what can be.
	ErrCorrupt = errors.New("chain: stored data are damaged")
)

// isInvalid reports whether err says that a rule was broken, as opposed to a
// failure of ours.
func isInvalid(err error) bool {
	var ce *consensus.Error
	return errors.As(err, &ce)
}

// wayOut adds to an error about damaged or missing files what helps, where it
// does not say so itself.
func wayOut(err error) error {
	lost := errors.Is(err, ErrCorrupt) || errors.Is(err, blockstore.ErrCorrupt) || errors.Is(err, blockstore.ErrMissing)
	if !lost || strings.Contains(err.Error(), "-reindex") {
		return err
	}
	return fmt.Errorf("%w; start with -reindex to rebuild from the block files what can be", err)
}

// fail ends the chain: nothing is connected any more, and [Chain.Run] returns
// the first error given here. It returns err.
func (c *Chain) fail(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	err = wayOut(err)
	c.fatalOnce.Do(func() {
		c.log.Error("stopping the ledger", "error", err)
		c.fatal.Store(&err)
	})
	return err
}

func (c *Chain) failure() error {
	if p := c.fatal.Load(); p != nil {
		return *p
	}
	return nil
}

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// damaged makes an error about what is stored one that wraps ErrCorrupt.
func damaged(err error) error {
	if errors.Is(err, ErrCorrupt) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}
