package blockstore

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	dberrors "github.com/syndtr/goleveldb/leveldb/errors"

	"grapevine/internal/vfs"
)

// ErrorKind says what went wrong, so that a caller can tell the operator what
// to do. It is an error itself: errors.Is(err, ErrDiskFull) works on all that
// this package returns.
type ErrorKind string

// Error returns the kind as text.
func (k ErrorKind) Error() string { return string(k) }

const (
	// ErrDiskFull: the disk or quota is full; nothing was taken in.
	ErrDiskFull ErrorKind = "disk full"
	// ErrIO: a file could not be read, written or synced. After a failed sync
	// or index write the store takes no more writes, since what is on the disk
	// is unknown until the next start.
	ErrIO ErrorKind = "input/output error"
	// ErrCorrupt: a record does not hold what it should.
	ErrCorrupt ErrorKind = "corrupt record"
	// ErrMissing: files that the index names are absent or too short.
	ErrMissing ErrorKind = "block files missing"
	// ErrUnindexed: block files are there, but the index is new.
	ErrUnindexed ErrorKind = "block files without an index"
	// ErrForeign: the index was made by another program.
	ErrForeign ErrorKind = "block index of another program"
	// ErrVersion: the index was made by a later version of this program.
	ErrVersion ErrorKind = "block index of another version"
	// ErrLocked: another process uses the directory.
	ErrLocked ErrorKind = "blocks directory in use"
	// ErrKey: xor.dat is not a key, or not the one asked for.
	ErrKey ErrorKind = "unusable xor.dat"
	// ErrUnsynced: an index record names bytes that no Sync covered.
	ErrUnsynced ErrorKind = "index record ahead of the synced files"
	// ErrReindexing: blocks are appended only after EndReindex.
	ErrReindexing ErrorKind = "reindexing"
	// ErrTooLarge: a block or an undo record beyond what a file can hold.
	ErrTooLarge ErrorKind = "record too large"
	// ErrClosed: the store has been closed.
	ErrClosed ErrorKind = "block store closed"
)

// Error is what this package returns.
type Error struct {
	Kind   ErrorKind
	File   string // path, or empty
	Offset int64  // within File, or -1
	Detail string // what was expected, what to do; may be empty
	Err    error  // the cause, or nil
}

// Error names the kind, the place, the detail and the cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Kind))
	if e.File != "" {
		fmt.Fprintf(&b, ": %s", e.File)
		if e.Offset >= 0 {
			fmt.Fprintf(&b, " at %d", e.Offset)
		}
	}
	if e.Detail != "" {
		b.WriteString(": ")
		b.WriteString(e.Detail)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// ioError wraps an error of the file system with its kind.
func ioError(file string, offset int64, err error) error {
	kind := ErrIO
	switch {
	case vfs.IsDiskFull(err):
		kind = ErrDiskFull
	case errors.Is(err, fs.ErrNotExist):
		kind = ErrMissing
	case errors.Is(err, vfs.ErrLocked):
		kind = ErrLocked
	}
	return &Error{Kind: kind, File: file, Offset: offset, Err: err}
}

// dbError wraps an error of LevelDB with its kind.
func dbError(dir string, err error) error {
	if dberrors.IsCorrupted(err) {
		return &Error{Kind: ErrCorrupt, File: dir, Offset: -1, Detail: reindexHint, Err: err}
	}
	return ioError(dir, -1, err)
}

// reindexHint is the way out of everything that block files can restore.
const reindexHint = "start with -reindex to rebuild the index from the block files"

func corrupt(file string, offset int64, format string, args ...any) error {
	return &Error{Kind: ErrCorrupt, File: file, Offset: offset, Detail: fmt.Sprintf(format, args...)}
}
