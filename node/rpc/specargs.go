package rpc

import "grapevine/wire"

// Request is one call on its way to a handler.
type Request struct {
	Method string
	// User is who authenticated; Peer is their address and port.
	User, Peer string
	// URI is the path that was posted to.
	URI string

	params Value // array, after named arguments were sorted into place
	m      *method
	table  *Table
}

// NumArgs returns how many arguments the call carries, trailing nulls included.
func (r *Request) NumArgs() int { return r.params.Len() }

// Given returns argument i as sent: null when it is absent, without its default.
func (r *Request) Given(i int) Value { return r.params.At(i) }

// Has reports whether argument i was given and is not null.
func (r *Request) Has(i int) bool { return !r.params.At(i).IsNull() }

// Arg returns argument i, its default ([Arg.Default]) when it is absent or null, and null when it has none.
func (r *Request) Arg(i int) Value {
	if v := r.params.At(i); !v.IsNull() {
		return v
	}
	if i < len(r.m.defaults) {
		return r.m.defaults[i]
	}
	return Value{}
}

// Str returns argument i (or its default) as a string.
func (r *Request) Str(i int) (string, error) { return r.Arg(i).Str() }

// Bool returns argument i (or its default) as a boolean.
func (r *Request) Bool(i int) (bool, error) { return r.Arg(i).Bool() }

// Int32 returns argument i (or its default) as a 32-bit integer.
func (r *Request) Int32(i int) (int32, error) { return r.Arg(i).Int32() }

// Int64 returns argument i (or its default) as a 64-bit integer.
func (r *Request) Int64(i int) (int64, error) { return r.Arg(i).Int64() }

// Name returns the first name of argument i, as error messages use it.
func (r *Request) Name(i int) string { return r.m.Args[i].firstName() }

// BlockHash reads argument i as a block hash; the messages name the argument.
func (r *Request) BlockHash(i int) (wire.BlockHash, error) {
	h, err := parseHash(r.Arg(i), r.Name(i))
	return wire.BlockHash(h), err
}

// Txid reads argument i as a transaction id.
func (r *Request) Txid(i int) (wire.Txid, error) {
	h, err := parseHash(r.Arg(i), r.Name(i))
	return wire.Txid(h), err
}

// HelpError is the answer to a call that this method cannot make sense of: its help text under [CodeMisc].
func (r *Request) HelpError() error { return &Error{Code: CodeMisc, Message: r.m.help()} }
