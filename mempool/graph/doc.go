// Package graph keeps the dependencies between the transactions of a pool and
// the order in which a miner would take them.
//
// # Clusters
//
// A [Node] is a transaction: a fee, a weight, and the nodes whose outputs it
// spends. Nodes that are connected by such edges, in whatever direction, form
// a cluster. A cluster is kept as a linearisation: an order of its nodes in
// which parents come before children and what pays best comes as early as that
// allows. The linearisation is cut into chunks: runs that a miner takes whole,
// each of a feerate not above that of the one before it. So the last chunk of a
// cluster is what the pool loses least by dropping, and the chunks of all
// clusters by feerate are the order of mining.
//
// # Finding a linearisation
//
// Of the nodes that are left, the one whose remaining ancestors with itself pay
// best is taken with those ancestors, and so on. Two passes over that order, one
// from each end, then move groups of nodes past others that pay less. They never
// make it worse, leave every chunk connected, and give the best order there is
// where the cluster is a tree: where every node has at most one parent, or every
// node at most one child. Elsewhere a better one may exist, which
// [Graph.Optimal] admits.
//
// # The attacker
//
// He chooses edges, fees and sizes. A cluster has at most 64 nodes, so that a
// set of its nodes is one word and everything that is done to it is bounded:
// linearising takes O(n²) word operations, some 50 microseconds at worst. A node is added only where the
// merged cluster stays within the limits ([Graph.Fits]).
//
// # Concurrency
//
// None of its own: a Graph is written by its owner only, and what reads it must
// not run beside a write. Reading changes nothing: chunks are computed when the
// graph changes, not when they are asked for.
package graph
