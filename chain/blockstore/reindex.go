package blockstore

import (
	"context"
	"math"
	"os"
	"path/filepath"

	"grapevine/internal/vfs"
)

// wipeName marks, as a file, that index and undo files are being dropped, so
// that a start after a crash in the middle goes on with it.
const wipeName = ".reindex"

// wipePending reports whether the index is to be dropped.
func (s *Store) wipePending() (bool, error) {
	name := filepath.Join(s.cfg.Dir, wipeName)
	found, err := vfs.Exists(s.cfg.FS, name)
	if err != nil {
		return false, ioError(name, -1, err)
	}
	if found {
		s.cfg.Logger.Warn("going on to drop the block index, which was cut short")
	}
	return found || s.cfg.Reindex, nil
}

// openIndex opens the index of a normal start.
func (s *Store) openIndex() (err error) {
	if s.index, err = openIndexStorage(&s.cfg); err != nil {
		return err
	}
	fresh, err := s.index.openDB()
	if err != nil || !fresh {
		return err
	}
	if err := s.checkUnindexed(); err != nil {
		return err
	}
	return s.index.found(false)
}

// startReindex drops the undo files and the index. Each step can be repeated.
func (s *Store) startReindex() (err error) {
	fsys, mark := s.cfg.FS, filepath.Join(s.cfg.Dir, wipeName)
	if err := vfs.WriteFileSync(fsys, mark, mark+".tmp", nil); err != nil {
		return ioError(mark, -1, err)
	}
	found, err := s.listFiles()
	if err != nil {
		return err
	}
	for id := range found {
		if id.kind == rev {
			if err := s.files.remove(id); err != nil {
				return err
			}
		}
	}
	if s.index, err = openIndexStorage(&s.cfg); err != nil {
		return err
	}
	if err := s.index.storage.Wipe(); err != nil {
		return ioError(s.cfg.IndexDir, -1, err)
	}
	if _, err := s.index.openDB(); err != nil {
		return err
	}
	if err := s.index.found(true); err != nil {
		return err
	}
	if err = fsys.Remove(mark); err == nil {
		err = fsys.SyncDir(s.cfg.Dir)
	}
	if err != nil {
		return ioError(mark, -1, err)
	}
	return nil
}

// Reindexing reports whether the block files have yet to be read to the end
// after -reindex, in this run or an earlier one that was cut short.
func (s *Store) Reindexing() bool { return s.index.reindexing.Load() }

// EndReindex clears the flag and lets blocks be appended again. Of the owner's
// goroutine, after Sync and WriteIndex.
func (s *Store) EndReindex() error {
	if err := s.setFlag(reindexFlag, false); err != nil {
		return err
	}
	s.index.reindexing.Store(false)
	return nil
}

// BlockFiles is the number of block files from 0 on without a gap: those that
// a reindex reads.
func (s *Store) BlockFiles() (uint32, error) {
	found, err := s.listFiles()
	if err != nil {
		return 0, err
	}
	for n := uint32(0); ; n++ {
		if _, ok := found[fileID{blk, n}]; !ok {
			return n, nil
		}
	}
}

// ScanFile reads one block file of the folder from end to end, see [Scan]. The
// Pos goes to [Store.RegisterBlock] or [Store.ReadBlock].
func (s *Store) ScanFile(ctx context.Context, n uint32, fn func(raw []byte, pos Pos) error) error {
	name := s.files.path(fileID{blk, n})
	f, err := s.cfg.FS.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return ioError(name, -1, err)
	}
	defer f.Close()
	return scanFile(ctx, f, name, s.cfg.Magic, s.key, func(raw []byte, offset int64) error {
		return fn(raw, Pos{File: n, Offset: uint32(offset)})
	})
}

// RegisterBlock counts in a block that already stands at pos in its file, as
// found by a reindex. Not twice the same one. Of the owner's goroutine.
func (s *Store) RegisterBlock(pos Pos, size int, height int32, time uint32) error {
	if err := s.ledger.usable(); err != nil {
		return err
	}
	id := fileID{blk, pos.File}
	end := int64(pos.Offset) + int64(size)
	if pos.Offset < HeaderSize || size < minBlockSize || size > MaxBlockSize || end > math.MaxUint32 {
		return corrupt(s.files.path(id), int64(pos.Offset), "no block of %d bytes can be there", size)
	}
	h, err := s.files.acquire(id, false)
	if err != nil {
		return err
	}
	// The bytes may be in memory only, if the machine did not go down since
	// they were written: the file is synced like one just written.
	s.written(h, true, func(fi *FileInfo) {
		fi.add(height, time)
		fi.Size = max(fi.Size, uint32(end))
	})
	return nil
}
