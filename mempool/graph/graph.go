package graph

import (
	"math/bits"
	"slices"

	"grapevine/wire"
)

// MaxCount is the largest limit on the nodes of a cluster: a word of bits.
const MaxCount = 64

// Limits bound every cluster.
type Limits struct {
	// Count is the number of nodes, at most [MaxCount]; 0 means that.
	Count int
	// Weight is the sum of their weights; 0 means 404,000, which is 101 kvB.
	Weight wire.Weight
}

// Graph holds all nodes. Make one with [New].
type Graph struct {
	limits   Limits
	count    int // nodes
	unproven int // clusters whose order may not be the best
	best     heap
	worst    heap
	memory   int64
}

// Node is one transaction in a graph.
type Node struct {
	// ID orders what pays the same.
	ID wire.Txid
	// Of is what the node stands for; the graph never looks at it.
	Of any

	rate    Frac
	cluster *cluster
	at      int // place in the cluster's linearisation
}

// Rate returns what the node itself pays.
func (n *Node) Rate() Frac { return n.rate }

// New returns an empty graph.
func New(l Limits) *Graph {
	if l.Count <= 0 || l.Count > MaxCount {
		l.Count = MaxCount
	}
	if l.Weight <= 0 {
		l.Weight = 404_000
	}
	g := &Graph{limits: l}
	g.best = heap{less: func(a, b *cluster) bool { return before(a, 0, b, 0) }, which: 0}
	g.worst = heap{less: func(a, b *cluster) bool { return before(b, len(b.chunks)-1, a, len(a.chunks)-1) }, which: 1}
	return g
}

// Len returns the number of nodes.
func (g *Graph) Len() int { return g.count }

// Fits reports whether a node with these parents and this weight can be added
// within the limits.
func (g *Graph) Fits(parents []*Node, weight wire.Weight) bool {
	return g.FitTogether(parents, 1, weight)
}

// FitTogether reports whether so many nodes with these parents and of this weight
// in sum, all connected with each other, can be added within the limits.
func (g *Graph) FitTogether(parents []*Node, count int, weight wire.Weight) bool {
	sum := weight
	for _, c := range distinct(parents) {
		count += len(c.nodes)
		sum += c.weight
	}
	return count <= g.limits.Count && sum <= g.limits.Weight
}

// distinct returns the clusters of nodes, each once.
func distinct(nodes []*Node) []*cluster {
	var list []*cluster
	for _, n := range nodes {
		if !slices.Contains(list, n.cluster) {
			list = append(list, n.cluster)
		}
	}
	return list
}

// Add adds a node that spends outputs of the parents. It must fit.
func (g *Graph) Add(id wire.Txid, rate Frac, parents []*Node, of any) *Node {
	n := &Node{ID: id, Of: of, rate: rate}
	into := distinct(parents)
	var c *cluster
	if len(into) == 0 {
		c = newSingleton(n)
	} else {
		for _, o := range into {
			g.detach(o)
		}
		c = into[0]
		for _, o := range into[1:] {
			c.absorb(o)
		}
		if len(c.nodes) == MaxCount {
			panic("graph: node added where it does not fit")
		}
		c.append(n, parents)
		c.linearise()
	}
	g.attach(c)
	g.count++
	return n
}

// Remove takes nodes away. For each of them that is removed, all its ancestors
// or all its descendants must be removed too or be gone already, so that what
// is left depends on what it depended on before.
func (g *Graph) Remove(nodes []*Node) {
	doomed := make(map[*cluster]uint64)
	var order []*cluster
	for _, n := range nodes {
		if _, seen := doomed[n.cluster]; !seen {
			order = append(order, n.cluster)
		}
		doomed[n.cluster] |= 1 << n.at
	}
	for _, c := range order {
		g.detach(c)
		for _, part := range c.without(doomed[c]) {
			g.attach(part)
		}
		g.count -= bits.OnesCount64(doomed[c])
	}
	for _, n := range nodes {
		n.cluster = nil
	}
}

// SetFee changes what a node pays.
func (g *Graph) SetFee(n *Node, fee wire.Amount) {
	c := n.cluster
	g.detach(c)
	n.rate.Fee = fee
	c.linearise()
	g.attach(c)
}

func (g *Graph) attach(c *cluster) {
	g.best.push(c)
	g.worst.push(c)
	g.memory += c.memory()
	if !c.proven {
		g.unproven++
	}
}

func (g *Graph) detach(c *cluster) {
	g.memory -= c.memory()
	g.best.remove(c)
	g.worst.remove(c)
	if !c.proven {
		g.unproven--
	}
}

// Ancestors returns the nodes that n depends on, n included, parents before
// their children.
func (n *Node) Ancestors() []*Node { return n.cluster.pick(n.cluster.anc[n.at]) }

// Descendants returns the nodes that depend on n, n included, parents before
// their children.
func (n *Node) Descendants() []*Node { return n.cluster.pick(n.cluster.descendants(n.at)) }

// Cluster returns the nodes that are connected with n, n included, in the order
// of the linearisation.
func (n *Node) Cluster() []*Node { return slices.Clone(n.cluster.nodes) }

// Chunk returns what the chunk of n pays.
func (n *Node) Chunk() Frac { return n.cluster.chunkOf(n.at).rate }

// ClusterSize returns the number of nodes that are connected with n, n included.
func (n *Node) ClusterSize() int { return len(n.cluster.nodes) }

// Optimal reports whether every cluster's order is known to be the best there
// is.
func (g *Graph) Optimal() bool { return g.unproven == 0 }
