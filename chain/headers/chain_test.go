package headers

import (
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// checkView compares a view with the list of its blocks.
func checkView(t *rapid.T, c *Chain, want []*Node) {
	if int(c.Height()) != len(want)-1 {
		t.Fatalf("height %d, want %d", c.Height(), len(want)-1)
	}
	for i, n := range want {
		if c.At(int32(i)) != n || !c.Contains(n) {
			t.Fatalf("wrong block at %d", i)
		}
	}
	if c.At(-1) != nil || c.At(int32(len(want))) != nil {
		t.Fatal("blocks beyond the ends")
	}
	if len(want) > 0 && (c.Tip() != want[len(want)-1] || c.Genesis() != want[0]) {
		t.Fatal("wrong ends")
	}
}

// Views made one from another in any order hold what they were made with,
// whatever was made of them later.
func TestChainViews(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := NewTree(regtest())
		// Long enough for several pages, with forks on both sides of a page's end.
		trunk := line(tree, tree.Genesis(), pageSize+40, 0)
		tips := []*Node{nil, tree.Genesis(), trunk}
		for i := range 6 {
			height := rapid.Int32Range(pageSize-30, pageSize+40).Draw(t, "fork")
			tips = append(tips, line(tree, trunk.Ancestor(height), rapid.IntRange(1, 60).Draw(t, "length"), uint32(i+1)))
		}
		tips = append(tips, line(tree, tree.Genesis(), 2*pageSize+5, 99))

		views := []*Chain{new(Chain)}
		wants := [][]*Node{nil}
		for range rapid.IntRange(1, 25).Draw(t, "views") {
			from := views[rapid.IntRange(0, len(views)-1).Draw(t, "from")]
			tip := tips[rapid.IntRange(0, len(tips)-1).Draw(t, "tip")]
			if tip != nil {
				tip = tip.Ancestor(max(0, tip.Height()-rapid.Int32Range(0, 50).Draw(t, "down")))
			}
			views = append(views, from.With(tip))
			wants = append(wants, back(tip))
		}
		for i, c := range views {
			checkView(t, c, wants[i])
		}
	})
}

// Adding and taking off blocks one by one, as an owner does.
func TestChainSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := NewTree(regtest())
		c := NewChain(line(tree, tree.Genesis(), pageSize-5, 0))
		older := c
		olderWant := back(c.Tip())
		salt := uint32(1)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "add") {
				salt++
				c = c.With(grow(tree, c.Tip(), 1, 4, salt))
			} else {
				c = c.With(c.Tip().Parent())
			}
		}
		checkView(t, c, back(c.Tip()))
		checkView(t, older, olderWant)
	})
}

func TestChainFork(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, nodes := randomTree(t, 200)
		pick := func(name string) *Node { return nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, name)] }
		tip, n := pick("tip"), pick("node")
		c := NewChain(tip)
		if got, want := c.Fork(n), LastCommonAncestor(tip, n); got != want {
			t.Fatalf("fork at %v, want %v", got, want)
		}
		if c.Contains(n) {
			if c.Next(n) != c.At(n.Height()+1) {
				t.Fatal("wrong next block")
			}
		} else if c.Next(n) != nil {
			t.Fatal("a block off the chain has a next one")
		}
	})
	if new(Chain).Fork(NewTree(regtest()).Genesis()) != nil || new(Chain).Fork(nil) != nil {
		t.Error("the empty chain has a fork")
	}
	c := NewChain(NewTree(regtest()).Genesis())
	if c.Fork(NewTree(regtest()).Genesis()) != nil {
		t.Error("blocks of another tree have a fork")
	}
}

func TestEarliestAtLeast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, nodes := randomTree(t, 100)
		tip := nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, "tip")]
		c := NewChain(tip)
		start := nodes[0].Time()
		time := start + rapid.Int64Range(-1000, 60_000).Draw(t, "time")
		height := rapid.Int32Range(-1, 120).Draw(t, "height")
		var want *Node
		for _, n := range back(tip) {
			if n.TimeMax() >= time && n.Height() >= height {
				want = n
				break
			}
		}
		if got := c.EarliestAtLeast(time, height); got != want {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

// Readers of published views beside an owner that makes new ones: a run under
// the race detector.
func TestChainPublished(t *testing.T) {
	tree := NewTree(regtest())
	var active atomic.Pointer[Chain]
	active.Store(NewChain(tree.Genesis()))
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				c := active.Load()
				for h := max(0, c.Height()-20); h <= c.Height(); h++ {
					if n := c.At(h); n == nil || n.Height() != h {
						t.Errorf("no block at %d of %d", h, c.Height())
						return
					}
				}
			}
		})
	}
	for i := range 3000 {
		c := active.Load()
		active.Store(c.With(grow(tree, c.Tip(), 1, 4, uint32(i))))
		if i%10 == 9 {
			active.Store(active.Load().With(active.Load().Tip().Parent().Parent()))
		}
	}
	close(done)
	wg.Wait()
}

// A block more is one small object, but for a page in 1024.
func TestChainStepAllocates(t *testing.T) {
	tree := NewTree(regtest())
	tip := line(tree, tree.Genesis(), 3000, 0)
	c := NewChain(tip.Ancestor(2100))
	height := int32(2100)
	if n := testing.AllocsPerRun(100, func() {
		height++
		c = c.With(tip.Ancestor(height))
	}); n != 1 {
		t.Errorf("%v allocations for a block more", n)
	}
	if n := testing.AllocsPerRun(100, func() { c = c.With(c.Tip().Parent()) }); n != 1 {
		t.Errorf("%v allocations for a block less", n)
	}
}

func BenchmarkChainWith(b *testing.B) {
	tree := NewTree(regtest())
	tip := line(tree, tree.Genesis(), 100_000, 0)
	c := NewChain(tip.Parent())
	b.ReportAllocs()
	for b.Loop() {
		c.With(tip)
	}
}
