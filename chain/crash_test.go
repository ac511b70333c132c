package chain

import (
	"errors"
	"fmt"
	"testing"

	"grapevine/chain/headers"
	"grapevine/chain/utxo"
	"grapevine/internal/vfs/crash"
)

// Some of the syncs; TestPowerLossLong takes all.
func TestPowerLoss(t *testing.T) { powerLoss(t, 1, few(8, 2)) }

func TestPowerLossLong(t *testing.T) {
	if !long() {
		t.Skip("set GRAPEVINE_LONG=1")
	}
	for seed := range uint64(2) {
		powerLoss(t, seed, 1<<30)
	}
}

// powerLoss stops a ledger at about that many syncs, spread over the story,
// and restarts it with several outcomes of what was not synced. Every start
// must find the coins of the last complete flush, or of the one that was
// under way, and be able to go on to the end of the story; so must one after a
// second loss of power during the recovery from the first.
func powerLoss(t *testing.T, seed uint64, stops int) {
	s := newStory(t, seed)
	disk := s.disk(t)
	base := disk.Counts().Syncs
	if l := s.live(t, s.config(disk), "whole"); l.err != nil {
		t.Fatal(l.err)
	}
	total := disk.Counts().Syncs - base

	count := crashCount{}
	step := max(1, total/stops)
	for n := 1 + int(seed)%step; n <= total; n += step {
		disk := s.disk(t)
		disk.CutAtSync(base + n)
		what := fmt.Sprintf("seed %d, sync %d", seed, n)
		first := s.live(t, s.config(disk), what)
		if first.err == nil {
			continue // there were fewer this time
		}
		if !errors.Is(first.err, crash.ErrPowerLost) {
			t.Fatalf("%s: %v", what, first.err)
		}
		count.stops++
		for outcome := range uint64(4) {
			if outcome > 1 {
				outcome = outcome*1000 + uint64(n)
			}
			count.restart(t, s, first, disk, n, outcome, fmt.Sprintf("%s, outcome %d", what, outcome))
		}
	}
	t.Logf("%d syncs, %d stops, %d restarts: %d with an interrupted flush, %d that stopped again",
		total, count.stops, count.restarts, count.replays, count.again)
	if stops > total && (count.stops < total*3/4 || count.replays*6 < count.restarts || count.again == 0) {
		t.Error("too few stops where it matters")
	}
}

type crashCount struct{ stops, restarts, replays, again int }

func (c *crashCount) restart(t *testing.T, s *story, first life, lost *crash.FS, n int, outcome uint64, what string) {
	t.Helper()
	disk := lost.Reopen(outcome)
	before := first
	if outcome > 2000 && n%2 == 0 {
		// The power goes again, while the start repairs what the first left.
		disk.CutAtSync(1 + n/2%12)
		second := s.live(t, s.config(disk), what+", second stop")
		if second.err != nil && !errors.Is(second.err, crash.ErrPowerLost) {
			t.Fatalf("%s: second stop: %v", what, second.err)
		}
		if second.opened {
			mustFollow(t, s, first, second, what)
			before = second
		}
		c.again++
		disk = disk.Reopen(outcome + 1)
	}
	last := s.live(t, s.config(disk), what)
	if last.err != nil {
		t.Fatalf("%s: %v", what, last.err)
	}
	c.restarts++
	if last.replayed {
		c.replays++
	}
	mustFollow(t, s, before, last, what)

	// What was complete stays so.
	end, err := Open(s.config(disk.Reopen(0)))
	if err != nil {
		t.Fatalf("%s: after the end: %v", what, err)
	}
	defer end.Close()
	if end.tip().Hash() != s.winner.Tip.Hash() {
		t.Fatalf("%s: after the end the tip is %d", what, end.tip().Height())
	}
	if err := s.check(end); err != nil {
		t.Fatalf("%s: after the end: %v", what, err)
	}
}

// mustFollow checks that a life begins where the one before left the coins.
func mustFollow(t *testing.T, s *story, before, now life, what string) {
	t.Helper()
	if !before.opened && now.before != s.trunk.Params.GenesisHash ||
		before.opened && now.before != before.durable && now.before != before.pending {
		t.Fatalf("%s: starts at height %d; the last complete flush was at %d, the one after it at %d", what,
			s.heights[now.before], s.heights[before.durable], s.heights[before.pending])
	}
}

