package headers

import (
	"slices"

	"grapevine/chain/params"
	"grapevine/wire"
	"pgregory.net/rapid"
)

func regtest() *params.Params { return params.Regtest(params.RegtestOptions{}) }

// grow adds one header; salt makes siblings differ.
func grow(t *Tree, parent *Node, time uint32, version int32, salt uint32) *Node {
	return t.Insert(wire.Header{
		Version:   version,
		PrevBlock: parent.Hash(),
		Time:      time,
		Bits:      parent.Bits(),
		Nonce:     salt,
	}, parent)
}

// line adds n headers ten minutes apart and returns the last.
func line(t *Tree, from *Node, n int, salt uint32) *Node {
	for range n {
		from = grow(t, from, uint32(from.Time())+600, 4, salt)
	}
	return from
}

// randomTree draws a tree of long branches, and returns its nodes in the order
// of insertion.
func randomTree(t *rapid.T, size int) (*Tree, []*Node) {
	tree := NewTree(regtest())
	nodes := []*Node{tree.Genesis()}
	for len(nodes) < size {
		from := nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, "from")]
		run := rapid.IntRange(1, 60).Draw(t, "run")
		salt := uint32(len(nodes))
		for range run {
			time := uint32(from.Time()) + rapid.Uint32Range(0, 1200).Draw(t, "time") - 400
			from = grow(tree, from, time, 4, salt)
			nodes = append(nodes, from)
		}
	}
	return tree, nodes
}

// back lists a node's chain from genesis to it, by the parents alone.
func back(n *Node) (list []*Node) {
	for ; n != nil; n = n.Parent() {
		list = append(list, n)
	}
	slices.Reverse(list)
	return list
}
