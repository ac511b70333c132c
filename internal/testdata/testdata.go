// Package testdata finds the files that tests read and the repository does not
// hold: the vectors in the shared folder beside the module, and data shipped
// inside Go modules. Only tests import it.
//
// A missing shared folder skips the test, saying so; a module that cannot be
// had fails it, since the module cache is part of a working set-up.
package testdata

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Root returns the directory that holds go.mod, found from the working
// directory of the test upwards.
func Root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			// interop/ is a module of its own inside the tree.
			if filepath.Base(dir) != "interop" {
				return dir
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatal("no go.mod above the working directory")
		}
		dir = parent
	}
}

// Shared returns the path of a file or folder below the shared folder that
// stands beside the module root. It skips the test when that is missing.
func Shared(tb testing.TB, name string) string {
	tb.Helper()
	path := filepath.Join(Root(tb), "..", "shared", filepath.FromSlash(name))
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		tb.Skipf("shared test data missing: ../shared/%s", name)
	}
	return path
}

// Module returns the path of a file or folder inside a Go module, downloading
// the module into the cache when it is not there yet.
func Module(tb testing.TB, module, version, name string) string {
	tb.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", module+"@"+version)
	cmd.Dir = os.TempDir() // outside any module, so that go.mod stays as it is
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := cmd.Output()
	var got struct{ Dir, Error string }
	if jerr := json.Unmarshal(out, &got); jerr != nil || got.Dir == "" {
		tb.Fatalf("module %s@%s: %v %s", module, version, err, got.Error)
	}
	return filepath.Join(got.Dir, filepath.FromSlash(name))
}
