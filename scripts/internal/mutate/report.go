package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// report counts and remembers what is to be printed in the end.
type report struct {
	allowed map[string]string // reason by name
	whole   bool              // all mutants are in this run
	verbose bool

	mu       sync.Mutex
	killed   int
	equal    int
	survived []*mutant
	broken   []*mutant
	failing  []string        // tests that fail with nothing mutated
	wrong    []string        // entries of the list that a test refutes
	seen     map[string]bool // entries of the list that were met
}

func (r *report) lists(m *mutant) bool {
	_, listed := r.allowed[m.name()]
	return listed
}

func (r *report) note(m *mutant, v verdict) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = make(map[string]bool)
	}
	listed := r.lists(m)
	r.seen[m.name()] = true
	switch {
	case v.Killed:
		r.killed++
		if listed {
			r.wrong = append(r.wrong, m.name()+" (noticed by "+v.By+" "+v.Test+")")
		}
	case listed:
		r.equal++
	default:
		r.survived = append(r.survived, m)
		fmt.Printf("SURVIVED %s:%d: %s\n", m.file, m.line, strings.TrimPrefix(m.name(), m.file+" "))
	}
	if r.verbose && v.Killed {
		fmt.Printf("killed   %s by %s %s\n", m.name(), v.By, v.Test)
	}
	if n := r.killed + r.equal + len(r.survived); n%100 == 0 {
		fmt.Println(n, "judged")
	}
}

func (r *report) doesNotCompile(m *mutant) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = append(r.broken, m)
}

// good reports whether nothing is left to do.
func (r *report) good() bool {
	return len(r.survived)+len(r.wrong)+len(r.failing)+len(r.stale()) == 0
}

// stale returns the entries of the list that stand for no mutant.
func (r *report) stale() (names []string) {
	for name := range r.allowed {
		if r.whole && !r.seen[name] {
			names = append(names, name)
		}
	}
	return names
}

// print prints the lists and, last, the counts.
func (r *report) print() {
	list := func(title string, names []string) {
		if len(names) > 0 {
			slices.Sort(names)
			fmt.Printf("\n%s:\n  %s\n", title, strings.Join(names, "\n  "))
		}
	}
	names := func(list []*mutant) (out []string) {
		for _, m := range list {
			out = append(out, fmt.Sprintf("%s:%d: %s", m.file, m.line, strings.TrimPrefix(m.name(), m.file+" ")))
		}
		return out
	}
	list("fail with nothing mutated", r.failing)
	list("do not compile", names(r.broken))
	list("listed as equivalent, but a test notices", r.wrong)
	list("listed as equivalent, but there is no such mutant", r.stale())
	list("no test notices", names(r.survived))
	fmt.Printf("%d mutants: %d killed, %d survived, %d equivalent, %d do not compile\n",
		r.killed+r.equal+len(r.survived)+len(r.broken), r.killed, len(r.survived), r.equal, len(r.broken))
}
