package headers

import (
	"cmp"
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
	// leaves are the nodes without children except newest, the last one
	// inserted, so that a long branch is loaded without touching the map.
	leaves map[*Node]struct{}
	newest *Node
}

// NewTree returns a tree that holds the network's genesis.
func NewTree(p *params.Params) *Tree {
	t := &Tree{params: p, seed: maphash.MakeSeed(), slots: make([]uint32, 2*slabSize), leaves: make(map[*Node]struct{})}
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
	} else if parent != t.newest {
		t.leaves[t.newest] = struct{}{}
		delete(t.leaves, parent)
	}
	t.newest = n
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

// RecomputeBest looks for the best header again, from the leaves down: the
// descendants of an invalid node are all invalid. The owner calls it after it
// loaded the tree, marked a block failed or took such a mark back.
func (t *Tree) RecomputeBest() *Node {
	best := t.genesis
	for _, n := range t.Leaves() {
		for n.parent != nil && n.Status().Invalid() {
			n = n.parent
		}
		if t.preferred(n, best) {
			best = n
		}
	}
	t.best.Store(best)
	return best
}

// preferred reports whether a has more work than b or, of equals, came first:
// its transactions did, or else its header.
func (t *Tree) preferred(a, b *Node) bool {
	if c := a.work.Cmp(b.work); c != 0 {
		return c > 0
	}
	if sa, sb := a.SequenceID(), b.SequenceID(); sa != sb {
		return sa < sb
	}
	return t.position(a) < t.position(b)
}

// position returns how many nodes were inserted before n.
func (t *Tree) position(n *Node) uint32 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	_, slot := t.find(n.hash)
	return t.slots[slot]
}

// Leaves returns the nodes without children, in no order.
func (t *Tree) Leaves() []*Node {
	t.mu.RLock()
	defer t.mu.RUnlock()
	list := make([]*Node, 0, len(t.leaves)+1)
	for n := range t.leaves {
		list = append(list, n)
	}
	return append(list, t.newest)
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
	tips := slices.DeleteFunc(t.Leaves(), active.Contains)
	slices.SortFunc(tips, func(a, b *Node) int { return cmp.Compare(t.position(a), t.position(b)) })
	if tip := active.Tip(); tip != nil {
		tips = append(tips, tip)
	}
	slices.SortStableFunc(tips, func(a, b *Node) int { return int(b.height - a.height) })
	return tips
}
