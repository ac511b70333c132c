package transport

import (
	"fmt"

	"grapevine/wire"
)

// Frame is one message as it came.
type Frame struct {
	Command string
	// Payload is a fresh buffer that belongs to the caller.
	Payload []byte
	// Size is what the frame took on the connection, its header included.
	Size int
}

// Reader reads frames.
type Reader interface {
	// Next waits for the next frame. It returns io.EOF when the stream ends
	// between frames, io.ErrUnexpectedEOF within one, an [*Error] when a frame
	// is wrong, or the error of the stream. With an Error that is not fatal
	// command and size are those of the frame that was dropped, and the next
	// call goes on behind it; after any other error there is no next call.
	Next() (Frame, error)
}

// Writer frames what is to be sent. The frames must be sent in the order in
// which they were made.
type Writer interface {
	// Append appends the frame of a message to b.
	Append(b []byte, msg wire.Message) []byte
	// AppendHeader appends what stands before a payload, so that a large one can
	// be sent from where it lies. ok is false when the transport cannot do that,
	// since it has to rewrite the payload: use AppendRaw.
	AppendHeader(b []byte, command string, payload []byte) (out []byte, ok bool)
	// AppendRaw appends the frame of a payload that is encoded already.
	AppendRaw(b []byte, command string, payload []byte) []byte
	// Enclose makes a frame in the memory of its payload, which has to have room for
	// [MaxOverhead] bytes behind it and is not there any more afterwards. ok is false
	// when there is no room, or no need: see AppendHeader.
	Enclose(command string, payload []byte) (frame []byte, ok bool)
	// Overhead is what a frame of that command has beyond its payload.
	Overhead(command string) int
}

// ErrorKind says what is wrong with a frame. It is an error itself, for
// errors.Is.
type ErrorKind string

// Error returns the kind as text.
func (k ErrorKind) Error() string { return string(k) }

const (
	// ErrMagic: the frame is of another network, or none at all.
	ErrMagic ErrorKind = "wrong magic"
	// ErrTooLarge: the payload is longer than any message may be.
	ErrTooLarge ErrorKind = "message too large"
	// ErrChecksum: the payload is not what was sent.
	ErrChecksum ErrorKind = "wrong checksum"
	// ErrCommand: the command is not printable, or not padded with zeros, or no
	// command is known for its short id.
	ErrCommand ErrorKind = "invalid command"
	// ErrSilent: the peer ended the connection instead of answering our key.
	ErrSilent ErrorKind = "no answer to the encrypted handshake"
	// ErrGarbage: nothing ends the peer's garbage: it is of another network, or
	// speaks another protocol.
	ErrGarbage ErrorKind = "no garbage terminator"
	// ErrNotAuthentic: a packet was not encrypted by the peer.
	ErrNotAuthentic ErrorKind = "packet is not authentic"
)

// Error describes a wrong frame.
type Error struct {
	Kind    ErrorKind
	Command string // as far as it is known; any bytes
	Size    uint32 // of the payload, as claimed
}

// Error returns the kind and what is known of the frame.
func (e *Error) Error() string {
	switch e.Kind {
	case ErrMagic:
		return string(e.Kind)
	case ErrGarbage, ErrNotAuthentic:
		return fmt.Sprintf("%s: %d bytes", e.Kind, e.Size)
	}
	return fmt.Sprintf("%s: %q, %d bytes", e.Kind, e.Command, e.Size)
}

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

// Fatal reports whether nothing can be read behind the frame.
func (e *Error) Fatal() bool { return e.Kind != ErrChecksum && e.Kind != ErrCommand }
