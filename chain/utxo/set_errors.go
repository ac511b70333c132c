package utxo

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/syndtr/goleveldb/leveldb"
	dberrors "github.com/syndtr/goleveldb/leveldb/errors"
	"github.com/syndtr/goleveldb/leveldb/storage"

	"grapevine/internal/vfs"
	"grapevine/internal/vfs/ldbstorage"
)

// ErrorKind says what went wrong, so that the caller can tell the operator
// what to do. All kinds are failures of this machine or of the caller: none
// says anything about a block. It is an error itself: errors.Is(err,
// ErrDiskFull) works on all that a [Set] returns.
type ErrorKind string

// Error returns the kind as text.
func (k ErrorKind) Error() string { return string(k) }

const (
	// ErrDiskFull: the disk or quota is full.
	ErrDiskFull ErrorKind = "disk full"
	// ErrIO: a file could not be read, written or synced.
	ErrIO ErrorKind = "input/output error"
	// ErrCorrupt: a file or a record is damaged or missing; the coins can be
	// rebuilt from the block files.
	ErrCorrupt ErrorKind = "coins database is damaged"
	// ErrForeign: another program made the database. It was not changed.
	ErrForeign ErrorKind = "coins database of another program"
	// ErrVersion: another release made it, with a layout unknown here.
	ErrVersion ErrorKind = "coins database of another version"
	// ErrLocked: another process uses the directory.
	ErrLocked ErrorKind = "coins database in use"
	// ErrMemory: the system gives no more memory.
	ErrMemory ErrorKind = "no memory for the coins cache"
	// ErrFlushing: a flush is under way.
	ErrFlushing ErrorKind = "a flush of the coins is under way"
	// ErrNotFlushing: a step of a flush, or of a replay, that did not begin.
	ErrNotFlushing ErrorKind = "no flush of the coins is under way"
	// ErrUnflushed: a snapshot was asked for while coins are not yet written.
	ErrUnflushed ErrorKind = "coins have changed since the last flush"
	// ErrInterrupted: the coins have to be rolled forward first.
	ErrInterrupted ErrorKind = "an interrupted flush of the coins has to be rolled forward"
	// ErrUndo: undo data that cannot be those of the block.
	ErrUndo ErrorKind = "undo data do not fit the block"
	// ErrClosed: used after Close.
	ErrClosed ErrorKind = "coins are closed"
)

// Error is what a [Set] returns.
type Error struct {
	Kind   ErrorKind
	Dir    string // of the database, or empty
	Detail string // which record, what to do; may be empty
	Err    error  // the cause, or nil
}

// Error names the kind, the place, the detail and the cause.
func (e *Error) Error() string {
	s := string(e.Kind)
	if e.Dir != "" {
		s += ": " + e.Dir
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += fmt.Sprintf(": %v", e.Err)
	}
	return s
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// The ways out.
const (
	rebuildHint = "start with -reindex-chainstate to rebuild the coins from the block files"
	foreignHint = "nothing was changed; to take over its blocks, start with a datadir of its own and -loadblock=<its blocks folder>"
)

// dbError wraps an error of LevelDB or of the files below it with its kind.
func dbError(dir string, err error) error {
	var own *Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	e := &Error{Kind: ErrIO, Dir: dir, Err: err}
	switch {
	case vfs.IsDiskFull(err):
		e.Kind = ErrDiskFull
	case errors.Is(err, ldbstorage.ErrForeign):
		e.Kind, e.Detail = ErrForeign, foreignHint
	case errors.Is(err, vfs.ErrLocked), errors.Is(err, storage.ErrLocked):
		e.Kind = ErrLocked
	case errors.Is(err, leveldb.ErrClosed), errors.Is(err, leveldb.ErrSnapshotReleased), errors.Is(err, storage.ErrClosed):
		e.Kind = ErrClosed
	case dberrors.IsCorrupted(err), errors.Is(err, fs.ErrNotExist): // a table that the manifest names
		e.Kind, e.Detail = ErrCorrupt, rebuildHint
	}
	return e
}

func (s *store) corrupt(what string, err error) error {
	return &Error{Kind: ErrCorrupt, Dir: s.dir, Detail: what + "; " + rebuildHint, Err: err}
}

func memoryError(n int, err error) error {
	return &Error{Kind: ErrMemory, Detail: fmt.Sprintf("%d bytes", n), Err: err}
}
