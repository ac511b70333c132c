package rpc

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"
)

// Limits of the transport.
const (
	// MaxBody is the largest request body: a block of 4 MB is 8 MB of hex, a batch of a few of them fits.
	MaxBody = 32 << 20
	// maxHeader bounds the request line and headers together.
	maxHeader = 8 << 10
	// maxConns bounds open connections: 1,024 of them with 8 KiB of headers and their buffers are some 40 MB.
	maxConns = 1024
	// failDelay is what a wrong password costs; at most failSlots wait at a time, so that guessing runs at 64 a second at best
	// and never takes a worker from those who know theirs.
	failDelay = 250 * time.Millisecond
	failSlots = 16
	// flushBytes is how much of a batch's answer is kept before a part of it is sent.
	flushBytes = 1 << 20
	// stopGrace is how long answers under way may take to leave once the server stops.
	stopGrace = 5 * time.Second
)

// Config is what a Server needs.
type Config struct {
	// Table and Auth are required.
	Table *Table
	Auth  *Auth
	// Logger gets warnings (wrong passwords) and, at debug level, each call. Required.
	Logger *slog.Logger
	// Allow are the networks besides loopback from which calls are answered.
	Allow []netip.Prefix
	// Threads is how many calls run at once; 0 means 16.
	Threads int
	// WorkQueue is how many more may wait before HTTP 503; 0 means 64.
	WorkQueue int
	// Timeout ends connections on which nothing moves; 0 means never.
	Timeout time.Duration
	// LogIPs adds callers' addresses to debug lines.
	LogIPs bool
}

// Server answers JSON-RPC on the listeners given to [Server.Run].
type Server struct {
	cfg     Config
	slots   chan struct{} // one token a running call
	waiting atomic.Int64  // calls in line for a token, at most cfg.WorkQueue
	fails   chan struct{}
	stopped atomic.Bool
}

// New returns a server; it does nothing before [Server.Run].
func New(cfg Config) *Server {
	if cfg.Threads <= 0 {
		cfg.Threads = 16
	}
	if cfg.WorkQueue <= 0 {
		cfg.WorkQueue = 64
	}
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	cfg.Allow = append(loopback, cfg.Allow...)
	return &Server{cfg: cfg, slots: make(chan struct{}, cfg.Threads), fails: make(chan struct{}, failSlots)}
}

// Run serves until ctx ends, then lets answers under way leave for some seconds. It closes the listeners.
func (s *Server) Run(ctx context.Context, listeners ...net.Listener) error {
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	hs := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.cfg.Timeout,
		IdleTimeout:       s.cfg.Timeout,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return calls },
		ErrorLog:          slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelDebug),
	}
	hs.SetKeepAlivesEnabled(true)
	bound := newConnLimit(maxConns)
	errs := make(chan error, len(listeners)) // one each, never blocks
	for _, l := range listeners {
		go func() { errs <- hs.Serve(bound.wrap(l)) }()
	}
	var failure error
	pending := len(listeners)
	select {
	case <-ctx.Done():
	case failure = <-errs:
		pending--
	}
	s.stopped.Store(true)
	grace, done := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer done()
	// Calls that wait for something to happen end now; the rest finish on their own.
	cancel()
	if err := hs.Shutdown(grace); err != nil {
		_ = hs.Close()
	}
	for ; pending > 0; pending-- {
		<-errs
	}
	if errors.Is(failure, http.ErrServerClosed) {
		return nil
	}
	return failure
}

// acquire takes a worker's token, waiting in line when all are out. It reports false with the line full or the caller gone.
func (s *Server) acquire(ctx context.Context) bool {
	select {
	case s.slots <- struct{}{}:
		return true
	default:
	}
	if s.waiting.Add(1) > int64(s.cfg.WorkQueue) {
		s.waiting.Add(-1)
		return false
	}
	defer s.waiting.Add(-1)
	select {
	case s.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Server) release() { <-s.slots }

func (s *Server) logCall(c caller, e *envelope) {
	ctx := context.Background()
	if !s.cfg.Logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{slog.String("method", sanitize(e.method)), slog.String("user", c.user)}
	if s.cfg.LogIPs {
		attrs = append(attrs, slog.String("peeraddr", c.peer))
	}
	attrs = append(attrs, slog.String("id", sanitize(e.id.Text())))
	s.cfg.Logger.LogAttrs(ctx, slog.LevelDebug, "RPC call", attrs...)
}

// sanitize keeps of a caller's text what cannot disturb a log line.
func sanitize(s string) string {
	const max = 256
	b := make([]byte, 0, min(len(s), max))
	for i := 0; i < len(s) && len(b) < max; i++ {
		c := s[i]
		if isDigit(c) || (c|0x20 >= 'a' && c|0x20 <= 'z') || c == ' ' || (c >= '!' && c <= '/' && c != '"' && c != '\'' && c != '%') ||
			c == ':' || c == '@' || c == '_' || c == '?' || c == '=' {
			b = append(b, c)
		}
	}
	return string(b)
}
