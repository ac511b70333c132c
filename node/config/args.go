package config

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Args holds what the sources say, option by option.
type Args struct {
	options map[string]*Option

	command  map[string]span
	rw       map[string]setting
	conf     map[string]map[string]span // by section; "" is the part before any
	forced   map[string]setting
	sections []section
	words    []string // what follows the options: a method and its arguments

	network string // set once the network is known
	program Program
	base    string // cached data directory
	confAt  string // path of bitcoin.conf, "" with -noconf

	// lookupHost replaces the system's resolver in tests.
	lookupHost func(ctx context.Context, network, host string) ([]netip.Addr, error)

	// Warnings are for the user to see once there is a log. Notes are what was decided on the way.
	Warnings, Notes []string
}

// section is a section as it was met in a file.
type section struct {
	name, file string
	line       int
}

// NewArgs returns an Args that knows a program's options.
func NewArgs(p Program) *Args {
	a := &Args{
		options: map[string]*Option{}, command: map[string]span{}, rw: map[string]setting{}, conf: map[string]map[string]span{},
		forced: map[string]setting{}, program: p,
	}
	for _, o := range p.options() {
		a.options[o.Name] = &o
	}
	return a
}

// key is an option's name taken apart: "regtest.nolisten" is section, negation and name.
type key struct {
	section, name string
	negated       bool
}

func splitKey(s string) key {
	var k key
	if i := strings.IndexByte(s, '.'); i >= 0 {
		k.section, s = s[:i], s[i+1:]
	}
	s, k.negated = strings.CutPrefix(s, "no")
	k.name = s
	return k
}

// interpret makes a setting of an option's text. given is false for a bare -x.
func (a *Args) interpret(k key, o *Option, value string, given bool) (setting, error) {
	if k.negated {
		if o.Flags&NoNegation != 0 {
			return setting{}, fmt.Errorf("Negating of -%s is meaningless and therefore forbidden", k.name)
		}
		if given && !truth(value) {
			a.Warnings = append(a.Warnings, fmt.Sprintf("Parsed potentially confusing double-negative -%s=%s", k.name, value))
			return boolSetting(true), nil
		}
		return boolSetting(false), nil
	}
	if !given && o.Flags&NoElision != 0 {
		return setting{}, fmt.Errorf("Can not set -%s with no value. Please specify value with -%s=value.", k.name, k.name)
	}
	return textSetting(value), nil
}

// ParseCommandLine reads the arguments behind the program's name. Options end at the first word without a dash.
func (a *Args) ParseCommandLine(args []string) error {
	for i, arg := range args {
		if arg == "-" {
			break
		}
		name, value, given := strings.Cut(arg, "=")
		if !strings.HasPrefix(name, "-") {
			a.words = slices.Clone(args[i:])
			break
		}
		name = strings.TrimPrefix(name[1:], "-")
		k := splitKey(name)
		o := a.options[k.name]
		if o == nil || k.section != "" {
			return fmt.Errorf("Invalid parameter %s", arg)
		}
		s, err := a.interpret(k, o, value, given)
		if err != nil {
			return err
		}
		a.command[k.name] = append(a.command[k.name], s)
	}
	if inc := a.command["includeconf"].live(); len(inc) > 0 {
		return fmt.Errorf("-includeconf cannot be used from commandline; -includeconf=%s", inc[0].quoted())
	}
	return nil
}

// Words returns what followed the options on the command line.
func (a *Args) Words() []string { return a.words }

// source says where a span comes from, in order of precedence.
type source uint8

const (
	fromForced source = iota
	fromCommand
	fromSettings
	fromSection
	fromDefault
)

// each calls f with the values of every source that has some, the strongest first.
func (a *Args) each(network, name string, f func(source, span)) {
	if s, ok := a.forced[name]; ok {
		f(fromForced, span{s})
	}
	if s := a.command[name]; s != nil {
		f(fromCommand, s)
	}
	if s, ok := a.rw[name]; ok {
		if s.kind == list {
			f(fromSettings, s.list)
		} else {
			f(fromSettings, span{s})
		}
	}
	if network != "" {
		if s := a.conf[network][name]; s != nil {
			f(fromSection, s)
		}
	}
	if s := a.conf[""][name]; s != nil {
		f(fromDefault, s)
	}
}

// onlySection reports whether the part of bitcoin.conf outside sections is not read for the option.
func (a *Args) onlySection(name string) bool {
	o := a.options[name]
	return a.network != "main" && o != nil && o.Flags&NetworkOnly != 0
}

