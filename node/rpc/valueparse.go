package rpc

import (
	"errors"
	"math"
	"unicode/utf8"
)

const (
	// maxDepth is how many arrays and objects may be open at once.
	maxDepth = 512
	// maxValues bounds what one request may make of its bytes: a value takes 32 bytes here and can be as short as two on the
	// wire ("0,"), so the largest body of 32 MiB would otherwise become half a gigabyte. 4 million are 128 MiB.
	maxValues = 4_000_000
)

// errSyntax is all that a parse failure says: clients are told "Parse error" and no more.
var errSyntax = errors.New("invalid JSON")

// ParseJSON parses one JSON value with nothing but white space around it. It accepts what the ecosystem's own parser accepts:
// RFC 8259 grammar, at most 512 levels, strings that are UTF-8 once escapes are resolved, with surrogates only in pairs.
// Numbers keep their text. Member names may repeat; [Value.Member] finds the first.
func ParseJSON(b []byte) (Value, error) { return parse(b, maxValues) }

// ParseAnswer is [ParseJSON] for what a node answers: lists may have more values than a request.
func ParseAnswer(b []byte) (Value, error) { return parse(b, math.MaxInt) }

func parse(b []byte, most int) (Value, error) {
	p := parser{in: string(b), most: most}
	p.space()
	v, ok := p.value(0)
	if !ok {
		return Value{}, errSyntax
	}
	p.space()
	if p.pos != len(p.in) {
		return Value{}, errSyntax
	}
	return v, nil
}

// parser walks in once; strings without escapes are sub-slices of it.
type parser struct {
	in    string
	pos   int
	count int // values so far
	most  int // values allowed
}

func (p *parser) space() {
	for p.pos < len(p.in) {
		switch p.in[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *parser) literal(word string, v Value) (Value, bool) {
	if len(p.in)-p.pos < len(word) || p.in[p.pos:p.pos+len(word)] != word {
		return Value{}, false
	}
	p.pos += len(word)
	return v, true
}

func (p *parser) value(depth int) (Value, bool) {
	if p.pos >= len(p.in) {
		return Value{}, false
	}
	if p.count++; p.count > p.most {
		return Value{}, false
	}
	switch c := p.in[p.pos]; {
	case c == '{':
		return p.object(depth + 1)
	case c == '[':
		return p.array(depth + 1)
	case c == '"':
		s, ok := p.str()
		return Value{kind: String, text: s}, ok
	case c == 'n':
		return p.literal("null", Value{})
	case c == 't':
		return p.literal("true", BoolValue(true))
	case c == 'f':
		return p.literal("false", BoolValue(false))
	case c == '-' || isDigit(c):
		s, ok := p.number()
		return Value{kind: Number, text: s}, ok
	}
	return Value{}, false
}

// next skips white space and takes one byte.
func (p *parser) next() byte {
	p.space()
	if p.pos >= len(p.in) {
		return 0
	}
	p.pos++
	return p.in[p.pos-1]
}

func (p *parser) array(depth int) (Value, bool) {
	if depth > maxDepth {
		return Value{}, false
	}
	p.pos++
	c := &composite{}
	if p.space(); p.pos < len(p.in) && p.in[p.pos] == ']' {
		p.pos++
		return Value{kind: Array, comp: c}, true
	}
	for {
		p.space()
		v, ok := p.value(depth)
		if !ok {
			return Value{}, false
		}
		c.items = append(c.items, v)
		switch p.next() {
		case ',':
		case ']':
			return Value{kind: Array, comp: c}, true
		default:
			return Value{}, false
		}
	}
}

func (p *parser) object(depth int) (Value, bool) {
	if depth > maxDepth {
		return Value{}, false
	}
	p.pos++
	c := &composite{}
	if p.space(); p.pos < len(p.in) && p.in[p.pos] == '}' {
		p.pos++
		return Value{kind: Object, comp: c}, true
	}
	for {
		if p.space(); p.pos >= len(p.in) || p.in[p.pos] != '"' {
			return Value{}, false
		}
		k, ok := p.str()
		if !ok || p.next() != ':' {
			return Value{}, false
		}
		p.space()
		v, ok := p.value(depth)
		if !ok {
			return Value{}, false
		}
		c.keys = append(c.keys, k)
		c.items = append(c.items, v)
		switch p.next() {
		case ',':
		case '}':
			return Value{kind: Object, comp: c}, true
		default:
			return Value{}, false
		}
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (p *parser) digits() bool {
	start := p.pos
	for p.pos < len(p.in) && isDigit(p.in[p.pos]) {
		p.pos++
	}
	return p.pos > start
}

func (p *parser) peek() byte {
	if p.pos < len(p.in) {
		return p.in[p.pos]
	}
	return 0
}

func (p *parser) number() (string, bool) {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	first := p.pos
	if !p.digits() || (p.in[first] == '0' && p.pos > first+1) {
		return "", false
	}
	if p.peek() == '.' {
		p.pos++
		if !p.digits() {
			return "", false
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if !p.digits() {
			return "", false
		}
	}
	return p.in[start:p.pos], true
}

// str reads a string from its opening quote on. The common one has no escapes and is not copied.
func (p *parser) str() (string, bool) {
	p.pos++
	start := p.pos
	for p.pos < len(p.in) {
		switch c := p.in[p.pos]; {
		case c == '"':
			s := p.in[start:p.pos]
			p.pos++
			return s, utf8.ValidString(s)
		case c < 0x20:
			return "", false
		case c == '\\':
			return p.escaped(start)
		default:
			p.pos++
		}
	}
	return "", false
}

// escaped goes on with a string in which an escape was met.
func (p *parser) escaped(start int) (string, bool) {
	buf := append([]byte(nil), p.in[start:p.pos]...)
	for p.pos < len(p.in) {
		c := p.in[p.pos]
		p.pos++
		switch {
		case c == '"':
			return string(buf), utf8.Valid(buf)
		case c < 0x20:
			return "", false
		case c != '\\':
			buf = append(buf, c)
			continue
		}
		esc := p.peek()
		p.pos++
		switch esc {
		case '"', '\\', '/':
			buf = append(buf, esc)
		case 'b':
			buf = append(buf, '\b')
		case 'f':
			buf = append(buf, '\f')
		case 'n':
			buf = append(buf, '\n')
		case 'r':
			buf = append(buf, '\r')
		case 't':
			buf = append(buf, '\t')
		case 'u':
			r, ok := p.codepoint()
			if !ok {
				return "", false
			}
			buf = utf8.AppendRune(buf, r)
		default:
			return "", false
		}
	}
	return "", false
}

// codepoint reads the four digits of \u, and the second half of a pair where they are the first.
func (p *parser) codepoint() (rune, bool) {
	hi, ok := p.hex4()
	if !ok || hi < 0xD800 || hi > 0xDFFF {
		return hi, ok
	}
	if hi >= 0xDC00 || p.peek() != '\\' {
		return 0, false
	}
	p.pos++
	if p.peek() != 'u' {
		return 0, false
	}
	p.pos++
	lo, ok := p.hex4()
	if !ok || lo < 0xDC00 || lo > 0xDFFF {
		return 0, false
	}
	return 0x10000 + (hi-0xD800)<<10 + (lo - 0xDC00), true
}

func (p *parser) hex4() (rune, bool) {
	if len(p.in)-p.pos < 4 {
		return 0, false
	}
	var r rune
	for range 4 {
		c := p.in[p.pos]
		p.pos++
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
