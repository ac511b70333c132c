package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const passed = `{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
`

func judge(t *testing.T, strict bool, input string) int {
	t.Helper()
	s := &summary{output: make(map[string][]string), strict: strict, allowed: map[string]bool{"p TestAllowed": true}}
	if err := s.read(strings.NewReader(input)); err != nil {
		t.Fatal(err)
	}
	return s.report()
}

func TestVerdict(t *testing.T) {
	cases := []struct {
		name   string
		strict bool
		input  string
		code   int
	}{
		{"passes", true, passed, 0},
		{"fails", false, passed + `{"Action":"fail","Package":"p","Test":"TestB"}`, 1},
		{"package fails without a test", false, passed + `{"Action":"fail","Package":"q"}`, 1},
		{"nothing ran", false, "", 1},
		{"listed skip", true, passed + `{"Action":"skip","Package":"p","Test":"TestAllowed"}`, 0},
		{"unlisted skip", true, passed + `{"Action":"skip","Package":"p","Test":"TestC"}`, 1},
		{"unlisted skip on a contributor's machine", false, passed + `{"Action":"skip","Package":"p","Test":"TestC"}`, 0},
		{"package without tests", true, passed + `{"Action":"skip","Package":"q"}`, 0},
		{"words of the tool between", true, "go: downloading\n" + passed, 0},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if code := judge(t, tc.strict, tc.input); code != tc.code {
				t.Errorf("exit code %d; want %d", code, tc.code)
			}
		})
	}
}

func TestReadSkips(t *testing.T) {
	path := filepath.Join(t.TempDir(), "skips.txt")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# why\n\np TestA takes minutes\n")
	got, err := readSkips(path)
	if err != nil || len(got) != 1 || !got["p TestA"] {
		t.Errorf("read %v, %v", got, err)
	}
	write("p TestA\n")
	if _, err := readSkips(path); err == nil {
		t.Error("a line without a reason was taken")
	}
	if _, err := readSkips(path + "x"); err == nil {
		t.Error("a missing file was taken")
	}
}
