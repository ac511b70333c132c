package chain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"

	"grapevine/chain/chaintest"
	"grapevine/chain/params"
	"grapevine/chain/utxo"
	"grapevine/internal/vfs"
	"grapevine/internal/vfs/crash"
	"grapevine/wire"
)

// story is a history for a ledger on a simulated disk: an import, a branch, a
// reorganisation to a better one, the way back by an invalidation and forth
// again, and some blocks more. All of it may be told again to a ledger that
// has seen a part.
type story struct {
	trunk, loser, winner *chaintest.Branch
	late                 int                             // blocks of winner that come last
	coins                map[wire.BlockHash]utxo.SetHash // after each block of any branch
	heights              map[wire.BlockHash]int32
	file                 []byte // of the trunk
}

const (
	storyFile = "/bootstrap.dat"
	storyDir  = "/node"
)

// newStory draws the history from a seed.
func newStory(t *testing.T, seed uint64) *story {
	s := &story{late: 5, coins: make(map[wire.BlockHash]utxo.SetHash), heights: make(map[wire.BlockHash]int32)}
	s.trunk = chaintest.New(t, params.Regtest(params.RegtestOptions{}), seed)
	s.note(s.trunk)
	s.mine(s.trunk, 101, 0)
	s.mine(s.trunk, 11, 6)
	s.loser, s.winner = s.trunk.Fork(seed+100), s.trunk.Fork(seed+200)
	s.mine(s.loser, 6, 6)
	s.mine(s.winner, 8+s.late, 6)
	for _, b := range s.trunk.Blocks {
		s.file = append(s.file, record(s.trunk.Params, b.Raw())...)
	}
	return s
}

// mine adds blocks that spend, and that make so many coins which stay that
// a flush of a few blocks takes several of the smallest steps.
func (s *story) mine(b *chaintest.Branch, blocks, spends int) {
	for range blocks {
		if spends == 0 {
			b.Mine(1, 0)
		} else {
			txs := b.Spends(spends)
			b.Add(b.Draft(append(txs, s.fanOut(b, &txs[len(txs)-1]))...).Block())
		}
		s.note(b)
	}
}

// fanOut splits the first output of a transaction into coins that nobody
// spends.
func (s *story) fanOut(b *chaintest.Branch, from *wire.Tx) wire.Tx {
	spent := from.Out[0]
	op := wire.OutPoint{Txid: from.Txid()}
	tx := wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: op, Sequence: 0xffffffff}}}
	const coins = 100
	for i := range coins {
		script := append([]byte{0, 20}, op.Txid[:20]...)
		script[2] = byte(i)
		tx.Out = append(tx.Out, wire.TxOut{Value: spent.Value / (coins + 1), PkScript: script})
	}
	chaintest.Sign(&tx, []wire.TxOut{spent})
	return *tx.Seal()
}

func (s *story) note(b *chaintest.Branch) {
	s.coins[b.Tip.Hash()], s.heights[b.Tip.Hash()] = b.Hash(), b.Height
}

// disk returns a new disk with the file to import.
func (s *story) disk(t *testing.T) *crash.FS {
	t.Helper()
	disk := crash.New()
	if err := vfs.WriteFileSync(disk, storyFile, storyFile+".tmp", s.file); err != nil {
		t.Fatal(err)
	}
	return disk
}

