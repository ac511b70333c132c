package utxo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"grapevine/chain/consensus"
	"grapevine/internal/vfs/crash"
	"grapevine/wire"
)

// testStep is a block, or a branch that replaces another, as the changes it makes.
type testStep struct {
	from, to wire.BlockHash
	changes  []testChange
}

// testChange is one outpoint's coin before and after; nil is none.
type testChange struct {
	op            wire.OutPoint
	before, after *consensus.Coin
}

// testChain is a random history with its states by block. Coins live short
// and long, reappear, and are overwritten.
func testChain(seed uint64, blocks int) (steps []testStep, states []map[wire.OutPoint]consensus.Coin) {
	r := rand.New(rand.NewPCG(seed, 7))
	state := map[wire.OutPoint]consensus.Coin{}
	states = append(states, maps.Clone(state))
	for b := range blocks {
		s := testStep{from: testHash(b), to: testHash(b + 1)}
		seen := map[wire.OutPoint]bool{}
		for range 10 + r.IntN(20) {
			op := wire.OutPoint{Txid: wire.Txid{byte(r.IntN(40) * 6)}, Index: uint32(r.IntN(4) * 100)}
			if seen[op] {
				continue
			}
			seen[op] = true
			ch := testChange{op: op}
			if c, ok := state[op]; ok {
				ch.before = &c
			}
			if ch.before == nil || r.IntN(8) == 0 {
				script := make([]byte, r.IntN(4000))
				for i := range script {
					script[i] = byte(b)
				}
				ch.after = &consensus.Coin{Out: wire.TxOut{Value: wire.Amount(r.IntN(1e9)), PkScript: script}, Height: int32(b + 1)}
				state[op] = *ch.after
			} else {
				delete(state, op)
			}
			s.changes = append(s.changes, ch)
		}
		steps, states = append(steps, s), append(states, maps.Clone(state))
	}
	return steps, states
}

// testHash numbers blocks; none is the zero hash.
func testHash(n int) (h wire.BlockHash) {
	if n > 0 {
		binary.LittleEndian.PutUint32(h[:], uint32(n))
	}
	return h
}

func testNumber(h wire.BlockHash) int { return int(binary.LittleEndian.Uint32(h[:])) }

// apply merges one step.
func (s testStep) apply(set *Set) error {
	o := NewOverlay(nil, set)
	for _, ch := range s.changes {
		if ch.after == nil {
			o.Spend(ch.op)
		} else {
			o.Add(ch.op, *ch.after, ch.before == nil)
		}
	}
	return set.Merge(s.to, o)
}

// replay rolls an interrupted flush forward, as the chain does.
func replay(set *Set, steps []testStep) error {
	to, from, interrupted := set.Heads()
	if !interrupted {
		return nil
	}
	for n := testNumber(from); n < testNumber(to); n++ {
		for _, ch := range steps[n].changes {
			var err error
			if ch.after == nil {
				err = set.ReplaySpend(ch.op)
			} else {
				err = set.ReplayAdd(ch.op, *ch.after)
			}
			if err != nil {
				return err
			}
		}
	}
	return set.FinishReplay(to)
}

// crashRun goes through the history from where the set stands. durable is the
// last block whose flush was reported as complete.
type crashRun struct {
	steps   []testStep
	states  []map[wire.OutPoint]consensus.Coin
	durable int
	marked  int // starts that found an interrupted flush
}

func (c *crashRun) open(fs *crash.FS) (*Set, error) {
	return Open(Config{FS: fs, Dir: "/chainstate", CacheBytes: minCacheBytes})
}

// start opens the set, rolls it forward, and compares it with the history.
func (c *crashRun) start(t *testing.T, fs *crash.FS, what string) (*Set, error) {
	set, err := c.open(fs)
	if err != nil {
		return nil, err
	}
	if to, from, interrupted := set.Heads(); interrupted {
		c.marked++
		if testNumber(from) < c.durable || testNumber(to) <= testNumber(from) {
			t.Fatalf("%s: flush from block %d to %d after one of %d was complete", what, testNumber(from), testNumber(to), c.durable)
		}
		if _, _, _, err := set.Coins([]wire.OutPoint{{}}); !errors.Is(err, ErrInterrupted) {
			t.Fatalf("%s: coins while interrupted: %v", what, err)
		}
	}
	if err := replay(set, c.steps); err != nil {
		return set, err
	}
	if _, marked, err := set.store.hashes(keyHeads, 2); marked || err != nil {
		t.Fatalf("%s: marker after the replay: %v %v", what, marked, err)
	}
	n := testNumber(set.Best())
	if n < c.durable {
		t.Fatalf("%s: block %d after a flush of %d was complete", what, n, c.durable)
	}
	compareSnapshot(t, set, c.states[n])
	return set, nil
}

