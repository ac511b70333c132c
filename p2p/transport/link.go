package transport

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"grapevine/p2p/transport/bip324"
)

// maxGarbage is the most that may stand between a key and its terminator.
const maxGarbage = 4095

// Protocol is the version that the two ends of a connection speak.
type Protocol uint32

// The protocols, with the names that getpeerinfo shows.
const (
	Detecting Protocol = iota
	V1
	V2
)

// String returns the name.
func (p Protocol) String() string {
	switch p {
	case V1:
		return "v1"
	case V2:
		return "v2"
	default:
		return "detecting"
	}
}

// Link is one end of a connection, whichever version is spoken on it. It is a
// [Reader]; [Link.Open] makes the [Writer]. The reading and the writing half
// belong to one goroutine each, and the one waits for what the other learns; the
// other methods may be called from anywhere.
type Link struct {
	src       *source
	magic     [4]byte
	initiator bool

	// Of the reading goroutine.
	frames Reader // nil until all is agreed on

	// Set before begun is closed: what is spoken, and what we begin with.
	begun   chan struct{}
	v1      bool
	key     *bip324.Key
	garbage []byte
	// Set before keyed is closed.
	keyed   chan struct{}
	session *bip324.Session

	protocol atomic.Uint32
}

func newLink(r io.Reader, magic [4]byte) *Link {
	return &Link{src: newSource(r), magic: magic, begun: make(chan struct{}), keyed: make(chan struct{})}
}

// Plain returns an end that speaks version 1.
func Plain(r io.Reader, magic [4]byte) *Link {
	l := newLink(r, magic)
	l.speakV1()
	return l
}

// Initiate returns the end that made the connection and begins with version 2.
func Initiate(r io.Reader, magic [4]byte) (*Link, error) {
	l := newLink(r, magic)
	l.initiator = true
	return l, l.begin()
}

// Respond returns the end that waits for what the other begins with: magic and
// "version" are version 1, all else is a key.
func Respond(r io.Reader, magic [4]byte) *Link { return newLink(r, magic) }

// Protocol returns what is spoken, and in version 2 the session's id, once the
// other end has shown that it derived the same.
func (l *Link) Protocol() (p Protocol, id [32]byte) {
	if p = Protocol(l.protocol.Load()); p == V2 {
		id = l.session.ID
	}
	return p, id
}

// Held returns the bytes that are held for what is being read.
func (l *Link) Held() int { return firstStep + int(l.src.held.Load()) }

// Next implements [Reader].
func (l *Link) Next() (Frame, error) {
	if l.frames == nil {
		if err := l.Negotiate(); err != nil {
			return Frame{}, err
		}
	}
	return l.frames.Next()
}

// Negotiate reads the other end's part of the handshake. [Link.Next] does so by
// itself. It is an [ErrSilent] when the other end of a connection that we made has
// hung up without a word, as those do that know version 1 alone.
func (l *Link) Negotiate() error {
	if l.frames != nil {
		return nil
	}
	if l.initiator {
		if _, err := l.src.Peek(1); err != nil {
			return fmt.Errorf("%w: %w", ErrSilent, err)
		}
	} else if v1, err := l.detect(); err != nil {
		return err
	} else if v1 {
		l.speakV1()
		return nil
	}
	return l.speakV2()
}

func (l *Link) speakV1() {
	l.frames, l.v1 = &V1Reader{src: l.src, magic: l.magic}, true
	l.protocol.Store(uint32(V1))
	close(l.begun)
}

// begin makes our key and garbage.
func (l *Link) begin() error {
	key, err := bip324.NewKey()
	if err != nil {
		return err
	}
	var n [8]byte
	_, _ = rand.Read(n[:]) // never fails
	garbage := make([]byte, binary.LittleEndian.Uint64(n[:])%(maxGarbage+1))
	_, _ = rand.Read(garbage)
	l.key, l.garbage = key, garbage
	close(l.begun)
	return nil
}

// v1Start is how every connection of version 1 begins, behind the magic.
const v1Start = "version\x00\x00\x00\x00\x00"

// detect reports whether the other end speaks version 1. The first byte that
// differs tells that it does not, for it waits for our key then.
func (l *Link) detect() (v1 bool, err error) {
	want := append(l.magic[:], v1Start...)
	for n := 1; n <= len(want); n++ {
		got, err := l.src.Peek(n)
		if err != nil {
			return false, l.cut(err, n > 1)
		}
		if got[n-1] != want[n-1] {
			return false, l.begin()
		}
	}
	return true, nil
}

// cut is the error for a stream that ends; between is what it may do.
func (l *Link) cut(err error, within bool) error {
	if within && errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// speakV2 reads key, garbage, terminator and version packet.
func (l *Link) speakV2() error {
	if !l.initiator { // a node of another network, of version 1
		if got, err := l.src.Peek(magicSize + len(v1Start)); err != nil {
			return l.cut(err, true)
		} else if string(got[magicSize:]) == v1Start {
			return &Error{Kind: ErrMagic}
		}
	}
	var theirs bip324.PublicKey
	if _, err := io.ReadFull(l.src, theirs[:]); err != nil {
		return within(err)
	}
	session, err := l.key.Session(theirs, l.initiator, l.magic)
	if err != nil {
		return err
	}
	l.session = session
	close(l.keyed)
	garbage, err := l.readGarbage()
	if err != nil {
		return err
	}
	frames := &v2Reader{src: l.src, open: session.Receive, aad: garbage}
	if _, err := frames.packet(); err != nil { // the version packet: nothing is defined for it yet
		return within(err)
	}
	l.frames = frames
	l.protocol.Store(uint32(V2))
	return nil
}

// readGarbage returns what comes before the terminator.
func (l *Link) readGarbage() ([]byte, error) {
	const end = bip324.TerminatorSize
	buf := make([]byte, 0, 512)
	for len(buf) < maxGarbage+end {
		c, err := l.src.ReadByte()
		if err != nil {
			return nil, within(err)
		}
		if buf = append(buf, c); bytes.HasSuffix(buf, l.session.ReceiveTerminator[:]) {
			return buf[:len(buf)-end], nil
		}
	}
	return nil, &Error{Kind: ErrGarbage, Size: uint32(len(buf))}
}

// Open writes our part of the handshake and returns what frames are made with. It
// waits for what the other end speaks, until ctx ends.
func (l *Link) Open(ctx context.Context, w io.Writer) (Writer, error) {
	if err := wait(ctx, l.begun); err != nil {
		return nil, err
	}
	if l.v1 {
		return V1Writer{Magic: l.magic}, nil
	}
	public := l.key.Public()
	if _, err := w.Write(append(public[:], l.garbage...)); err != nil {
		return nil, err
	}
	if err := wait(ctx, l.keyed); err != nil {
		return nil, err
	}
	b, start := l.session.Send.Begin(bytes.Clone(l.session.SendTerminator[:]))
	b = l.session.Send.Finish(b, start, false, l.garbage) // the version packet is empty
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	l.key, l.garbage = nil, nil
	return v2Writer{l.session.Send}, nil
}

func wait(ctx context.Context, c <-chan struct{}) error {
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
