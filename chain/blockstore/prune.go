package blockstore

import "fmt"

// PruneFile drops a file pair: from now on it counts as empty, and after the
// next Sync and WriteIndex its files are deleted. The caller has taken the
// positions out of its records and passes those to the same WriteIndex. The
// file that blocks are appended to cannot be pruned. Of the owner's goroutine.
func (s *Store) PruneFile(n uint32) error {
	if err := s.ledger.usable(); err != nil {
		return err
	}
	if last, _ := s.ledger.last(); n >= last {
		return fmt.Errorf("blockstore: file %d is not complete", n)
	}
	s.ledger.clear(n)
	return nil
}

func (s *Store) unlink(n uint32) error {
	if err := s.files.remove(fileID{blk, n}); err != nil {
		return err
	}
	return s.files.remove(fileID{rev, n})
}

// removePruned deletes pruned files that a crash left behind.
func (s *Store) removePruned(infos []FileInfo, found map[fileID]int64) error {
	if pruned, err := s.Flag(PrunedFlag); err != nil || !pruned {
		return err
	}
	for id := range found {
		if int(id.n) < len(infos)-1 && infos[id.n] == (FileInfo{}) {
			if err := s.files.remove(id); err != nil {
				return err
			}
		}
	}
	return nil
}