// run merges the rest of the history with flushes between.
func (c *crashRun) run(set *Set) error {
	for n := testNumber(set.Best()); n < len(c.steps); n++ {
		if err := c.steps[n].apply(set); err != nil {
			return err
		}
		if n%6 == 2 && !set.flushing.Load() {
			if err := set.BeginFlush(); err != nil {
				return err
			}
		}
		if set.flushing.Load() {
			if err := c.step(set); err != nil {
				return err
			}
		}
	}
	if err := set.Flush(); err != nil {
		return err
	}
	c.durable = len(c.steps)
	return nil
}

func (c *crashRun) step(set *Set) error {
	to := testNumber(set.flush.to)
	for range 2 {
		done, err := set.FlushStep(minBatch)
		if err != nil {
			return err
		}
		if done {
			c.durable = to
			return nil
		}
	}
	return nil
}

// TestPowerLoss stops at every sync and at many writes, restarts with several
// outcomes of what was not synced, stops again during the replay, and demands
// the history's coins every time.
func TestPowerLoss(t *testing.T) {
	steps, states := testChain(1, 60)
	disk := crash.New()
	whole := crashRun{steps: steps, states: states}
	set, err := whole.start(t, disk, "whole")
	if err != nil {
		t.Fatal(err)
	}
	if err := whole.run(set); err != nil {
		t.Fatal(err)
	}
	set.Close()
	counts := disk.Counts()

	interrupted, stops := 0, 0
	at := func(kind string, n int, cut func(*crash.FS, int)) {
		disk := crash.New()
		cut(disk, n)
		first := crashRun{steps: steps, states: states}
		if set, err := first.start(t, disk, "first"); err == nil {
			if err := first.run(set); err != nil && !errors.Is(err, crash.ErrPowerLost) {
				t.Fatalf("%s %d: %v", kind, n, err)
			}
			set.Close()
		}
		for seed := range uint64(3) {
			stops++
			what := fmt.Sprintf("%s %d, outcome %d", kind, n, seed)
			interrupted += restart(t, first, disk.Reopen(seed), what, n)
		}
	}
	stride := 1
	if raceDetector {
		stride = 5
	}
	for n := 1; n <= counts.Syncs; n += stride {
		at("sync", n, (*crash.FS).CutAtSync)
	}
	for n := 1; n <= counts.Writes; n += stride + counts.Writes/150 {
		at("write", n, (*crash.FS).CutAtWrite)
	}
	t.Logf("%d syncs, %d writes, %d restarts, %d of them after an interrupted flush", counts.Syncs, counts.Writes, stops, interrupted)
	if interrupted < 30 {
		t.Fatalf("only %d stops fell into a flush", interrupted)
	}
}

// restart loses power a second time at the start, and then goes to the end.
func restart(t *testing.T, run crashRun, disk *crash.FS, what string, n int) int {
	again := disk.Reopen(1)
	again.CutAtSync(1 + n%9)
	second := run
	if set, err := second.start(t, again, what+", second stop"); set != nil {
		if err == nil {
			_ = second.run(set)
		}
		set.Close()
	}
	for i, disk := range []*crash.FS{disk.Reopen(1), again.Reopen(uint64(n))} {
		third := run
		if i == 1 {
			third.durable = second.durable
		}
		set, err := third.start(t, disk, what)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if err := third.run(set); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		compareSnapshot(t, set, run.states[len(run.steps)])
		if err := set.Close(); err != nil {
			t.Fatal(err)
		}
		run.marked += third.marked
		if set, err = third.open(disk); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if _, _, interrupted := set.Heads(); interrupted || testNumber(set.Best()) != len(run.steps) {
			t.Fatalf("%s: best %s, interrupted %v after the end", what, set.Best(), interrupted)
		}
		set.Close()
	}
	return run.marked
}
