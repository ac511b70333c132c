package chain

import (
	"slices"

	"grapevine/chain/headers"
)

// candidates are the blocks that might become the tip: their transactions and
// those of all their ancestors are here, and they have at least the tip's
// work. They are kept in order, the best one last.
//
// Equal work goes to the block whose transactions came first (the lower
// sequence number), so that nobody gains by sending a rival later; blocks read
// from disk at start share a number, and there the hash decides.
type candidates struct {
	list []*headers.Node
}

// compareNodes orders by work, then by the sequence in which blocks arrived.
func compareNodes(a, b *headers.Node) int {
	if a == b {
		return 0
	}
	if c := a.ChainWork().Cmp(b.ChainWork()); c != 0 {
		return c
	}
	switch sa, sb := a.SequenceID(), b.SequenceID(); {
	case sa < sb:
		return 1
	case sa > sb:
		return -1
	}
	return b.Hash().Compare(a.Hash())
}

// better reports whether a is to be preferred over b.
func better(a, b *headers.Node) bool { return compareNodes(a, b) > 0 }

// add puts n where it belongs; adding it twice is no harm.
func (c *candidates) add(n *headers.Node) {
	i, found := slices.BinarySearchFunc(c.list, n, compareNodes)
	if !found {
		c.list = slices.Insert(c.list, i, n)
	}
}

// remove takes n out where it is in. It must be called before the sequence
// number of n changes.
func (c *candidates) remove(n *headers.Node) {
	if i, found := slices.BinarySearchFunc(c.list, n, compareNodes); found {
		c.list = slices.Delete(c.list, i, i+1)
	}
}

// best returns the best candidate, nil when there is none.
func (c *candidates) best() *headers.Node {
	if len(c.list) == 0 {
		return nil
	}
	return c.list[len(c.list)-1]
}

// prune drops the candidates that are worse than tip.
func (c *candidates) prune(tip *headers.Node) {
	i, _ := slices.BinarySearchFunc(c.list, tip, compareNodes)
	c.list = c.list[i:] // not moved: the list is long while stored blocks are connected
}

// check panics when the order is broken.
func (c *candidates) check() {
	if !slices.IsSortedFunc(c.list, compareNodes) {
		panic("chain: candidates out of order")
	}
}
