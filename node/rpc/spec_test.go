package rpc

import (
	"context"
	"strings"
	"testing"
)

func testCommands() []Command {
	args := []Arg{
		{Names: "blockhash", Type: ArgHex, Description: "The hash"},
		{Names: "verbosity|verbose", Type: ArgNum, Default: "1", Description: "How much", AnyKind: true},
		{Names: "options", Type: ArgObjNamed, Optional: true, Inner: []Arg{
			{Names: "size", Type: ArgNum, Default: "10", Description: "A size"},
			{Names: "label", Type: ArgStr, Optional: true, Description: "A label\nof two lines"},
		}},
		{Names: "last", Type: ArgBool, Optional: true},
	}
	show := func(_ context.Context, r *Request, w *Writer) error { w.Value(r.params); return nil }
	return []Command{
		{Category: "blockchain", Name: "show", Description: "\nShows its arguments.\n", Args: args, Handler: show,
			Results: []Result{
				{Type: ResHex, Cond: "for verbosity = 0", Description: "Raw"},
				{Type: ResObj, Cond: "for verbosity = 1", Inner: []Result{
					{Type: ResNum, Key: "n", Description: "A number"},
					{Type: ResArr, Key: "list", Optional: true, Inner: []Result{{Type: ResStr, Description: "An entry"}}},
				}},
			},
			Examples: ExampleCLI("show", `"00"`)},
		{Category: "blockchain", Name: "typed", Handler: show, Args: []Arg{
			{Names: "s", Type: ArgStr}, {Names: "n", Type: ArgNum}, {Names: "o", Type: ArgObj, Optional: true}, {Names: "a", Type: ArgArr, Default: "[1]"},
		}},
		{Category: "hidden", Name: "defaults", Args: []Arg{{Names: "n", Type: ArgNum, Default: "7"}, {Names: "s", Type: ArgStr, Default: `"x"`}},
			Handler: func(_ context.Context, r *Request, w *Writer) error {
				n, err := r.Int32(0)
				if err != nil {
					return err
				}
				s, err := r.Str(1)
				if err != nil {
					return err
				}
				w.Arr().Int(int64(n)).String(s).Bool(r.Has(0)).EndArr()
				return nil
			}},
		{Category: "hidden", Name: "half", Handler: func(_ context.Context, _ *Request, w *Writer) error {
			w.Obj().Key("half").Int(1)
			return Errorf(CodeVerify, "no more")
		}},
		{Category: "hidden", Name: "panics", Handler: func(context.Context, *Request, *Writer) error { panic("broken") }},
	}
}

func testTable(t testing.TB) *Table {
	t.Helper()
	table, err := NewTable(testCommands(), []Command{echoCommand("echo"), {Category: "control", Name: "help", Handler: help,
		Args: []Arg{{Names: "command", Type: ArgStr, Hint: "all commands"}}}})
	if err != nil {
		t.Fatal(err)
	}
	table.SetReady()
	return table
}

func call(t testing.TB, table *Table, method, params string) (string, error) {
	t.Helper()
	p, err := ParseJSON([]byte(params))
	if err != nil {
		t.Fatalf("%s: %v", params, err)
	}
	var w Writer
	err = table.Call(context.Background(), Request{Method: method}, p, &w)
	return string(w.Bytes()), err
}

