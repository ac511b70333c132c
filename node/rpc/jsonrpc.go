package rpc

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
)

// envelope is what surrounds one call: which dialect it is in and how its answer is labelled.
type envelope struct {
	id     Value
	hasID  bool // false: the answer carries no id; in 2.0 there is no answer at all
	v2     bool
	method string
	params Value
}

func (e *envelope) notification() bool { return e.v2 && !e.hasID }

// parse reads one request object. What was understood before an error stays, so that the error is answered under the
// request's own id and dialect.
func (e *envelope) parse(req Value) error {
	*e = envelope{hasID: true}
	if req.Kind() != Object {
		return &Error{Code: CodeInvalidRequest, Message: "Invalid Request object"}
	}
	e.id, e.hasID = req.Lookup("id")
	if version := req.Member("jsonrpc"); !version.IsNull() {
		if version.Kind() != String {
			return &Error{Code: CodeInvalidRequest, Message: "jsonrpc field must be a string"}
		}
		switch version.Text() {
		case "1.0": // stands in old documentation, means legacy
		case "2.0":
			e.v2 = true
		default:
			return &Error{Code: CodeInvalidRequest, Message: "JSON-RPC version not supported"}
		}
	}
	switch method := req.Member("method"); method.Kind() {
	case Null:
		return &Error{Code: CodeInvalidRequest, Message: "Missing method"}
	case String:
		e.method = method.Text()
	default:
		return &Error{Code: CodeInvalidRequest, Message: "Method must be a string"}
	}
	switch params := req.Member("params"); params.Kind() {
	case Array, Object:
		e.params = params
	case Null:
		e.params = ArrayValue()
	default:
		return &Error{Code: CodeInvalidRequest, Message: "Params must be an array or object"}
	}
	return nil
}

// open writes the part of a successful answer before the result, close the part after it.
func (e *envelope) open(w *Writer) {
	w.Obj()
	if e.v2 {
		w.Key("jsonrpc").String("2.0")
	}
	w.Key("result")
}

func (e *envelope) close(w *Writer) {
	if !e.v2 {
		w.Key("error").Null()
	}
	e.closeID(w)
}

func (e *envelope) closeID(w *Writer) {
	if e.hasID {
		w.Key("id").Value(e.id)
	}
	w.EndObj()
}

// failed writes the answer that carries an error.
func (e *envelope) failed(w *Writer, err error) {
	ans := asError(err)
	w.Obj()
	if e.v2 {
		w.Key("jsonrpc").String("2.0")
	} else {
		w.Key("result").Null()
	}
	w.Key("error").Obj().Key("code").Int(int64(ans.Code)).Key("message").String(ans.Message).EndObj()
	e.closeID(w)
}

// legacyStatus is the HTTP status of an error outside 2.0.
func legacyStatus(err error) int {
	switch asError(err).Code {
	case CodeInvalidRequest:
		return http.StatusBadRequest
	case CodeMethodNotFound:
		return http.StatusNotFound
	}
	return http.StatusInternalServerError
}

// caller is who asks.
type caller struct{ user, peer, uri string }

// execute answers one parsed call into w, error answers included. It returns the error so that a legacy call can set its status.
func (s *Server) execute(ctx context.Context, c caller, e *envelope, w *Writer) (err error) {
	start, comma := len(w.buf), w.comma
	defer func() {
		if p := recover(); p != nil {
			// A broken invariant in one method is ours to find; it must not end the node under the other users.
			s.cfg.Logger.Error("RPC method panicked", "method", e.method, "panic", p, "stack", string(debug.Stack()))
			err = &Error{Code: CodeMisc, Message: fmt.Sprintf("Internal bug detected: %v", p)}
		}
		if err != nil {
			w.buf, w.comma = w.buf[:start], comma
			e.failed(w, err)
		}
	}()
	s.logCall(c, e)
	if s.stopped.Load() {
		return context.Canceled
	}
	e.open(w)
	if err := s.cfg.Table.Call(ctx, Request{Method: e.method, User: c.user, Peer: c.peer, URI: c.uri}, e.params, w); err != nil {
		return err
	}
	e.close(w)
	return nil
}
