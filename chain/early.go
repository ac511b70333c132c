package chain

import (
	"slices"
	"sync"
	"sync/atomic"

	"grapevine/chain/headers"
	"grapevine/wire"
)

// Early is told of a block that follows on the tip and has passed all checks that
// need no coins, before it is stored and connected: it may still turn out invalid. It
// is called by the owner, which waits for it.
type Early func(n *headers.Node, b *wire.Block)

// watchers are those that are told early.
type watchers struct {
	mu   sync.Mutex
	list atomic.Pointer[[]*Early] // replaced under mu
}

// WatchEarly has fn told of new blocks as soon as they are worth passing on, until
// stop is called, after the initial download. It must not wait for anything.
func (c *Chain) WatchEarly(fn Early) (stop func()) {
	c.early.change(func(list []*Early) []*Early { return append(list, &fn) })
	return func() {
		c.early.change(func(list []*Early) []*Early {
			return slices.DeleteFunc(list, func(p *Early) bool { return p == &fn })
		})
	}
}

func (w *watchers) change(f func([]*Early) []*Early) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var old []*Early
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
