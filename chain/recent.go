package chain

import (
	"grapevine/chain/headers"
	"grapevine/wire"
)

// recent holds the blocks that were accepted and are not connected yet, so
// that the usual block is not read back from disk. It is bounded in bytes:
// what does not fit is read from its file when its turn comes.
type recent struct {
	limit  int
	bytes  int
	blocks map[*headers.Node]*wire.Block
}

func newRecent(limit int) *recent {
	return &recent{limit: limit, blocks: make(map[*headers.Node]*wire.Block)}
}

func (r *recent) put(n *headers.Node, b *wire.Block) {
	if _, found := r.blocks[n]; found || r.bytes+len(b.Raw()) > r.limit && r.bytes > 0 {
		return
	}
	r.blocks[n] = b
	r.bytes += len(b.Raw())
}

func (r *recent) get(n *headers.Node) *wire.Block { return r.blocks[n] }

func (r *recent) has(n *headers.Node) bool { return r.blocks[n] != nil }

func (r *recent) drop(n *headers.Node) {
	if b, found := r.blocks[n]; found {
		delete(r.blocks, n)
		r.bytes -= len(b.Raw())
	}
}

// sweep drops the blocks that keep says nothing of.
func (r *recent) sweep(keep func(*headers.Node) bool) {
	for n := range r.blocks {
		if !keep(n) {
			r.drop(n)
		}
	}
}

func (r *recent) full() bool { return r.bytes >= r.limit }
