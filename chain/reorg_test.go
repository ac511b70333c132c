package chain

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/event"
	"grapevine/chain/params"
	"grapevine/chain/utxo"
	"grapevine/wire"
)

func regtest(tb testing.TB) Config {
	zero := wire.BlockHash{}
	return Config{Params: params.Regtest(params.RegtestOptions{}), Dir: tb.TempDir(), CacheBytes: 4 << 20, AssumeValid: &zero}
}

// wantCoins compares the ledger with the model of a branch.
func wantCoins(t *testing.T, c *Chain, b *chaintest.Branch) {
	t.Helper()
	if tip := c.Active().Tip(); tip.Hash() != b.Tip.Hash() {
		t.Fatalf("tip %d %s; want %d %s", tip.Height(), tip.Hash(), b.Height, b.Tip.Hash())
	}
	stats, tip, err := c.CoinStats(t.Context(), utxo.HashSerialized)
	if err != nil {
		t.Fatal(err)
	}
	if want := b.Hash(); stats.Hash != want || tip.Hash() != b.Tip.Hash() {
		t.Fatalf("coins hash %s at %s, %d coins; want %s, %d coins", stats.Hash, tip.Hash(), stats.TxOuts, want, len(b.Coins))
	}
}

func submit(t *testing.T, c *Chain, blocks ...*wire.Block) {
	t.Helper()
	for _, b := range blocks {
		if _, err := c.SubmitBlock(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
}

// branches returns a common trunk and two forks of it, with real spends.
func branches(t *testing.T, long, short int) (trunk, winner, loser *chaintest.Branch) {
	trunk = chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	trunk.Mine(110, 2)
	winner, loser = trunk.Fork(7), trunk.Fork(8)
	winner.Mine(long, 3)
	loser.Mine(short, 3)
	return trunk, winner, loser
}

// Whatever the order in which the blocks of two branches arrive, the node
// ends on the longer one, with the coins of a fresh import of it.
func TestInterleavedBranches(t *testing.T) {
	trunk, winner, loser := branches(t, 150, 120)
	n := len(trunk.Blocks)
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			c := start(t, regtest(t))
			submit(t, c.Chain, trunk.Blocks...)
			order := interleave(rand.New(rand.NewPCG(seed, 0)), winner.Blocks[n:], loser.Blocks[n:])
			submit(t, c.Chain, order...)
			wantCoins(t, c.Chain, winner)
		})
	}
}

// interleave merges two lists at random, each in its own order but for
// headers that are known early.
func interleave(r *rand.Rand, a, b []*wire.Block) []*wire.Block {
	var out []*wire.Block
	for len(a)+len(b) > 0 {
		if r.IntN(len(a)+len(b)) < len(a) {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return out
}

// Blocks may come before their parents when the headers are known.
func TestBlocksInAnyOrder(t *testing.T) {
	trunk, winner, loser := branches(t, 40, 30)
	n := len(trunk.Blocks)
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 0))
		c := start(t, regtest(t))
		all := slices.Concat(winner.Blocks, loser.Blocks[n:])
		for _, branch := range [][]*wire.Block{winner.Blocks, loser.Blocks} {
			var list []wire.Header
			for _, b := range branch {
				list = append(list, b.Header)
			}
			if _, err := c.SubmitHeaders(t.Context(), list); err != nil {
				t.Fatal(err)
			}
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		submit(t, c.Chain, all...)
		wantCoins(t, c.Chain, winner)
		c.close(t)
	}
}

