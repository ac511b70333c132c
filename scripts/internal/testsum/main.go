// Command testsum reads `go test -json` on standard input and prints what a
// person wants to see of it: a line a package, the whole output of what
// failed, every skipped test with its reason, and the counts.
//
// With CI=true in the environment a skip that scripts/skips.txt (-skips) does
// not list is a failure: a test that silently did not run is worse than none.
// It exits with 1 when anything failed or nothing ran.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// event is one line of test2json.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

// summary gathers what is printed in the end.
type summary struct {
	passed, failed, skipped int
	output                  map[string][]string // by package and test
	broken                  []string
	unlisted                []string
	allowed                 map[string]bool
	strict                  bool
}

func main() {
	skips := flag.String("skips", "scripts/skips.txt", "file that lists the tests allowed to skip: package, test, reason")
	flag.Parse()
	s := &summary{output: make(map[string][]string), strict: os.Getenv("CI") == "true"}
	var err error
	if s.allowed, err = readSkips(*skips); err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(2)
	}
	if err := s.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(2)
	}
	os.Exit(s.report())
}

// readSkips reads lines of "package test reason"; # begins a comment.
func readSkips(path string) (map[string]bool, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	allowed := make(map[string]bool)
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 3 {
			return nil, fmt.Errorf("%s:%d: want package, test and reason", path, i+1)
		}
		allowed[fields[0]+" "+fields[1]] = true
	}
	return allowed, nil
}

func (s *summary) read(r io.Reader) error {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil && e.Action != "" {
				s.take(e)
			} else {
				os.Stdout.Write(line) // a build error, or the tool's own words
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		if e.Action == "build-output" {
			fmt.Print(e.Output)
			return
		}
		s.output[key] = append(s.output[key], e.Output)
	case "pass":
		s.count(e, &s.passed)
		if e.Test == "" {
			fmt.Printf("ok    %-40s %6.1fs\n", e.Package, e.Elapsed)
		}
		s.cases(key)
		delete(s.output, key)
	case "skip":
		s.skip(e, key)
	case "fail":
		s.count(e, &s.failed)
		s.broken = append(s.broken, key)
		fmt.Printf("FAIL  %s (%s)\n%s", key, time.Duration(e.Elapsed*float64(time.Second)).Round(time.Millisecond), strings.Join(s.output[key], ""))
	}
}

func (s *summary) count(e event, n *int) {
	if e.Test != "" {
		*n++
	}
}

// cases passes on the lines in which tests say how many vectors they ran.
func (s *summary) cases(key string) {
	for _, line := range s.output[key] {
		if i := strings.Index(line, "cases:"); i >= 0 {
			fmt.Printf("      %s\n", strings.TrimSpace(line[i:]))
		}
	}
}

func (s *summary) skip(e event, key string) {
	if e.Test == "" {
		return // a package without tests
	}
	s.skipped++
	fmt.Printf("SKIP  %s: %s\n", key, strings.TrimSpace(strings.Join(s.output[key], " ")))
	if !s.allowed[key] {
		s.unlisted = append(s.unlisted, key)
	}
}

func (s *summary) report() int {
	code := 0
	if len(s.broken) > 0 {
		fmt.Printf("\nfailed:\n  %s\n", strings.Join(s.broken, "\n  "))
		code = 1
	}
	if s.strict && len(s.unlisted) > 0 {
		fmt.Printf("\nskipped without a reason in scripts/skips.txt:\n  %s\n", strings.Join(s.unlisted, "\n  "))
		code = 1
	}
	if s.passed+s.failed == 0 {
		fmt.Println("no test ran")
		code = 1
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
	return code
}
