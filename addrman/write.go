package addrman

import "github.com/syndtr/goleveldb/leveldb"

// batchPlaces is how many places are looked at under the lock at a time, a divisor of
// their number: encoding 1024 records takes 0.2 ms.
const batchPlaces = 1024

// batch collects changes and remembers which places they are of.
type batch struct {
	writes leveldb.Batch
	taken  []place
	key    []byte
	record []byte
}

// take encodes the dirty places from one to another and marks them clean.
func (w *batch) take(b *book, from, to place) {
	for p := from; p < to; p++ {
		if p%64 == 0 && b.dirty[p/64] == 0 {
			p += 63
			continue
		}
		if !b.dirty.has(p) {
			continue
		}
		b.dirty.remove(p)
		w.taken = append(w.taken, p)
		w.key = appendPlaceKey(w.key[:0], p)
		if n := b.at[p]; n == noID {
			w.writes.Delete(w.key)
		} else {
			w.record = appendEntry(w.record[:0], b.entry(n))
			w.writes.Put(w.key, w.record)
		}
	}
}

// flush writes what was dirty when it looked there, in one batch. After an error it
// stays dirty and the store is closed; the next call opens it anew.
func (m *Manager) flush() error {
	m.writing.Lock()
	defer m.writing.Unlock()
	if m.closed || m.cfg.Dir == "" {
		return nil
	}
	if m.store == nil {
		if err := m.reopen(); err != nil {
			return err
		}
	}
	w := new(batch)
	// The tried table comes first: an address that moves there while this goes on is
	// then in both tables, and not in none.
	for to := place(allPlaces); to > 0; to -= batchPlaces {
		m.mu.Lock()
		w.take(m.book, to-batchPlaces, to)
		m.mu.Unlock()
	}
	err := m.store.write(&w.writes)
	if err == nil {
		return nil
	}
	m.mu.Lock()
	for _, p := range w.taken {
		m.book.dirty.add(p)
	}
	m.mu.Unlock()
	_ = m.store.close() // the error is that of the write
	m.store = nil
	return err
}

// reopen opens a store that failed. What it holds is not known, so that all places are
// written again.
func (m *Manager) reopen() error {
	s, err := openStore(m.cfg.FS, m.cfg.Dir, m.log)
	if corrupted(err) {
		if err = m.replace(err); err == nil {
			s, err = openStore(m.cfg.FS, m.cfg.Dir, m.log)
		}
	}
	if err != nil {
		return err
	}
	var b leveldb.Batch
	m.mu.Lock()
	h := header{secret: m.book.key, mapped: m.groups.Version()}
	for i := range m.book.dirty {
		m.book.dirty[i] = ^uint64(0)
	}
	m.mu.Unlock()
	h.put(&b)
	if err := s.write(&b); err != nil {
		_ = s.close()
		return err
	}
	m.store = s
	return nil
}
