package graph

import (
	"math/bits"

	"grapevine/wire"
)

// linearise orders the nodes and cuts them into chunks.
func (c *cluster) linearise() {
	if len(c.nodes) > 1 {
		c.permute(c.greedy())
	}
	c.cut()
}

// greedy returns an order: time and again the node whose remaining ancestors
// pay best, with these ancestors in the order that they have. Of equals the
// lighter set is taken, then the one of the smaller ID.
func (c *cluster) greedy() []int {
	n := len(c.nodes)
	var sums [MaxCount]Frac
	for i := range n {
		for set := c.anc[i]; set != 0; set &= set - 1 {
			sums[i] = sums[i].plus(c.nodes[bits.TrailingZeros64(set)].rate)
		}
	}
	order := make([]int, 0, n)
	for left := all(n); left != 0; {
		best := -1
		for set := left; set != 0; set &= set - 1 {
			i := bits.TrailingZeros64(set)
			if best < 0 || c.better(&sums, i, best) {
				best = i
			}
		}
		taken := c.anc[best] & left
		left &^= taken
		for set := taken; set != 0; set &= set - 1 {
			order = append(order, bits.TrailingZeros64(set))
		}
		for set := left; set != 0; set &= set - 1 {
			i := bits.TrailingZeros64(set)
			for gone := c.anc[i] & taken; gone != 0; gone &= gone - 1 {
				sums[i] = sums[i].minus(c.nodes[bits.TrailingZeros64(gone)].rate)
			}
		}
	}
	return order
}

func (c *cluster) better(sums *[MaxCount]Frac, i, j int) bool {
	switch r := sums[i].CompareRate(sums[j]); {
	case r != 0:
		return r > 0
	case sums[i].Weight != sums[j].Weight:
		return sums[i].Weight < sums[j].Weight
	default:
		return c.nodes[i].ID.Compare(c.nodes[j].ID) < 0
	}
}

// permute puts nodes[order[i]] at place i.
func (c *cluster) permute(order []int) {
	var to [MaxCount]int
	sorted := true
	for i, from := range order {
		to[from] = i
		sorted = sorted && from == i
	}
	if sorted {
		return
	}
	nodes := make([]*Node, len(order))
	anc := make([]uint64, len(order))
	for i, from := range order {
		nodes[i] = c.nodes[from]
		nodes[i].at = i
		for set := c.anc[from]; set != 0; set &= set - 1 {
			anc[i] |= 1 << to[bits.TrailingZeros64(set)]
		}
	}
	c.nodes, c.anc = nodes, anc
}

// cut makes the chunks of the order: a node that pays more than the chunk
// before it joins that, and so on.
func (c *cluster) cut() {
	c.chunks = c.chunks[:0]
	for i, n := range c.nodes {
		k := chunk{end: i + 1, rate: n.rate}
		for len(c.chunks) > 0 {
			prev := &c.chunks[len(c.chunks)-1]
			if k.rate.CompareRate(prev.rate) <= 0 {
				break
			}
			k.rate = k.rate.plus(prev.rate)
			c.chunks = c.chunks[:len(c.chunks)-1]
		}
		c.chunks = append(c.chunks, k)
	}
	from := 0
	for i := range c.chunks {
		k := &c.chunks[i]
		k.prefix = k.rate.Weight
		if i > 0 && k.rate.CompareRate(c.chunks[i-1].rate) == 0 {
			k.prefix += c.chunks[i-1].prefix
		}
		k.last = wire.Txid{}
		for _, n := range c.nodes[from:k.end] {
			if n.ID.Compare(k.last) > 0 {
				k.last = n.ID
			}
		}
		from = k.end
	}
}

// optimal reports whether no other order can be better: where no two nodes
// could go either way round.
func (c *cluster) optimal() bool { return len(c.nodes) <= 2 }
