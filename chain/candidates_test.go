package chain

import (
	"testing"

	"pgregory.net/rapid"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/wire"
)

// The list gives what a look through all members gives.
func TestCandidatesAgainstModel(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	rapid.Check(t, func(t *rapid.T) {
		tree := headers.NewTree(p)
		nodes := []*headers.Node{tree.Genesis()}
		for i := range rapid.IntRange(1, 20).Draw(t, "nodes") {
			parent := rapid.SampledFrom(nodes).Draw(t, "parent")
			h := wire.Header{PrevBlock: parent.Hash(), Bits: p.Genesis.Header.Bits, Nonce: uint32(i)}
			n := tree.Insert(h, parent)
			n.SetSequenceID(rapid.Int32Range(-2, 5).Draw(t, "sequence"))
			nodes = append(nodes, n)
		}
		var c candidates
		model := make(map[*headers.Node]bool)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			n := rapid.SampledFrom(nodes).Draw(t, "node")
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				c.add(n)
				model[n] = true
			case 1:
				c.remove(n)
				delete(model, n)
			case 2:
				c.prune(n)
				for m := range model {
					if better(n, m) {
						delete(model, m)
					}
				}
			}
			c.check()
			var best *headers.Node
			for m := range model {
				if best == nil || better(m, best) {
					best = m
				}
			}
			if c.best() != best || len(c.list) != len(model) {
				t.Fatalf("best %v of %d; want %v of %d", c.best(), len(c.list), best, len(model))
			}
		}
	})
}
