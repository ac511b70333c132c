package grapevine

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every test that docs/threats.md names is there, in a package of the same line or
// list item, or before it.
func TestThreatsNameTests(t *testing.T) {
	text, err := os.ReadFile("docs/threats.md")
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile("`([a-z0-9/]+|Test[A-Za-z0-9]+)`")
	tests := map[string]map[string]bool{} // by package
	named, dir := 0, ""
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "#") {
			dir = "p2p"
		}
		for _, m := range quoted.FindAllStringSubmatch(line, -1) {
			name := m[1]
			if !strings.HasPrefix(name, "Test") {
				if info, err := os.Stat(name); err == nil && info.IsDir() {
					dir = name
				}
				continue
			}
			if tests[dir] == nil {
				tests[dir] = testsOf(t, dir)
			}
			if named++; !tests[dir][name] {
				t.Errorf("%s has no %s", dir, name)
			}
		}
	}
	t.Logf("%d tests are named", named)
	if named < 70 {
		t.Error("that is not the page that was written")
	}
}

// testsOf lists the tests of a package.
func testsOf(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = true
		}
	}
	return found
}
