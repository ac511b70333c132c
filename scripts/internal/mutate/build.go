package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"grapevine/scripts/internal/mutate/probe"
)

// module is the name in go.mod.
const module = "grapevine"

// probeDir is where the mutated packages see the probe; the real one lies
// where they may not import it.
const probeDir = "internal/mutantprobe"

//go:embed probe/probe.go
var probeSource []byte

// plan is everything that is to be tested.
type plan struct {
	root    string
	work    string // for files of our own
	sources []*source
	edits   map[string][]edit // by file
	mutants []*mutant         // in the order of their numbers
	broken  map[int]bool      // those that do not compile
}

func newPlan(root, work string, list []target) (*plan, error) {
	p := &plan{root: root, work: work, edits: make(map[string][]edit), broken: make(map[int]bool)}
	var err error
	if p.sources, err = load(root, list); err != nil {
		return nil, err
	}
	limits := make(map[string]*limit)
	for i, t := range list {
		next := i * perPackage
		for _, s := range p.sources {
			if s.dir() != t.dir {
				continue
			}
			found, edits := find(s, next)
			p.mutants = append(p.mutants, found...)
			p.edits[s.name] = edits
			next += len(found)
			next = findLimits(s, next, limits)
		}
		if next > (i+1)*perPackage || next > probe.MaxMutants {
			return nil, fmt.Errorf("%s has too many mutants", t.dir)
		}
	}
	for _, s := range p.sources {
		p.edits[s.name] = moveLimits(s, limits, p.edits[s.name])
	}
	for _, l := range limits {
		if l.used {
			p.mutants = append(p.mutants, l.list...)
		}
	}
	slices.SortFunc(p.mutants, func(a, b *mutant) int { return a.id - b.id })
	number(p.mutants)
	return p, nil
}

// overlay writes the wrapped files and the map that puts them in the place of
// the real ones, and returns the map's path. The work tree stays as it is.
func (p *plan) overlay() (string, error) {
	replace := make(map[string]string)
	put := func(name string, text []byte) error {
		file := filepath.Join(p.work, "src", name)
		replace[filepath.Join(p.root, name)] = file
		if old, err := os.ReadFile(file); err == nil && bytes.Equal(old, text) {
			return nil
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		return os.WriteFile(file, text, 0o644)
	}
	if err := put(probeDir+"/probe.go", probeSource); err != nil {
		return "", err
	}
	for _, s := range p.sources {
		if len(p.edits[s.name]) == 0 {
			continue
		}
		at := s.offset(s.file.Name.End())
		edits := append([]edit{{at: at, end: at, text: fmt.Sprintf("; import probe %q", module+"/"+probeDir)}}, p.edits[s.name]...)
		text := apply(s.text, edits, p.broken)
		if !bytes.Contains(text, []byte("probe.")) {
			continue
		}
		if err := put(s.name, text); err != nil {
			return "", err
		}
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(p.work, "overlay.json")
	return file, os.WriteFile(file, data, 0o644)
}

// build compiles the tests of a package with all mutants in them, leaving out
// those that the compiler refuses.
func (p *plan) build(dir string) (string, error) {
	bin := filepath.Join(p.work, "bin", strings.ReplaceAll(dir, "/", "-")+".test")
	for {
		overlay, err := p.overlay()
		if err != nil {
			return "", err
		}
		cmd := exec.Command("go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", bin, "./"+dir)
		cmd.Dir = p.root
		out, err := cmd.CombinedOutput()
		if err == nil {
			return bin, nil
		}
		if !p.blame(out) {
			return "", fmt.Errorf("tests of %s do not build: %w\n%s", dir, err, out)
		}
	}
}

var position = regexp.MustCompile(`([\w./-]+\.go):(\d+):\d+:`)

// blame leaves out the mutants on the lines that the compiler complains of,
// and reports whether there were any.
func (p *plan) blame(out []byte) (any bool) {
	for _, match := range position.FindAllSubmatch(out, -1) {
		line, _ := strconv.Atoi(string(match[2]))
		for _, s := range p.sources {
			if !strings.HasSuffix(string(match[1]), s.name) {
				continue
			}
			for _, e := range p.edits[s.name] {
				if 1+bytes.Count(s.text[:e.at], []byte("\n")) != line {
					continue
				}
				for _, id := range e.mutants {
					any = any || !p.broken[id]
					p.broken[id] = true
				}
			}
		}
	}
	return any
}
