package addrman

import "fmt"

// ErrorKind says what went wrong.
type ErrorKind string

const (
	// ErrNotNew and ErrNotTried: [Manager.AddOne] could not enter the address into
	// the new or the tried table. Their text is what addpeeraddress answers.
	ErrNotNew   ErrorKind = "failed-adding-to-new"
	ErrNotTried ErrorKind = "failed-adding-to-tried"
	// ErrDamaged: what is stored is not what this package writes.
	ErrDamaged ErrorKind = "damaged"
	// ErrVersion: the store is of another version.
	ErrVersion ErrorKind = "another version"
	// ErrStorage: the disk does not do what it should.
	ErrStorage ErrorKind = "storage"
)

func (k ErrorKind) Error() string { return string(k) }

// Error is an error with its kind, which errors.Is finds.
type Error struct {
	Kind   ErrorKind
	Detail string
	Err    error // the cause, if another package reported it
}

func (e *Error) Error() string {
	s := string(e.Kind)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap leads to the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

func damaged(format string, args ...any) error {
	return &Error{Kind: ErrDamaged, Detail: fmt.Sprintf(format, args...)}
}
