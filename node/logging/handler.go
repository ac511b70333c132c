package logging

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// handler formats the records of one logger.
type handler struct {
	log      *Log
	category int // -1: none
	name     string
	suffix   []byte // attributes of the logger, formatted
	prefix   string // open groups, each with its dot
}

// Enabled implements [slog.Handler].
func (h *handler) Enabled(_ context.Context, level slog.Level) bool {
	// A record may name a category of its own, which Handle looks at.
	return h.log.cats.enabled(h.category, level) || h.log.cats.any.Load()
}

// Handle implements [slog.Handler].
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	l := h.log
	h, named := h.of(r)
	if !l.cats.enabled(h.category, r.Level) {
		return nil
	}
	at := r.Time
	if at.IsZero() {
		at = l.cfg.Now()
	}
	b := l.stamp(make([]byte, 0, 256), at)
	if l.cfg.Component {
		name := h.name
		if name == "" {
			name = "main"
		}
		b = append(append(append(b, '['), name...), "] "...)
	}
	if l.cfg.Sources {
		b = appendSource(b, r.PC)
	}
	b = h.appendLevel(b, r.Level)
	b = appendEscaped(b, r.Message)
	b = append(b, h.suffix...)
	r.Attrs(func(a slog.Attr) bool {
		if !named || a.Key != categoryKey {
			b = appendAttr(b, h.prefix, a)
		}
		return true
	})
	if b[len(b)-1] != '\n' {
		b = append(b, '\n')
	}
	// Detail that the user asked for is theirs to bound.
	l.write(b, r.PC, r.Level >= slog.LevelInfo)
	return nil
}

// categoryKey is the attribute by which one record belongs to another category than its logger.
const categoryKey = "category"

// of returns the handler of the category that the record names, h itself when it names none.
func (h *handler) of(r slog.Record) (other *handler, named bool) {
	other = h
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != categoryKey || a.Value.Kind() != slog.KindString {
			return true
		}
		if i := h.log.cats.index(a.Value.String()); i >= 0 {
			c := *h
			c.category, c.name = i, a.Value.String()
			other, named = &c, true
		}
		return false
	})
	return other, named
}

// WithAttrs implements [slog.Handler].
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.suffix = slices.Clone(h.suffix)
	for _, a := range attrs {
		c.suffix = appendAttr(c.suffix, h.prefix, a)
	}
	return &c
}

// WithGroup implements [slog.Handler].
func (h *handler) WithGroup(name string) slog.Handler {
	c := *h
	if name != "" {
		c.prefix += name + "."
	}
	return &c
}

// stamp appends the time before a line.
func (l *Log) stamp(b []byte, at time.Time) []byte {
	if l.cfg.NoTime {
		return b
	}
	layout := "2006-01-02T15:04:05Z"
	if l.cfg.Micros {
		layout = "2006-01-02T15:04:05.000000Z"
	}
	b = at.UTC().AppendFormat(b, layout)
	if l.cfg.MockTime != nil {
		if mock := l.cfg.MockTime(); !mock.IsZero() {
			b = append(b, " (mocktime: "...)
			b = mock.UTC().AppendFormat(b, "2006-01-02T15:04:05Z")
			b = append(b, ')')
		}
	}
	return append(b, ' ')
}

// appendLevel appends category and level in brackets. Plain information has none; debug lines show their category, others their
// level.
func (h *handler) appendLevel(b []byte, level slog.Level) []byte {
	category := "all"
	if h.category >= 0 && (level < slog.LevelInfo || h.log.cfg.AlwaysLevel) {
		category = h.name
	}
	has := h.log.cfg.AlwaysLevel || category != "all"
	if !has && level == slog.LevelInfo {
		return b
	}
	b = append(b, '[')
	if has {
		b = append(b, category...)
	}
	if h.log.cfg.AlwaysLevel || !has || level != slog.LevelDebug {
		if has {
			b = append(b, ':')
		}
		b = append(b, levelName(level)...)
	}
	return append(b, "] "...)
}

func levelName(l slog.Level) string {
	switch {
	case l < slog.LevelDebug:
		return "trace"
	case l < slog.LevelInfo:
		return "debug"
	case l < slog.LevelWarn:
		return "info"
	case l < slog.LevelError:
		return "warning"
	}
	return "error"
}

// source finds the place in the code.
func source(pc uintptr) (file string, line int, function string) {
	f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	file = f.File
	if i := strings.LastIndex(file, "/"); i >= 0 {
		if j := strings.LastIndex(file[:i], "/"); j >= 0 {
			file = file[j+1:]
		}
	}
	function = f.Function
	if i := strings.LastIndex(function, "/"); i >= 0 {
		function = function[i+1:]
	}
	return file, f.Line, function
}

func appendSource(b []byte, pc uintptr) []byte {
	file, line, function := source(pc)
	return fmt.Appendf(b, "[%s:%d] [%s] ", file, line, function)
}

func appendAttr(b []byte, prefix string, a slog.Attr) []byte {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, in := range v.Group() {
			b = appendAttr(b, prefix, in)
		}
		return b
	}
	if a.Key == "" && v.Equal(slog.Value{}) {
		return b
	}
	b = append(b, ' ')
	b = appendEscaped(append(b, prefix...), a.Key)
	b = append(b, '=')
	switch v.Kind() {
	case slog.KindInt64:
		return strconv.AppendInt(b, v.Int64(), 10)
	case slog.KindUint64:
		return strconv.AppendUint(b, v.Uint64(), 10)
	case slog.KindTime:
		return v.Time().UTC().AppendFormat(b, time.RFC3339)
	}
	s := v.String()
	if s == "" || strings.ContainsAny(s, " =\"\n") {
		return appendEscaped(b, strconv.Quote(s))
	}
	return appendEscaped(b, s)
}

// appendEscaped writes control characters as \xNN, newline excepted, and what is no UTF-8 likewise: text from outside must not
// reach a terminal as a command.
func appendEscaped(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1, r < 0x20 && r != '\n', r == 0x7f:
			b = fmt.Appendf(b, `\x%02x`, s[i])
		case r >= 0x80 && r < 0xa0: // control characters as two bytes
			b = fmt.Appendf(b, `\x%02x\x%02x`, s[i], s[i+1])
		default:
			b = append(b, s[i:i+n]...)
		}
		i += n
	}
	return b
}
