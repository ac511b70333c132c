package p2ptest

import (
	"slices"
	"time"

	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Mesh adds nodes that have a chain of so many blocks, starts them and lets each
// call a number of others. It returns the blocks.
func (n *Network) Mesh(make func(*Node) Stepper, nodes, degree, height int) []*wire.Block {
	blocks := n.World.Chain(n.World.Genesis(), height, 300)
	first := len(n.Nodes)
	for range nodes {
		n.AddNode(NodeConfig{Make: make}).Ledger.Load(blocks...)
	}
	n.Run(0)
	for _, node := range n.Nodes[first:] {
		node.CallSome(degree)
	}
	return blocks
}

// CallSome connects to so many nodes that it has no connection with, as far as there
// are any.
func (n *Node) CallSome(count int) {
	known := []*Node{n}
	for _, p := range n.Peers() {
		if !slices.Contains(known, p) {
			known = append(known, p)
		}
	}
	for want := min(len(known)+count, len(n.net.Nodes)); len(known) < want; {
		to := n.net.Nodes[n.net.rand.IntN(len(n.net.Nodes))]
		if !slices.Contains(known, to) {
			known = append(known, to)
			n.act(p2p.Dial{Target: to.Addr.String(), Kind: peer.FullRelay})
		}
	}
}

// KeepCalling makes each running node with fewer connections than least call
// another one, every five seconds from now on.
func (n *Network) KeepCalling(least int) {
	var again func()
	again = func() {
		for _, node := range n.Nodes {
			if node.running() && len(node.Peers()) < least {
				node.CallSome(1)
			}
		}
		n.after(int64(5*time.Second), do(again))
	}
	again()
}
