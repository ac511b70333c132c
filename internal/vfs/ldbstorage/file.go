package ldbstorage

import (
	"errors"
	"io"
	"os"
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
	w := &writer{s: s, f: f}
	if fd.Type == storage.TypeTable {
		w.buf = make([]byte, 0, tableBuffer)
	}
	return w, nil
}

// writer appends to a new file. One goroutine at a time.
type writer struct {
	s      *Storage
	f      vfs.File
	end    int64  // bytes handed to the file
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

// Sync puts the content on the disk, and the first time the name too.
func (w *writer) Sync() error {
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.f.Sync(); err != nil {
		w.failed = err
		return err
	}
	if !w.named {
		if err := w.s.fs.SyncDir(w.s.dir); err != nil {
			w.failed = err
			return err
		}
		w.named = true
	}
	return nil
}

func (w *writer) Close() error {
	err := w.flush()
	if cerr := w.f.Close(); err == nil {
		err = cerr
	}
	return err
}