// tell takes a ledger through the whole history. Blocks that an earlier life
// left marked as invalid are refused until they are reconsidered.
func (s *story) tell(ctx context.Context, c *Chain) error {
	n := len(s.trunk.Blocks)
	if err := c.Import(ctx, storyFile); err != nil {
		return err
	}
	first := s.winner.Blocks[n]
	early := len(s.winner.Blocks) - s.late
	steps := []func() error{
		func() error { return s.submit(ctx, c, s.loser.Blocks[n:]) },
		func() error { return s.submit(ctx, c, s.winner.Blocks[n:early]) },
		func() error { return c.Invalidate(ctx, first.Hash()) },
		func() error { return c.Reconsider(ctx, first.Hash()) },
		func() error { return s.submit(ctx, c, s.winner.Blocks[n:]) },
	}
	for _, do := range steps {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) submit(ctx context.Context, c *Chain, blocks []*wire.Block) error {
	for _, b := range blocks {
		if _, err := c.SubmitBlock(ctx, b); err != nil && !isInvalid(err) {
			return err
		}
	}
	return nil
}

// config makes small files and many flushes of several steps.
func (s *story) config(disk vfs.FS) Config {
	return Config{
		Params: s.trunk.Params, Dir: storyDir, FS: disk, CacheBytes: 4 << 20, AssumeValid: new(wire.BlockHash),
		CheckBlocks: 6, CheckLevel: 3, Workers: 2,
		tune: tuning{
			maxFileSize: 40 << 10, blockChunk: 16 << 10, undoChunk: 4 << 10, indexBuffer: 16 << 10, minFree: 1,
			flushEvery: 4, flushStep: 1, indexEvery: 3,
		},
	}
}

// life is what one run of a ledger came to.
type life struct {
	// opened says that the ledger came up; before is its tip then.
	opened bool
	before wire.BlockHash
	// The tips of which the next start must find one: that of the last
	// complete flush, and that of the one which was under way.
	durable, pending wire.BlockHash
	replayed         bool           // an interrupted flush was rolled forward
	rebuilt          wire.BlockHash // the tip when a reindex was complete
	err              error
}

// live opens the ledger, compares its coins with the model's at the tip that
// it reports, and tells it the story. What goes wrong with the disk is in the
// result; a ledger that is wrong ends the test.
func (s *story) live(t *testing.T, cfg Config, what string) (l life) {
	t.Helper()
	log := &flushLog{}
	cfg.Logger = slog.New(log)
	c, err := Open(cfg)
	if err != nil {
		return life{err: err, replayed: log.replayed()}
	}
	l = life{opened: true, before: c.tip().Hash(), replayed: log.replayed()}
	log.begin(l.before)
	if err := s.check(c); err != nil {
		if errors.Is(err, errWrong) {
			t.Fatalf("%s: %v", what, err)
		}
		l.err = errors.Join(err, c.Close())
		l.durable, l.pending = log.tips()
		return l
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	end := make(chan error, 1)
	go func() { end <- c.Run(ctx) }()
	reindexing := c.Status().Reindexing
	l.err = c.Reindex(ctx)
	if l.err == nil && reindexing {
		l.rebuilt = c.tip().Hash()
	}
	if l.err == nil {
		l.err = s.tell(ctx, c)
	}
	if l.err == nil {
		l.err = s.finished(ctx, t, c, what)
	}
	cancel()
	if err := <-end; l.err == nil {
		l.err = err
	}
	l.durable, l.pending = log.tips()
	return l
}

var errWrong = errors.New("the ledger differs from the model")

// check compares the coins of a ledger that does not run yet with the model's.
func (s *story) check(c *Chain) error {
	tip := c.tip()
	want, known := s.coins[tip.Hash()]
	if !known {
		return fmt.Errorf("%w: unknown tip %s", errWrong, tip.Hash())
	}
	if c.coins.Dirty() { // of a new ledger, which has no coins
		if err := c.coins.Flush(); err != nil {
			return err
		}
	}
	snap, err := c.coins.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Close()
	stats, err := utxo.ComputeStats(context.Background(), utxo.HashSerialized, snap)
	if err != nil {
		return err
	}
	if stats.Hash != want {
		return fmt.Errorf("%w: coins %s at height %d; want %s", errWrong, stats.Hash, tip.Height(), want)
	}
	return nil
}

// finished compares a ledger at the end of the story with the model.
func (s *story) finished(ctx context.Context, t *testing.T, c *Chain, what string) error {
	t.Helper()
	stats, tip, err := c.CoinStats(ctx, utxo.HashSerialized)
	if err != nil {
		return err
	}
	if tip.Hash() != s.winner.Tip.Hash() || stats.Hash != s.coins[s.winner.Tip.Hash()] {
		t.Fatalf("%s: ends at height %d, block %s, coins %s; want %d, %s, %s", what, tip.Height(), tip.Hash(), stats.Hash,
			s.winner.Height, s.winner.Tip.Hash(), s.coins[s.winner.Tip.Hash()])
	}
	return nil
}

// flushLog reads off a ledger's log which flushes were complete.
type flushLog struct {
	mu               sync.Mutex
	durable, pending wire.BlockHash
	replay           bool
}

func (f *flushLog) begin(tip wire.BlockHash) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.durable, f.pending = tip, tip
}

func (f *flushLog) tips() (durable, pending wire.BlockHash) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.durable, f.pending
}

func (f *flushLog) replayed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.replay
}

func (f *flushLog) Enabled(context.Context, slog.Level) bool { return true }
func (f *flushLog) WithAttrs([]slog.Attr) slog.Handler       { return f }
func (f *flushLog) WithGroup(string) slog.Handler            { return f }

func (f *flushLog) Handle(_ context.Context, r slog.Record) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r.Message {
	case "flush begins":
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "best" {
				f.pending = a.Value.Any().(wire.BlockHash)
			}
			return true
		})
	case "flush ended":
		f.durable = f.pending
	case "Replaying blocks after an interrupted flush":
		f.replay = true
	}
	return nil
}

// whole returns a disk on which the story was told to its end. It has lost
// power: each copy comes from Reopen(1).
func (s *story) whole(t *testing.T) *crash.FS {
	t.Helper()
	disk := s.disk(t)
	if l := s.live(t, s.config(disk), "whole"); l.err != nil {
		t.Fatal(l.err)
	}
	return disk
}

// long reports whether tests may take minutes.
func long() bool { return os.Getenv("GRAPEVINE_LONG") != "" }

// few is how much a test in the usual run takes of what the long one takes all
// of; the race detector's run, which is short, takes less.
func few(usual, short int) int {
	if testing.Short() {
		return short
	}
	return usual
}

// notShort leaves a test out of the race detector's run, where it takes long
// and lets no goroutines meet that do not meet in others.
func notShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long with the race detector")
	}
}
