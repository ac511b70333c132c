package client

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"grapevine/node/rpc"
)

// conversions lists which arguments are not plain strings, one method a line: "method 0:height 1:options". A letter behind the
// position says how: none for JSON, e for JSON or else a string (a height or a hash), s for a string that may hold '=' and is
// therefore listed, so that -named does not take it apart.
//
//go:embed conversions.txt
var conversions string

type format byte

const (
	asJSON   format = 0
	asEither format = 'e'
	asString format = 's'
)

type argument struct {
	position int
	name     string
	format   format
}

// converter turns the words of a command line into arguments of one method.
type converter struct{ args []argument }

// newConverter finds a method's line.
func newConverter(method string) (converter, error) {
	for line := range strings.Lines(conversions) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != method {
			continue
		}
		var c converter
		for _, f := range fields[1:] {
			a, err := parseArgument(f)
			if err != nil {
				return c, fmt.Errorf("conversions of %s: %w", method, err)
			}
			c.args = append(c.args, a)
		}
		return c, nil
	}
	return converter{}, nil
}

func parseArgument(s string) (argument, error) {
	pos, name, ok := strings.Cut(s, ":")
	var a argument
	if ok && pos != "" {
		if last := pos[len(pos)-1]; last == 'e' || last == 's' {
			a.format, pos = format(last), pos[:len(pos)-1]
		}
	}
	n, err := strconv.Atoi(pos)
	if !ok || err != nil || name == "" {
		return a, fmt.Errorf("%q is no argument", s)
	}
	a.position, a.name = n, name
	return a, nil
}

func (c converter) at(position int) *argument {
	for i := range c.args {
		if c.args[i].position == position {
			return &c.args[i]
		}
	}
	return nil
}

func (c converter) named(name string) *argument {
	for i := range c.args {
		if c.args[i].name == name {
			return &c.args[i]
		}
	}
	return nil
}

// value makes a value of a word.
func value(a *argument, word string) (rpc.Value, error) {
	if a == nil || a.format == asString {
		return rpc.StringValue(word), nil
	}
	v, err := rpc.ParseJSON([]byte(word))
	switch {
	case err == nil:
		return v, nil
	case a.format == asEither:
		return rpc.StringValue(word), nil
	}
	return rpc.Value{}, fmt.Errorf("Error parsing JSON: %s", word)
}

// positional makes an array of words.
func (c converter) positional(words []string) (rpc.Value, error) {
	items := make([]rpc.Value, 0, len(words))
	for _, w := range words {
		v, err := value(c.at(len(items)), w)
		if err != nil {
			return rpc.Value{}, err
		}
		items = append(items, v)
	}
	return rpc.ArrayValue(items...), nil
}

// byName makes an object of name=value words. Words without a name, and those whose name the method does not have while its next
// argument could be the whole word, go into "args" in order. A later value of a name replaces an earlier one.
func (c converter) byName(words []string) (rpc.Value, error) {
	var keys []string
	var items, args []rpc.Value
	for _, w := range words {
		name, text, named := strings.Cut(w, "=")
		next := c.at(len(args))
		if !named {
			v, err := value(next, w)
			if err != nil {
				return rpc.Value{}, err
			}
			args = append(args, v)
			continue
		}
		known := c.named(name)
		if known == nil && next != nil {
			if next.format == asString {
				args = append(args, rpc.StringValue(w))
				continue
			}
			if v, err := rpc.ParseJSON([]byte(w)); err == nil && next.format == asJSON {
				args = append(args, v)
				continue
			}
		}
		v, err := value(known, text)
		if err != nil {
			return rpc.Value{}, err
		}
		at := -1
		for i, k := range keys {
			if k == name {
				at = i
			}
		}
		if at >= 0 {
			items[at] = v
		} else {
			keys, items = append(keys, name), append(items, v)
		}
	}
	if len(args) > 0 {
		keys, items = append(keys, "args"), append(items, rpc.ArrayValue(args...))
	}
	return rpc.ObjectValue(keys, items), nil
}
