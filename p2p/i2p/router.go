package i2p

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"grapevine/p2p/proxy"
	"grapevine/wire"
)

// Config is what a [Router] works with.
type Config struct {
	// Address of SAM, host:port, or "unix:" and a path (-i2psam). Required.
	Address string
	// Accept takes connections (-i2pacceptincoming), at the address whose key is in
	// KeyFile, which then is required.
	Accept  bool
	KeyFile string
	// Service is told our address when others can reach it, and when they no longer
	// can. It is called by Run. nil means that nobody wants to know.
	Service func(a wire.NetAddr, up bool)
	// Logger; nil is silent.
	Logger *slog.Logger
	// Dial connects to SAM; nil means to Address.
	Dial func(ctx context.Context) (net.Conn, error)
}

const (
	// firstPause is that before the first new attempt to take connections, each
	// failure adds as much, up to lastPause.
	firstPause = time.Second
	lastPause  = 5 * time.Minute
	// maxIdle is how many transient sessions are kept for later.
	maxIdle = 10
)

var noDeadline time.Time

// errClosed: the router is not used any more.
var errClosed = errors.New("i2p: closed")

// Router is a way into I2P. It is safe for concurrent use.
type Router struct {
	cfg      Config
	making   chan struct{} // holds a value while the persistent session is being made
	accepted chan *stream  // unbuffered: who connects waits until the listener takes it

	mu      sync.Mutex
	session *session // the persistent one; guarded by mu, as are the next
	idle    []*session
	closed  bool
}

// New returns a router. It does nothing before it is used.
func New(cfg Config) (*Router, error) {
	if cfg.Address == "" || cfg.Accept && cfg.KeyFile == "" {
		return nil, errors.New("i2p: Address is required, and KeyFile to take connections")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Dial == nil {
		server := &proxy.Server{Address: cfg.Address}
		cfg.Dial = server.Connect
	}
	return &Router{cfg: cfg, making: make(chan struct{}, 1), accepted: make(chan *stream)}, nil
}

// Dial connects to an address of I2P: from our own address, or from a new one where
// private is set or connections are not taken. Errors that say nothing about the peer
// wrap [proxy.ErrProxy]. The port has to be 0.
func (r *Router) Dial(ctx context.Context, to wire.NetAddr, private bool) (net.Conn, error) {
	if to.Addr.Network() != wire.NetI2P || to.Port != 0 {
		return nil, fmt.Errorf("i2p: %s has a port other than 0, or is in another network", to)
	}
	if private || !r.cfg.Accept {
		return r.dialTransient(ctx, to)
	}
	s, err := r.persistent(ctx)
	if err != nil {
		return nil, blame(err)
	}
	c, err := r.connect(ctx, s, to)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// dialTransient connects from an address that nobody has seen.
func (r *Router) dialTransient(ctx context.Context, to wire.NetAddr) (net.Conn, error) {
	s := r.takeIdle()
	if s == nil {
		var err error
		if s, err = r.open(ctx, ""); err != nil {
			return nil, blame(err)
		}
	}
	c, err := r.connect(ctx, s, to)
	if err != nil {
		r.putIdle(s)
		return nil, err
	}
	c.own = s
	return c, nil
}

func (r *Router) takeIdle() *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.idle) > 0 {
		s := r.idle[len(r.idle)-1]
		r.idle = r.idle[:len(r.idle)-1]
		if s.alive() {
			return s
		}
	}
	return nil
}

func (r *Router) putIdle(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || len(r.idle) == maxIdle || !s.alive() {
		s.end()
		return
	}
	r.idle = append(r.idle, s)
}

// persistent returns the session that has our own address.
func (r *Router) persistent(ctx context.Context) (*session, error) {
	select {
	case r.making <- struct{}{}:
		defer func() { <-r.making }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	r.mu.Lock()
	s, closed := r.session, r.closed
	r.mu.Unlock()
	if closed {
		return nil, errClosed
	}
	if s != nil && s.alive() {
		return s, nil
	}
	s, err := r.open(ctx, r.cfg.KeyFile)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		s.end()
		return nil, errClosed
	}
	r.session = s
	return s, nil
}

