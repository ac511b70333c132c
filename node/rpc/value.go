package rpc

import (
	"strconv"
	"strings"
)

// Kind says which of JSON's six kinds a [Value] is.
type Kind uint8

// The kinds of a JSON value. The zero Kind is null.
const (
	Null Kind = iota
	Bool
	Object
	Array
	String
	Number
)

// String names the kind the way type errors of the protocol spell it.
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "bool"
	case Object:
		return "object"
	case Array:
		return "array"
	case String:
		return "string"
	case Number:
		return "number"
	}
	return "unknown"
}

// Value is one parsed JSON value. The zero Value is null. Numbers keep the text they arrived as, so that an amount is read
// without going through a float and an id is echoed as it was sent. Values are immutable once parsed and safe to share.
type Value struct {
	kind Kind
	text string // String: decoded; Number: as sent; Bool: "1" is true
	comp *composite
}

// composite holds what only arrays and objects need; scalars stay at four words.
type composite struct {
	keys  []string // objects only, parallel to items, duplicates kept in order
	items []Value
}

// Kind returns the kind of v.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether v is null, which is also how an absent argument or member reads.
func (v Value) IsNull() bool { return v.kind == Null }

// Len returns the number of elements of an array or of members of an object, else 0.
func (v Value) Len() int {
	if v.comp == nil {
		return 0
	}
	return len(v.comp.items)
}

// At returns element (or member value) i of an array or object, null when there is none.
func (v Value) At(i int) Value {
	if v.comp == nil || i < 0 || i >= len(v.comp.items) {
		return Value{}
	}
	return v.comp.items[i]
}

// KeyAt returns the name of member i of an object, "" when there is none.
func (v Value) KeyAt(i int) string {
	if v.comp == nil || i < 0 || i >= len(v.comp.keys) {
		return ""
	}
	return v.comp.keys[i]
}

// Member returns the first member with that name, null when there is none or v is no object.
func (v Value) Member(name string) Value {
	m, _ := v.Lookup(name)
	return m
}

// Lookup is [Value.Member] that also tells a null member from a missing one.
func (v Value) Lookup(name string) (Value, bool) {
	if v.comp == nil {
		return Value{}, false
	}
	for i, k := range v.comp.keys {
		if k == name {
			return v.comp.items[i], true
		}
	}
	return Value{}, false
}

// Text returns the decoded string, or the text of a number as it was sent; "" for other kinds.
func (v Value) Text() string {
	if v.kind == String || v.kind == Number {
		return v.text
	}
	return ""
}

// Str returns the string. Any other kind gives a type error ([CodeType]).
func (v Value) Str() (string, error) {
	if v.kind != String {
		return "", v.typeError(String)
	}
	return v.text, nil
}

// Bool returns the boolean. Any other kind gives a type error.
func (v Value) Bool() (bool, error) {
	if v.kind != Bool {
		return false, v.typeError(Bool)
	}
	return v.text == "1", nil
}

// Int64 returns the number when its text is an integer within 64 bits: no fraction, no exponent.
func (v Value) Int64() (int64, error) {
	if v.kind != Number {
		return 0, v.typeError(Number)
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	if err != nil {
		return 0, errIntRange
	}
	return n, nil
}

// Int32 is [Value.Int64] with the range of 32 bits.
func (v Value) Int32() (int32, error) {
	n, err := v.Int64()
	if err != nil {
		return 0, err
	}
	if n != int64(int32(n)) {
		return 0, errIntRange
	}
	return int32(n), nil
}

// Uint64 returns the number when its text is an integer from 0 to 2^64-1.
func (v Value) Uint64() (uint64, error) {
	if v.kind != Number {
		return 0, v.typeError(Number)
	}
	n, err := strconv.ParseUint(v.text, 10, 64)
	if err != nil {
		return 0, errIntRange
	}
	return n, nil
}

// Uint32 is [Value.Uint64] with the range of 32 bits.
func (v Value) Uint32() (uint32, error) {
	n, err := v.Uint64()
	if err != nil {
		return 0, err
	}
	if n > 1<<32-1 {
		return 0, errIntRange
	}
	return uint32(n), nil
}

// Float64 returns the number as a double; one that overflows is an error.
func (v Value) Float64() (float64, error) {
	if v.kind != Number {
		return 0, v.typeError(Number)
	}
	f, err := strconv.ParseFloat(v.text, 64)
	if err != nil {
		return 0, Errorf(CodeMisc, "JSON double out of range")
	}
	return f, nil
}

// Expect returns a type error unless v is of kind k.
func (v Value) Expect(k Kind) error {
	if v.kind != k {
		return v.typeError(k)
	}
	return nil
}

var errIntRange = &Error{Code: CodeMisc, Message: "JSON integer out of range"}

func (v Value) typeError(want Kind) error {
	return &Error{Code: CodeType, Message: typeMismatch(v.kind, want)}
}

func typeMismatch(got, want Kind) string {
	return "JSON value of type " + got.String() + " is not of expected type " + want.String()
}

// AppendJSON appends v as compact JSON.
func (v Value) AppendJSON(b []byte) []byte {
	switch v.kind {
	case Bool:
		return strconv.AppendBool(b, v.text == "1")
	case Number:
		return append(b, v.text...)
	case String:
		return appendQuoted(b, v.text)
	case Array:
		b = append(b, '[')
		for i, it := range v.comp.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = it.AppendJSON(b)
		}
		return append(b, ']')
	case Object:
		b = append(b, '{')
		for i, it := range v.comp.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendQuoted(b, v.comp.keys[i])
			b = append(b, ':')
			b = it.AppendJSON(b)
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

// Indented appends v as JSON indented by n spaces a level.
func (v Value) Indented(b []byte, n int) []byte { return v.indented(b, n, 1) }

func (v Value) indented(b []byte, n, level int) []byte {
	if v.kind != Array && v.kind != Object {
		return v.AppendJSON(b)
	}
	open, closing := byte('['), byte(']')
	if v.kind == Object {
		open, closing = '{', '}'
	}
	b = append(b, open, '\n')
	for i, it := range v.comp.items {
		b = append(b, strings.Repeat(" ", n*level)...)
		if v.kind == Object {
			b = appendQuoted(b, v.comp.keys[i])
			b = append(b, ": "...)
		}
		b = it.indented(b, n, level+1)
		if i != len(v.comp.items)-1 {
			b = append(b, ',')
		}
		b = append(b, '\n')
	}
	b = append(b, strings.Repeat(" ", n*(level-1))...)
	return append(b, closing)
}

// StringValue, NumberValue, BoolValue, ArrayValue and ObjectValue build values in code: clients and tests.
func StringValue(s string) Value { return Value{kind: String, text: s} }

// BoolValue returns b as a value.
func BoolValue(b bool) Value {
	if b {
		return Value{kind: Bool, text: "1"}
	}
	return Value{kind: Bool}
}

// IntValue returns n as a number.
func IntValue(n int64) Value { return Value{kind: Number, text: strconv.FormatInt(n, 10)} }

// ArrayValue returns an array that owns items.
func ArrayValue(items ...Value) Value { return Value{kind: Array, comp: &composite{items: items}} }

// ObjectValue returns an object of the members in order; it owns both slices, which have the same length.
func ObjectValue(keys []string, items []Value) Value {
	return Value{kind: Object, comp: &composite{keys: keys, items: items}}
}
