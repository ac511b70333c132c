package utxo

import "fmt"

// DecodeErrorKind says what is wrong with stored bytes. Such bytes were
// written by us, so an error of this kind is a failure of the disk or of the
// program and never the fault of a peer.
type DecodeErrorKind string

// Error returns the kind as text.
func (k DecodeErrorKind) Error() string { return string(k) }

const (
	// ErrCodecTruncated: the bytes end before the value does.
	ErrCodecTruncated DecodeErrorKind = "truncated"
	// ErrCodecTrailing: bytes are left after the value.
	ErrCodecTrailing DecodeErrorKind = "trailing bytes"
	// ErrCodecOverflow: a variable-length integer beyond its type.
	ErrCodecOverflow DecodeErrorKind = "integer too large"
	// ErrCodecCount: a list count that is not canonical or over the limit.
	ErrCodecCount DecodeErrorKind = "bad list count"
	// ErrCodecAmount: an amount outside the money range.
	ErrCodecAmount DecodeErrorKind = "amount out of range"
	// ErrCodecScriptSize: a script longer than any spendable one.
	ErrCodecScriptSize DecodeErrorKind = "script too long"
	// ErrCodecPoint: a compressed key whose X is on no point of the curve.
	ErrCodecPoint DecodeErrorKind = "public key not on the curve"
)

// DecodeError is what the decoders of coins and undo data return.
type DecodeError struct {
	Kind   DecodeErrorKind
	What   string // the value being read
	Offset int    // where in the bytes it begins
}

// Error returns the value, the kind and the place.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("%s: %s at byte %d", e.What, e.Kind, e.Offset)
}

// Unwrap returns the kind.
func (e *DecodeError) Unwrap() error { return e.Kind }
