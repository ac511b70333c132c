package rpc

import (
	"context"
	"net/http"
)

// serveJSON answers the body of one POST by c.
func (s *Server) serveJSON(ctx context.Context, c caller, body []byte, out *reply) {
	none := envelope{hasID: true}
	req, err := ParseJSON(body)
	if err != nil {
		s.fail(out, &none, &Error{Code: CodeParse, Message: "Parse error"})
		return
	}
	allowed := s.cfg.Auth.whitelist(c.user)
	if allowed.none() {
		s.cfg.Logger.Warn("RPC user not allowed to call any methods", "user", c.user)
		out.status = http.StatusForbidden
		return
	}
	switch req.Kind() {
	case Object:
		s.serveSingle(ctx, c, req, allowed, out)
	case Array:
		s.serveBatch(ctx, c, req, allowed, out)
	default:
		s.fail(out, &none, &Error{Code: CodeParse, Message: "Top-level object parse error"})
	}
}

// fail answers with an error whose HTTP status says so.
func (s *Server) fail(out *reply, e *envelope, err error) {
	out.status = legacyStatus(err)
	e.failed(&out.w, err)
}

func (s *Server) refuse(out *reply, c caller, method string) {
	s.cfg.Logger.Warn("RPC user not allowed to call method", "user", c.user, "method", sanitize(method))
	out.status = http.StatusForbidden
}

func (s *Server) serveSingle(ctx context.Context, c caller, req Value, allowed methodSet, out *reply) {
	var e envelope
	if err := e.parse(req); err != nil {
		s.fail(out, &e, err)
		return
	}
	if !allowed.has(e.method) {
		s.refuse(out, c, e.method)
		return
	}
	err := s.execute(ctx, c, &e, &out.w)
	switch {
	case e.notification():
		out.w = Writer{}
		out.status = http.StatusNoContent
	case err != nil && !e.v2:
		out.status = legacyStatus(err)
	}
}

// serveBatch answers the calls of a batch one after the other, in order, so that a batch costs one worker however long it is.
// Its answer leaves in pieces: what a client can make us hold is one call's answer, not the batch's.
func (s *Server) serveBatch(ctx context.Context, c caller, req Value, allowed methodSet, out *reply) {
	for i := range req.Len() {
		if allowed.all {
			break
		}
		method := req.At(i).Member("method")
		switch {
		case req.At(i).Kind() != Object:
			s.fail(out, &envelope{hasID: true}, &Error{Code: CodeInvalidRequest, Message: "Invalid Request object"})
			return
		case method.Kind() != String:
			s.fail(out, &envelope{hasID: true}, &Error{Code: CodeParse, Message: typeMismatch(method.Kind(), String)})
			return
		case !allowed.has(method.Text()):
			s.refuse(out, c, method.Text())
			return
		}
	}
	answers := 0
	out.w.Arr()
	for i := range req.Len() {
		if ctx.Err() != nil && !s.stopped.Load() {
			return // nobody is listening any more
		}
		start, comma := len(out.w.buf), out.w.comma
		var e envelope
		if err := e.parse(req.At(i)); err != nil {
			e.failed(&out.w, err)
		} else {
			_ = s.execute(ctx, c, &e, &out.w) // its answer says it
		}
		if e.notification() {
			out.w.buf, out.w.comma = out.w.buf[:start], comma
			continue
		}
		answers++
		if len(out.w.buf) >= flushBytes && out.flush() != nil {
			return
		}
	}
	out.w.EndArr()
	// Only notifications: no answer. An empty batch names no dialect, and legacy clients expect an empty array.
	if answers == 0 && req.Len() > 0 {
		out.w = Writer{}
		out.status = http.StatusNoContent
	}
}
