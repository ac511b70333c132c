package headers

import "grapevine/wire"

// dropLowestBit clears the lowest set bit.
func dropLowestBit(n int32) int32 { return n & (n - 1) }

// skipHeight returns the height that the skip pointer of a node at height leads
// to. Any lower height would be correct. This choice, the one that the reference
// implementation measured best, alternates far and near jumps so that a walk of
// n blocks takes about 2 log2 n steps from wherever it starts.
func skipHeight(height int32) int32 {
	switch {
	case height < 2:
		return 0
	case height%2 == 1:
		return dropLowestBit(dropLowestBit(height-1)) + 1
	default:
		return dropLowestBit(height)
	}
}

// Ancestor returns the node at height on the way to genesis: n itself at its
// own height, nil above it or below 0.
func (n *Node) Ancestor(height int32) *Node {
	if n == nil || height < 0 || height > n.height {
		return nil
	}
	at := n
	for at.height > height {
		jump := skipHeight(at.height)
		// The parent's jump is worth the extra step when it goes two below
		// ours and does not pass the goal.
		other := skipHeight(at.height - 1)
		parentJumpsBetter := other < jump-2 && other >= height
		if at.skip != nil && (jump == height || jump > height && !parentJumpsBetter) {
			at = at.skip
		} else {
			at = at.parent
		}
	}
	return at
}

// HasAncestor reports whether a is n or lies on the way from n to genesis.
func (n *Node) HasAncestor(a *Node) bool { return a != nil && n.Ancestor(a.height) == a }

// LastCommonAncestor returns the highest block that both chains hold. Both
// nodes must be of the same tree.
func LastCommonAncestor(a, b *Node) *Node {
	if a.height > b.height {
		a = a.Ancestor(b.height)
	} else {
		b = b.Ancestor(a.height)
	}
	for a != b {
		// Nodes of one height skip to one height: as long as those differ, the
		// fork is further down still.
		if a.skip != b.skip {
			a, b = a.skip, b.skip
		} else {
			a, b = a.parent, b.parent
		}
	}
	return a
}

// Locator lists hashes of n's chain from n back to genesis: the first dozen one
// by one, then at distances that double. A peer finds in it where our chains
// part. It is nil for nil.
func Locator(n *Node) []wire.BlockHash {
	if n == nil {
		return nil
	}
	list := make([]wire.BlockHash, 0, 32)
	for step := int32(1); ; {
		list = append(list, n.hash)
		if n.height == 0 {
			return list
		}
		n = n.Ancestor(max(n.height-step, 0))
		if len(list) > 10 {
			step *= 2
		}
	}
}
