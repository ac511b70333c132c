package config

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

// parsed reads a command line and a configuration for a network.
func parsed(t testing.TB, network, conf string, args ...string) *Args {
	t.Helper()
	a := NewArgs(Bitcoind)
	if err := a.ParseCommandLine(args); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	if err := a.addConf(conf, "x.conf"); err != nil {
		t.Fatalf("%q: %v", conf, err)
	}
	a.network = network
	return a
}

func TestCommandLineForms(t *testing.T) {
	cases := []struct {
		args    []string
		name    string
		str     string // with default "def"
		on      bool   // with default false
		n       int64  // with default 7
		set     bool
		negated bool
	}{
		{nil, "par", "def", false, 7, false, false},
		{[]string{"-par"}, "par", "", true, 0, true, false},
		{[]string{"-par=3"}, "par", "3", true, 3, true, false},
		{[]string{"--par=3"}, "par", "3", true, 3, true, false},
		{[]string{"-par="}, "par", "", true, 0, true, false},
		{[]string{"-par=0"}, "par", "0", false, 0, true, false},
		{[]string{"-par=x"}, "par", "x", false, 0, true, false},
		{[]string{"-par=true"}, "par", "true", false, 0, true, false},
		{[]string{"-nopar"}, "par", "0", false, 0, true, true},
		{[]string{"-nopar=1"}, "par", "0", false, 0, true, true},
		{[]string{"--nopar"}, "par", "0", false, 0, true, true},
		{[]string{"-nopar=0"}, "par", "1", true, 1, true, false},
		{[]string{"-par=1", "-par=2"}, "par", "2", true, 2, true, false},
		{[]string{"-nopar", "-par=2"}, "par", "2", true, 2, true, false},
		{[]string{"-par=2", "-nopar"}, "par", "0", false, 0, true, true},
		{[]string{"-par=a=b"}, "par", "a=b", false, 0, true, false},
		{[]string{"-par= 12 "}, "par", " 12 ", true, 12, true, false},
		{[]string{"-", "-par=3"}, "par", "def", false, 7, false, false},
		{[]string{"word", "-par=3"}, "par", "def", false, 7, false, false},
	}
	for _, c := range cases {
		a := parsed(t, "main", "", c.args...)
		if s, on, n, set, neg := a.String(c.name, "def"), a.Bool(c.name, false), a.Int(c.name, 7), a.IsSet(c.name), a.IsNegated(c.name); s != c.str || on != c.on || n != c.n || set != c.set || neg != c.negated {
			t.Errorf("%v: %q %v %d set %v negated %v", c.args, s, on, n, set, neg)
		}
	}
}

func TestCommandLineRefused(t *testing.T) {
	for arg, want := range map[string]string{
		"-foo":                 "Invalid parameter -foo",
		"-foo=1":               "Invalid parameter -foo=1",
		"--foo":                "Invalid parameter --foo",
		"-nofoo":               "Invalid parameter -nofoo",
		"-regtest.par=1":       "Invalid parameter -regtest.par=1",
		"---par":               "Invalid parameter ---par",
		"-nodatadir":           "Negating of -datadir is meaningless and therefore forbidden",
		"-loglevel":            "Can not set -loglevel with no value. Please specify value with -loglevel=value.",
		"-includeconf=a.conf":  `-includeconf cannot be used from commandline; -includeconf="a.conf"`,
		"-nosignetchallenge=1": "Negating of -signetchallenge is meaningless and therefore forbidden",
	} {
		if err := NewArgs(Bitcoind).ParseCommandLine([]string{arg}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", arg, err)
		}
	}
	if err := NewArgs(Bitcoind).ParseCommandLine([]string{"-includeconf=a", "-noincludeconf"}); err != nil {
		t.Error(err)
	}
	a := parsed(t, "main", "", "-nopar=0")
	if len(a.Warnings) != 1 || a.Warnings[0] != "Parsed potentially confusing double-negative -par=0" {
		t.Errorf("%q", a.Warnings)
	}
}

