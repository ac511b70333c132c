package utxo

import (
	"slices"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"

	"grapevine/wire"
)

// flush is the writing of one frozen generation. Its batches hold the entries
// in the order of their keys. The first carries the marker with both heads,
// the last takes it away and sets the best block, and each is synced before
// the next begins: whatever a crash leaves, the marker is there until
// everything else is. A flush of one batch needs no marker.
type flush struct {
	from, to wire.BlockHash
	t        *table
	order    *keyOrder
	batch    leveldb.Batch
	started  bool  // the marker is on disk
	err      error // sticky: LevelDB takes no more after a failed write
	key, val []byte
	written  int64
}

// BeginFlush freezes the active generation, to be written by FlushStep, and
// opens an empty one. The generation before it, written long ago, is dropped.
// The owner's.
func (s *Set) BeginFlush() error {
	switch {
	case s.closed.Load():
		return &Error{Kind: ErrClosed}
	case s.interrupted:
		return &Error{Kind: ErrInterrupted}
	case s.flushing.Load():
		return &Error{Kind: ErrFlushing}
	}
	s.setLimit()
	next, err := s.emptyTable()
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.old, s.cur = s.cur, next
	s.mu.Unlock()

	f := &flush{from: s.diskBest, to: s.best, t: s.old}
	s.diskBest, s.dirty = s.best, false
	s.flushMu.Lock()
	s.flush = f
	s.flushMu.Unlock()
	s.flushing.Store(true)
	return nil
}

// emptyTable takes the generation before the active one out of the readers'
// sight, whose content is in the database, and uses its memory again.
func (s *Set) emptyTable() (*table, error) {
	if s.old == nil {
		return newTable(s.limit.Load())
	}
	s.mu.Lock()
	t := s.old
	s.old = nil
	s.mu.Unlock()
	t.clear(s.limit.Load())
	return t, nil
}

// FlushStep writes the next batch of the flush, of about maxBytes (at least
// 4 KiB and at most half of LevelDB's write buffer, whatever is asked), and
// reports whether it was the last. It runs beside the owner's methods and
// [Set.Coins].
//
// After an error the flush stays where it is, further steps return the same
// error, and the set has to be closed: what is on the disk is what an
// interrupted flush leaves. Coins go on being read until then.
func (s *Set) FlushStep(maxBytes int) (done bool, err error) {
	s.flushMu.Lock()
	defer s.flushMu.Unlock()
	f := s.flush
	switch {
	case s.closed.Load():
		return false, &Error{Kind: ErrClosed}
	case f == nil:
		return false, &Error{Kind: ErrNotFlushing}
	case f.err != nil:
		return false, f.err
	}
	if f.order == nil {
		if f.order, err = newKeyOrder(f.t); err != nil {
			return false, err
		}
	}
	last := f.fill(clampBatch(maxBytes, s.store.sizing.writeBuffer))
	if err := s.store.write(&f.batch); err != nil {
		f.err = err
		return false, err
	}
	f.started = true
	f.written += int64(len(f.batch.Dump()))
	if last {
		s.log.Debug("flushed coins", "entries", f.t.index.n, "bytes", f.written, "best", f.to)
		f.release()
		s.flush = nil
		s.flushing.Store(false)
	}
	return last, nil
}

const minBatch = 4 << 10

func clampBatch(want, writeBuffer int) int {
	return max(min(want, writeBuffer/2), minBatch)
}

// fill builds the next batch.
func (f *flush) fill(maxBytes int) (last bool) {
	last = f.fillEntries(maxBytes)
	switch {
	case last:
		f.finish(f.to)
	case !f.started:
		f.batch.Put([]byte(keyHeads), slices.Concat(f.to[:], f.from[:]))
	}
	return last
}

// fillEntries puts entries into an empty batch and reports whether they were
// the last.
func (f *flush) fillEntries(maxBytes int) (last bool) {
	f.batch.Reset()
	for size := 0; size < maxBytes; {
		ref, ok := f.order.next()
		if !ok {
			return true
		}
		size += f.put(record(f.t.arena.at(ref)))
	}
	return f.order.done()
}

// finish lets the batch end the flush.
func (f *flush) finish(best wire.BlockHash) {
	f.batch.Put([]byte(keyBest), best[:])
	f.batch.Delete([]byte(keyHeads))
}

func (f *flush) put(r record) int {
	op := r.outPoint()
	f.key = appendKey(f.key[:0], &op)
	if r.tomb() {
		f.batch.Delete(f.key)
		return len(f.key)
	}
	c := r.coin()
	f.val = AppendCoin(f.val[:0], &c)
	f.batch.Put(f.key, f.val)
	return len(f.key) + len(f.val)
}

func (f *flush) release() {
	if f.order != nil {
		f.order.release()
	}
	f.order, f.t = nil, nil
	f.batch = leveldb.Batch{}
}

// write writes a batch and waits until it is on the disk. Every batch is
// synced: LevelDB does not sync a journal that it closes in between, so a
// later synced batch would not vouch for those before it.
func (s *store) write(b *leveldb.Batch) error {
	return dbError(s.dir, s.db.Write(b, &opt.WriteOptions{Sync: true}))
}

// Flush freezes and writes everything at once, after waiting for a flush that
// is under way: for a stop, and before a [Snapshot]. The owner's.
func (s *Set) Flush() error {
	for s.flushing.Load() {
		if _, err := s.FlushStep(flushAll); err != nil && s.flushing.Load() {
			return err
		}
	}
	if err := s.BeginFlush(); err != nil {
		return err
	}
	for {
		if done, err := s.FlushStep(flushAll); done || err != nil {
			return err
		}
	}
}

// flushAll asks for the largest steps.
const flushAll = 1 << 30