func TestInvalidateAndReconsider(t *testing.T) {
	trunk, winner, loser := branches(t, 150, 120)
	n := len(trunk.Blocks)
	c := start(t, regtest(t))
	submit(t, c.Chain, winner.Blocks...)
	submit(t, c.Chain, loser.Blocks[n:]...)
	wantCoins(t, c.Chain, winner)
	first := winner.Blocks[n].Hash()
	for range 2 {
		if err := c.Invalidate(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		wantCoins(t, c.Chain, loser)
		if err := c.Reconsider(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		wantCoins(t, c.Chain, winner)
	}
}

// A restart keeps the tip, the marks and the coins.
// Whatever changes which headers are invalid is told, though the tip stays.
func TestMarksAreTold(t *testing.T) {
	trunk, winner, loser := branches(t, 5, 3)
	n := len(trunk.Blocks)
	c := start(t, regtest(t))
	submit(t, c.Chain, trunk.Blocks...)
	cursor := c.Events().Subscribe()
	told := func(what string, best wire.BlockHash) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		ev, err := cursor.Next(ctx)
		if err != nil || ev.Kind != event.HeaderTip || ev.Hash != best {
			t.Fatalf("%s: %v of %s at %d, %v; want the best header %s", what, ev.Kind, ev.Hash, ev.Height, err, best)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range []*chaintest.Branch{winner, loser} {
		_, err := c.SubmitHeaders(t.Context(), headersOf(b.Blocks[n:]))
		do(err)
	}
	told("headers", winner.Tip.Hash())
	do(c.Invalidate(t.Context(), winner.Blocks[n+1].Hash()))
	told("the best branch is invalid", loser.Tip.Hash())
	do(c.Invalidate(t.Context(), loser.Blocks[n].Hash()))
	told("the next is invalid, the first block of the best is not", winner.Blocks[n].Hash())
	do(c.Reconsider(t.Context(), winner.Tip.Hash()))
	told("the best branch is valid again", winner.Tip.Hash())
	// A block that does not deserve its coinbase.
	bad := trunk.Draft()
	bad.Txs[0].Out[0].Value++
	if _, err := c.SubmitBlock(t.Context(), bad.Block()); !isInvalid(err) {
		t.Fatal(err)
	}
	told("a block was found invalid", winner.Tip.Hash())
}

func TestRestart(t *testing.T) {
	trunk, winner, loser := branches(t, 30, 20)
	n := len(trunk.Blocks)
	cfg := regtest(t)
	cfg.CheckBlocks, cfg.CheckLevel = 6, 4
	c := start(t, cfg)
	submit(t, c.Chain, winner.Blocks...)
	submit(t, c.Chain, loser.Blocks[n:]...)
	if err := c.Invalidate(t.Context(), winner.Blocks[n].Hash()); err != nil {
		t.Fatal(err)
	}
	c.close(t)

	c = start(t, cfg)
	wantCoins(t, c.Chain, loser)
	if err := c.Reconsider(t.Context(), winner.Blocks[n].Hash()); err != nil {
		t.Fatal(err)
	}
	wantCoins(t, c.Chain, winner)
	c.close(t)

	cfg.ReindexChainstate = true
	c = start(t, cfg)
	if err := c.quiesce(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantCoins(t, c.Chain, winner)
	c.close(t)

	cfg.ReindexChainstate, cfg.Reindex = false, true
	c = start(t, cfg)
	if err := c.Chain.Reindex(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantCoins(t, c.Chain, winner)
}

func TestPrecious(t *testing.T) {
	trunk, a, b := branches(t, 5, 5)
	n := len(trunk.Blocks)
	c := start(t, regtest(t))
	submit(t, c.Chain, a.Blocks...)
	submit(t, c.Chain, b.Blocks[n:]...)
	wantCoins(t, c.Chain, a)
	for _, want := range []*chaintest.Branch{b, a, b} {
		if err := c.Precious(t.Context(), want.Tip.Hash()); err != nil {
			t.Fatal(err)
		}
		wantCoins(t, c.Chain, want)
	}
}

// What waits its turn is not done any more when its caller has gone.
func TestAloneForgetsWhoHasGone(t *testing.T) {
	c := start(t, regtest(t))
	ctx, cancel := context.WithCancel(t.Context())
	busy, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- c.alone(t.Context(), func() error { close(busy); <-release; return nil })
	}()
	<-busy
	done := make(chan struct{})
	asked := make(chan error, 1)
	go func() { asked <- c.alone(ctx, func() error { close(done); return nil }) }()
	cancel()
	if err := <-asked; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if err := c.alone(t.Context(), func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
		t.Error("it was done for nobody")
	default:
	}
}
