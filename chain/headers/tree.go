package headers

import (
	"hash/maphash"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"grapevine/chain/params"
	"grapevine/internal/u256"
	"grapevine/wire"
)

// slabSize is how many nodes are allocated at once: 1024 * 176 bytes = 176 KiB,
// so that a million nodes are a thousand objects to the garbage collector.
const slabSize = 1024

// Tree holds all headers by hash. One goroutine, the chain's owner, inserts;
// any may look up.
type Tree struct {
	params  *params.Params
	genesis *Node
	best    atomic.Pointer[Node]
	seed    maphash.Seed

	// The last proof computed: bits change once in 2016 blocks. Owner only.
	proofBits uint32
	proof     u256.Int

	mu    sync.RWMutex
	slabs [][]Node // guarded by mu; the nodes themselves are not
	count int
	// slots is an open-addressing table of positions plus one in the slabs. At
	// most half full, it takes 8 to 16 bytes a node where a map of hashes takes
	// fifty.
	slots []uint32
}

// NewTree returns a tree that holds the network's genesis.
func NewTree(p *params.Params) *Tree {
	t := &Tree{params: p, seed: maphash.MakeSeed(), slots: make([]uint32, 2*slabSize)}
	h := p.Genesis.Header
	t.genesis = t.add(&h, h.Hash(), nil)
	return t
}

// Params returns the network that the tree is of.
func (t *Tree) Params() *params.Params { return t.params }

// Genesis returns the root.
func (t *Tree) Genesis() *Node { return t.genesis }

// Len returns the number of headers.
func (t *Tree) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.count
}

// Lookup returns the node of a hash, nil when there is none.
func (t *Tree) Lookup(hash wire.BlockHash) *Node {
	t.mu.RLock()
	defer t.mu.RUnlock()
	n, _ := t.find(hash)
	return n
}

// find returns the node of a hash, or nil and the free slot where it belongs.
func (t *Tree) find(hash wire.BlockHash) (*Node, int) {
	mask := len(t.slots) - 1
	for i := int(maphash.Comparable(t.seed, hash)) & mask; ; i = (i + 1) & mask {
		if t.slots[i] == 0 {
			return nil, i
		}
		if n := t.node(int(t.slots[i] - 1)); n.hash == hash {
			return n, i
		}
	}
}

func (t *Tree) node(i int) *Node { return &t.slabs[i/slabSize][i%slabSize] }

// Insert adds a header below its parent and returns its node, or the node that
// has it already. The caller has checked the header. Below an invalid parent it
// starts with [StatusFailedChild]. It panics when parent is not the header's.
func (t *Tree) Insert(h wire.Header, parent *Node) *Node {
	return t.InsertHashed(h, h.Hash(), parent)
}

// InsertHashed is Insert for a caller that has the hash.
func (t *Tree) InsertHashed(h wire.Header, hash wire.BlockHash, parent *Node) *Node {
	if parent == nil || parent.hash != h.PrevBlock {
		panic("headers: inserted below a block that is not the parent")
	}
	if n := t.Lookup(hash); n != nil {
		return n
	}
	n := t.add(&h, hash, parent)
	if parent.Status().Invalid() {
		n.AddStatus(StatusFailedChild)
		return n
	}
	if n.work.Cmp(t.Best().work) > 0 {
		t.best.Store(n)
	}
	return n
}

// add takes a node from the slabs, fills it, and only then lets it be found.
func (t *Tree) add(h *wire.Header, hash wire.BlockHash, parent *Node) *Node {
	if h.Bits != t.proofBits || parent == nil {
		t.proofBits, t.proof = h.Bits, BlockProof(h.Bits)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count == len(t.slabs)*slabSize {
		t.slabs = append(t.slabs, make([]Node, slabSize))
	}
	if 2*t.count >= len(t.slots) {
		t.grow()
	}
	n := t.node(t.count)
	n.fill(h, hash, parent, t.proof)
	_, slot := t.find(hash)
	t.count++
	t.slots[slot] = uint32(t.count)
	if parent == nil {
		t.best.Store(n)
	}
	return n
}

func (t *Tree) grow() {
	t.slots = make([]uint32, 2*len(t.slots))
	for i := range t.count {
		_, slot := t.find(t.node(i).hash)
		t.slots[slot] = uint32(i + 1)
	}
}

// Best returns the header with the most work that is not known to be invalid;
// of equals the first. [Tree.RecomputeBest] refreshes it after statuses change.
func (t *Tree) Best() *Node { return t.best.Load() }

// RecomputeBest looks through all headers for the best one. The owner calls it
// after it loaded the tree, marked a block failed or took such a mark back.
func (t *Tree) RecomputeBest() *Node {
	best := t.genesis
	for n := range t.All() {
		if n.Status().Invalid() {
			continue
		}
		c := n.work.Cmp(best.work)
		if c > 0 || c == 0 && n.SequenceID() < best.SequenceID() {
			best = n
		}
	}
	t.best.Store(best)
	return best
}

// All iterates over the nodes that were there at its start, parents before
// their children. The tree may grow meanwhile.
func (t *Tree) All() iter.Seq[*Node] {
	t.mu.RLock()
	slabs, count := t.slabs, t.count
	t.mu.RUnlock()
	return func(yield func(*Node) bool) {
		for i := range count {
			if !yield(&slabs[i/slabSize][i%slabSize]) {
				return
			}
		}
	}
}

// Each calls fn for what [Tree.All] iterates over.
func (t *Tree) Each(fn func(*Node)) {
	for n := range t.All() {
		fn(n)
	}
}

// Tips returns the nodes without children, and the tip of the active chain even
// when headers follow it; the highest first.
func (t *Tree) Tips(active *Chain) []*Node {
	var side []*Node
	hasChild := make(map[*Node]bool)
	for n := range t.All() {
		if active.Contains(n) {
			continue
		}
		side = append(side, n)
		hasChild[n.parent] = true
	}
	side = slices.DeleteFunc(side, func(n *Node) bool { return hasChild[n] })
	if tip := active.Tip(); tip != nil {
		side = append(side, tip)
	}
	slices.SortStableFunc(side, func(a, b *Node) int { return int(b.height - a.height) })
	return side
}
