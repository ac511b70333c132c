package chain

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"grapevine/chain/chaintest"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/wire"
)

// The blocks whose turn comes first stay, in whatever order they arrive.
func TestRecentKeepsTheNearest(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	b := chaintest.New(t, p, 1)
	b.Mine(40, 0)
	tree := headers.NewTree(p)
	nodes := []*headers.Node{tree.Genesis()}
	for _, x := range b.Blocks {
		nodes = append(nodes, tree.Insert(x.Header, nodes[len(nodes)-1]))
	}
	for seed := range uint64(20) {
		r := newRecent(0)
		for _, x := range b.Blocks[:10] {
			r.limit += x.TotalSize()
		}
		order := rand.New(rand.NewPCG(seed, 0)).Perm(40)
		for _, i := range order {
			r.put(nodes[i+1], b.Blocks[i])
			r.put(nodes[i+1], b.Blocks[i])
			if r.bytes > r.limit {
				t.Fatalf("%d bytes of %d", r.bytes, r.limit)
			}
		}
		for i := range 9 { // the tenth may be a few bytes longer than those it was measured by
			if !r.has(nodes[i+1]) {
				t.Errorf("seed %d: block %d is gone", seed, i+1)
			}
		}
		for i := range b.Blocks {
			r.drop(nodes[i+1])
		}
		if r.bytes != 0 {
			t.Errorf("%d bytes of nothing", r.bytes)
		}
	}
}

// Blocks that many goroutines bring in any order are connected from memory,
// while they fit; the one that all wait for may be the last.
func TestSubmitInAnyOrderReadsNothingBack(t *testing.T) {
	b := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	b.Mine(160, 2)
	for seed := range uint64(4) {
		c, err := Open(regtest(t))
		if err != nil {
			t.Fatal(err)
		}
		var reads atomic.Int32
		read := c.reader.read
		c.reader.read = func(n *headers.Node) (*wire.Block, error) {
			reads.Add(1)
			return read(n)
		}
		run := run(t, c)
		if _, err := c.SubmitHeaders(t.Context(), headersOf(b.Blocks)); err != nil {
			t.Fatal(err)
		}
		order := rand.New(rand.NewPCG(seed, 0)).Perm(len(b.Blocks))
		order = append(slices.DeleteFunc(order, func(i int) bool { return i == 0 }), 0)
		var wg sync.WaitGroup
		for _, i := range order {
			wg.Go(func() {
				if out, err := c.SubmitBlockWith(t.Context(), b.Blocks[i], BlockOptions{Requested: true}); err != nil || out != Stored && out != Connected {
					t.Errorf("block %d: outcome %d, error %v", i+1, out, err)
				}
			})
			if i != order[len(order)-2] {
				continue
			}
			wg.Wait() // only the first block is missing
		}
		wg.Wait()
		wantCoins(t, c, b)
		if n := reads.Load(); n != 0 {
			t.Errorf("seed %d: %d blocks were read back", seed, n)
		}
		run.close(t)
	}
}
