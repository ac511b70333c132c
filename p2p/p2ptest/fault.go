package p2ptest

import "time"

// Partition holds back everything between nodes for which cut reports true,
// until [Network.Heal]. Connections stay up, as far as their ends can tell.
func (n *Network) Partition(cut func(a, b *Node) bool) { n.cut = cut }

// PartitionAt cuts the nodes with a number below id off from the others.
func (n *Network) PartitionAt(id int) {
	n.Partition(func(a, b *Node) bool { return (a.ID < id) != (b.ID < id) })
}

func (n *Network) parted(a, b *Node) bool { return n.cut != nil && n.cut(a, b) }

// Heal ends a partition. What was held back is sent again.
func (n *Network) Heal() {
	n.cut = nil
	held := n.held
	n.held = nil
	for _, e := range held {
		kept := e.kept
		e.kept = nil
		for _, out := range kept {
			e.transmit(out)
		}
	}
}

// Churn stops a random running node each time, every period on average, and starts
// it again after a pause of the same length on average. It goes on until the
// returned function is called; nodes that are stopped then start in their time.
func (n *Network) Churn(period time.Duration, nodes []*Node) (stop func()) {
	done := false
	var tick func()
	tick = func() {
		if done {
			return
		}
		node := nodes[n.rand.IntN(len(nodes))]
		if node.running() {
			node.Stop()
			n.after(n.exponential(period), do(node.Start))
		}
		n.after(n.exponential(period), do(tick))
	}
	n.after(n.exponential(period), do(tick))
	return func() { done = true }
}

func (n *Network) exponential(mean time.Duration) int64 {
	return int64(n.rand.ExpFloat64() * float64(mean))
}
