package graph

import (
	"math/bits"
	"slices"

	"grapevine/wire"
)

// linearise orders the nodes and cuts them into chunks.
func (c *cluster) linearise() {
	if len(c.nodes) > 1 {
		order := c.greedy()
		c.bubble(order, true)
		c.bubble(order, false)
		c.permute(order)
	}
	c.cut()
	c.proven = c.isTree()
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

// group is a run of nodes that are moved together. They form a list through the
// array of what follows each.
type group struct {
	set, deps  uint64
	rate       Frac
	head, tail int8
}

// bubble improves an order without ever making it worse: node by node, forwards
// or backwards, each starts as a group of its own and moves past the groups
// before it that pay less, or joins the first that it depends on. Afterwards
// chunks are connected. Forwards the result is optimal where every node has at
// most one child, backwards where every node has at most one parent. Backwards is
// the same on the mirror image: descendants for ancestors, and fees negated.
func (c *cluster) bubble(order []int, backwards bool) {
	if backwards {
		slices.Reverse(order)
	}
	var follows [MaxCount]int8
	var list [MaxCount]group
	n := 0
	for _, i := range order {
		g := group{set: 1 << i, deps: c.anc[i], rate: c.nodes[i].rate, head: int8(i), tail: int8(i)}
		if backwards {
			g.deps, g.rate.Fee = c.descendants(i), -g.rate.Fee
		}
		at := n // where g stands; what it passed stands after it
		n++
		for at > 0 && g.rate.CompareRate(list[at-1].rate) > 0 {
			p := &list[at-1]
			if g.deps&p.set == 0 {
				list[at] = *p
				at--
				continue
			}
			follows[p.tail] = g.head
			g.set, g.deps, g.rate, g.head = g.set|p.set, g.deps|p.deps, g.rate.plus(p.rate), p.head
			at--
			copy(list[at+1:], list[at+2:n])
			n--
		}
		list[at] = g
	}
	order = order[:0]
	for _, g := range list[:n] {
		for i := g.head; ; i = follows[i] {
			order = append(order, int(i))
			if i == g.tail {
				break
			}
		}
	}
	if backwards {
		slices.Reverse(order)
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

// isTree reports whether every node depends directly on at most one other, or
// on every node at most one other does: then the order is optimal.
func (c *cluster) isTree() bool {
	in, out := true, true
	for i := range c.nodes {
		self := uint64(1) << i
		if up := c.anc[i] &^ self; up != 0 {
			in = in && c.anc[bits.Len64(up)-1] == up
		}
		if down := c.descendants(i) &^ self; down != 0 && out {
			out = c.descendants(bits.TrailingZeros64(down)) == down
		}
	}
	return in || out
}