func TestLists(t *testing.T) {
	cases := []struct {
		network, conf string
		args          []string
		want          []string
	}{
		{"main", "", []string{"-debug=a", "-debug=b"}, []string{"a", "b"}},
		{"main", "debug=c\ndebug=d", []string{"-debug=a"}, []string{"a", "c", "d"}},
		{"main", "debug=c\n[main]\ndebug=e", []string{"-debug=a"}, []string{"a", "e", "c"}},
		{"regtest", "debug=c\n[main]\ndebug=e\n[regtest]\ndebug=f", nil, []string{"f", "c"}},
		{"main", "debug=c", []string{"-debug=a", "-nodebug"}, nil},
		{"main", "debug=c", []string{"-debug=a", "-nodebug", "-debug=b"}, []string{"b", "c"}}, // the file's come back
		{"main", "nodebug=1\ndebug=c", nil, []string{"c"}},
		{"main", "debug=c\nnodebug=1", nil, nil},
		{"main", "debug=c\n[main]\nnodebug=1", nil, nil},
		{"main", "debug=c\n[main]\nnodebug=1\ndebug=e", nil, []string{"e", "c"}},
		{"main", "", []string{"-nodebug=0"}, []string{"1"}},
		{"regtest", "addnode=1.1.1.1\n[regtest]\naddnode=2.2.2.2", []string{"-addnode=3.3.3.3"}, []string{"3.3.3.3", "2.2.2.2"}},
	}
	for _, c := range cases {
		name := "debug"
		if strings.Contains(c.conf, "addnode") {
			name = "addnode"
		}
		if got := parsed(t, c.network, c.conf, c.args...).List(name); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v %q on %s: %q, want %q", c.args, c.conf, c.network, got, c.want)
		}
	}
}

func TestConfPrecedence(t *testing.T) {
	cases := []struct {
		network, conf, want string
		args                []string
	}{
		{"main", "par=1\npar=2", "1", nil}, // the first in a file, the last on the command line
		{"main", "par=1", "2", []string{"-par=2"}},
		{"main", "par=1\n[main]\npar=3", "3", nil},
		{"main", "par=1\nmain.par=3", "3", nil},
		{"regtest", "par=1\n[main]\npar=3", "1", nil},
		{"regtest", "regtest.par=4\npar=1", "4", nil},
		{"regtest", "regtest.nopar=1\npar=1", "0", nil},
		{"main", "nopar=1\npar=1", "1", nil},
		{"main", "par=1\nnopar=1", "0", nil},
		{"main", "nopar=0", "1", nil},
		{"main", " par = 5 # comment", "5", nil},
		{"main", "#par=5", "def", nil},
		{"main", "par=5\r\n", "5", nil},
		{"regtest", "rpcport=5", "def", nil},
		{"main", "rpcport=5", "5", nil},
		{"regtest", "[regtest]\nrpcport=6", "6", nil},
		{"regtest", "norpcport=1", "0", nil}, // a negation counts even outside the section
	}
	for _, c := range cases {
		name := "par"
		if strings.Contains(c.conf, "rpcport") {
			name = "rpcport"
		}
		if got := parsed(t, c.network, c.conf, c.args...).String(name, "def"); got != c.want {
			t.Errorf("%q %v on %s: %q, want %q", c.conf, c.args, c.network, got, c.want)
		}
	}
}

func TestConfRefused(t *testing.T) {
	for conf, want := range map[string]string{
		"-par=1":          "parse error on line 1: -par=1, options in configuration file must be specified without leading -",
		"\npar":           "parse error on line 2: par",
		"nopar":           "parse error on line 1: nopar, if you intended to specify a negated option, use nopar=1 instead",
		"rpcpassword=a#b": "parse error on line 1, using # in rpcpassword can be ambiguous and should be avoided",
		"conf=x":          "conf cannot be set in the configuration file; use includeconf= if you want to include additional config files",
		"[main]\nconf=x":  "conf cannot be set in the configuration file; use includeconf= if you want to include additional config files",
		"nodatadir=1":     "Negating of -datadir is meaningless and therefore forbidden",
		"[main\npar=1":    "parse error on line 1: [main",
	} {
		if err := NewArgs(Bitcoind).addConf(conf, "x.conf"); err == nil || err.Error() != want {
			t.Errorf("%q: %v", conf, err)
		}
	}
	a := parsed(t, "main", "foo=1\nmain.bar=1\n[nosuch]\npar=1\n\nregtest.par=1\nnet.par=1")
	want := []string{"Ignoring unknown configuration value foo", "Ignoring unknown configuration value main.bar"}
	if !reflect.DeepEqual(a.Warnings[:2], want) {
		t.Errorf("%q", a.Warnings)
	}
	if got := a.unknownSections(); !reflect.DeepEqual(got, []string{"x.conf:3 Section [nosuch] is not recognized.", "x.conf:6 Section [nosuch.regtest] is not recognized.", "x.conf:7 Section [nosuch.net] is not recognized."}) {
		t.Errorf("%q", got)
	}
}

