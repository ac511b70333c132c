package graph

import (
	"math/bits"

	"grapevine/wire"
)

// cluster is a connected set of nodes in their linearisation. Sets of its nodes
// are words: bit i stands for nodes[i].
type cluster struct {
	nodes  []*Node
	anc    []uint64 // anc[i] are the ancestors of nodes[i], itself included
	chunks []chunk
	weight wire.Weight
	place  [2]int // in the heaps
	proven bool   // no order is better

	// Most clusters are single nodes, and find their room here.
	oneNode  [1]*Node
	oneAnc   [1]uint64
	oneChunk [1]chunk
}

// chunk is the run of nodes from the end of the chunk before it to end.
type chunk struct {
	end  int
	rate Frac
	// prefix is the weight of this chunk and of those right before it that have
	// the same feerate: it orders chunks that pay the same, within a cluster and
	// among clusters.
	prefix wire.Weight
	// last is the greatest ID in the chunk, the final tie-break.
	last wire.Txid
}

func newSingleton(n *Node) *cluster {
	c := &cluster{weight: n.rate.Weight}
	c.oneNode[0], c.oneAnc[0] = n, 1
	c.nodes, c.anc, c.chunks = c.oneNode[:], c.oneAnc[:], c.oneChunk[:0]
	n.cluster, n.at = c, 0
	c.cut()
	c.proven = true
	return c
}

// absorb appends another cluster, which is of no use afterwards.
func (c *cluster) absorb(o *cluster) {
	shift := len(c.nodes)
	for i, n := range o.nodes {
		n.cluster, n.at = c, shift+i
		c.nodes = append(c.nodes, n)
		c.anc = append(c.anc, o.anc[i]<<shift)
	}
	c.weight += o.weight
}

// append adds a node that depends on parents, all of this cluster.
func (c *cluster) append(n *Node, parents []*Node) {
	n.cluster, n.at = c, len(c.nodes)
	set := uint64(1) << n.at
	for _, p := range parents {
		set |= c.anc[p.at]
	}
	c.nodes = append(c.nodes, n)
	c.anc = append(c.anc, set)
	c.weight += n.rate.Weight
}

// without returns the clusters that are left when the doomed nodes are gone.
func (c *cluster) without(doomed uint64) []*cluster {
	var parts []*cluster
	for _, set := range c.components(all(len(c.nodes)) &^ doomed) {
		parts = append(parts, c.restrict(set))
	}
	return parts
}

// components splits a set of nodes into those that are connected with each
// other by dependencies within the set.
func (c *cluster) components(left uint64) []uint64 {
	var parts []uint64
	for left != 0 {
		part := left & -left
		for {
			grown := part
			for set := left; set != 0; set &= set - 1 {
				i := bits.TrailingZeros64(set)
				if family := c.anc[i] & left; family&part != 0 {
					grown |= family
				}
			}
			if grown == part {
				break
			}
			part = grown
		}
		left &^= part
		parts = append(parts, part)
	}
	return parts
}

// restrict returns a cluster of these nodes alone, in the order that they have.
func (c *cluster) restrict(set uint64) *cluster {
	if bits.OnesCount64(set) == 1 {
		return newSingleton(c.nodes[bits.TrailingZeros64(set)])
	}
	r := &cluster{}
	for s := set; s != 0; s &= s - 1 {
		i := bits.TrailingZeros64(s)
		n := c.nodes[i]
		r.anc = append(r.anc, squeeze(c.anc[i]&set, set))
		r.nodes = append(r.nodes, n)
		r.weight += n.rate.Weight
	}
	for i, n := range r.nodes {
		n.cluster, n.at = r, i
	}
	r.linearise()
	return r
}

// squeeze moves the bits of set that mask selects to the low end.
func squeeze(set, mask uint64) (out uint64) {
	for i := 0; mask != 0; mask, i = mask&(mask-1), i+1 {
		if set&(mask&-mask) != 0 {
			out |= 1 << i
		}
	}
	return out
}

// all is the set of the first n nodes.
func all(n int) uint64 {
	if n == MaxCount {
		return ^uint64(0)
	}
	return 1<<n - 1
}

func (c *cluster) descendants(at int) (set uint64) {
	for i := at; i < len(c.nodes); i++ {
		set |= (c.anc[i] >> at & 1) << i
	}
	return set
}

func (c *cluster) pick(set uint64) []*Node {
	list := make([]*Node, 0, bits.OnesCount64(set))
	for ; set != 0; set &= set - 1 {
		list = append(list, c.nodes[bits.TrailingZeros64(set)])
	}
	return list
}

func (c *cluster) chunkOf(at int) *chunk {
	for i := range c.chunks {
		if at < c.chunks[i].end {
			return &c.chunks[i]
		}
	}
	panic("graph: node behind the last chunk")
}

// memory is what the graph of Bitcoin Core would take for the cluster, so that
// a pool of the same bound holds as much: the node entries (80 bytes each), an
// index entry for each chunk (64), and the cluster with its lists.
func (c *cluster) memory() int64 {
	n := int64(len(c.nodes))
	m := 80*n + 64*int64(len(c.chunks)) + 8
	if n == 1 {
		return m + 64
	}
	return m + 128 + 2*allocated(4*n) + allocated(32*n)
}

// allocated is what an allocator takes for n bytes on 64-bit systems.
func allocated(n int64) int64 { return (n + 31) &^ 15 }

// Memory returns the bytes that the graph counts for.
func (g *Graph) Memory() int64 { return g.memory }