// connect makes a connection through a session.
func (r *Router) connect(ctx context.Context, s *session, to wire.NetAddr) (*stream, error) {
	c, err := dialSAM(ctx, r.cfg.Dial)
	if err != nil {
		return nil, blame(err)
	}
	err = c.connect(ctx, s.id, to)
	var st *stream
	if err == nil {
		st, err = c.streamOf(to)
	}
	if err == nil {
		return st, nil
	}
	_ = c.c.Close() // nothing was said over it that matters
	if errors.Is(err, resultInvalidID) {
		s.end()
	}
	if errors.Is(err, cantReachPeer) || errors.Is(err, resultTimeout) {
		return nil, err
	}
	return nil, blame(err)
}

func (s *sam) connect(ctx context.Context, id string, to wire.NetAddr) error {
	found, err := s.ask(ctx, "NAMING LOOKUP NAME="+to.Addr.String())
	if err != nil {
		return err
	}
	dest, err := found.destination("VALUE")
	if err != nil {
		return err
	}
	_, err = s.ask(ctx, "STREAM CONNECT ID="+id+" DESTINATION="+base64I2P.EncodeToString(dest)+" SILENT=false")
	return err
}

// Run takes connections, if that is wanted, until the context ends; then it ends all
// sessions and returns nil.
func (r *Router) Run(ctx context.Context) error {
	defer r.close()
	if !r.cfg.Accept {
		<-ctx.Done()
		return nil
	}
	var up wire.NetAddr // that was told of
	defer func() { r.tell(&up, wire.NetAddr{}) }()
	pause, told := firstPause, ""
	for {
		err := r.accept(ctx, &up)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			pause, told = firstPause, ""
			continue
		}
		if text := err.Error(); text != told { // the same failure is told of once
			r.cfg.Logger.Warn("Connections from I2P cannot be taken, will retry", "err", err)
			told = text
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		}
		pause = min(pause+firstPause, lastPause)
	}
}

// tell tells of a change of our address.
func (r *Router) tell(up *wire.NetAddr, now wire.NetAddr) {
	if *up == now {
		return
	}
	for _, a := range []wire.NetAddr{*up, now} {
		if r.cfg.Service != nil && !a.Addr.IsZero() {
			r.cfg.Service(a, a == now)
		}
	}
	*up = now
}

// accept takes one connection and hands it to the listener.
func (r *Router) accept(ctx context.Context, up *wire.NetAddr) error {
	s, err := r.persistent(ctx)
	var c *sam
	if err == nil {
		c, err = r.await(ctx, s)
	}
	if err != nil {
		r.tell(up, wire.NetAddr{})
		return err
	}
	r.tell(up, s.me)
	st, err := c.peer(ctx, s)
	if err != nil {
		_ = c.c.Close() // nobody came
		return err
	}
	select {
	case r.accepted <- st:
		return nil
	case <-ctx.Done():
		return st.Close()
	}
}

// await asks for the next connection.
func (r *Router) await(ctx context.Context, s *session) (*sam, error) {
	c, err := dialSAM(ctx, r.cfg.Dial)
	if err != nil {
		return nil, err
	}
	if _, err = c.ask(ctx, "STREAM ACCEPT ID="+s.id+" SILENT=false"); err == nil {
		return c, nil
	}
	if errors.Is(err, resultInvalidID) {
		s.end()
	}
	return nil, errors.Join(err, c.c.Close())
}

// peer waits until somebody connects, or the session ends.
func (s *sam) peer(ctx context.Context, of *session) (*stream, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan struct{})
	defer func() { <-over }()
	defer cancel()
	go func() {
		defer close(over)
		select {
		case <-of.gone:
			_ = s.c.Close() // ends the read below
		case <-ctx.Done():
		}
	}()
	stop, err := s.bound(ctx, 0)
	if err != nil {
		return nil, err
	}
	line, err := s.line()
	stop()
	if err != nil {
		return nil, fmt.Errorf("i2p: waiting for a connection: %w", cause(ctx, err))
	}
	word, _, _ := strings.Cut(line, " ") // routers that speak more than 3.1 add ports
	dest, err := base64I2P.DecodeString(word)
	if err != nil || len(dest) < certStart {
		if strings.Contains(line, "RESULT=I2P_ERROR") {
			of.end() // whatever its connection says
		}
		return nil, fmt.Errorf("i2p: %w: %q instead of who has connected", errAnswer, printable(line))
	}
	return s.streamOf(addressOf(dest))
}

// close ends all sessions.
func (r *Router) close() {
	r.mu.Lock()
	all := r.idle
	if r.session != nil {
		all = append(all, r.session)
	}
	r.session, r.idle, r.closed = nil, nil, true
	r.mu.Unlock()
	for _, s := range all {
		s.end()
		<-s.gone
	}
}