func TestNetworkSelection(t *testing.T) {
	cases := []struct {
		conf string
		args []string
		want string // name, or the error
	}{
		{"", nil, "main"},
		{"", []string{"-regtest"}, "regtest"}, {"", []string{"-testnet"}, "test"}, {"", []string{"-testnet4"}, "testnet4"}, {"", []string{"-signet=1"}, "signet"},
		{"", []string{"-chain=regtest"}, "regtest"}, {"", []string{"-chain=test"}, "test"}, {"", []string{"-chain=main"}, "main"},
		{"regtest=1", nil, "regtest"}, {"chain=signet", nil, "signet"}, {"testnet=0", nil, "main"},
		{"regtest=0\nregtest=1", nil, "regtest"},         // of the networks the last one in the file counts
		{"regtest=1", []string{"-noregtest"}, "regtest"}, // and a negation on the command line does not
		{"regtest=1", []string{"-regtest=0"}, "main"},
		{"chain=regtest", []string{"-chain=main"}, "main"},
		{"", []string{"-chain=nope"}, "Unknown chain nope."},
		{"", []string{"-regtest", "-testnet"}, errChains.Error()},
		{"", []string{"-regtest", "-chain=regtest"}, errChains.Error()},
		{"testnet4=1", []string{"-signet"}, errChains.Error()},
		{"[regtest]\nregtest=1", nil, "main"},
	}
	for _, c := range cases {
		got, err := parsed(t, "", c.conf, c.args...).Network()
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q %v: %s, want %s", c.conf, c.args, got, c.want)
		}
	}
}