func TestCallChecksArguments(t *testing.T) {
	table := testTable(t)
	cases := []struct {
		method, params, want string
		code                 Code
	}{
		{"show", `["ab"]`, `["ab"]`, 0},
		{"show", `["ab",null,null,true]`, `["ab",null,null,true]`, 0},
		{"show", `["ab","any kind"]`, `["ab","any kind"]`, 0},
		{"show", `[]`, "show \"blockhash\"", CodeMisc},
		{"show", `["ab",1,{},true,1]`, "show \"blockhash\"", CodeMisc},
		{"show", `[1]`, "Wrong type passed:\n{\n    \"Position 1 (blockhash)\": \"JSON value of type number is not of expected type string\"\n}", CodeType},
		{"show", `[null]`, "Wrong type passed:\n{\n    \"Position 1 (blockhash)\": \"JSON value of type null is not of expected type string\"\n}", CodeType},
		{"typed", `[true,"x",[],{}]`, "Wrong type passed:\n{\n    \"Position 1 (s)\": \"JSON value of type bool is not of expected type string\",\n" +
			"    \"Position 2 (n)\": \"JSON value of type string is not of expected type number\",\n" +
			"    \"Position 3 (o)\": \"JSON value of type array is not of expected type object\",\n" +
			"    \"Position 4 (a)\": \"JSON value of type object is not of expected type array\"\n}", CodeType},
		{"nothing", `[]`, "Method not found", CodeMethodNotFound},
		{"defaults", `[]`, `[7,"x",false]`, 0},
		{"defaults", `[8]`, `[8,"x",true]`, 0},
		{"defaults", `[null,"y"]`, `[7,"y",false]`, 0},
		{"defaults", `[1.5]`, "JSON integer out of range", CodeMisc},
		{"half", `[]`, "no more", CodeVerify},

		{"show", `{"blockhash":"ab"}`, `["ab"]`, 0},
		{"show", `{"verbose":2,"blockhash":"ab"}`, `["ab",2]`, 0},
		{"show", `{"blockhash":"ab","last":true}`, `["ab",null,null,true]`, 0},
		{"show", `{"blockhash":"ab","label":"l","size":3}`, `["ab",null,{"size":3,"label":"l"}]`, 0},
		{"show", `{"args":["ab",5],"last":false}`, `["ab",5,null,false]`, 0},
		{"show", `{"args":["ab",5,{}],"last":false}`, `["ab",5,{},false]`, 0},
		{"show", `{"args":["ab"]}`, `["ab"]`, 0},
		{"show", `{"args":["ab",5],"verbosity":1}`, "Parameter verbosity|verbose specified twice both as positional and named argument", CodeInvalidParameter},
		{"show", `{"blockhash":"ab","nope":1}`, "Unknown named parameter nope", CodeInvalidParameter},
		{"show", `{"blockhash":"ab","blockhash":"ab"}`, "Parameter blockhash specified multiple times", CodeInvalidParameter},
		{"show", `{"blockhash":"ab","options":{},"size":1}`, "Parameter options conflicts with parameter size", CodeInvalidParameter},
		{"show", `{}`, "show \"blockhash\"", CodeMisc},
	}
	for _, c := range cases {
		got, err := call(t, table, c.method, c.params)
		if c.code == 0 {
			if err != nil || got != c.want {
				t.Errorf("%s %s: %s, %v; want %s", c.method, c.params, got, err, c.want)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s %s: accepted: %s", c.method, c.params, got)
			continue
		}
		if e := asError(err); e.Code != c.code || !strings.HasPrefix(e.Message, c.want) || got != "" {
			t.Errorf("%s %s: %d %q (wrote %q); want %d %q", c.method, c.params, e.Code, e.Message, got, c.code, c.want)
		}
	}
}

func TestHelpText(t *testing.T) {
	want := `show "blockhash" ( verbosity {"size":n,"label":"str",...} last )

Shows its arguments.

Arguments:
1. blockhash    (string, required) The hash
2. verbosity    (numeric, optional, default=1) How much
3. options      (json object, optional) Options object; its members, listed below, may also be passed as named arguments.
4. last         (boolean, optional)

Named Arguments:
size     (numeric, optional, default=10) A size
label    (string, optional) A label
         of two lines

Result (for verbosity = 0):
"hex"    (string) Raw

Result (for verbosity = 1):
{               (json object)
  "n" : n,      (numeric) A number
  "list" : [    (json array, optional)
    "str",      (string) An entry
    ...
  ]
}

Examples:
> bitcoin-cli show "00"
`
	table := testTable(t)
	if got := table.Help("show"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	list := "== Blockchain ==\n" + strings.SplitN(want, "\n", 2)[0] + "\ntyped \"s\" n ( {} [...] )\n\n== Control ==\nhelp ( \"command\" )"
	if got := table.Help(""); got != list {
		t.Errorf("got:\n%s\nwant:\n%s", got, list)
	}
	if got := table.Help("nope"); got != "help: unknown command: nope" {
		t.Error(got)
	}
	if got := table.Help("half"); !strings.HasPrefix(got, "half\n") {
		t.Errorf("hidden methods explain themselves too: %q", got)
	}
	if got, err := call(t, table, "help", `["dump_all_command_conversions"]`); err != nil || !strings.Contains(got, `["show",1,"verbose",false]`) ||
		!strings.Contains(got, `["show",2,"label",true]`) {
		t.Errorf("%s, %v", got, err)
	}
}

func TestTableRefuses(t *testing.T) {
	h := func(context.Context, *Request, *Writer) error { return nil }
	for name, cmds := range map[string][]Command{
		"twice":       {{Category: "c", Name: "a", Handler: h}, {Category: "c", Name: "a", Handler: h}},
		"no handler":  {{Category: "c", Name: "a"}},
		"bad default": {{Category: "c", Name: "a", Handler: h, Args: []Arg{{Names: "x", Default: "nope"}}}},
		"same name":   {{Category: "c", Name: "a", Handler: h, Args: []Arg{{Names: "x"}, {Names: "y|x"}}}},
		"empty name":  {{Category: "c", Name: "a", Handler: h, Args: []Arg{{Names: ""}}}},
		"no category": {{Name: "a", Handler: h}},
		"no name":     {{Category: "c", Handler: h}},
	} {
		if _, err := NewTable(cmds); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestWarmup(t *testing.T) {
	table, err := NewTable(testCommands())
	if err != nil {
		t.Fatal(err)
	}
	table.SetWarmup("Loading block index…")
	_, err = call(t, table, "show", `["ab"]`)
	if e := asError(err); err == nil || e.Code != CodeInWarmup || e.Message != "Loading block index…" {
		t.Errorf("%v", err)
	}
	table.SetReady()
	if _, err = call(t, table, "show", `["ab"]`); err != nil {
		t.Error(err)
	}
}

func FuzzNamedArguments(f *testing.F) {
	for _, s := range []string{`{"blockhash":"ab"}`, `{"args":["ab",5],"last":false}`, `{"label":"x","args":[]}`, `{"options":{},"size":1}`} {
		f.Add(s)
	}
	m, err := newMethod(testCommands()[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseJSON([]byte(s))
		if err != nil || v.Kind() != Object {
			return
		}
		out, err := m.positional(v)
		if err != nil {
			return
		}
		// Every value that came in is found again: by position, in the options, or among the first arguments.
		in := v.Member("args")
		for i := range in.Len() {
			if string(out.At(i).AppendJSON(nil)) != string(in.At(i).AppendJSON(nil)) {
				t.Fatalf("%s became %s", s, out.AppendJSON(nil))
			}
		}
		where := map[string]Value{"blockhash": out.At(0), "verbosity": out.At(1), "verbose": out.At(1), "options": out.At(2), "last": out.At(3),
			"size": out.At(2).Member("size"), "label": out.At(2).Member("label")}
		for i := range v.Len() {
			if k := v.KeyAt(i); k != "args" && string(where[k].AppendJSON(nil)) != string(v.At(i).AppendJSON(nil)) {
				t.Fatalf("%s became %s", s, out.AppendJSON(nil))
			}
		}
	})
}
