package headers

import (
	"testing"

	"grapevine/wire"
	"pgregory.net/rapid"
)

func TestAncestorsAgainstParents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, nodes := randomTree(t, 300)
		pick := func(name string) *Node { return nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, name)] }
		a, b := pick("a"), pick("b")
		chainA, chainB := back(a), back(b)
		for i, want := range chainA {
			if a.Ancestor(int32(i)) != want {
				t.Fatalf("ancestor of %d at %d", a.Height(), i)
			}
			if !a.HasAncestor(want) {
				t.Fatalf("%d is not an ancestor", i)
			}
		}
		if a.Ancestor(-1) != nil || a.Ancestor(a.Height()+1) != nil {
			t.Fatal("an ancestor off the chain")
		}
		common := 0
		for common < min(len(chainA), len(chainB)) && chainA[common] == chainB[common] {
			common++
		}
		if got := LastCommonAncestor(a, b); got != chainA[common-1] {
			t.Fatalf("fork at %d, want %d", got.Height(), common-1)
		}
		if a.HasAncestor(b) != (common == len(chainB)) {
			t.Fatal("wrong ancestry")
		}
	})
}

// Walks take a number of steps that grows with the logarithm of the height.
func TestAncestorSteps(t *testing.T) {
	worst := 0
	for height := int32(1); height < 1<<18; height = height*5/4 + 1 {
		for _, goal := range []int32{0, 1, height / 3, height / 2, height - 1} {
			if n := steps(height, goal); n > worst {
				worst = n
			}
		}
	}
	if worst > 110 {
		t.Errorf("%d steps", worst)
	}
}

// steps counts what Ancestor does, on heights alone.
func steps(at, goal int32) (n int) {
	for ; at > goal; n++ {
		jump, other := skipHeight(at), skipHeight(at-1)
		if jump == goal || jump > goal && !(other < jump-2 && other >= goal) {
			at = jump
		} else {
			at--
		}
	}
	return n
}

func TestNilHasNoAncestors(t *testing.T) {
	var n *Node
	if n.Ancestor(0) != nil || n.HasAncestor(nil) || Locator(nil) != nil {
		t.Error("nil has relatives")
	}
}

// The first twelve one by one, then in doubling steps, genesis last.
func TestLocator(t *testing.T) {
	tree := NewTree(regtest())
	tip := line(tree, tree.Genesis(), 100, 0)
	want := []int32{100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 89, 87, 83, 75, 59, 27, 0}
	got := Locator(tip)
	if len(got) != len(want) {
		t.Fatalf("%d hashes", len(got))
	}
	for i, hash := range got {
		if hash != tip.Ancestor(want[i]).Hash() {
			t.Errorf("hash %d is that of %d, not %d", i, tree.Lookup(hash).Height(), want[i])
		}
	}
	if got := Locator(tree.Genesis()); len(got) != 1 || got[0] != tree.Genesis().Hash() {
		t.Errorf("%v", got)
	}
}

func TestLocatorFork(t *testing.T) {
	tree := NewTree(regtest())
	fork := line(tree, tree.Genesis(), 50, 0)
	ours := NewChain(line(tree, fork, 30, 1))
	theirs := line(tree, fork, 40, 2)
	check := func(name string, want *Node, locator []wire.BlockHash) {
		t.Helper()
		if got := ours.LocatorFork(tree, locator); got != want {
			t.Errorf("%s: %d", name, got.Height())
		}
	}
	// Locators thin out with distance: the fork itself need not be in it.
	got := ours.LocatorFork(tree, Locator(theirs))
	if !fork.HasAncestor(got) || got.Height() == 0 {
		t.Errorf("fork at %d", got.Height())
	}
	check("our own", ours.Tip(), Locator(ours.Tip()))
	check("ahead of us", ours.Tip(), []wire.BlockHash{line(tree, ours.Tip(), 5, 3).Hash()})
	check("unknown", tree.Genesis(), []wire.BlockHash{{1}, {2}})
	check("empty", tree.Genesis(), nil)
	check("unknown first", fork, []wire.BlockHash{{1}, fork.Hash()})
	if new(Chain).LocatorFork(tree, Locator(fork)) != nil {
		t.Error("the empty chain shares a block")
	}
}
