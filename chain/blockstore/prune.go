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

// unlink deletes the files of pruned pairs. One that cannot be deleted, such as
// a file that a reader holds on Windows, is left to the next start.
func (s *Store) unlink(pruned []uint32) {
	for _, n := range pruned {
		for _, k := range [...]kind{blk, rev} {
			if err := s.files.remove(fileID{k, n}); err != nil {
				s.cfg.Logger.Warn("pruned file not deleted", "err", err)
			}
		}
	}
}

// removePruned deletes pruned files that a crash left behind.
func (s *Store) removePruned(infos []FileInfo, found map[fileID]int64) error {
	if pruned, err := s.Flag(PrunedFlag); err != nil || !pruned {
		return err
	}
	var left []uint32
	for id := range found {
		if int(id.n) < len(infos)-1 && infos[id.n] == (FileInfo{}) {
			left = append(left, id.n)
		}
	}
	s.unlink(left)
	return nil
}
