package headers

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"grapevine/wire"
	"pgregory.net/rapid"
)

func TestTreeAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree, nodes := randomTree(t, 200)
		byHash := map[wire.BlockHash]*Node{}
		for _, n := range nodes {
			if other, ok := byHash[n.Hash()]; ok && other != n {
				t.Fatal("two nodes of one hash")
			}
			byHash[n.Hash()] = n
		}
		for hash, n := range byHash {
			if tree.Lookup(hash) != n {
				t.Fatalf("%s is not found", hash)
			}
		}
		if tree.Len() != len(byHash) || tree.Lookup(wire.BlockHash{1}) != nil {
			t.Fatalf("%d nodes of %d", tree.Len(), len(byHash))
		}
		seen := map[*Node]bool{}
		for n := range tree.All() {
			if n.Parent() != nil && !seen[n.Parent()] {
				t.Fatal("a child before its parent")
			}
			seen[n] = true
		}
		if len(seen) != len(byHash) {
			t.Fatalf("%d of %d nodes", len(seen), len(byHash))
		}
		checkBest(t, tree)
		checkLeaves(t, tree)
	})
}

// checkLeaves compares the leaves with the nodes that are nobody's parent.
func checkLeaves(t *rapid.T, tree *Tree) {
	parents := make(map[*Node]bool)
	tree.Each(func(n *Node) { parents[n.Parent()] = true })
	leaves := make(map[*Node]bool)
	for _, n := range tree.Leaves() {
		if parents[n] || leaves[n] {
			t.Fatalf("the node at %d is a leaf twice or has a child", n.Height())
		}
		leaves[n] = true
	}
	tree.Each(func(n *Node) {
		if !parents[n] && !leaves[n] {
			t.Fatalf("the node at %d is no leaf and has no child", n.Height())
		}
	})
}

// checkBest compares the best header with a search for it.
func checkBest(t *rapid.T, tree *Tree) {
	var best *Node
	tree.Each(func(n *Node) {
		if !n.Status().Invalid() && (best == nil || n.ChainWork().Cmp(best.ChainWork()) > 0) {
			best = n
		}
	})
	if tree.Best() != best || tree.RecomputeBest() != best {
		t.Fatalf("best is %d, not %d", tree.Best().Height(), best.Height())
	}
}

func TestAllStops(t *testing.T) {
	tree := NewTree(regtest())
	line(tree, tree.Genesis(), 5, 0)
	count := 0
	for range tree.All() {
		if count++; count == 3 {
			break
		}
	}
	if count != 3 {
		t.Errorf("%d nodes", count)
	}
}

func TestInsertTwice(t *testing.T) {
	tree := NewTree(regtest())
	a := grow(tree, tree.Genesis(), 1, 4, 0)
	if grow(tree, tree.Genesis(), 1, 4, 0) != a || tree.Len() != 2 {
		t.Error("one header became two nodes")
	}
}

func TestInsertBelowAnother(t *testing.T) {
	tree := NewTree(regtest())
	defer func() {
		if recover() == nil {
			t.Error("a header went below a block that is not its parent")
		}
	}()
	tree.Insert(wire.Header{PrevBlock: wire.BlockHash{1}}, tree.Genesis())
}

func TestBestSkipsTheInvalid(t *testing.T) {
	tree := NewTree(regtest())
	a := line(tree, tree.Genesis(), 10, 1)
	b := line(tree, tree.Genesis(), 8, 2)
	c := line(tree, tree.Genesis(), 8, 3)
	if tree.Best() != a {
		t.Fatalf("best at %d", tree.Best().Height())
	}
	for n := a; n.Height() >= 5; n = n.Parent() {
		n.AddStatus(StatusFailedChild)
	}
	if tree.Best() != a || tree.RecomputeBest() != b || tree.Best() != b {
		t.Error("an invalid header is the best")
	}
	c.SetSequenceID(0) // of equals, what came first in order of arrival
	if tree.RecomputeBest() != c {
		t.Error("the order of arrival does not decide")
	}
	// Below an invalid block there is nothing to gain.
	if n := line(tree, a, 5, 4); tree.Best() == n || n.Status() != StatusFailedChild {
		t.Error("a child of an invalid block is the best")
	}
}

func TestTips(t *testing.T) {
	tree := NewTree(regtest())
	fork := line(tree, tree.Genesis(), 10, 0)
	tip := line(tree, fork, 10, 1)
	side := line(tree, fork, 3, 2)
	ahead := line(tree, tip, 2, 3)
	if got := tree.Tips(NewChain(ahead)); len(got) != 2 || got[0] != ahead || got[1] != side {
		t.Errorf("%d tips with the best chain active", len(got))
	}
	got := tree.Tips(NewChain(tip))
	want := []*Node{ahead, tip, side}
	if len(got) != len(want) {
		t.Fatalf("%d tips", len(got))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("tip %d is at %d", i, got[i].Height())
		}
	}
}

// Lookups beside insertions, across growth of the table.
func TestConcurrentLookups(t *testing.T) {
	tree := NewTree(regtest())
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for ctx.Err() == nil {
				best := tree.Best()
				if tree.Lookup(best.Hash()) != best {
					t.Error("the best header is not found")
					return
				}
				count := 0
				for range tree.All() {
					if count++; count == 100 {
						break
					}
				}
			}
		})
	}
	tip := line(tree, tree.Genesis(), 5000, 0)
	stop()
	wg.Wait()
	if tree.Len() != 5001 || tree.Best() != tip {
		t.Errorf("%d headers", tree.Len())
	}
}

func TestMemoryOfHeaders(t *testing.T) {
	const count = 100_000
	before := heap()
	tree := NewTree(regtest())
	line(tree, tree.Genesis(), count, 0)
	each := (heap() - before) / count
	t.Logf("%d bytes a header", each)
	if each > 200 {
		t.Errorf("%d bytes a header", each)
	}
	runtime.KeepAlive(tree)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkInsert(b *testing.B) {
	tree := NewTree(regtest())
	at := tree.Genesis()
	b.ReportAllocs()
	for b.Loop() {
		at = grow(tree, at, uint32(at.Time())+1, 4, 0)
	}
}

func BenchmarkLookup(b *testing.B) {
	tree := NewTree(regtest())
	tip := line(tree, tree.Genesis(), 100_000, 0)
	hashes := make([]wire.BlockHash, 1024)
	for i := range hashes {
		hashes[i] = tip.Ancestor(int32(i * 97)).Hash()
	}
	i := 0
	for b.Loop() {
		if tree.Lookup(hashes[i&1023]) == nil {
			b.Fatal("not found")
		}
		i++
	}
}

func BenchmarkAncestor(b *testing.B) {
	tree := NewTree(regtest())
	tip := line(tree, tree.Genesis(), 200_000, 0)
	i := int32(0)
	for b.Loop() {
		tip.Ancestor(i % 200_000)
		i += 7919
	}
}
