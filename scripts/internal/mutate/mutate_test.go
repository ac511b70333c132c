package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A module with one rule package. Its tests notice most of what is taken out.
var module1 = map[string]string{
	"go.mod": "module grapevine\n\ngo 1.26.0\n",
	"rule/rule.go": `package rule

import "errors"

const Limit = 10

var errRule = errors.New("broken")

// Check has a lower and an upper bound, and a third rule with two operands.
func Check(n int, strict, late bool) error {
	if n < 0 {
		return errRule
	}
	if n > Limit {
		return errRule
	}
	if strict && late {
		return errRule
	}
	return tail(n)
}

func tail(n int) error {
	switch {
	case n == 7:
		return errRule
	}
	return nil
}
`,
	"rule/rule_test.go": `package rule

import "testing"

func TestBounds(t *testing.T) {
	for n, bad := range map[int]bool{-1: true, 5: false, 7: true, Limit: false, Limit + 1: true} {
		if got := Check(n, false, false) != nil; got != bad {
			t.Errorf("%d: %v", n, got)
		}
	}
}

func TestOperands(t *testing.T) {
	if Check(1, true, true) == nil || Check(1, false, true) != nil {
		t.Error("strict and late")
	}
}

// BenchmarkNothing and others are not asked.
func BenchmarkNothing(b *testing.B) {}
`,
}

func writeModule(t *testing.T, allowed string) string {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{"allowed.txt": allowed}
	for name, text := range module1 {
		files[name] = text
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// What survives is what the tests above leave open: zero, and one of the two
// operands. The list explains the first, and has an entry that a test refutes
// and one that stands for nothing.
func TestWholeRun(t *testing.T) {
	const zero, refuted, gone = "rule/rule.go Check: n <= 0", "rule/rule.go const Limit+1", "rule/rule.go const Gone+1"
	root := writeModule(t, zero+"\n\tfor this test\n"+refuted+"\n"+gone+"\n\tnot so\n")
	o := options{
		targets: []target{{dir: "rule"}}, judges: []string{"rule"}, root: root,
		shard: 1, shards: 1, jobs: 2, slowest: 60, allow: "allowed.txt", cache: "cache",
	}
	for run := range 2 { // the second from what the first has found out
		r, err := mutate(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.survived) != 1 || r.survived[0].name() != "rule/rule.go Check: without late in strict && late" {
			t.Errorf("run %d: survived %d", run, len(r.survived))
		}
		if r.equal != 1 || r.killed != 9 || r.good() {
			t.Errorf("run %d: %d killed, %d equivalent, good %v", run, r.killed, r.equal, r.good())
		}
		if len(r.wrong) != 1 || !strings.HasPrefix(r.wrong[0], refuted) || !slices.Equal(r.stale(), []string{gone}) {
			t.Errorf("run %d: wrong %q, stale %q", run, r.wrong, r.stale())
		}
	}
}

func TestListOfEquivalents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	read := func(text string) (map[string]string, error) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return readAllowed(path)
	}
	got, err := read("# comment\na\nb\n\twhy\n\tindeed\nc\n  other\n")
	if err != nil || len(got) != 3 || got["a"] != "why indeed" || got["b"] != "why indeed" || got["c"] != "other" {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"a\n", "\treason\n", "a\n\twhy\nb\n"} {
		if got, err := read(bad); err == nil {
			t.Errorf("%q gives %v", bad, got)
		}
	}
}
