package rpc

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"time"
)

// reply collects one HTTP answer. A batch's answer may leave in parts before it is complete.
type reply struct {
	rw      http.ResponseWriter
	rc      *http.ResponseController
	timeout time.Duration
	status  int
	w       Writer
	sent    bool // the header is out
}

// ServeHTTP checks who asks, from where and with what method, in that order, and passes calls on.
func (s *Server) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	out := &reply{rw: rw, rc: http.NewResponseController(rw), timeout: s.cfg.Timeout, status: http.StatusOK}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !s.allowed(peer.Addr()) {
		s.cfg.Logger.Debug("RPC request refused: address not allowed", "peer", r.RemoteAddr)
		out.plain(http.StatusForbidden, "")
		return
	}
	switch {
	case s.stopped.Load():
		out.plain(http.StatusServiceUnavailable, "")
	case !knownMethod(r.Method):
		out.plain(http.StatusMethodNotAllowed, "")
	case r.RequestURI != "/":
		out.plain(http.StatusNotFound, "")
	case r.Method != http.MethodPost:
		out.plain(http.StatusMethodNotAllowed, "JSONRPC server handles only POST requests")
	default:
		s.post(r, out)
	}
}

func knownMethod(m string) bool {
	return m == http.MethodGet || m == http.MethodPost || m == http.MethodHead || m == http.MethodPut
}

func (s *Server) post(r *http.Request, out *reply) {
	const challenge = `Basic realm="jsonrpc"`
	header := r.Header.Get("Authorization")
	if header == "" {
		out.rw.Header().Set("WWW-Authenticate", challenge)
		out.plain(http.StatusUnauthorized, "")
		return
	}
	user, ok := s.cfg.Auth.authorize(header)
	if !ok {
		s.cfg.Logger.Warn("RPC: incorrect password attempt", "peer", r.RemoteAddr)
		if !s.penalty(r) {
			return
		}
		out.rw.Header().Set("WWW-Authenticate", challenge)
		out.plain(http.StatusUnauthorized, "")
		return
	}
	body, err := out.readBody(r)
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			out.rw.Header().Set("Connection", "close")
			out.plain(http.StatusRequestEntityTooLarge, "")
			return
		}
		out.rw.Header().Set("Connection", "close")
		out.plain(http.StatusBadRequest, "")
		return
	}
	ctx := r.Context()
	if !s.acquire(ctx) {
		if ctx.Err() == nil {
			s.cfg.Logger.Warn("RPC request rejected because the work queue is full, it can be made deeper with -rpcworkqueue")
			out.plain(http.StatusServiceUnavailable, "Work queue depth exceeded")
		}
		return
	}
	s.serveHeld(ctx, caller{user, r.RemoteAddr, r.RequestURI}, body, out)
	out.finish()
}

// serveHeld serves with the place that was acquired, which is given back
// whatever happens.
func (s *Server) serveHeld(ctx context.Context, from caller, body []byte, out *reply) {
	defer s.release()
	s.serveJSON(ctx, from, body, out)
}

// penalty keeps a caller with a wrong password waiting. It reports false when the caller left.
func (s *Server) penalty(r *http.Request) bool {
	ctx := r.Context()
	select {
	case s.fails <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	defer func() { <-s.fails }()
	t := time.NewTimer(failDelay)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// readBody reads a bounded body; each part must come within the timeout, however long the whole takes.
func (o *reply) readBody(r *http.Request) ([]byte, error) {
	body := http.MaxBytesReader(o.rw, r.Body, MaxBody)
	if o.timeout > 0 {
		body = deadlineReader{body, o.rc, o.timeout}
		defer func() { _ = o.rc.SetReadDeadline(time.Time{}) }()
	}
	return io.ReadAll(body)
}

type deadlineReader struct {
	io.ReadCloser
	rc      *http.ResponseController
	timeout time.Duration
}

func (d deadlineReader) Read(b []byte) (int, error) {
	_ = d.rc.SetReadDeadline(time.Now().Add(d.timeout)) // a test's recorder has none
	return d.ReadCloser.Read(b)
}

// plain answers without JSON.
func (o *reply) plain(status int, text string) {
	h := o.rw.Header()
	h.Set("Content-Type", "text/html; charset=ISO-8859-1")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	o.rw.WriteHeader(status)
	_, _ = io.WriteString(o.rw, text) // the caller may have left
}

// flush sends what there is of a batch's answer.
func (o *reply) flush() error {
	if !o.sent {
		o.rw.Header().Set("Content-Type", "application/json")
		o.rw.WriteHeader(o.status)
		o.sent = true
	}
	err := o.send(o.w.buf)
	o.w.buf = o.w.buf[:0]
	return err
}

// send writes in parts, each of which must leave within the timeout.
func (o *reply) send(b []byte) error {
	const part = 64 << 10
	for len(b) > 0 {
		n := min(part, len(b))
		if o.timeout > 0 {
			_ = o.rc.SetWriteDeadline(time.Now().Add(o.timeout))
		}
		if _, err := o.rw.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// finish sends the rest of the answer, with a newline behind it.
func (o *reply) finish() {
	switch {
	case o.status == http.StatusNoContent && !o.sent:
		o.rw.WriteHeader(http.StatusNoContent)
		return
	case len(o.w.buf) == 0 && !o.sent:
		o.plain(o.status, "")
		return
	}
	o.w.buf = append(o.w.buf, '\n')
	if !o.sent {
		o.rw.Header().Set("Content-Length", strconv.Itoa(len(o.w.buf)))
	}
	if err := o.flush(); err == nil && o.timeout > 0 {
		_ = o.rc.SetWriteDeadline(time.Time{})
	}
}
