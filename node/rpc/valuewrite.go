package rpc

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"

	"grapevine/wire"
)

// Writer appends one JSON value, commas included. It does no reflection and allocates only to grow its buffer. Calls must nest
// as JSON does: a handler writes exactly one value. Methods return the Writer so that a member reads as one expression:
//
//	w.Obj().Key("height").Int(5).Key("hash").String(s).EndObj()
type Writer struct {
	buf   []byte
	comma bool // the next value or key follows another in the same array or object
}

func (w *Writer) sep() {
	if w.comma {
		w.buf = append(w.buf, ',')
	}
	w.comma = true
}

// Obj opens an object.
func (w *Writer) Obj() *Writer {
	w.sep()
	w.buf, w.comma = append(w.buf, '{'), false
	return w
}

// EndObj closes it.
func (w *Writer) EndObj() *Writer {
	w.buf, w.comma = append(w.buf, '}'), true
	return w
}

// Arr opens an array.
func (w *Writer) Arr() *Writer {
	w.sep()
	w.buf, w.comma = append(w.buf, '['), false
	return w
}

// EndArr closes it.
func (w *Writer) EndArr() *Writer {
	w.buf, w.comma = append(w.buf, ']'), true
	return w
}

// Key writes a member's name; its value follows.
func (w *Writer) Key(name string) *Writer {
	w.sep()
	w.buf = append(appendQuoted(w.buf, name), ':')
	w.comma = false
	return w
}

// Null writes null.
func (w *Writer) Null() *Writer {
	w.sep()
	w.buf = append(w.buf, "null"...)
	return w
}

// Bool writes a boolean.
func (w *Writer) Bool(v bool) *Writer {
	w.sep()
	w.buf = strconv.AppendBool(w.buf, v)
	return w
}

// Int writes an integer.
func (w *Writer) Int(v int64) *Writer {
	w.sep()
	w.buf = strconv.AppendInt(w.buf, v, 10)
	return w
}

// Uint writes an unsigned integer.
func (w *Writer) Uint(v uint64) *Writer {
	w.sep()
	w.buf = strconv.AppendUint(w.buf, v, 10)
	return w
}

// Float writes a double with 16 significant digits, as C's "%.16g" does.
func (w *Writer) Float(v float64) *Writer {
	w.sep()
	w.buf = appendDouble(w.buf, v)
	return w
}

// Amount writes satoshis as a number of bitcoins with eight decimals.
func (w *Writer) Amount(a wire.Amount) *Writer {
	w.sep()
	n := int64(a)
	u := uint64(n)
	if n < 0 {
		w.buf = append(w.buf, '-')
		u = -u
	}
	w.buf = strconv.AppendUint(w.buf, u/uint64(wire.Coin), 10)
	frac := u % uint64(wire.Coin)
	w.buf = append(w.buf, '.')
	for div := uint64(wire.Coin) / 10; div > 0; div /= 10 {
		w.buf = append(w.buf, byte('0'+frac/div%10))
	}
	return w
}

// String writes a string, escaped.
func (w *Writer) String(s string) *Writer {
	w.sep()
	w.buf = appendQuoted(w.buf, s)
	return w
}

// Hex writes bytes as a string of hex digits.
func (w *Writer) Hex(b []byte) *Writer {
	w.sep()
	w.buf = append(w.buf, '"')
	w.buf = hex.AppendEncode(w.buf, b)
	w.buf = append(w.buf, '"')
	return w
}

// Hash writes a hash as the ecosystem prints it: its bytes reversed. Call it with any of wire's hash types converted to
// [32]byte.
func (w *Writer) Hash(h [32]byte) *Writer {
	const digits = "0123456789abcdef"
	w.sep()
	w.buf = append(w.buf, '"')
	for i := len(h) - 1; i >= 0; i-- {
		w.buf = append(w.buf, digits[h[i]>>4], digits[h[i]&15])
	}
	w.buf = append(w.buf, '"')
	return w
}

// Value writes a parsed value back.
func (w *Writer) Value(v Value) *Writer {
	w.sep()
	w.buf = v.AppendJSON(w.buf)
	return w
}

// Raw writes text that is one JSON value already: a number with a form of its own, a cached answer.
func (w *Writer) Raw(json string) *Writer {
	w.sep()
	w.buf = append(w.buf, json...)
	return w
}

// Len returns the number of bytes written so far; a handler with much to say checks the context now and then.
func (w *Writer) Len() int { return len(w.buf) }

// Bytes returns what was written; it is valid until the next call.
func (w *Writer) Bytes() []byte { return w.buf }

// appendQuoted escapes exactly what the ecosystem's writer escapes: quote, backslash, controls and DEL. Other bytes pass.
func appendQuoted(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c != 0x7f {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, `\b`...)
		case '\t':
			b = append(b, `\t`...)
		case '\n':
			b = append(b, `\n`...)
		case '\f':
			b = append(b, `\f`...)
		case '\r':
			b = append(b, `\r`...)
		default:
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// appendDouble formats as "%.16g": 16 significant digits, trailing zeros dropped, an exponent of at least two digits when it
// is below -4 or from 16 on. JSON has no infinities: those become null.
func appendDouble(b []byte, v float64) []byte {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return append(b, "null"...)
	}
	if v == 0 {
		if math.Signbit(v) {
			b = append(b, '-')
		}
		return append(b, '0')
	}
	sci := strconv.FormatFloat(v, 'e', 15, 64)
	mant, exps, _ := strings.Cut(sci, "e")
	exp, _ := strconv.Atoi(exps)
	if exp < -4 || exp >= 16 {
		b = append(b, trimFraction(mant)...)
		b = append(b, 'e')
		return append(b, exps...)
	}
	return append(b, trimFraction(strconv.FormatFloat(v, 'f', 15-exp, 64))...)
}

func trimFraction(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}
