package chain

import (
	"context"
	"sync"
	"time"

	"grapevine/chain/event"
)

// flushInterval is how often coins are written even when the cache has room,
// so that a kill costs no more than the replay of as many minutes.
const flushInterval = 10 * time.Minute

// Run drives the ledger until ctx ends: nil then, [ErrStopHeight] when the
// configured height is reached, or the failure that made it stop. It returns
// when everything is written, which takes seconds whatever the cache holds,
// and closes the stores. It may be called once.
func (c *Chain) Run(ctx context.Context) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	c.publish = func(e event.Event) {
		// Only a holding cursor, the pool's, makes this wait; the error can
		// only be that of a chain that ends, when nobody listens any more.
		_, _ = c.events.Publish(inner, e)
	}
	// The workers outlive the owner, who may be waiting for one of their
	// verdicts when ctx ends.
	scripts, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() { c.scripts.run(scripts) })
	err := c.own(inner)
	close(c.done)
	stop()
	wg.Wait()
	c.reader.wait()
	return c.shutdown(err)
}

// own is the owner's loop.
func (c *Chain) own(ctx context.Context) error {
	ticker := time.NewTicker(flushInterval)
	defer ticker.Stop()
	if err := c.leaveInvalid(); err != nil {
		return err
	}
	for {
		if err := c.advance(); err != nil {
			return err
		}
		if err := c.failure(); err != nil {
			return err
		}
		if c.stopReached() {
			return ErrStopHeight
		}
		var imports <-chan *importItem
		if !c.recent.full() && len(c.exclusive) == 0 {
			imports = c.imports
		}
		select {
		case <-ctx.Done():
			return nil
		case do := <-c.cmds:
			if err := do(); err != nil {
				return err
			}
		case it := <-imports:
			c.takeImport(it)
		case <-c.wakeup:
		case <-ticker.C:
			c.maybeFlush(true)
		}
	}
}

func (c *Chain) stopReached() bool {
	return c.cfg.StopAtHeight > 0 && c.tip() != nil && c.tip().Height() >= c.cfg.StopAtHeight
}

// halted reports whether nothing more is to be connected.
func (c *Chain) halted() bool { return c.failure() != nil || c.stopReached() }

// wake makes the owner look again; it never blocks.
func (c *Chain) wake() {
	select {
	case c.wakeup <- struct{}{}:
	default: // it is due to look anyway
	}
}

// ask runs do on the owner and waits until it has replied. do gets the
// function that replies, which it may keep for later; it is called once.
func (c *Chain) ask(ctx context.Context, do func(reply func(error)) error) error {
	result := make(chan error, 1)
	reply := func(err error) { result <- err }
	select {
	case c.cmds <- func() error { return do(reply) }:
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		return c.closedError()
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		// The answer may have been given just before the end.
		select {
		case err := <-result:
			return err
		default:
			return c.closedError()
		}
	}
}

// alone runs do on the owner when nothing is in flight, and waits for it.
func (c *Chain) alone(ctx context.Context, do func() error) error {
	return c.ask(ctx, func(reply func(error)) error {
		c.exclusive = append(c.exclusive, func() error {
			if err := ctx.Err(); err != nil {
				reply(err) // who asked has gone while it waited its turn
				return nil
			}
			reply(do())
			return c.failure()
		})
		return nil
	})
}

func (c *Chain) closedError() error {
	if err := c.failure(); err != nil {
		return err
	}
	return ErrClosed
}