// get returns the one value of an option.
func (a *Args) get(name string) setting { return a.lookup(a.network, name, a.onlySection(name), false) }

// lookup finds the strongest source. Chain options differ: a negation on the command line is passed over, and the last value in
// a file counts, both for compatibility.
func (a *Args) lookup(network, name string, onlySection, chain bool) (found setting) {
	done := false
	a.each(network, name, func(src source, s span) {
		switch {
		case done:
			return
		// A -nox outside the sections works even for options that are otherwise not read there.
		case onlySection && src == fromDefault && !s.lastNegated():
			return
		case chain && s.lastNegated():
			return
		case !s.empty() && src >= fromSection && !chain:
			found, done = s.live()[0], true
		case !s.empty():
			found, done = s[len(s)-1], true
		case s.lastNegated():
			found, done = boolSetting(false), true
		}
	})
	return found
}

// List returns all values of an option. A negation drops what came before it and the sources below, except that a file's values
// come back when the command line goes on with values after its negation.
func (a *Args) List(name string) []string {
	var out []string
	done, emptied := false, false
	a.each(a.network, name, func(src source, s span) {
		file := src >= fromSection
		if a.onlySection(name) && src == fromDefault {
			return
		}
		if !done || (file && !emptied) {
			for _, v := range s.live() {
				out = append(out, v.string())
			}
		}
		done = done || s.dropped() > 0 || src == fromForced
		emptied = emptied || (s.lastNegated() && len(out) == 0)
	})
	return out
}

// IsSet reports whether any source sets the option.
func (a *Args) IsSet(name string) bool { return a.get(name).kind != unset }

// IsNegated reports whether the option was switched off with -nox (or -x in a form that means it).
func (a *Args) IsNegated(name string) bool { return a.get(name).negated() }

// String returns an option's text, def when it is not set.
func (a *Args) String(name, def string) string {
	if s := a.get(name); s.kind != unset {
		return s.string()
	}
	return def
}

// Bool returns an option as a switch, def when it is not set.
func (a *Args) Bool(name string, def bool) bool {
	if s := a.get(name); s.kind != unset {
		return s.bool()
	}
	return def
}

// Int returns an option as a number, def when it is not set. Text that is none counts as 0, as it does elsewhere.
func (a *Args) Int(name string, def int64) int64 {
	if s := a.get(name); s.kind != unset {
		return s.int()
	}
	return def
}

// soft sets a switch unless a source does, and notes why.
func (a *Args) soft(name string, value bool, why string) {
	v := "0"
	if value {
		v = "1"
	}
	a.softText(name, v, why)
}

// softText is soft for an option with a value.
func (a *Args) softText(name, v, why string) {
	if a.IsSet(name) {
		return
	}
	a.forced[name] = textSetting(v)
	a.Notes = append(a.Notes, fmt.Sprintf("parameter interaction: %s -> setting -%s=%s", why, name, v))
}

// Networks by the names that sections and -chain use.
var errChains = errors.New("Invalid combination of -regtest, -signet, -testnet, -testnet4 and -chain. Can use at most one.")

func networkName(s string) bool {
	return s == "main" || s == "test" || s == "testnet4" || s == "signet" || s == "regtest"
}

// Network returns which network the sources select, in the name that -chain takes.
func (a *Args) Network() (string, error) {
	n := 0
	name := "main"
	for _, c := range [][2]string{{"testnet4", "testnet4"}, {"testnet", "test"}, {"signet", "signet"}, {"regtest", "regtest"}} {
		if s := a.lookup("", c[0], false, true); s.kind != unset && s.bool() {
			n++
			name = c[1]
		}
	}
	if c := a.lookup("", "chain", false, false); c.kind != unset {
		n++
		name = c.string()
	}
	if n > 1 {
		return "", errChains
	}
	if !networkName(name) {
		return name, fmt.Errorf("Unknown chain %s.", name)
	}
	return name, nil
}

// misplaced returns the options that stand outside the sections of bitcoin.conf and are therefore not read on this network.
func (a *Args) misplaced() []string {
	var out []string
	if a.network == "main" {
		return nil
	}
	for name, o := range a.options {
		if o.Flags&NetworkOnly == 0 {
			continue
		}
		outside, elsewhere := false, false
		a.each(a.network, name, func(src source, s span) {
			switch {
			case s.empty():
			case src == fromDefault:
				outside = true
			default:
				elsewhere = true
			}
		})
		if outside && !elsewhere {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
