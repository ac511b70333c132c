package transport

import (
	"io"
	"slices"

	"grapevine/p2p/transport/bip324"
	"grapevine/wire"
)

const (
	// fullCommand is what stands before a payload whose command has no short id.
	fullCommand = 1 + commandSize
	// MaxOverhead is the most that a frame of any version has beyond its payload.
	MaxOverhead = bip324.Expansion + fullCommand
	// maxContents is the largest packet that is taken.
	maxContents = fullCommand + wire.MaxPayload
)

// v2Reader reads frames of version 2.
type v2Reader struct {
	src  *source
	open *bip324.Opener
	// aad is authenticated with the next packet: the garbage, with the first.
	aad []byte
}

// Next implements [Reader].
func (v *v2Reader) Next() (Frame, error) {
	contents, err := v.packet()
	if err != nil {
		return Frame{}, err
	}
	f := Frame{Size: len(contents) + bip324.Expansion}
	command, n, ok := parseContents(contents)
	if !ok {
		return f, &Error{Kind: ErrCommand, Command: command, Size: uint32(len(contents))}
	}
	f.Command, f.Payload = command, contents[n:]
	return f, nil
}

// packet returns the contents of the next packet that is no decoy. Nobody but the
// peer itself pays for its decoys: they are read and forgotten.
func (v *v2Reader) packet() ([]byte, error) {
	for {
		var length [bip324.LengthSize]byte
		if _, err := io.ReadFull(v.src, length[:]); err != nil {
			return nil, err
		}
		n := v.open.Length(length)
		if n > maxContents {
			return nil, &Error{Kind: ErrTooLarge, Size: uint32(n)}
		}
		body, err := v.src.payload(n + bip324.HeaderSize + bip324.TagSize)
		if err != nil {
			return nil, err
		}
		contents, decoy, err := v.open.Open(body, v.aad)
		if err != nil {
			return nil, &Error{Kind: ErrNotAuthentic, Size: uint32(n)}
		}
		v.aad = nil
		if !decoy {
			return contents, nil
		}
	}
}

// parseContents returns the command, and where the payload begins.
func parseContents(b []byte) (command string, n int, ok bool) {
	if len(b) == 0 {
		return "", 0, false
	}
	if id := int(b[0]); id != 0 {
		if id >= len(shortIDs) {
			return "", 0, false
		}
		return shortIDs[id], 1, shortIDs[id] != ""
	}
	if len(b) < fullCommand {
		return "", 0, false
	}
	command, ok = parseCommand([commandSize]byte(b[1:fullCommand]))
	return command, fullCommand, ok
}

// v2Writer frames messages in version 2.
type v2Writer struct{ seal *bip324.Sealer }

// begin appends what stands before a payload.
func (w v2Writer) begin(b []byte, command string) (out []byte, start int) {
	b, start = w.seal.Begin(b)
	if id := idOf(command); id != 0 {
		return append(b, id), start
	}
	var full [fullCommand]byte
	if len(command) > commandSize {
		panic("transport: command longer than 12 bytes: " + command)
	}
	copy(full[1:], command)
	return append(b, full[:]...), start
}

// Append implements [Writer].
func (w v2Writer) Append(b []byte, msg wire.Message) []byte {
	b = slices.Grow(b, w.Overhead(msg.Command())+msg.PayloadSize())
	b, start := w.begin(b, msg.Command())
	return w.seal.Finish(msg.AppendPayload(b), start, false, nil)
}

// AppendHeader implements [Writer]: the payload has to be encrypted.
func (w v2Writer) AppendHeader(b []byte, _ string, _ []byte) ([]byte, bool) { return b, false }

// AppendRaw implements [Writer].
func (w v2Writer) AppendRaw(b []byte, command string, payload []byte) []byte {
	b = slices.Grow(b, w.Overhead(command)+len(payload))
	b, start := w.begin(b, command)
	return w.seal.Finish(append(b, payload...), start, false, nil)
}

// Enclose implements [Writer]. Moving a payload by a few bytes costs a fifth of what
// encrypting it does, and no memory.
func (w v2Writer) Enclose(command string, payload []byte) ([]byte, bool) {
	n, overhead := len(payload), w.Overhead(command)
	if cap(payload)-n < overhead {
		return nil, false
	}
	at := overhead - bip324.TagSize
	frame := payload[:n+at]
	copy(frame[at:], payload)
	head, start := w.begin(frame[:0], command)
	if len(head) != at {
		panic("transport: overhead of " + command)
	}
	return w.seal.Finish(frame, start, false, nil), true
}

// Overhead implements [Writer].
func (w v2Writer) Overhead(command string) int {
	if idOf(command) != 0 {
		return bip324.Expansion + 1
	}
	return MaxOverhead
}
