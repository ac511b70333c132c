package proxy

import (
	"context"
	crand "crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// ErrProxy: the proxy is at fault, and nothing was learnt about the peer.
var ErrProxy = errors.New("proxy: the proxy is at fault")

// The times that a proxy has, where [Server] does not say otherwise.
const (
	connectTime = 5 * time.Second  // to accept the connection
	answerTime  = 20 * time.Second // for each answer
)

// unixPrefix begins the address of a proxy that listens on a socket file.
const unixPrefix = "unix:"

// Server is a SOCKS5 proxy. Its zero value is none. It must not be copied once used.
type Server struct {
	// Address is host:port, or "unix:" and the path of a socket.
	Address string
	// Isolate gives each connection credentials of its own (-proxyrandomize).
	Isolate bool
	// ConnectTime bounds connecting to the proxy (-timeout); 0 means 5 s.
	// AnswerTime bounds each of its answers; 0 means 20 s.
	ConnectTime, AnswerTime time.Duration

	credentials credentials
}

// credentials makes names that no other connection has, of this run or another.
type credentials struct {
	prefix atomic.Pointer[string]
	n      atomic.Uint64
}

func (c *credentials) next() string {
	if c.prefix.Load() == nil {
		var b [8]byte
		_, _ = crand.Read(b[:]) // never fails
		p := hex.EncodeToString(b[:]) + "-"
		c.prefix.CompareAndSwap(nil, &p)
	}
	return *c.prefix.Load() + strconv.FormatUint(c.n.Add(1)-1, 10)
}

// Connect opens a connection to the proxy itself. Errors wrap [ErrProxy].
func (s *Server) Connect(ctx context.Context) (net.Conn, error) {
	network, address := "tcp", s.Address
	if path, ok := strings.CutPrefix(address, unixPrefix); ok {
		network, address = "unix", path
	}
	ctx, cancel := context.WithTimeout(ctx, orDefault(s.ConnectTime, connectTime))
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProxy, err)
	}
	return c, nil
}

func orDefault(d, def time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return def
}

// Dial connects to a host, a name or an address in text, through the proxy.
func (s *Server) Dial(ctx context.Context, host string, port uint16) (net.Conn, error) {
	if len(host) == 0 || len(host) > maxHost {
		return nil, fmt.Errorf("proxy: a host name of %d bytes", len(host))
	}
	c, err := s.Connect(ctx)
	if err != nil {
		return nil, err
	}
	// The context ends what is being read or written.
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	h := handshake{c: c, patience: orDefault(s.AnswerTime, answerTime), ctx: ctx}
	if s.Isolate {
		h.user = s.credentials.next()
	}
	err = h.run(host, port)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = c.SetDeadline(time.Time{})
	}
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		_ = c.Close() // nothing was said over it that matters
		return nil, fmt.Errorf("proxy: %s:%d through %s: %w", host, port, s.Address, err)
	}
	return c, nil
}

const (
	maxHost     = 255
	version5    = 5
	noAuth      = 0
	byName      = 2 // user name and password
	subVersion  = 1 // of RFC 1929
	connect     = 1
	typeIPv4    = 1
	typeName    = 3
	typeIPv6    = 4
	replyHeader = 4
)

// Reply is why a proxy did not make a connection: the codes of RFC 1928, and those
// that Tor adds for onion services.
type Reply byte

var replies = map[Reply]string{
	0x01: "general failure",
	0x02: "connection not allowed",
	0x03: "network unreachable",
	0x04: "host unreachable",
	0x05: "connection refused",
	0x06: "TTL expired",
	0x07: "protocol error",
	0x08: "address type not supported",
	0xf0: "onion service descriptor can not be found",
	0xf1: "onion service descriptor is invalid",
	0xf2: "onion service introduction failed",
	0xf3: "onion service rendezvous failed",
	0xf4: "onion service missing client authorization",
	0xf5: "onion service wrong client authorization",
	0xf6: "onion service invalid address",
	0xf7: "onion service introduction timed out",
}

// Error returns the reason in words.
func (r Reply) Error() string {
	if text, ok := replies[r]; ok {
		return text
	}
	return fmt.Sprintf("unknown (0x%02x)", byte(r))
}

// handshake speaks SOCKS5 on one connection.
type handshake struct {
	c        net.Conn
	ctx      context.Context // of one call, which ends with it
	patience time.Duration
	user     string // also the password; "" for none
}

func (h *handshake) run(host string, port uint16) error {
	if err := h.greet(); err != nil {
		return fmt.Errorf("%w: %w", ErrProxy, err)
	}
	request := append([]byte{version5, connect, 0, typeName, byte(len(host))}, host...)
	request = append(request, byte(port>>8), byte(port))
	if err := h.send(request); err != nil {
		return fmt.Errorf("%w: %w", ErrProxy, err)
	}
	return h.reply()
}

// greet agrees on who we are.
func (h *handshake) greet() error {
	hello := []byte{version5, 1, noAuth}
	if h.user != "" {
		hello = []byte{version5, 2, noAuth, byName}
	}
	if err := h.send(hello); err != nil {
		return err
	}
	answer, err := h.read(2)
	switch {
	case err != nil:
		return err
	case answer[0] != version5:
		return fmt.Errorf("it speaks version %d", answer[0])
	case answer[1] == noAuth:
		return nil
	case answer[1] != byName || h.user == "":
		return fmt.Errorf("it wants authentication method 0x%02x", answer[1])
	}
	login := append([]byte{subVersion, byte(len(h.user))}, h.user...)
	login = append(append(login, byte(len(h.user))), h.user...)
	if err := h.send(login); err != nil {
		return err
	}
	if answer, err = h.read(2); err != nil {
		return err
	}
	if answer[0] != subVersion || answer[1] != 0 {
		return errors.New("it refuses our credentials")
	}
	return nil
}

// reply reads whether the connection was made, and passes over the address that it
// was made from.
func (h *handshake) reply() error {
	head, err := h.read(replyHeader)
	if err != nil {
		return err
	}
	if head[0] != version5 || head[2] != 0 {
		return fmt.Errorf("%w: malformed reply", ErrProxy)
	}
	if head[1] != 0 {
		return Reply(head[1])
	}
	size := 0
	switch head[3] {
	case typeIPv4:
		size = 4
	case typeIPv6:
		size = 16
	case typeName:
		n, err := h.read(1)
		if err != nil {
			return err
		}
		size = int(n[0])
	default:
		return fmt.Errorf("%w: address of type %d in its reply", ErrProxy, head[3])
	}
	_, err = h.read(size + 2)
	return err
}

func (h *handshake) send(b []byte) error {
	if err := h.wait(); err != nil {
		return err
	}
	_, err := h.c.Write(b)
	return err
}

// read reads exactly n bytes: what follows belongs to the peer.
func (h *handshake) read(n int) ([]byte, error) {
	if err := h.wait(); err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err := io.ReadFull(h.c, b)
	return b, err
}

// wait gives the proxy time for its next answer, unless the context has ended, which
// may already have set a deadline in the past.
func (h *handshake) wait() error {
	if err := h.c.SetDeadline(time.Now().Add(h.patience)); err != nil {
		return err
	}
	return h.ctx.Err()
}
