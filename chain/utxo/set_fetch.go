package utxo

import (
	"slices"
	"sync"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// Fetch resolves outpoints at the block that [Set.Best] names: dst[i] and
// found[i] tell of ops[i], and both slices are at least as long as ops. A coin
// that is not there leaves a zero dst[i] and found[i] false. Scripts are the
// caller's to keep and not to change. The owner's.
func (s *Set) Fetch(ops []wire.OutPoint, dst []consensus.Coin, found []bool) error {
	s.work.load(s.hash, ops)
	clear(dst[:len(ops)])
	clear(found[:len(ops)])
	return s.resolve(&s.work, dst, found)
}

// resolve fills in the results of the owner's work list. The owner is the
// only one to change the generations, so it reads them without the lock; and
// a key that is in neither is not one that a flush is writing.
func (s *Set) resolve(w *work, dst []consensus.Coin, found []bool) error {
	if s.closed.Load() {
		return &Error{Kind: ErrClosed}
	}
	if s.interrupted {
		return &Error{Kind: ErrInterrupted}
	}
	w.probe(s.cur, s.old, dst, found)
	return s.read(s.store.db, w, dst, found)
}

// Coins resolves outpoints for anyone: what it returns is the state at best.
// It waits for a merge at most, never for a flush or a block's validation.
//
// The generations are read under the read lock. What is in neither of them is
// read after it, from a LevelDB snapshot taken while the lock was held: a flush
// that runs writes keys of the generation before, which were answered from
// there, and whatever it writes later the snapshot does not show.
func (s *Set) Coins(ops []wire.OutPoint) (coins []consensus.Coin, found []bool, best wire.BlockHash, err error) {
	w := workPool.Get().(*work)
	defer workPool.Put(w)
	w.load(s.hash, ops)
	coins, found = make([]consensus.Coin, len(ops)), make([]bool, len(ops))

	from, best, err := s.readTables(w, coins, found)
	if err != nil {
		return nil, nil, best, err
	}
	if from == nil {
		return coins, found, best, nil
	}
	defer from.Release()
	if err := s.read(from, w, coins, found); err != nil {
		return nil, nil, best, err
	}
	return coins, found, best, nil
}

var workPool = sync.Pool{New: func() any { return new(work) }}

// readTables answers what the generations hold, and gives a snapshot for the
// rest, nil when nothing is left.
func (s *Set) readTables(w *work, coins []consensus.Coin, found []bool) (from snapshotReader, best wire.BlockHash, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed.Load() {
		return nil, best, &Error{Kind: ErrClosed}
	}
	if s.interrupted {
		return nil, best, &Error{Kind: ErrInterrupted}
	}
	w.probe(s.cur, s.old, coins, found)
	if len(w.miss) == 0 {
		return nil, s.best, nil
	}
	snap, err := s.store.db.GetSnapshot()
	if err != nil {
		return nil, best, dbError(s.store.dir, err)
	}
	return snap, s.best, nil
}

type snapshotReader interface {
	reader
	Release()
}

// A second goroutine reads along when there are that many misses: below, its
// start costs more than it saves.
const parallelMisses = 32

// read looks up the misses in the database, in the order of its keys, so that
// those of one block of a table follow each other.
func (s *Set) read(from reader, w *work, dst []consensus.Coin, found []bool) error {
	if len(w.miss) == 0 {
		return nil
	}
	slices.SortFunc(w.miss, func(a, b int32) int { return comparePoints(&w.ops[a], &w.ops[b]) })
	if len(w.miss) < parallelMisses {
		return s.readSome(from, w, w.miss, dst, found)
	}
	half := len(w.miss) / 2
	second := make(chan error, 1)
	go func() { second <- s.readSome(from, w, w.miss[half:], dst, found) }()
	err := s.readSome(from, w, w.miss[:half], dst, found)
	if err2 := <-second; err == nil {
		err = err2
	}
	return err
}

func (s *Set) readSome(from reader, w *work, miss []int32, dst []consensus.Coin, found []bool) error {
	key, scripts := make([]byte, 0, maxKey), make([]byte, 0, min(32*len(miss), slabBytes))
	for _, i := range miss {
		op := &w.ops[i]
		key = appendKey(key[:0], op)
		var c consensus.Coin
		var ok bool
		var err error
		if c, scripts, ok, err = s.store.coin(from, op, key, scripts); err != nil {
			return err
		}
		if ok {
			dst[w.at[i]], found[w.at[i]] = c, true
		}
	}
	return nil
}

// comparePoints orders outpoints as their keys are ordered.
func comparePoints(a, b *wire.OutPoint) int {
	if c := a.Txid.Compare(b.Txid); c != 0 {
		return c
	}
	switch {
	case a.Index < b.Index:
		return -1
	case a.Index > b.Index:
		return 1
	}
	return 0
}
