package chain

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"grapevine/chain/chaintest"
	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/internal/u256"
	"grapevine/wire"
)

// headersOf returns the headers of blocks.
func headersOf(blocks []*wire.Block) []wire.Header {
	list := make([]wire.Header, len(blocks))
	for i, b := range blocks {
		list[i] = b.Header
	}
	return list
}

// A block that nobody asked for is kept only where it may soon be the tip.
func TestUnrequestedBlocks(t *testing.T) {
	trunk := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	trunk.Mine(10, 0)
	same, less := trunk.Fork(2), trunk.Fork(3)
	trunk.Mine(300, 0)
	less.Mine(1, 0)
	same.Mine(2, 0)
	const tip = 12 // the chain's, in what follows
	for _, tc := range []struct {
		name  string
		block *wire.Block
		work  *u256.Int
		want  Outcome
	}{
		{name: "on the tip", block: trunk.Blocks[tip], want: Connected},
		{name: "288 ahead", block: trunk.Blocks[tip+287], want: Stored},
		{name: "289 ahead", block: trunk.Blocks[tip+288], want: Ignored},
		{name: "with the tip's work", block: same.Blocks[tip-1], want: Stored},
		{name: "with less", block: less.Blocks[tip-2], want: Ignored},
		{name: "below the minimum of work", block: trunk.Blocks[tip], work: &u256.Int{1000}, want: Ignored},
		{name: "with the minimum", block: trunk.Blocks[tip], work: &u256.Int{2 * (tip + 2)}, want: Connected},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := regtest(t)
			cfg.MinimumChainWork = tc.work
			c := start(t, cfg)
			submit(t, c.Chain, trunk.Blocks[:tip]...)
			for _, list := range [][]wire.Header{headersOf(trunk.Blocks), headersOf(same.Blocks), headersOf(less.Blocks)} {
				if _, err := c.SubmitHeaders(t.Context(), list); err != nil {
					t.Fatal(err)
				}
			}
			out, err := c.SubmitBlockWith(t.Context(), tc.block, BlockOptions{})
			if out != tc.want || err != nil {
				t.Fatalf("unrequested: outcome %d, error %v; want %d", out, err, tc.want)
			}
			n := c.Tree().Lookup(tc.block.Hash())
			if kept := n.Status()&headers.StatusHasData != 0; kept != (tc.want != Ignored) {
				t.Errorf("outcome %d, and the block is kept: %v", out, kept)
			}
			if tc.want != Ignored {
				return
			}
			if out, err := c.SubmitBlockWith(t.Context(), tc.block, BlockOptions{Requested: true}); err != nil || out != Stored && out != Connected {
				t.Errorf("requested: outcome %d, error %v", out, err)
			}
		})
	}
}

// An unrequested block that is here, or is invalid, is told apart from one
// that is not wanted.
func TestUnrequestedKnownBlocks(t *testing.T) {
	c, b := trunk(t)
	if out, err := c.SubmitBlockWith(t.Context(), b.Blocks[3], BlockOptions{}); out != Duplicate || err != nil {
		t.Errorf("outcome %d, error %v", out, err)
	}
	bad := b.Draft()
	bad.Txs[0].Out[0].Value++
	block := bad.Block()
	for range 2 {
		if out, err := c.SubmitBlockWith(t.Context(), block, BlockOptions{}); out != 0 || !isInvalid(err) {
			t.Errorf("outcome %d, error %v", out, err)
		}
	}
}

