package blockstore

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"grapevine/internal/vfs/crash"
)

// allocated is the number of bytes that fn allocates.
func allocated(fn func()) uint64 {
	var a, b runtime.MemStats
	runtime.ReadMemStats(&a)
	fn()
	runtime.ReadMemStats(&b)
	return b.TotalAlloc - a.TotalAlloc
}

// TestConcurrent: readers, a syncing goroutine and the owner at the same time,
// with fewer open files than are in use.
func TestConcurrent(t *testing.T) {
	for name, cfg := range map[string]Config{
		"crash": smallConfig(crash.New()),
		"os": {Dir: filepath.Join(t.TempDir(), "blocks"), Magic: testMagic, MaxFileSize: 8 << 10,
			BlockChunk: 2 << 10, UndoChunk: 1 << 10, OpenFiles: 2, MinFree: 1, IndexBuffer: 16 << 10},
	} {
		t.Run(name, func(t *testing.T) { concurrent(t, cfg) })
	}
}

func concurrent(t *testing.T, cfg Config) {
	blocks := chainOf(150)
	s := mustOpen(t, cfg)
	records := make([]Record, len(blocks))
	var ready atomic.Int64
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 0))
			for {
				n := ready.Load()
				if n == 0 {
					runtime.Gosched()
					continue
				}
				k := rng.Int64N(n)
				if err := readBack(s, records[k], blocks[k]); err != nil {
					t.Error(err)
					return
				}
				if n == int64(len(blocks)) {
					return
				}
				_ = s.SizeOnDisk()
			}
		})
	}
	wg.Go(func() {
		for done := int64(0); done < int64(len(blocks)); {
			n := ready.Load()
			if err := errors.Join(s.Sync(), s.WriteIndex(records[done:n])); err != nil {
				t.Error(err)
				return
			}
			done = n
			runtime.Gosched()
		}
	})
	for i, raw := range blocks {
		r, err := addBlock(s, raw, int32(i))
		if err != nil {
			t.Error(err)
			ready.Store(int64(len(blocks)))
			break
		}
		records[i] = r
		ready.Store(int64(i + 1))
	}
	wg.Wait()
	if len(s.files.open) > cfg.OpenFiles {
		t.Error(len(s.files.open), "files are open")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	cfg.Rand = nil
	s = mustOpen(t, cfg)
	defer s.Close()
	if known, err := verifyStore(s, blocks); err != nil || len(known) != len(blocks) {
		t.Fatal(len(known), err)
	}
}
