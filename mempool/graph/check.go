package graph

import (
	"fmt"

	"grapevine/wire"
)

// Check verifies every invariant, for tests:
//
//  1. a node is where its cluster says, after all its ancestors;
//  2. ancestors of ancestors are ancestors;
//  3. the nodes of a cluster are connected, and within the limits;
//  4. chunks cut the order completely, each paying no more than the one before;
//  5. both heaps hold all clusters, in order;
//  6. the counts are right.
func (g *Graph) Check() error {
	nodes, unproven, memory := 0, 0, int64(0)
	for i, c := range g.best.list {
		if c.place[0] != i || c.place[1] >= len(g.worst.list) || g.worst.list[c.place[1]] != c {
			return fmt.Errorf("graph: cluster %d is not where it says", i)
		}
		if i > 0 && g.best.less(c, g.best.list[(i-1)/2]) {
			return fmt.Errorf("graph: cluster %d is better than its parent", i)
		}
		if err := g.checkCluster(c); err != nil {
			return fmt.Errorf("graph: cluster %d: %w", i, err)
		}
		nodes += len(c.nodes)
		memory += c.memory()
		if !c.proven {
			unproven++
		}
	}
	for i, c := range g.worst.list {
		if i > 0 && g.worst.less(c, g.worst.list[(i-1)/2]) {
			return fmt.Errorf("graph: cluster %d is worse than its parent", i)
		}
	}
	if nodes != g.count || unproven != g.unproven || memory != g.memory || len(g.best.list) != len(g.worst.list) {
		return fmt.Errorf("graph: counts %d, %d, %d; want %d, %d, %d", g.count, g.unproven, g.memory, nodes, unproven, memory)
	}
	return nil
}

func (g *Graph) checkCluster(c *cluster) error {
	n := len(c.nodes)
	if n == 0 || n > g.limits.Count || len(c.anc) != n {
		return fmt.Errorf("%d nodes, %d sets", n, len(c.anc))
	}
	var weight wire.Weight
	for i, node := range c.nodes {
		if node.cluster != c || node.at != i {
			return fmt.Errorf("node %d is not where it says", i)
		}
		weight += node.rate.Weight
		set := c.anc[i]
		if set>>i != 1 {
			return fmt.Errorf("node %d stands before an ancestor", i)
		}
		for j := range i {
			if set>>j&1 != 0 && c.anc[j]&^set != 0 {
				return fmt.Errorf("node %d lacks ancestors of %d", i, j)
			}
		}
	}
	if weight != c.weight || weight > g.limits.Weight {
		return fmt.Errorf("weight %d; want %d", c.weight, weight)
	}
	if parts := c.components(all(n)); len(parts) != 1 {
		return fmt.Errorf("%d parts", len(parts))
	}
	return c.checkChunks()
}

func (c *cluster) checkChunks() error {
	from := 0
	for i, k := range c.chunks {
		var rate Frac
		for _, node := range c.nodes[from:k.end] {
			rate = rate.plus(node.rate)
		}
		if rate != k.rate || k.end <= from {
			return fmt.Errorf("chunk %d pays %v; want %v", i, k.rate, rate)
		}
		if i > 0 && k.rate.CompareRate(c.chunks[i-1].rate) > 0 {
			return fmt.Errorf("chunk %d pays more than the one before", i)
		}
		from = k.end
	}
	if from != len(c.nodes) {
		return fmt.Errorf("chunks end at %d of %d", from, len(c.nodes))
	}
	return nil
}
