package graph

import (
	"cmp"
	"slices"
)

// before reports whether chunk i of a is mined before chunk j of b: the higher
// feerate first, then the smaller prefix of equal feerate, then the smaller of
// the greatest IDs. This is a strict order of all chunks that agrees with the
// order within each cluster.
func before(a *cluster, i int, b *cluster, j int) bool {
	return compareChunks(&a.chunks[i], &b.chunks[j]) < 0
}

func compareChunks(x, y *chunk) int {
	if r := y.rate.CompareRate(x.rate); r != 0 {
		return r
	}
	if r := cmp.Compare(x.prefix, y.prefix); r != 0 {
		return r
	}
	return x.last.Compare(y.last)
}

// Compare orders two nodes as they are mined.
func Compare(a, b *Node) int {
	if a.cluster == b.cluster {
		return cmp.Compare(a.at, b.at)
	}
	return compareChunks(a.cluster.chunkOf(a.at), b.cluster.chunkOf(b.at))
}

// A Chunk is a run of nodes that are mined together.
type Chunk struct {
	Nodes []*Node // parents before children; not to be changed
	Rate  Frac    // of all of them
}

// Worst returns the chunk that is mined last; false for an empty graph. No
// node outside it depends on one in it.
func (g *Graph) Worst() (Chunk, bool) {
	if len(g.worst.list) == 0 {
		return Chunk{}, false
	}
	c := g.worst.list[0]
	return c.chunk(len(c.chunks) - 1), true
}

func (c *cluster) chunk(i int) Chunk {
	from := 0
	if i > 0 {
		from = c.chunks[i-1].end
	}
	k := &c.chunks[i]
	return Chunk{Nodes: c.nodes[from:k.end], Rate: k.rate}
}

// Verdict is what a visitor of chunks makes of one.
type Verdict uint8

const (
	// Take goes on with what comes next.
	Take Verdict = iota
	// Skip leaves out the chunk, and with it what may depend on it: the rest of
	// its cluster.
	Skip
	// Stop ends the visit.
	Stop
)

// Visit shows the chunks to visit in the order in which they are mined. It
// touches no more than it shows, and the graph must not change meanwhile.
func (g *Graph) Visit(visit func(Chunk) Verdict) {
	if len(g.best.list) == 0 {
		return
	}
	f := frontier{g: g}
	f.push(step{c: g.best.list[0], heapAt: 0})
	for len(f.steps) > 0 {
		s := f.pop()
		v := visit(s.c.chunk(s.chunk))
		if v == Stop {
			return
		}
		if s.chunk == 0 {
			for _, child := range []int{2*s.heapAt + 1, 2*s.heapAt + 2} {
				if child < len(g.best.list) {
					f.push(step{c: g.best.list[child], heapAt: child})
				}
			}
		}
		if v == Take && s.chunk+1 < len(s.c.chunks) {
			f.push(step{c: s.c, chunk: s.chunk + 1, heapAt: s.heapAt})
		}
	}
}

// Each shows all nodes, parents before their children, in no order among
// clusters that matters.
func (g *Graph) Each(show func(*Node)) {
	for _, c := range g.best.list {
		for _, n := range c.nodes {
			show(n)
		}
	}
}

// frontier holds the chunks that can be next: a walk down the heap of clusters
// by their best chunks, and along each cluster that was entered.
type frontier struct {
	g     *Graph
	steps []step
}

type step struct {
	c      *cluster
	chunk  int
	heapAt int
}

func (f *frontier) less(i, j int) bool {
	return before(f.steps[i].c, f.steps[i].chunk, f.steps[j].c, f.steps[j].chunk)
}

func (f *frontier) push(s step) {
	f.steps = append(f.steps, s)
	for i := len(f.steps) - 1; i > 0 && f.less(i, (i-1)/2); i = (i - 1) / 2 {
		f.steps[i], f.steps[(i-1)/2] = f.steps[(i-1)/2], f.steps[i]
	}
}

func (f *frontier) pop() step {
	top, last := f.steps[0], len(f.steps)-1
	f.steps[0] = f.steps[last]
	f.steps = f.steps[:last]
	for i := 0; ; {
		next := 2*i + 1
		if next >= last {
			return top
		}
		if next+1 < last && f.less(next+1, next) {
			next++
		}
		if !f.less(next, i) {
			return top
		}
		f.steps[i], f.steps[next] = f.steps[next], f.steps[i]
		i = next
	}
}

// Sort orders nodes as they are mined.
func Sort(nodes []*Node) { slices.SortFunc(nodes, Compare) }

// heap keeps clusters so that the least is at the front, and knows where each
// is.
type heap struct {
	list  []*cluster
	less  func(a, b *cluster) bool
	which int // index into cluster.place
}

func (h *heap) push(c *cluster) {
	c.place[h.which] = len(h.list)
	h.list = append(h.list, c)
	h.up(len(h.list) - 1)
}

func (h *heap) remove(c *cluster) {
	at, last := c.place[h.which], len(h.list)-1
	h.swap(at, last)
	h.list[last] = nil
	h.list = h.list[:last]
	if at < last {
		h.down(at)
		h.up(at)
	}
}

func (h *heap) swap(i, j int) {
	h.list[i], h.list[j] = h.list[j], h.list[i]
	h.list[i].place[h.which], h.list[j].place[h.which] = i, j
}

func (h *heap) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.less(h.list[i], h.list[parent]) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h *heap) down(i int) {
	for {
		next := 2*i + 1
		if next >= len(h.list) {
			return
		}
		if next+1 < len(h.list) && h.less(h.list[next+1], h.list[next]) {
			next++
		}
		if !h.less(h.list[next], h.list[i]) {
			return
		}
		h.swap(i, next)
		i = next
	}
}
