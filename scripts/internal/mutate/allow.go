package main

import (
	"fmt"
	"os"
	"strings"
)

// readAllowed reads the list of mutants that behave as the product does: the
// name of a mutant on a line of its own, the reason on the indented lines
// below it. Several names may share a reason. # begins a comment.
func readAllowed(path string) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	allowed := make(map[string]string)
	var names []string
	reasoned := false
	for line := range strings.Lines(string(data)) {
		text := strings.TrimSpace(line)
		switch {
		case text == "" || text[0] == '#':
		case line[0] == ' ' || line[0] == '\t':
			if len(names) == 0 {
				return nil, fmt.Errorf("%s: a reason without a mutant: %s", path, text)
			}
			for _, n := range names {
				allowed[n] = strings.TrimSpace(allowed[n] + " " + text)
			}
			reasoned = true
		default:
			if reasoned {
				names, reasoned = nil, false
			}
			names = append(names, text)
		}
	}
	for _, n := range names {
		if allowed[n] == "" {
			return nil, fmt.Errorf("%s: no reason for: %s", path, n)
		}
	}
	return allowed, nil
}
