package blockstore

import (
	"maps"
	"slices"
)

// Sync returns once every block and undo record appended before the call is on
// the disk, name and content. After an error the store takes no more writes:
// what the disk holds is unknown then, and a second sync would not tell.
//
// Any goroutine, while the owner goes on appending; only what was appended
// before the call counts as synced for [Store.WriteIndex].
func (s *Store) Sync() error {
	s.syncing.Lock()
	defer s.syncing.Unlock()
	job, err := s.ledger.beginSync()
	if err != nil {
		return err
	}
	defer func() {
		for h := range job.dirty {
			s.files.release(h)
		}
	}()
	for _, h := range sorted(job.dirty) {
		if err := h.Sync(); err != nil {
			err = ioError(s.files.path(h.id), -1, err)
			s.ledger.fail(err)
			return err
		}
	}
	// A new file's name comes after its content, so that no name leads to a
	// file whose length is still open.
	if job.names {
		if err := s.cfg.FS.SyncDir(s.cfg.Dir); err != nil {
			err = ioError(s.cfg.Dir, -1, err)
			s.ledger.fail(err)
			return err
		}
	}
	s.ledger.endSync(job)
	return nil
}

// sorted orders files by kind and number, so that the disk sees them in the
// order in which they lie.
func sorted(dirty map[*handle]bool) []*handle {
	return slices.SortedFunc(maps.Keys(dirty), func(a, b *handle) int {
		if a.id.kind != b.id.kind {
			if a.id.kind < b.id.kind {
				return -1
			}
			return 1
		}
		return int(int64(a.id.n) - int64(b.id.n))
	})
}
