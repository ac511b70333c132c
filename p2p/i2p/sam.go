package i2p

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"grapevine/p2p/proxy"
	"grapevine/wire"
)

// The bounds of an answer.
const (
	maxLine    = 65_536
	answerTime = 3 * time.Minute // the router may have to look around in I2P
)

// base64I2P is base64 with the two last letters that I2P has.
var base64I2P = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-~")

// Result is why the router did not do what it was asked for: "CANT_REACH_PEER",
// "INVALID_ID" and so on.
type Result string

// Error returns the result.
func (r Result) Error() string { return string(r) }

// What a connection may fail with though the router works, and what says that it has
// forgotten a session.
const (
	resultOK        Result = "OK"
	cantReachPeer   Result = "CANT_REACH_PEER"
	resultTimeout   Result = "TIMEOUT"
	resultInvalidID Result = "INVALID_ID"
)

var (
	errAnswer = errors.New("not an answer of SAM")
	errKey    = errors.New("not the key of a destination")
)

// sam is a connection to the router on which one command follows another.
type sam struct {
	c net.Conn
	r *bufio.Reader
}

// dialSAM connects to the router and agrees on the version.
func dialSAM(ctx context.Context, dial func(context.Context) (net.Conn, error)) (*sam, error) {
	c, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	s := &sam{c, bufio.NewReader(c)}
	if _, err := s.ask(ctx, "HELLO VERSION MIN=3.1 MAX=3.1"); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return s, nil
}

// answer holds the values of a line such as `STREAM STATUS RESULT=OK`.
type answer map[string]string

// ask sends a command and reads the answer to it. A RESULT other than OK is an error
// that wraps a [Result]; without one the answer is as good as it gets.
func (s *sam) ask(ctx context.Context, command string) (answer, error) {
	what := command
	if words := strings.Fields(command); len(words) > 2 {
		what = words[0] + " " + words[1] // the rest may be a key
	}
	a, err := s.exchange(ctx, command)
	if err == nil {
		if r, ok := a["RESULT"]; ok && Result(r) != resultOK {
			err = Result(printable(r))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("i2p: %s: %w", what, err)
	}
	return a, nil
}

func (s *sam) exchange(ctx context.Context, command string) (answer, error) {
	stop, err := s.bound(ctx, answerTime)
	if err != nil {
		return nil, err
	}
	defer stop()
	if _, err := io.WriteString(s.c, command+"\n"); err != nil {
		return nil, cause(ctx, err)
	}
	line, err := s.line()
	if err != nil {
		return nil, cause(ctx, err)
	}
	a := answer{}
	for word := range strings.FieldsSeq(line) {
		if key, value, ok := strings.Cut(word, "="); ok {
			a[key] = value
		}
	}
	return a, nil
}

// bound sets the time that reading and writing may take, 0 for any, and ends both with
// the context. stop has to be called.
func (s *sam) bound(ctx context.Context, d time.Duration) (stop func(), err error) {
	var until time.Time
	if d > 0 {
		until = time.Now().Add(d)
	}
	if err := s.c.SetDeadline(until); err != nil {
		return nil, err
	}
	end := context.AfterFunc(ctx, func() { _ = s.c.SetDeadline(time.Unix(1, 0)) })
	return func() { end() }, nil
}

// cause is why reading or writing ended.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// line reads up to the end of a line and no further.
func (s *sam) line() (string, error) {
	var line []byte
	for {
		part, err := s.r.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			return "", fmt.Errorf("%w: a line of more than %d bytes", errAnswer, maxLine)
		}
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return "", io.ErrUnexpectedEOF
		case err != nil:
			return "", err
		default:
			return strings.TrimRight(string(line), "\r\n"), nil
		}
	}
}

// destination reads base64 that the router wrote.
func (a answer) destination(key string) ([]byte, error) {
	b, err := base64I2P.DecodeString(a[key])
	if err != nil || len(b) == 0 {
		return nil, fmt.Errorf("i2p: %w: no %s", errAnswer, key)
	}
	return b, nil
}

// printable cuts and cleans what goes into logs.
func printable(s string) string {
	s = s[:min(len(s), 60)]
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

const (
	// A destination is two keys and a certificate, whose length stands at its end.
	certLength = 385
	certStart  = 387
)

// addressOf returns the address of a destination.
func addressOf(dest []byte) wire.NetAddr {
	sum := sha256.Sum256(dest)
	a, _ := wire.AddressOf(wire.NetI2P, sum[:]) // the length is right
	return wire.NetAddr{Addr: a}
}

// addressOfKey returns the address that a private key belongs to: that of the
// destination it begins with.
func addressOfKey(key []byte) (wire.NetAddr, error) {
	if len(key) <= certStart {
		return wire.NetAddr{}, fmt.Errorf("i2p: %w: %d bytes", errKey, len(key))
	}
	end := certStart + int(binary.BigEndian.Uint16(key[certLength:]))
	if end >= len(key) {
		return wire.NetAddr{}, fmt.Errorf("i2p: %w: its destination has %d bytes, all of it %d", errKey, end, len(key))
	}
	return addressOf(key[:end]), nil
}

// stream is a connection to a peer, once the router has made it.
type stream struct {
	net.Conn
	r    io.Reader // the connection, with what was read of it too early
	peer wire.NetAddr
	own  *session // that ends with it, nil for none
}

func (s *stream) Read(b []byte) (int, error) { return s.r.Read(b) }

// PeerAddr returns who is at the other end.
func (s *stream) PeerAddr() wire.NetAddr { return s.peer }

// Close ends the connection, and the session if it is the connection's own.
func (s *stream) Close() error {
	err := s.Conn.Close()
	if s.own != nil {
		s.own.end()
	}
	return err
}

// streamOf makes a stream of a connection to the router.
func (s *sam) streamOf(peer wire.NetAddr) (*stream, error) {
	if err := s.c.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	return &stream{Conn: s.c, r: s.r, peer: peer}, nil
}

// blame marks an error as one that says nothing about the peer.
func blame(err error) error { return fmt.Errorf("%w: %w", proxy.ErrProxy, err) }
