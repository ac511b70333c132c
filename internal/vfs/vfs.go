package vfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// File is an open file. ReadAt and WriteAt follow io.ReaderAt and io.WriterAt
// and may be called from any goroutine.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Truncate sets the length; a longer file ends in zeros.
	Truncate(size int64) error
	// Allocate makes sure that the n bytes from off on have room on the disk,
	// growing the file with zeros where it is shorter, so that a full disk
	// shows here and not in the middle of a write. Bytes already written stay.
	// Where the platform cannot reserve space it only grows the file.
	Allocate(off, n int64) error
	// Sync returns once content and length are on the disk.
	Sync() error
	// Size is the present length.
	Size() (int64, error)
}

// Info describes one name in a directory.
type Info struct {
	Name string // last element
	Size int64  // bytes; zero for what is not a regular file
	Dir  bool
}

// FS is a file system. A name that does not exist gives an error for which
// errors.Is(err, fs.ErrNotExist) holds.
type FS interface {
	// OpenFile takes the os.O_ flags O_RDONLY, O_RDWR, O_CREATE, O_EXCL and
	// O_TRUNC. A created file is readable and writable by its owner alone or
	// as the umask says, 0o644 at most.
	OpenFile(name string, flag int) (File, error)
	// Remove removes a file, or a directory that is empty.
	Remove(name string) error
	// Rename replaces newName, if it exists, in one step. Both names are in
	// the same directory.
	Rename(oldName, newName string) error
	// MkdirAll creates a directory and its parents. [MkdirAllSync] makes
	// them last.
	MkdirAll(dir string) error
	// ReadDir lists a directory, sorted by name.
	ReadDir(dir string) ([]Info, error)
	Stat(name string) (Info, error)
	// SyncDir returns once the names in dir are on the disk.
	SyncDir(dir string) error
	// Lock creates the file if need be and holds it against other programs and
	// other callers until the result is closed. [ErrLocked] when it is taken.
	Lock(name string) (io.Closer, error)
	// Free is the number of bytes that can still be written below dir.
	Free(dir string) (uint64, error)
}

// ErrLocked is what [FS.Lock] gives for a file that someone holds.
var ErrLocked = errors.New("locked by another process")

// IsDiskFull reports whether err says that a disk or a quota is full.
func IsDiskFull(err error) bool {
	if errors.Is(err, syscall.ENOSPC) {
		return true
	}
	return platformDiskFull(err)
}

// Exists reports whether name is there; an error other than its absence is
// returned.
func Exists(fsys FS, name string) (bool, error) {
	_, err := fsys.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// ReadFile reads a whole file, at most limit bytes: a longer one is an error.
func ReadFile(fsys FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("file is longer than it can be")}
	}
	buf := make([]byte, size)
	if n, err := f.ReadAt(buf, 0); n < len(buf) {
		return nil, err
	}
	return buf, nil
}

// WriteFileSync puts data under name so that after a crash either the old
// file is there or the whole new one: it writes and syncs tmp, which is in the
// same directory, renames it and syncs the directory.
func WriteFileSync(fsys FS, name, tmp string, data []byte) error {
	f, err := fsys.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(data, 0)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = fsys.Rename(tmp, name)
	}
	if err != nil {
		_ = fsys.Remove(tmp)
		return err
	}
	return fsys.SyncDir(filepath.Dir(name))
}

// MkdirAllSync creates dir and its missing parents, and syncs the directory
// that each new name stands in.
func MkdirAllSync(fsys FS, dir string) error {
	dir = filepath.Clean(dir)
	var made []string
	for d := dir; ; {
		ok, err := Exists(fsys, d)
		if err != nil {
			return err
		}
		if ok {
			break
		}
		made = append(made, d)
		parent := filepath.Dir(d)
		if parent == d {
			break
		}
		d = parent
	}
	if err := fsys.MkdirAll(dir); err != nil {
		return err
	}
	for _, d := range made {
		if err := fsys.SyncDir(filepath.Dir(d)); err != nil {
			return err
		}
	}
	return nil
}
