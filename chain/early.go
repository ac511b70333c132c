package chain

import (
	"slices"
	"sync"
	"sync/atomic"

	"grapevine/chain/headers"
	"grapevine/wire"
)

// early is told of blocks.
type early = func(n *headers.Node, b *wire.Block)

// watchers are those that are told early.
type watchers struct {
	mu   sync.Mutex
	list atomic.Pointer[[]*early] // replaced under mu
}

// WatchEarly has fn told of a block that follows on the tip and has passed all
// checks that need no coins, before it is stored and connected: it may still turn out
// invalid. That begins after the initial download and ends when stop is called. The
// owner calls fn and waits for it.
func (c *Chain) WatchEarly(fn func(n *headers.Node, b *wire.Block)) (stop func()) {
	c.early.change(func(list []*early) []*early { return append(list, &fn) })
	return func() {
		c.early.change(func(list []*early) []*early {
			return slices.DeleteFunc(list, func(p *early) bool { return p == &fn })
		})
	}
}

func (w *watchers) change(f func([]*early) []*early) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var old []*early
	if p := w.list.Load(); p != nil {
		old = *p
	}
	list := f(slices.Clone(old))
	w.list.Store(&list)
}

// tellEarly is called with a block that passed [consensus.ContextualCheckBlock].
func (c *Chain) tellEarly(n *headers.Node, b *wire.Block) {
	list := c.early.list.Load()
	if list == nil || n.Parent() != c.tip() || c.Syncing() {
		return
	}
	for _, fn := range *list {
		(*fn)(n, b)
	}
}
