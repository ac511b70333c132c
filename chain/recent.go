package chain

import (
	"cmp"
	"maps"
	"slices"

	"grapevine/chain/headers"
	"grapevine/wire"
)

// recent holds the blocks that were accepted and are not connected yet, so
// that the usual block is not read back from disk. It is bounded in bytes:
// what does not fit is read from its file when its turn comes. The nearest to
// genesis stay, as their turn comes first: a sync gets blocks in a window ahead
// of the tip, and the one that all others wait for is the last to arrive.
type recent struct {
	limit  int
	bytes  int
	blocks map[*headers.Node]*wire.Block
}

func newRecent(limit int) *recent {
	return &recent{limit: limit, blocks: make(map[*headers.Node]*wire.Block)}
}

func (r *recent) put(n *headers.Node, b *wire.Block) {
	if r.has(n) {
		return
	}
	size := len(b.Raw())
	if r.bytes+size > r.limit {
		r.evict(size, func(m *headers.Node) bool { return m.Height() > n.Height() })
	}
	if r.bytes+size > r.limit && r.bytes > 0 {
		return
	}
	r.blocks[n] = b
	r.bytes += size
}

// evict makes room for so many bytes, as far as blocks may go: the farthest
// first, and no more than it takes.
func (r *recent) evict(room int, may func(*headers.Node) bool) {
	list := slices.DeleteFunc(slices.Collect(maps.Keys(r.blocks)), func(n *headers.Node) bool { return !may(n) })
	slices.SortFunc(list, func(a, b *headers.Node) int { return cmp.Compare(b.Height(), a.Height()) })
	for _, n := range list {
		if r.bytes+room <= r.limit {
			return
		}
		r.drop(n)
	}
}

func (r *recent) get(n *headers.Node) *wire.Block { return r.blocks[n] }

func (r *recent) has(n *headers.Node) bool { return r.blocks[n] != nil }

func (r *recent) drop(n *headers.Node) {
	if b, found := r.blocks[n]; found {
		delete(r.blocks, n)
		r.bytes -= len(b.Raw())
	}
}

func (r *recent) full() bool { return r.bytes >= r.limit }
