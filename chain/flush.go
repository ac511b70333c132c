package chain

import (
	"slices"
	"time"

	"grapevine/chain/blockstore"
	"grapevine/chain/headers"
)

// flusher is the owner's view of the flush that runs in the background.
type flusher struct {
	running bool
	ended   chan error // the running flush's result
	last    time.Time  // when one was begun last
	merged  int        // blocks since then
}

const (
	// flushStepBytes is what one step writes: about 50 ms at 80 MB/s, which
	// bounds how long a stop waits for a step to end.
	flushStepBytes = 4 << 20
	// shutdownFlush is how long a stop goes on writing coins. What is not
	// written by then is rolled forward at the next start.
	shutdownFlush = 6 * time.Second
	// indexFlush is how many records of the block index may wait to be written:
	// 20,000 of 130 bytes are a batch of 2.6 MB.
	indexFlush = 20_000
)

// maybeFlush begins a flush when the cache is full, or, with idle set, when
// there is anything to write. When only the block index has much to write, as
// while headers are synced, the coins are left alone. Only one runs at a time.
func (c *Chain) maybeFlush(idle bool) {
	c.reapFlush()
	if c.flush.running || c.failure() != nil {
		return
	}
	full := c.coins.NeedsFlush() || c.cfg.tune.flushEvery > 0 && c.flush.merged >= c.cfg.tune.flushEvery
	switch {
	case full, idle && (len(c.dirty) > 0 || c.coins.Dirty()):
		c.beginFlush(nil)
	case len(c.dirty) >= c.cfg.tune.indexEvery:
		c.beginIndexFlush()
	}
}

// beginIndexFlush starts the goroutine that writes what changed in the block
// index: while a million headers are synced, neither their list nor the batch
// that holds it grows with them.
func (c *Chain) beginIndexFlush() {
	records := c.dirtyRecords()
	ended := make(chan error, 1)
	c.flush.running, c.flush.ended = true, ended
	c.log.Debug("index flush begins", "category", "coindb", "records", len(records))
	go func() {
		ended <- c.writeIndex(records)
		c.wake()
	}()
}

// writeIndex writes records of the block index, after the blocks and undo data
// that they name.
func (c *Chain) writeIndex(records []blockstore.Record) error {
	if err := c.store.Sync(); err != nil {
		return err
	}
	return c.store.WriteIndex(records)
}

// beginFlush freezes what is to be written and starts the goroutine that
// writes it. When stop is not nil, the flush gives up once it is closed.
func (c *Chain) beginFlush(stop <-chan struct{}) {
	records := c.dirtyRecords()
	if err := c.coins.BeginFlush(); err != nil {
		_ = c.fail(err) // the owner's loop ends with it
		return
	}
	c.flush.running = true
	c.flush.merged = 0
	c.flush.last = c.cfg.Now()
	ended := make(chan error, 1)
	c.flush.ended = ended
	c.log.Debug("flush begins", "category", "coindb", "best", c.coins.Best(), "records", len(records))
	go func() {
		err := c.writeFlush(records, stop)
		ended <- err
		c.wake()
	}()
}

// writeFlush writes the block index and then the coins that rest on it.
func (c *Chain) writeFlush(records []blockstore.Record, stop <-chan struct{}) error {
	began := time.Now()
	if err := c.writeIndex(records); err != nil {
		return err
	}
	for {
		done, err := c.coins.FlushStep(c.cfg.tune.flushStep)
		if err != nil {
			return err
		}
		if done {
			c.log.Debug("flush ended", "category", "coindb", "took", time.Since(began))
			return nil
		}
		select {
		case <-stop:
			c.log.Info("leaving the rest of the coins to the next start")
			return nil
		default:
		}
	}
}

// reapFlush takes note of a flush that has ended.
func (c *Chain) reapFlush() {
	if !c.flush.running {
		return
	}
	select {
	case err := <-c.flush.ended:
		c.flush.running = false
		_ = c.fail(err) // the owner's loop ends with it
	default:
	}
}

// flushHolds reports whether connecting has to wait for the running flush.
func (c *Chain) flushHolds() bool {
	c.maybeFlush(false)
	return c.failure() != nil || c.coins.Full()
}

// flushAll writes everything while the owner waits; the set on disk is then
// that of the tip.
func (c *Chain) flushAll() error {
	if c.flush.running {
		err := <-c.flush.ended
		c.flush.running = false
		if err != nil {
			return c.fail(err)
		}
	}
	c.beginFlush(nil)
	if err := c.failure(); err != nil {
		return err
	}
	err := <-c.flush.ended
	c.flush.running = false
	return c.fail(err)
}

// dirtyRecords takes the nodes that changed since the last flush, as the
// records to write, parents before children.
func (c *Chain) dirtyRecords() []blockstore.Record {
	records := make([]blockstore.Record, 0, len(c.dirty))
	for n := range c.dirty {
		records = append(records, recordOf(n))
	}
	clear(c.dirty)
	slices.SortFunc(records, func(a, b blockstore.Record) int { return int(a.Height - b.Height) })
	return records
}

func recordOf(n *headers.Node) blockstore.Record {
	return blockstore.Record{
		Header: n.Header(), Height: n.Height(), Status: uint32(n.Status()),
		TxCount: n.TxCount(), File: n.File(), DataPos: n.DataPos(), UndoPos: n.UndoPos(),
	}
}

// shutdown writes what it can within shutdownFlush and closes the stores.
// After a failure nothing more is written: the disk is as the last completed
// step left it, which the next start knows how to go on from.
func (c *Chain) shutdown(cause error) error {
	c.pipe.drop()
	timer := time.NewTimer(shutdownFlush)
	defer timer.Stop()
	if c.flush.running {
		if err := <-c.flush.ended; err != nil {
			_ = c.fail(err)
		}
		c.flush.running = false
	}
	if c.failure() == nil {
		stop := make(chan struct{})
		c.beginFlush(stop)
		if c.flush.running {
			c.awaitLastFlush(timer, stop)
		}
	}
	err := c.close()
	if f := c.failure(); f != nil {
		return f
	}
	if cause != nil {
		return cause
	}
	return err
}

func (c *Chain) awaitLastFlush(timer *time.Timer, stop chan struct{}) {
	select {
	case err := <-c.flush.ended:
		_ = c.fail(err)
	case <-timer.C:
		close(stop)
		_ = c.fail(<-c.flush.ended)
	}
	c.flush.running = false
}
