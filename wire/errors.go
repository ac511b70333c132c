package wire

import "fmt"

// ErrorKind says which rule of the encoding was broken. It is an error itself,
// so that errors.Is(err, ErrTruncated) works on what the decoders return.
type ErrorKind string

// Error returns the kind as text.
func (k ErrorKind) Error() string { return string(k) }

const (
	// ErrTruncated: the bytes end before the value does.
	ErrTruncated ErrorKind = "truncated"
	// ErrNonCanonical: a compact size that has a shorter form.
	ErrNonCanonical ErrorKind = "non-canonical compact size"
	// ErrTooLarge: a length or count above [MaxSize], or a buffer of 2 GiB.
	ErrTooLarge ErrorKind = "size too large"
	// ErrSuperfluousWitness: the witness flag is set, but all stacks are empty.
	ErrSuperfluousWitness ErrorKind = "superfluous witness record"
	// ErrUnknownTxData: a bit of the flag byte that has no meaning.
	ErrUnknownTxData ErrorKind = "unknown transaction optional data"
	// ErrTrailing: bytes are left after the end of the value.
	ErrTrailing ErrorKind = "trailing bytes"
	// ErrLimit: a list or string longer than the message may hold.
	ErrLimit ErrorKind = "over the limit"
	// ErrBadValue: a field that may not hold this value.
	ErrBadValue ErrorKind = "value not allowed"
	// ErrBadIndex: indexes of transactions beyond the block or 16 bits.
	ErrBadIndex ErrorKind = "transaction index out of range"
	// ErrBadAddress: an address whose length is not that of its network.
	ErrBadAddress ErrorKind = "wrong length of address"
	// ErrBadHash: a textual hash that is not 64 hexadecimal digits.
	ErrBadHash ErrorKind = "hash is not 64 hexadecimal digits"
)

// Error is what the decoders of this package return.
type Error struct {
	Kind   ErrorKind
	What   string // the value being read, such as "input script"
	Offset int    // where in the buffer it begins
}

// Error returns the kind, the value and its place.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s at byte %d", e.Kind, e.What, e.Offset)
}

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

func fail(kind ErrorKind, what string, offset int) error {
	return &Error{Kind: kind, What: what, Offset: offset}
}