// Headers of a chain with little work are refused before they take memory,
// whatever they claim without proof.
func TestLowWork(t *testing.T) {
	b := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	b.Mine(1200, 0)
	list := headersOf(b.Blocks)
	work := func(blocks int) u256.Int { return u256.FromUint64(2 * uint64(blocks+1)) }
	known := func(c *Chain) int { return c.Tree().Len() - 1 }
	c := start(t, regtest(t))

	enough := HeaderOptions{MinWork: work(1200)}
	if _, err := c.SubmitHeadersWith(t.Context(), list[:1199], enough); !errors.Is(err, consensus.ErrLowChainWork) || known(c.Chain) != 0 {
		t.Errorf("one short: %v, %d headers kept", err, known(c.Chain))
	}
	// The work of a header that does not prove it does not count.
	weak := slices.Clone(list)
	for c.Params().CheckProofOfWork(weak[1199].Hash(), weak[1199].Bits) {
		weak[1199].Nonce++
	}
	if _, err := c.SubmitHeadersWith(t.Context(), weak, enough); !errors.Is(err, consensus.ErrLowChainWork) || known(c.Chain) != 0 {
		t.Errorf("the last without proof: %v, %d headers kept", err, known(c.Chain))
	}
	if _, err := c.SubmitHeadersWith(t.Context(), weak[1190:], enough); !errors.Is(err, consensus.ErrPrevNotFound) {
		t.Errorf("unknown parent: %v", err)
	}
	// A broken rule is told before the lack of work.
	early := list[0]
	early.Time = b.Params.Genesis.Header.Time
	chaintest.Grind(&early)
	if _, err := c.SubmitHeadersWith(t.Context(), []wire.Header{early}, enough); !errors.Is(err, consensus.ErrTimeTooOld) {
		t.Errorf("broken rule: %v", err)
	}
	last, err := c.SubmitHeadersWith(t.Context(), list, enough)
	if err != nil || last == nil || last.Height() != 1200 {
		t.Fatalf("with enough: %v, last %v", err, last)
	}
	// What is known passes, however much is asked for.
	if _, err := c.SubmitHeadersWith(t.Context(), list[:5], HeaderOptions{MinWork: work(5000)}); err != nil {
		t.Errorf("known headers: %v", err)
	}
	// From here on a fork with little work is below the threshold.
	submit(t, c.Chain, b.Blocks[:400]...)
	if got, want := c.MinWork(), work(400-recentWork); got != want {
		t.Errorf("threshold %s; want %s", got, want)
	}
}

func TestLowWorkBlock(t *testing.T) {
	b := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	b.Mine(1, 0)
	c := start(t, regtest(t))
	opts := BlockOptions{Requested: true, MinWork: u256.FromUint64(5)}
	if _, err := c.SubmitBlockWith(t.Context(), b.Blocks[0], opts); !errors.Is(err, consensus.ErrLowChainWork) || c.Tree().Len() != 1 {
		t.Errorf("%v, %d headers", err, c.Tree().Len())
	}
	opts.MinWork = u256.FromUint64(4)
	if out, err := c.SubmitBlockWith(t.Context(), b.Blocks[0], opts); out != Connected || err != nil {
		t.Errorf("outcome %d, error %v", out, err)
	}
}

// Blocks count from the moment they are handed over until their verdict.
func TestQueued(t *testing.T) {
	c, b := trunk(t)
	block := b.Draft().Block()
	held := make(chan struct{})
	release := make(chan struct{})
	go func() {
		_ = c.alone(t.Context(), func() error { close(held); <-release; return nil })
	}()
	<-held
	if c.Queued() != 0 {
		t.Errorf("%d bytes queued before", c.Queued())
	}
	verdict := make(chan error, 1)
	go func() {
		_, err := c.SubmitBlock(t.Context(), block)
		verdict <- err
	}()
	for c.Queued() < int64(block.TotalSize()) {
		select {
		case err := <-verdict:
			t.Fatalf("judged while the owner is busy: %v", err)
		default:
		}
	}
	close(release)
	if err := <-verdict; err != nil || c.Queued() != 0 {
		t.Errorf("%v, %d bytes queued after", err, c.Queued())
	}
}

