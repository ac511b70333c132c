package utxo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/syndtr/goleveldb/leveldb/storage"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// raceCoins is how many coins a block of the test replaces.
const raceCoins = 40

// raceBlock spends the coins of the block before and creates its own: at any
// block n exactly the coins of n exist, and each says n.
func raceBlock(set *Set, n int) *Overlay {
	o := NewOverlay(nil, set)
	for i := range raceCoins {
		if n > 1 {
			o.Spend(racePoint(n-1, i))
		}
		o.Add(racePoint(n, i), consensus.Coin{Out: wire.TxOut{Value: wire.Amount(n), PkScript: make([]byte, 2000)}, Height: int32(n)}, true)
	}
	return o
}

// racePoint is the i-th coin of block n; every fourth outpoint is the same
// for all blocks, so that it is overwritten in every generation.
func racePoint(n, i int) (op wire.OutPoint) {
	if i%4 != 0 {
		binary.LittleEndian.PutUint32(op.Txid[4:], uint32(n))
	}
	op.Txid[0] = byte(i * 5)
	return op
}

// TestCoinsBesideMergeAndFlush reads from several goroutines while blocks are
// merged and flushed: every answer is that of the block that it names.
func TestCoinsBesideMergeAndFlush(t *testing.T) {
	s, err := Open(Config{Storage: storage.NewMemStorage(), CacheBytes: minCacheBytes})
	if err != nil {
		t.Fatal(err)
	}
	raceRun(t, s)
}

func raceRun(t *testing.T, s *Set) {
	const blocks = 600
	var wg sync.WaitGroup
	var reads, flushes atomic.Int64
	stop := make(chan struct{})
	failed := make(chan error, 8)
	for g := range 3 {
		wg.Go(func() {
			for i := g; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := raceRead(s, i); err != nil {
					failed <- err
					return
				}
				reads.Add(1)
			}
		})
	}
	steps := make(chan struct{}, 1)
	wg.Go(func() {
		for range steps {
			for done := false; !done; {
				var err error
				if done, err = s.FlushStep(64 << 10); err != nil {
					failed <- err
					return
				}
			}
			flushes.Add(1)
		}
	})
	for n := 1; n <= blocks; n++ {
		if err := s.Merge(testHash(n), raceBlock(s, n)); err != nil {
			t.Fatal(err)
		}
		if n%5 == 0 && !s.flushing.Load() {
			if err := s.BeginFlush(); err != nil {
				t.Fatal(err)
			}
			steps <- struct{}{}
		}
	}
	close(steps)
	for reads.Load() < 100 && len(failed) == 0 {
		if err := raceRead(s, 0); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	if flushes.Load() < 3 {
		t.Errorf("only %d flushes", flushes.Load())
	}
	t.Logf("%d reads beside %d blocks and %d flushes", reads.Load(), blocks, flushes.Load())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// raceRead asks for the coins of a recent block and of the one before.
func raceRead(s *Set, i int) error {
	n := testNumber(s.Best())
	var ops []wire.OutPoint
	for k := range raceCoins {
		ops = append(ops, racePoint(n+i%2, k), racePoint(n-1+i%2, k))
	}
	coins, found, best, err := s.Coins(ops)
	if errors.Is(err, ErrClosed) {
		return nil
	}
	if err != nil {
		return err
	}
	at := testNumber(best)
	for k, op := range ops {
		want := op == racePoint(at, k/2)
		if found[k] != (want && at > 0) || found[k] && int(coins[k].Height) != at {
			return fmt.Errorf("at block %d: %s found %v, of block %d", at, op, found[k], coins[k].Height)
		}
	}
	return nil
}
