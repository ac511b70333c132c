package rpc

import (
	"context"
	"fmt"
	"strings"
)

// Handler answers one call: it writes exactly one JSON value to w, or returns an error (what it wrote is then dropped). ctx
// ends when the caller hangs up or the node stops. The arguments in r have been counted and their kinds checked.
type Handler func(ctx context.Context, r *Request, w *Writer) error

// Command is one method: what the table needs to check a call, to explain itself and to answer.
type Command struct {
	// Category groups methods in `help`: "blockchain", "control", "mining", "network", "rawtransactions", "util", "hidden".
	// Hidden methods answer but are not listed.
	Category string
	Name     string
	// Description is the text of `help <name>` below its first line; surrounding white space is dropped.
	Description string
	Args        []Arg
	// Results documents the answer; several where it depends on an argument (see [Result.Cond]).
	Results []Result
	// Examples is the text below "Examples:"; use [ExampleCLI] and [ExampleRPC].
	Examples string
	Handler  Handler
}

// ArgType is the kind of an argument.
type ArgType uint8

// The types of arguments.
const (
	ArgStr         ArgType = iota // string
	ArgHex                        // string of hex digits; the digits are the handler's to check
	ArgNum                        // number
	ArgBool                       // boolean
	ArgAmount                     // number or string, checked by [ParseAmount]
	ArgRange                      // number or array of two, checked by the handler
	ArgArr                        // array
	ArgObj                        // object
	ArgObjNamed                   // object whose members may also be given as named arguments of the call
	ArgObjUserKeys                // object with keys that the caller chooses
)

// kind returns the JSON kind that the table insists on; ok is false where it leaves that to the handler.
func (t ArgType) kind() (k Kind, ok bool) {
	switch t {
	case ArgStr, ArgHex:
		return String, true
	case ArgNum:
		return Number, true
	case ArgBool:
		return Bool, true
	case ArgArr:
		return Array, true
	case ArgObj, ArgObjNamed, ArgObjUserKeys:
		return Object, true
	}
	return Null, false
}

// Arg is one argument, or one member or element inside one.
type Arg struct {
	// Names are the name and its aliases, separated by '|': "verbosity|verbose".
	Names string
	Type  ArgType
	// An argument is required unless one of these three is set. Optional: absent means nothing. Default: JSON text that
	// [Request.Arg] returns for an absent argument. Hint: a default in words that the handler works out.
	Optional bool
	Default  string
	Hint     string

	Description string
	// Inner documents the members of an object or the elements of an array.
	Inner []Arg

	// AnyKind leaves the kind to the handler (an argument that takes a number or a string).
	AnyKind bool
	// Hidden arguments, and all after them, are left out of the help text.
	Hidden bool
	// Oneline replaces the argument in the summary line. TypeText replaces its type: [0] as a member's value, [1] in the description.
	Oneline  string
	TypeText [2]string
	// AlsoPositional allows a member of an [ArgObjNamed] to share its name with an argument of the call.
	AlsoPositional bool
}

func (a *Arg) optional() bool { return a.Optional || a.Default != "" || a.Hint != "" }

func (a *Arg) firstName() string {
	first, _, _ := strings.Cut(a.Names, "|")
	return first
}

// ResultType is the kind of a result or of a part of one.
type ResultType uint8

// The types of results.
const (
	ResObj ResultType = iota
	ResArr
	ResArrFixed // array of a fixed number of elements
	ResObjDyn   // object with keys that are data
	ResStr
	ResHex
	ResAmount
	ResNum
	ResTime
	ResBool
	ResNone
	ResAny // not printed
)

// Result documents an answer or a part of one.
type Result struct {
	Type        ResultType
	Key         string // name within an object
	Description string
	// Cond says when this is the answer: `Result (for verbosity = 1):`.
	Cond     string
	Optional bool
	Inner    []Result
	// Elision prints "..." and this text in place of the entry; Skip leaves the entry out.
	Elision string
	Skip    bool
}

// namedArg is one name under which a value may come in a call with named arguments.
type namedArg struct {
	names     string
	aliases   []string
	namedOnly bool
}

// method is a Command made ready: defaults parsed, names split.
type method struct {
	Command
	defaults []Value
	named    []namedArg
	required int
}

func newMethod(c Command) (*method, error) {
	m := &method{Command: c, defaults: make([]Value, len(c.Args))}
	if c.Name == "" || c.Category == "" || c.Handler == nil {
		return nil, fmt.Errorf("rpc: command %q lacks its name, category or handler", c.Name)
	}
	seen := map[string]bool{}
	for i := range c.Args {
		a := &c.Args[i]
		if a.Default != "" {
			v, err := ParseJSON([]byte(a.Default))
			if err != nil {
				return nil, fmt.Errorf("rpc: command %q: default of %q is no JSON", c.Name, a.Names)
			}
			m.defaults[i] = v
		}
		if !a.optional() {
			m.required = i + 1
		}
		if a.Type == ArgObjNamed {
			for j := range a.Inner {
				in := &a.Inner[j]
				m.named = append(m.named, namedArg{in.Names, strings.Split(in.Names, "|"), true})
			}
		}
		aliases := strings.Split(a.Names, "|")
		for _, n := range aliases {
			if n == "" || seen[n] {
				return nil, fmt.Errorf("rpc: command %q: argument name %q is empty or used twice", c.Name, n)
			}
			seen[n] = true
		}
		m.named = append(m.named, namedArg{a.Names, aliases, false})
	}
	return m, nil
}

// check verifies number and kinds of positional arguments.
func (m *method) check(params Value) error {
	n := params.Len()
	if n < m.required || n > len(m.Args) {
		return &Error{Code: CodeMisc, Message: m.help()}
	}
	var keys []string
	var wrong []Value
	for i := range m.Args {
		a, v := &m.Args[i], params.At(i)
		if a.AnyKind || (v.IsNull() && a.optional()) {
			continue
		}
		if k, ok := a.Type.kind(); ok && v.Kind() != k {
			keys = append(keys, fmt.Sprintf("Position %d (%s)", i+1, a.Names))
			wrong = append(wrong, StringValue(typeMismatch(v.Kind(), k)))
		}
	}
	if keys != nil {
		return &Error{Code: CodeType, Message: "Wrong type passed:\n" + string(ObjectValue(keys, wrong).Indented(nil, 4))}
	}
	return nil
}
