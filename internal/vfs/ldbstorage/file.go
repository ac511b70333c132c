package ldbstorage

import (
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/syndtr/goleveldb/leveldb/storage"

	"grapevine/internal/vfs"
)

// tableBuffer is how much of a table is collected before it is written: 64
// blocks of LevelDB's usual 4 KiB in one call.
const tableBuffer = 256 << 10

// parseName is the inverse of FileDesc.String for the names that we write.
func parseName(name string) (fd storage.FileDesc, ok bool) {
	var digits string
	if rest, found := strings.CutPrefix(name, "MANIFEST-"); found {
		fd.Type, digits = storage.TypeManifest, rest
	} else {
		var ext string
		digits, ext, _ = strings.Cut(name, ".")
		switch ext {
		case "log":
			fd.Type = storage.TypeJournal
		case "ldb":
			fd.Type = storage.TypeTable
		case "tmp":
			fd.Type = storage.TypeTemp
		default:
			return storage.FileDesc{}, false
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return storage.FileDesc{}, false
	}
	fd.Num = int64(n)
	// Anything but the one form that we write is not ours to touch.
	return fd, fd.String() == name
}

// Open implements storage.Storage.
func (s *Storage) Open(fd storage.FileDesc) (storage.Reader, error) {
	if err := s.check(fd); err != nil {
		return nil, err
	}
	f, err := s.fs.OpenFile(s.path(fd.String()), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	if s.synced && (fd.Type == storage.TypeJournal || fd.Type == storage.TypeManifest) {
		if err := s.checkRecords(fd, f); err != nil {
			_ = f.Close()
			return nil, err
		}
	}
	return &reader{File: f}, nil
}

// reader adds a position to a file. ReadAt may be called from any goroutine,
// Read and Seek from one.
type reader struct {
	vfs.File
	pos int64
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.ReadAt(p, r.pos)
	r.pos += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil // the next call says so
	}
	return n, err
}

func (r *reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		size, err := r.Size()
		if err != nil {
			return r.pos, err
		}
		offset += size
	default:
		return r.pos, errors.New("ldbstorage: bad whence")
	}
	if offset < 0 {
		return r.pos, errors.New("ldbstorage: negative position")
	}
	r.pos = offset
	return offset, nil
}

// Create implements storage.Storage.
func (s *Storage) Create(fd storage.FileDesc) (storage.Writer, error) {
	if err := s.check(fd); err != nil {
		return nil, err
	}
	f, err := s.fs.OpenFile(s.path(fd.String()), os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return nil, err
	}
	w := &writer{s: s, f: f, fd: fd}
	if fd.Type == storage.TypeTable {
		w.buf = make([]byte, 0, tableBuffer)
	}
	return w, nil
}

// writer appends to a new file. One goroutine at a time.
type writer struct {
	s      *Storage
	f      vfs.File
	fd     storage.FileDesc
	end    int64  // bytes handed to the file
	synced int64  // of those, on the disk
	buf    []byte // written so far, but not yet handed over; nil: unbuffered
	named  bool   // the directory entry is on the disk
	failed error  // sticky: after an error the file's content is unknown
}

func (w *writer) Write(p []byte) (int, error) {
	if w.failed != nil {
		return 0, w.failed
	}
	if len(p) < cap(w.buf) {
		if len(w.buf)+len(p) > cap(w.buf) {
			if err := w.flush(); err != nil {
				return 0, err
			}
		}
		w.buf = append(w.buf, p...)
		return len(p), nil
	}
	if err := w.flush(); err != nil {
		return 0, err
	}
	return w.direct(p)
}

func (w *writer) direct(p []byte) (int, error) {
	n, err := w.f.WriteAt(p, w.end)
	w.end += int64(n)
	w.failed = err
	return n, err
}

func (w *writer) flush() error {
	if w.failed != nil {
		return w.failed
	}
	if len(w.buf) == 0 {
		return nil
	}
	_, err := w.direct(w.buf)
	w.buf = w.buf[:0]
	return err
}

// Sync puts the content on the disk, and the first time the name too. For a
// journal, those closed before it come first.
func (w *writer) Sync() error {
	if w.fd.Type != storage.TypeJournal {
		return w.sync()
	}
	err := w.s.syncClosed()
	if err == nil {
		err = w.sync()
	}
	if err != nil {
		w.failed = err
		w.s.mu.Lock()
		w.s.broken = err
		w.s.mu.Unlock()
	}
	return err
}

func (w *writer) sync() error {
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.f.Sync(); err != nil {
		w.failed = err
		return err
	}
	w.synced = w.end
	if !w.named {
		if err := w.s.fs.SyncDir(w.s.dir); err != nil {
			w.failed = err
			return err
		}
		w.named = true
	}
	return nil
}

// Close implements storage.Writer. The file of a journal with unsynced writes
// stays open until the next journal is synced or this one removed.
func (w *writer) Close() error {
	err := w.flush()
	if err == nil && w.fd.Type == storage.TypeJournal && w.synced < w.end && w.s.keep(w) {
		return nil
	}
	if cerr := w.f.Close(); err == nil {
		err = cerr
	}
	return err
}

func (s *Storage) keep(w *writer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.unsynced = append(s.unsynced, w)
	return true
}

// syncClosed syncs the journals that were closed with unsynced writes.
func (s *Storage) syncClosed() error {
	s.mu.Lock()
	left, err := s.unsynced, s.broken
	s.unsynced = nil
	s.mu.Unlock()
	for _, w := range left {
		if err == nil {
			err = w.sync()
		}
		_ = w.f.Close()
	}
	return err
}

// forget closes the file of a journal that is about to be removed: what it
// holds is in tables.
func (s *Storage) forget(fd storage.FileDesc) {
	s.mu.Lock()
	i := slices.IndexFunc(s.unsynced, func(w *writer) bool { return w.fd == fd })
	var w *writer
	if i >= 0 {
		w = s.unsynced[i]
		s.unsynced = slices.Delete(s.unsynced, i, i+1)
	}
	s.mu.Unlock()
	if w != nil {
		_ = w.f.Close()
	}
}
