package headers

import (
	"sort"
	"sync/atomic"

	"grapevine/wire"
)

// pageSize is how many nodes share a page: a chain of a million blocks is a
// thousand pointers to pages.
const pageSize = 1024

// page is a run of the chain that many views share. A slot is written once, by
// whoever claims it, before any view that reaches it is published; views whose
// tip is below never look at it.
type page struct {
	claimed atomic.Int32 // slots below are taken
	nodes   [pageSize]*Node
}

// Chain is an immutable view of one chain from genesis to a tip. Any goroutine
// may use it. The zero value is the empty chain.
type Chain struct {
	tip   *Node
	pages []*page
}

// NewChain returns the view of the chain that ends in tip.
func NewChain(tip *Node) *Chain { return new(Chain).With(tip) }

// Tip returns the last block, nil for the empty chain.
func (c *Chain) Tip() *Node { return c.tip }

// Height returns the height of the tip, -1 for the empty chain.
func (c *Chain) Height() int32 {
	if c.tip == nil {
		return -1
	}
	return c.tip.height
}

// Genesis returns the first block, nil for the empty chain.
func (c *Chain) Genesis() *Node { return c.At(0) }

// At returns the block at height, nil when the chain does not reach it.
func (c *Chain) At(height int32) *Node {
	if height < 0 || height > c.Height() {
		return nil
	}
	return c.pages[height/pageSize].nodes[height%pageSize]
}

// Contains reports whether the block is in the chain.
func (c *Chain) Contains(n *Node) bool { return n != nil && c.At(n.height) == n }

// Next returns the block after n, nil when n is the tip or not in the chain.
func (c *Chain) Next(n *Node) *Node {
	if !c.Contains(n) {
		return nil
	}
	return c.At(n.height + 1)
}

// Fork returns the last block that n's chain has in common with this one: n
// itself when it is in the chain, nil for nil and for the empty chain.
func (c *Chain) Fork(n *Node) *Node {
	if n == nil {
		return nil
	}
	at := n.Ancestor(min(n.height, c.Height()))
	for at != nil && !c.Contains(at) {
		if at.skip != nil && !c.Contains(at.skip) {
			at = at.skip
		} else {
			at = at.parent
		}
	}
	return at
}

// LocatorFork returns the block of the chain that a peer's locator proves to be
// common: the first hash that is in the chain or whose descendant the tip is,
// genesis when none is known.
func (c *Chain) LocatorFork(t *Tree, locator []wire.BlockHash) *Node {
	for _, hash := range locator {
		n := t.Lookup(hash) // nil is neither
		if c.Contains(n) {
			return n
		}
		if n.HasAncestor(c.tip) {
			return c.tip
		}
	}
	return c.Genesis()
}

// EarliestAtLeast returns the first block at or above height such that it or a
// block before it has at least that time; nil when there is none.
func (c *Chain) EarliestAtLeast(time int64, height int32) *Node {
	i := sort.Search(int(c.Height())+1, func(i int) bool {
		n := c.At(int32(i))
		return n.TimeMax() >= time && n.height >= height
	})
	return c.At(int32(i))
}

// With returns the view of the chain that ends in tip, nil for the empty one.
// What both chains have in common is shared, so that adding a block to the tip
// allocates a page once in 1024 times.
func (c *Chain) With(tip *Node) *Chain {
	if tip == nil {
		return new(Chain)
	}
	first := int32(0) // the lowest height whose block is not in c
	if fork := c.Fork(tip); fork != nil {
		first = fork.height + 1
	}
	next := &Chain{tip: tip, pages: c.pages}
	if first > tip.height {
		return next
	}
	next.pages = pagesFor(c.pages, first, tip.height)
	n := tip
	for ; n.height > first; n = n.parent {
		next.pages[n.height/pageSize].nodes[n.height%pageSize] = n
	}
	next.pages[first/pageSize].nodes[first%pageSize] = n
	return next
}

// pagesFor returns pages whose slots from first to last are free to write and
// that agree with old below first.
func pagesFor(old []*page, first, last int32) []*page {
	at, slot := first/pageSize, first%pageSize
	end := min(last, (at+1)*pageSize-1)%pageSize + 1
	if int(at) < len(old) && old[at].claimed.CompareAndSwap(slot, end) {
		if last/pageSize == at && int(at) == len(old)-1 {
			return old
		}
	} else {
		fresh := new(page)
		if slot > 0 {
			copy(fresh.nodes[:slot], old[at].nodes[:slot])
		}
		fresh.claimed.Store(end)
		old = append(append(make([]*page, 0, at+1), old[:at]...), fresh)
	}
	pages := append(make([]*page, 0, last/pageSize+1), old[:at+1]...)
	for i := at + 1; i <= last/pageSize; i++ {
		fresh := new(page)
		fresh.claimed.Store(min(last-i*pageSize+1, pageSize))
		pages = append(pages, fresh)
	}
	return pages
}
