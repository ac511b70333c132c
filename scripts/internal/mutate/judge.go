package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"grapevine/scripts/internal/mutate/probe"
)

// test is one top-level test of a package, and what it takes.
type test struct {
	dir     string
	bin     string
	Name    string
	Seconds float64 // of a processor
	Reaches []int   // the mutants that it could notice
}

// court holds the tests and says what they make of a mutant.
type court struct {
	plan    *plan
	judges  []string
	slowest float64 // tests that take longer are not asked
	tests   []*test
	failing []string // tests that fail with nothing mutated
}

// quick is how many seconds a test may take to be asked together with others.
const quick = 0.5

// open lists the tests of a package and runs each by itself with nothing
// mutated, to learn how long it takes and which mutants it can tell apart. It
// does so once for a binary. A test that fails then is no judge.
func (c *court) open(ctx context.Context, dir, bin string) error {
	binary, err := os.ReadFile(bin)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(binary)
	var known struct {
		Binary string
		Tests  []*test
	}
	file := bin + ".json"
	if data, err := os.ReadFile(file); err == nil && json.Unmarshal(data, &known) == nil && known.Binary == hex.EncodeToString(sum[:]) {
		for _, t := range known.Tests {
			t.dir, t.bin = dir, bin
		}
		c.tests = append(c.tests, known.Tests...)
		return nil
	}
	fmt.Println("rehearse", dir)
	names, err := c.list(bin, dir)
	if err != nil {
		return err
	}
	known.Binary, known.Tests = hex.EncodeToString(sum[:]), nil
	for _, name := range names {
		t := &test{dir: dir, Name: name, bin: bin}
		out, err := c.rehearse(ctx, t)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			fmt.Printf("%s of %s fails with nothing mutated: %v\n%s\n", name, dir, err, out)
			c.failing = append(c.failing, dir+" "+name)
			continue
		}
		known.Tests = append(known.Tests, t)
	}
	c.tests = append(c.tests, known.Tests...)
	if len(c.failing) > 0 {
		return nil // the next run looks again
	}
	data, err := json.Marshal(known)
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// noJudge are the tests that take long, by their name, and those of broken disks
// and kills, which are slow and about something else.
var noJudge = regexp.MustCompile("Long|PowerLoss|Kill|Fault|Damage|DiskFull")

func (c *court) list(bin, dir string) ([]string, error) {
	cmd := exec.Command(bin, "-test.list", "^(Test|Fuzz|Example)")
	cmd.Dir = filepath.Join(c.plan.root, dir)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the tests of %s: %w", dir, err)
	}
	var names []string
	for _, line := range strings.Fields(string(out)) {
		if !noJudge.MatchString(line) {
			names = append(names, line)
		}
	}
	return names, nil
}

func (c *court) rehearse(ctx context.Context, t *test) (out []byte, err error) {
	trace := filepath.Join(c.plan.work, "trace")
	os.Remove(trace)
	out, cpu, err := c.run(ctx, t.dir, t.bin, []string{t.Name}, 10*time.Minute, probe.EnvTrace+"="+trace)
	if err != nil {
		return out, err
	}
	t.Seconds = cpu.Seconds()
	data, err := os.ReadFile(trace)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, line := range strings.Fields(string(data)) {
		if id, err := strconv.Atoi(line); err == nil {
			t.Reaches = append(t.Reaches, id)
		}
	}
	return nil, nil
}

// steady makes property tests draw the same each time, and keeps them from
// writing what failed into the work tree.
var steady = []string{"RAPID_SEED=1", "RAPID_NOFAILFILE=1"}

// run runs tests of a binary, and says what they took of the processor. An
// error that is an ExitError is their verdict.
func (c *court) run(ctx context.Context, dir, bin string, names []string, limit time.Duration, env ...string) (out []byte, cpu time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit+10*time.Second)
	defer cancel()
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = regexp.QuoteMeta(n)
	}
	cmd := exec.CommandContext(ctx, bin, "-test.run", "^("+strings.Join(quoted, "|")+")$",
		"-test.failfast", "-test.timeout", limit.String())
	cmd.Dir = filepath.Join(c.plan.root, dir)
	cmd.Env = append(append(os.Environ(), steady...), env...)
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	err = cmd.Run()
	if s := cmd.ProcessState; s != nil {
		cpu = s.UserTime() + s.SystemTime()
	}
	return both.Bytes(), cpu, err
}

// verdict is what became of a mutant.
type verdict struct {
	Killed bool
	By     string // the package that noticed
	Test   string // the test, where its output tells
}

var failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// judge asks the tests that can tell m from the product, those of its own
// package first and the quick before the slow, until one fails. Of a mutant
// that is listed as equivalent only its package's quick tests are asked.
func (c *court) judge(ctx context.Context, m *mutant, listed bool) (verdict, error) {
	groups := c.groups(m)
	if listed && len(groups) > 1 {
		groups = groups[:1]
	}
	for _, group := range groups {
		var names []string
		var seconds float64
		for _, t := range group {
			names = append(names, t.Name)
			seconds += t.Seconds
		}
		// A mutant may never end; a loaded machine may be slow.
		limit := 20*time.Second + time.Duration(15*seconds*float64(time.Second))
		out, _, err := c.run(ctx, group[0].dir, group[0].bin, names, limit, probe.Env+"="+strconv.Itoa(m.id))
		if ctx.Err() != nil {
			return verdict{}, ctx.Err()
		}
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			v := verdict{Killed: true, By: group[0].dir}
			if match := failed.FindSubmatch(out); match != nil {
				v.Test = string(match[1])
			}
			return v, nil
		}
		if err != nil {
			return verdict{}, err
		}
	}
	return verdict{}, nil
}

// groups are the tests for m, cut into runs: package by package, the quick of
// each in runs of about half a second, and the others of all in the end.
func (c *court) groups(m *mutant) [][]*test {
	dirs := append([]string{m.dir()}, slices.DeleteFunc(slices.Clone(c.judges), func(d string) bool { return d == m.dir() })...)
	var groups, slow [][]*test
	for _, dir := range dirs {
		var list []*test
		for _, t := range c.tests {
			if t.dir == dir && slices.Contains(t.Reaches, m.id) && t.Seconds <= c.slowest {
				list = append(list, t)
			}
		}
		slices.SortStableFunc(list, bySeconds)
		for len(list) > 0 && list[0].Seconds < quick {
			n, sum := 0, 0.0
			for n < len(list) && sum < quick && list[n].Seconds < quick {
				sum += list[n].Seconds
				n++
			}
			groups = append(groups, list[:n])
			list = list[n:]
		}
		for _, t := range list {
			slow = append(slow, []*test{t})
		}
	}
	slices.SortStableFunc(slow, func(a, b []*test) int { return bySeconds(a[0], b[0]) })
	return append(groups, slow...)
}

func bySeconds(a, b *test) int { return cmp.Compare(a.Seconds, b.Seconds) }