func TestSettingsPrecedence(t *testing.T) {
	rw, err := parseSettings([]byte(`{"_warning_":"x","par":5,"debug":["a","b"],"listen":false,"server":true,"rpcuser":"u"}`))
	if err != nil {
		t.Fatal(err)
	}
	a := parsed(t, "main", "par=1\nlisten=1\ndebug=c", "-rpcuser=v")
	a.rw = rw
	if a.Int("par", 0) != 5 || a.Bool("listen", true) || !a.IsNegated("listen") || !a.Bool("server", false) || a.String("rpcuser", "") != "v" {
		t.Errorf("par %d listen %v server %v user %s", a.Int("par", 0), a.Bool("listen", true), a.Bool("server", false), a.String("rpcuser", ""))
	}
	if got := a.List("debug"); !reflect.DeepEqual(got, []string{"a", "b", "c"}) {
		t.Errorf("%q", got)
	}
	for _, bad := range []string{``, `[]`, `{`, `{"par":{}}`, `{"par":1,"par":2}`, `{"par":[[1]]}`, `{"par":1} x`, `7`} {
		if _, err := parseSettings([]byte(bad)); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}

func TestAtoi(t *testing.T) {
	for s, want := range map[string]int64{
		"": 0, "0": 0, "12": 12, " 12": 12, "12x": 12, "x12": 0, "+5": 5, "-5": -5, "+-5": 0, "--5": 0, "-": 0, "+": 0, "0x10": 0, "1e3": 1,
		"9223372036854775807": math.MaxInt64, "9223372036854775808": math.MaxInt64, "-9223372036854775809": math.MinInt64, "99999999999999999999999": math.MaxInt64,
	} {
		if got := atoi(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}

func TestSupport(t *testing.T) {
	for args, want := range map[string]string{
		"-prune=550":             "This version of Grapevine does not support -prune.",
		"-prune=0 -daemon":       "",
		"-prune=1 -blocksdir=/x": "This version of Grapevine does not support -blocksdir, -prune.",
		"-blocksdir=0":           "This version of Grapevine does not support -blocksdir.",
	} {
		err := parsed(t, "main", "", strings.Fields(args)...).checkSupport()
		if (err == nil && want != "") || (err != nil && err.Error() != want) {
			t.Errorf("%s: %v", args, err)
		}
	}
	for args, want := range map[string]string{
		"-listen=0 -connect=0 -dnsseed=0 -fixedseeds=0 -persistmempool=0 -checkmempool=0 -notxindex -disablewallet -server -par=2": "",
		"-txindex=1 -blockfilterindex=1 -coinstatsindex -zmqpubrawtx=tcp://127.0.0.1:1 -wallet=w":                                  "-blockfilterindex, -coinstatsindex, -wallet, -zmqpubrawtx",
		"-maxconnections=0":            "", // what follows from it is not the user's doing
		"-nowallet -walletbroadcast=0": "",
	} {
		a := parsed(t, "main", "", strings.Fields(args)...)
		if err := a.interact(); err != nil {
			t.Fatal(err)
		}
		if err := a.checkSupport(); err != nil {
			t.Errorf("%s: %v", args, err)
		}
		got := strings.Join(a.Warnings, "|")
		if want != "" {
			want = "This version of Grapevine does not support the following options, they have no effect: " + want
		}
		if got != want {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
	}
}

func TestOptionTable(t *testing.T) {
	for _, p := range []Program{Node, CLI} {
		seen := map[string]bool{}
		for _, o := range p.options() {
			if seen[o.Name] {
				t.Errorf("-%s stands twice", o.Name)
			}
			seen[o.Name] = true
			if strings.HasPrefix(o.Name, "no") || strings.ContainsAny(o.Name, ".= ") {
				t.Errorf("-%s cannot be told from a negation, a section or a value", o.Name)
			}
			if o.Group == "" {
				t.Errorf("-%s is in no group", o.Name)
			}
		}
	}
	help, debug := parsed(t, "", "", "-help").Help(), parsed(t, "", "", "-help-debug").Help()
	if strings.Contains(help, "-stopatheight") || !strings.Contains(debug, "-stopatheight") || !strings.Contains(help, "  -rpcport=<port>\n       ") {
		t.Error("debug options are listed when asked for, and only then")
	}
	for _, line := range strings.Split(debug, "\n") {
		if len(line) > 79 {
			t.Errorf("too long: %s", line)
		}
	}
}

func FuzzConf(f *testing.F) {
	for _, s := range []string{"par=1\n[regtest]\nnolisten=1\nregtest.rpcport=3 # c", "-x", "nopar", "[a]\n=b\n.=c\n..", "rpcpassword=a#b", "includeconf=x\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		lines, _, err := parseConf(s, "f")
		if err == nil && len(lines) > strings.Count(s, "\n")+1 {
			t.Fatalf("more options than lines: %q", s)
		}
		a := NewArgs(Bitcoind)
		if a.addConf(s, "f") != nil {
			return
		}
		a.network = "regtest"
		exercise(a)
	})
}

func FuzzCommandLine(f *testing.F) {
	for _, s := range []string{"-par=1\x00-nolisten=0", "--x", "-", "-regtest\x00-chain=main", "-nono=1", "-=", "-no"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a := NewArgs(Bitcoind)
		if a.ParseCommandLine(strings.Split(s, "\x00")) == nil {
			a.network = "main"
			exercise(a)
		}
	})
}

func FuzzSettings(f *testing.F) {
	for _, s := range []string{`{"par":5}`, `{"debug":["a",1,true,null]}`, `{"a":{}}`, `{`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rw, err := parseSettings(b)
		if err != nil {
			return
		}
		a := NewArgs(Bitcoind)
		a.rw, a.network = rw, "main"
		exercise(a)
	})
}

// exercise reads everything that was set in every way.
func exercise(a *Args) {
	for name := range a.options {
		_, _, _, _ = a.String(name, ""), a.Bool(name, false), a.Int(name, 0), a.List(name)
	}
	_, _ = a.Network()
	_ = a.interact()
	_ = a.checkSupport()
	_, _ = a.params()
	_, _ = a.chain()
	_ = a.inUse()
}
