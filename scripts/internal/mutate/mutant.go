package main

import (
	"cmp"
	"fmt"
	"path"
	"slices"
)

// mutant is one check taken out, or one limit moved.
type mutant struct {
	id   int
	file string // from the module's root
	line int
	fn   string // the function, empty for a constant
	text string // what is different
}

// name identifies a mutant as long as its function does not change its text.
func (m *mutant) name() string {
	if m.fn == "" {
		return m.file + " " + m.text
	}
	return m.file + " " + m.fn + ": " + m.text
}

func (m *mutant) dir() string { return path.Dir(m.file) }

// number tells mutants apart that have the same name.
func number(list []*mutant) {
	seen := make(map[string]int)
	for _, m := range list {
		name := m.name()
		if seen[name]++; seen[name] > 1 {
			m.text += fmt.Sprintf(" (%d)", seen[name])
		}
	}
}

// edit replaces text[at:end]. Edits of one place are applied in the order of
// their nesting: what opens in order, what closes in reverse.
type edit struct {
	at, end int
	order   int
	closing bool
	text    string
	mutants []int
}

// apply makes the edits, without those of the mutants in without.
func apply(text []byte, edits []edit, without map[int]bool) []byte {
	list := slices.DeleteFunc(slices.Clone(edits), func(e edit) bool {
		return slices.ContainsFunc(e.mutants, func(id int) bool { return without[id] })
	})
	slices.SortStableFunc(list, func(a, b edit) int {
		switch {
		case a.at != b.at:
			return cmp.Compare(a.at, b.at)
		case a.closing != b.closing:
			if a.closing {
				return -1
			}
			return 1
		case a.closing:
			return cmp.Compare(b.order, a.order)
		}
		return cmp.Compare(a.order, b.order)
	})
	var out []byte
	from := 0
	for _, e := range list {
		out = append(out, text[from:e.at]...)
		out = append(out, e.text...)
		from = e.end
	}
	return append(out, text[from:]...)
}
