package utxo

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"grapevine/wire"
)

// Set is all unspent coins at one block, the best. One goroutine, the owner
// of the chain, calls what its methods mark as the owner's; [Set.Coins],
// [Set.Best] and [Set.Memory] may be called from any; [Set.FlushStep] from one at a time.
type Set struct {
	log    *slog.Logger
	store  *store
	hash   hasher
	closed atomic.Bool

	// flushMu is held for a step of a flush, and by Close.
	flushMu sync.Mutex
	flush   *flush
	// flushing is set from BeginFlush to the end of the last step.
	flushing atomic.Bool
	// limit is how large a generation becomes before it wants to be flushed.
	limit atomic.Int64

	// The owner alone changes what mu guards, so the owner reads it freely.
	mu   sync.RWMutex
	cur  *table         // the active generation
	old  *table         // the generation before it, read-only; may be nil
	best wire.BlockHash // of cur over old over the database

	// The owner's.
	diskBest    wire.BlockHash // of the database and old, once flushed
	dirty       bool           // merged since the last BeginFlush
	heads       [2]wire.BlockHash
	interrupted bool
	work        work
	spares      []overlayMemory
}

// Open opens the coins. A flush that a crash interrupted is reported by
// [Set.Heads] and has to be rolled forward before anything else.
func Open(cfg Config) (*Set, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	st, err := openStore(&cfg)
	if err != nil {
		return nil, err
	}
	s := &Set{log: cfg.Logger, store: st}
	var salt [16]byte
	rand.Read(salt[:])
	s.hash.k0 = binary.LittleEndian.Uint64(salt[:8])
	s.hash.k1 = binary.LittleEndian.Uint64(salt[8:])
	s.setLimit()
	if err := s.load(); err != nil {
		return nil, errors.Join(err, st.close())
	}
	if s.cur, err = newTable(s.limit.Load()); err != nil {
		return nil, errors.Join(err, st.close())
	}
	return s, nil
}

func (s *Set) load() error {
	best, _, err := s.store.hashes(keyBest, 1)
	if err != nil {
		return err
	}
	s.best, s.diskBest = best[0], best[0]
	s.heads, s.interrupted, err = s.store.hashes(keyHeads, 2)
	return err
}

// setLimit divides the budget: what LevelDB keeps of its open tables comes
// off it first, as far as that leaves the generations half.
func (s *Set) setLimit() {
	tables := s.store.sizing.tables
	s.limit.Store(max(tables-s.store.metaBytes(), tables/2) / 2)
}

// Best returns the block whose coins these are; the zero hash when there are
// none yet. While an interrupted flush is not rolled forward it is the block
// of the last complete flush, and the coins are of no block.
func (s *Set) Best() wire.BlockHash {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.best
}

// Heads returns the marker of an interrupted flush: some coins in the database
// are those of block to, the rest those of block from.
func (s *Set) Heads() (to, from wire.BlockHash, interrupted bool) {
	return s.heads[0], s.heads[1], s.interrupted
}

// Bytes returns what the coins in the cache take, as it is held against the
// cache's budget.
func (s *Set) Bytes() int64 {
	_, used := s.Memory()
	return used
}

// Memory returns the bytes that the cache holds: mapped is what it took of the
// machine for its two generations, used what their entries need.
func (s *Set) Memory() (mapped, used int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, t := range []*table{s.cur, s.old} {
		if t != nil {
			mapped += t.mapped()
			used += t.used()
		}
	}
	return mapped, used
}

// NeedsFlush reports whether the active generation has reached its share of
// the memory and no flush is under way. The owner's.
func (s *Set) NeedsFlush() bool {
	return !s.flushing.Load() && s.cur.used() >= s.limit.Load()
}

// Full reports whether the active generation has reached its share of the
// memory while the one before it is still being written: the owner should
// wait for the flush before it merges more. The owner's.
func (s *Set) Full() bool {
	return s.flushing.Load() && s.cur.used() >= s.limit.Load()
}

// Dirty reports whether anything has been merged since the last BeginFlush.
// The owner's.
func (s *Set) Dirty() bool { return s.dirty }

// Close waits for a step of a flush and for LevelDB, and gives all memory
// back. What has not been flushed is lost, as after a crash. No other method
// may be running but FlushStep and Coins; they and later calls get [ErrClosed].
func (s *Set) Close() error {
	s.flushMu.Lock()
	defer s.flushMu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Swap(true) {
		return nil
	}
	if s.flush != nil {
		s.flush.release()
		s.flush = nil
	}
	for _, t := range []*table{s.cur, s.old} {
		if t != nil {
			t.release()
		}
	}
	return s.store.close()
}
