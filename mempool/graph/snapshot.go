package graph

import "slices"

// Snapshot is a copy of what orders the nodes of a graph, so that a large graph
// can be put in order while it changes.
type Snapshot struct {
	chunks []chunkCopy
	nodes  int
}

type chunkCopy struct {
	chunk
	nodes []*Node
}

// Snapshot copies the order of all nodes: a pass over them, without comparing
// any.
func (g *Graph) Snapshot() *Snapshot {
	s := &Snapshot{chunks: make([]chunkCopy, 0, len(g.best.list)), nodes: g.count}
	slab := make([]*Node, 0, g.count)
	for _, c := range g.best.list {
		from := len(slab)
		slab = append(slab, c.nodes...)
		nodes := slab[from:]
		at := 0
		for _, k := range c.chunks {
			s.chunks = append(s.chunks, chunkCopy{chunk: k, nodes: nodes[at:k.end]})
			at = k.end
		}
	}
	return s
}

// Nodes returns the nodes in the order in which they were to be mined. What
// they were connected with may have changed since.
func (s *Snapshot) Nodes() []*Node {
	slices.SortFunc(s.chunks, func(a, b chunkCopy) int { return compareChunks(&a.chunk, &b.chunk) })
	list := make([]*Node, 0, s.nodes)
	for i := range s.chunks {
		list = append(list, s.chunks[i].nodes...)
	}
	return list
}