// A block whose parent is missing has its verdict at once, and counts as long as
// it waits in memory; one of a branch that lost does not.
func TestQueuedWithoutParent(t *testing.T) {
	c, b := trunk(t)
	loser := b.Fork(9)
	loser.Mine(1, 0)
	b.Mine(3, 0)
	next := b.Blocks[len(b.Blocks)-3:]
	if _, err := c.SubmitHeaders(t.Context(), headersOf(next)); err != nil {
		t.Fatal(err)
	}
	waiting := int64(0)
	for _, x := range next[1:] {
		waiting += int64(x.TotalSize())
		if out, err := c.SubmitBlock(t.Context(), x); out != Stored || err != nil {
			t.Fatalf("outcome %d, error %v", out, err)
		}
		if c.Queued() != waiting {
			t.Errorf("%d bytes queued, %d wait", c.Queued(), waiting)
		}
	}
	submit(t, c.Chain, next[0])
	if tip := c.Active().Tip(); tip.Hash() != b.Tip.Hash() || c.Queued() != 0 {
		t.Errorf("%d bytes queued at %d", c.Queued(), tip.Height())
	}
	if out, err := c.SubmitBlock(t.Context(), loser.Blocks[len(loser.Blocks)-1]); out != Stored || err != nil {
		t.Fatalf("outcome %d, error %v", out, err)
	}
	if c.Queued() != 0 {
		t.Errorf("%d bytes queued of a branch that lost", c.Queued())
	}
}

// A block that waits for its parent is let go once the tip has as much work.
func TestLosersAreForgotten(t *testing.T) {
	c, b := trunk(t)
	loser := b.Fork(9)
	loser.Mine(3, 0)
	side := loser.Blocks[len(loser.Blocks)-3:]
	if _, err := c.SubmitHeaders(t.Context(), headersOf(side)); err != nil {
		t.Fatal(err)
	}
	submit(t, c.Chain, side[2])
	b.Mine(3, 0)
	next := b.Blocks[len(b.Blocks)-3:]
	submit(t, c.Chain, next[:2]...)
	if c.Queued() != int64(side[2].TotalSize()) {
		t.Errorf("%d bytes queued while the branch may win", c.Queued())
	}
	submit(t, c.Chain, next[2])
	// The owner looks through them before it answers what comes next.
	ownedBy(t, c.Chain, func() {})
	if c.Queued() != 0 {
		t.Errorf("%d bytes queued of a branch that lost", c.Queued())
	}
	// The branch may still win: its block is read back.
	loser.Mine(1, 0)
	submit(t, c.Chain, side[0], side[1], loser.Blocks[len(loser.Blocks)-1])
	wantCoins(t, c.Chain, loser)
}

// While headers come in, the index is written in parts, and the coins are not.
func TestHeadersAreWrittenInParts(t *testing.T) {
	b := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	b.Mine(1100, 0)
	cfg := regtest(t)
	cfg.tune.indexEvery = 100
	var log messages
	cfg.Logger = slog.New(&log)
	c := start(t, cfg)
	if _, err := c.SubmitHeaders(t.Context(), headersOf(b.Blocks)); err != nil {
		t.Fatal(err)
	}
	for waiting := 1100; waiting >= 100; {
		ownedBy(t, c.Chain, func() { waiting = len(c.dirty) })
	}
	if log.count("index flush begins") == 0 || log.count("flush begins") != 0 {
		t.Errorf("%d parts, %d flushes of coins", log.count("index flush begins"), log.count("flush begins"))
	}
	c.close(t)
	c = start(t, cfg)
	if n := c.Tree().Len(); n != 1101 {
		t.Errorf("%d headers after the next start", n)
	}
}

// messages counts what is logged.
type messages struct {
	mu   sync.Mutex
	seen map[string]int
}

func (m *messages) Enabled(context.Context, slog.Level) bool { return true }
func (m *messages) WithAttrs([]slog.Attr) slog.Handler       { return m }
func (m *messages) WithGroup(string) slog.Handler            { return m }

func (m *messages) Handle(_ context.Context, r slog.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil {
		m.seen = make(map[string]int)
	}
	m.seen[r.Message]++
	return nil
}

func (m *messages) count(what string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen[what]
}