func TestPowerLossInReindex(t *testing.T) {
	notShort(t)
	powerLossInReindex(t, 6)
}

func TestPowerLossInReindexLong(t *testing.T) {
	if !long() {
		t.Skip("set GRAPEVINE_LONG=1")
	}
	powerLossInReindex(t, 1<<30)
}

// powerLossInReindex stops a rebuilding of index and coins, or of the coins
// alone, and restarts without asking for it again: it goes on by itself.
func powerLossInReindex(t *testing.T, stops int) {
	s := newStory(t, 3)
	whole := s.whole(t)
	for _, flag := range []string{"reindex", "reindex-chainstate"} {
		rebuild := func(disk *crash.FS, what string) life {
			cfg := s.config(disk)
			cfg.Reindex, cfg.ReindexChainstate = flag == "reindex", flag != "reindex"
			return s.live(t, cfg, what)
		}
		disk := whole.Reopen(1)
		if l := rebuild(disk, flag); l.err != nil {
			t.Fatalf("%s: %v", flag, l.err)
		} else if flag == "reindex" && l.rebuilt != s.winner.Tip.Hash() {
			t.Fatalf("reindex ends at height %d", s.heights[l.rebuilt])
		}
		total := disk.Counts().Syncs
		step := max(1, total/stops)
		restarts, went := 0, 0
		for n := 1; n <= total; n += step {
			disk := whole.Reopen(1)
			disk.CutAtSync(n)
			what := fmt.Sprintf("%s, sync %d", flag, n)
			if l := rebuild(disk, what); l.err != nil && !errors.Is(l.err, crash.ErrPowerLost) {
				t.Fatalf("%s: %v", what, l.err)
			}
			for outcome := range uint64(3) {
				if outcome > 1 {
					outcome = 2000 + uint64(n)
				}
				again := disk.Reopen(outcome)
				l := s.live(t, s.config(again), fmt.Sprintf("%s, outcome %d", what, outcome))
				if l.err != nil {
					t.Fatalf("%s, outcome %d: %v", what, outcome, l.err)
				}
				restarts++
				if !l.rebuilt.IsZero() {
					went++
					if l.rebuilt != s.winner.Tip.Hash() {
						t.Fatalf("%s, outcome %d: reindex ends at height %d", what, outcome, s.heights[l.rebuilt])
					}
				}
			}
		}
		t.Logf("%s: %d syncs, %d restarts, %d of which went on with it", flag, total, restarts, went)
		if flag == "reindex" && stops > total && went*2 < restarts {
			t.Error("too few stops in the middle of a reindex")
		}
	}
}

// A block that was marked as invalid is not the tip after a loss of power, even
// where the mark was on the disk and the coins without the block were not.
func TestPowerLossAfterInvalidation(t *testing.T) {
	notShort(t)
	s := newStory(t, 4)
	first := s.winner.Blocks[len(s.trunk.Blocks)].Hash()
	whole := s.whole(t)
	marked := 0
	for n := 1; ; n++ {
		disk := whole.Reopen(1)
		cfg := s.config(disk)
		cfg.tune.flushEvery = 0 // mark and coins go into the same flush
		c, err := Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		disk.CutAtSync(disk.Counts().Syncs + n)
		r := run(t, c)
		err = r.Invalidate(t.Context(), first)
		if err == nil {
			_, _, err = r.CoinStats(t.Context(), utxo.HashSerialized)
		}
		r.stop()
		<-r.end
		close(r.end)

		r = start(t, s.config(disk.Reopen(0)))
		if err := r.quiesce(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r.Tree().Lookup(first).Status()&headers.StatusFailed != 0 {
			marked++
			wantCoins(t, r.Chain, s.loser)
		} else {
			wantCoins(t, r.Chain, s.winner)
		}
		r.close(t)
		if err == nil {
			break
		}
	}
	if marked < 2 {
		t.Errorf("the mark was on the disk after %d stops", marked)
	}
}
