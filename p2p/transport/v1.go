package transport

import (
	"encoding/binary"
	"io"
	"slices"

	"grapevine/wire"
)

// Sizes of a version 1 header.
const (
	magicSize   = 4
	commandSize = 12
	// V1HeaderSize is what stands before each payload.
	V1HeaderSize = magicSize + commandSize + 4 + 4
)

// V1Reader reads frames of version 1.
type V1Reader struct {
	src   *source
	magic [4]byte
	head  [V1HeaderSize]byte
}

// NewV1Reader returns a reader of the frames of one network from r.
func NewV1Reader(r io.Reader, magic [4]byte) *V1Reader {
	return &V1Reader{src: newSource(r), magic: magic}
}

// Next implements [Reader].
func (v *V1Reader) Next() (Frame, error) {
	if _, err := io.ReadFull(v.src, v.head[:]); err != nil {
		return Frame{}, err
	}
	if [4]byte(v.head[:]) != v.magic {
		return Frame{}, &Error{Kind: ErrMagic}
	}
	command, valid := parseCommand([commandSize]byte(v.head[magicSize:]))
	size := binary.LittleEndian.Uint32(v.head[magicSize+commandSize:])
	if size > wire.MaxPayload {
		return Frame{}, &Error{Kind: ErrTooLarge, Command: command, Size: size}
	}
	payload, err := v.src.payload(int(size))
	if err != nil {
		return Frame{}, err
	}
	f := Frame{Command: command, Payload: payload, Size: V1HeaderSize + len(payload)}
	switch {
	case checksum(payload) != [4]byte(v.head[V1HeaderSize-4:]):
		f.Payload, err = nil, &Error{Kind: ErrChecksum, Command: command, Size: size}
	case !valid:
		f.Payload, err = nil, &Error{Kind: ErrCommand, Command: command, Size: size}
	}
	return f, err
}

// parseCommand returns the command up to its padding, and whether it is well
// formed: printable, then zeros only.
func parseCommand(raw [commandSize]byte) (command string, valid bool) {
	n := 0
	for n < len(raw) && raw[n] != 0 {
		n++
	}
	valid = true
	for _, c := range raw[:n] {
		valid = valid && c >= ' ' && c <= '~'
	}
	for _, c := range raw[n:] {
		valid = valid && c == 0
	}
	return string(raw[:n]), valid
}

func checksum(payload []byte) [4]byte {
	sum := wire.DoubleSHA256(payload)
	return [4]byte(sum[:])
}

// V1Writer frames messages in version 1 for the network with that magic.
type V1Writer struct{ Magic [4]byte }

// Append implements [Writer].
func (w V1Writer) Append(b []byte, msg wire.Message) []byte { return AppendV1(b, w.Magic, msg) }

// AppendHeader implements [Writer].
func (w V1Writer) AppendHeader(b []byte, command string, payload []byte) ([]byte, bool) {
	return appendHeader(b, w.Magic, command, payload), true
}

// Enclose implements [Writer].
func (w V1Writer) Enclose(string, []byte) ([]byte, bool) { return nil, false }

// Overhead implements [Writer].
func (w V1Writer) Overhead(string) int { return V1HeaderSize }

// AppendRaw implements [Writer].
func (w V1Writer) AppendRaw(b []byte, command string, payload []byte) []byte {
	return AppendV1Raw(b, w.Magic, command, payload)
}

// AppendV1 appends the frame of a message to b. It panics on a command longer
// than 12 bytes: all that are sent are ours.
func AppendV1(b []byte, magic [4]byte, msg wire.Message) []byte {
	b = slices.Grow(b, V1HeaderSize+msg.PayloadSize())
	start := len(b)
	body := start + V1HeaderSize
	b = msg.AppendPayload(append(b, make([]byte, V1HeaderSize)...))
	putHeader(b[start:body], magic, msg.Command(), b[body:])
	return b
}

// AppendV1Raw appends the frame of a payload that is encoded already.
func AppendV1Raw(b []byte, magic [4]byte, command string, payload []byte) []byte {
	b = slices.Grow(b, V1HeaderSize+len(payload))
	return append(appendHeader(b, magic, command, payload), payload...)
}

func appendHeader(b []byte, magic [4]byte, command string, payload []byte) []byte {
	var head [V1HeaderSize]byte
	putHeader(head[:], magic, command, payload)
	return append(b, head[:]...)
}

// putHeader fills a header of zeros.
func putHeader(head []byte, magic [4]byte, command string, payload []byte) {
	if len(command) > commandSize {
		panic("transport: command longer than 12 bytes: " + command)
	}
	copy(head, magic[:])
	copy(head[magicSize:], command)
	binary.LittleEndian.PutUint32(head[magicSize+commandSize:], uint32(len(payload)))
	sum := checksum(payload)
	copy(head[V1HeaderSize-len(sum):], sum[:])
}
