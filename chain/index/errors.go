package index

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

// ErrorKind says what is wrong with an index. All kinds are failures of this
// machine or of the caller.
type ErrorKind string

// Error returns the kind as text.
func (k ErrorKind) Error() string { return string(k) }

const (
	// ErrIO: a file could not be read, written or synced, or the disk is full.
	ErrIO ErrorKind = "input/output error of an index"
	// ErrCorrupt: a file or a record is damaged or missing.
	ErrCorrupt ErrorKind = "index is damaged"
	// ErrForeign: another program made the database. It was not changed.
	ErrForeign ErrorKind = "index of another program"
	// ErrVersion: another release made it, with a layout unknown here.
	ErrVersion ErrorKind = "index of another version"
	// ErrLocked: another process uses the directory.
	ErrLocked ErrorKind = "index in use"
	// ErrClosed: the index has ended.
	ErrClosed ErrorKind = "index is closed"
)

// Error is what a [TxIndex] returns.
type Error struct {
	Kind   ErrorKind
	Dir    string
	Detail string // may be empty
	Err    error  // the cause, or nil
}

func (e *Error) Error() string {
	s := string(e.Kind)
	if e.Dir != "" {
		s += " " + e.Dir
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
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

// wayOut tells an operator how to get a new index.
const wayOut = "remove the folder to have it built anew"

func (x *TxIndex) corrupt(format string, args ...any) error {
	return &Error{Kind: ErrCorrupt, Dir: x.cfg.Dir, Detail: fmt.Sprintf(format, args...) + "; " + wayOut}
}

// wrap gives an error of the database its kind.
func (x *TxIndex) wrap(err error) error {
	var pathError *fs.PathError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, leveldb.ErrClosed) || errors.Is(err, storage.ErrClosed):
		return &Error{Kind: ErrClosed}
	case errors.Is(err, ldbstorage.ErrForeign):
		return &Error{Kind: ErrForeign, Dir: x.cfg.Dir, Err: err}
	case errors.Is(err, vfs.ErrLocked):
		return &Error{Kind: ErrLocked, Dir: x.cfg.Dir}
	case dberrors.IsCorrupted(err) && !errors.As(err, &pathError):
		return &Error{Kind: ErrCorrupt, Dir: x.cfg.Dir, Detail: wayOut, Err: err}
	default:
		return &Error{Kind: ErrIO, Dir: x.cfg.Dir, Err: err}
	}
}
