package descriptor

import (
	"strings"

	"grapevine/chain/script"
)

const (
	maxMultiAKeys   = 999
	maxBareMultiSig = 3
	maxTreeDepth    = 128
)

// parseMulti reads the multisig functions.
func (r *reader) parseMulti(name, args string, ctx context) ([]*node, error) {
	text, rest := splitExpr(args)
	threshold, ok := parseUint32(text)
	if !ok {
		return nil, errorf("Multi threshold '%s' is not valid", text)
	}
	var keys [][]*key
	size, n := 0, 1 // n is the number of alternatives
	for rest != "" {
		if rest[0] != ',' {
			return nil, errorf("Multi: expected ',', got '%c'", rest[0])
		}
		if text, rest = splitExpr(rest[1:]); true {
			alternatives, err := r.parseKey(text, ctx)
			if err != nil {
				return nil, errorf("Multi: %s", err)
			}
			size += alternatives[0].size() + 1
			n = max(n, len(alternatives))
			keys = append(keys, alternatives)
		}
	}
	if err := checkMulti(name, threshold, len(keys), size, ctx); err != nil {
		return nil, err
	}
	nodes := make([]*node, n)
	for i := range nodes {
		nodes[i] = &node{name: name, threshold: int(threshold)}
		for _, alternatives := range keys {
			k, ok := pick(alternatives, i, n)
			if !ok {
				return nil, errorf("multi(): Multipath derivation paths have mismatched lengths")
			}
			nodes[i].keys = append(nodes[i].keys, k)
		}
	}
	return nodes, nil
}

// pick returns the i-th of n alternatives; a single one serves for all.
func pick[T any](alternatives []T, i, n int) (v T, ok bool) {
	switch len(alternatives) {
	case 1:
		return alternatives[0], true
	case n:
		return alternatives[i], true
	}
	return v, false
}

func checkMulti(name string, threshold uint32, keys, size int, ctx context) error {
	inTree := strings.HasSuffix(name, "_a")
	switch {
	case !inTree && (keys == 0 || keys > script.MaxPubKeysPerMultiSig):
		return errorf("Cannot have %d keys in multisig; must have between 1 and %d keys, inclusive", keys, script.MaxPubKeysPerMultiSig)
	case inTree && (keys == 0 || keys > maxMultiAKeys):
		return errorf("Cannot have %d keys in multi_a; must have between 1 and %d keys, inclusive", keys, maxMultiAKeys)
	case threshold < 1:
		return errorf("Multisig threshold cannot be %d, must be at least 1", threshold)
	case int64(threshold) > int64(keys):
		return errorf("Multisig threshold cannot be larger than the number of keys; threshold is %d but only %d keys specified", threshold, keys)
	case ctx == atTop && keys > maxBareMultiSig:
		return errorf("Cannot have %d pubkeys in bare multisig; only at most 3 pubkeys", keys)
	case ctx == inSH && size+3 > script.MaxElementSize:
		return errorf("P2SH script is too large, %d bytes is larger than %d bytes", size+3, script.MaxElementSize)
	}
	return nil
}

// parseTR reads an internal key and an optional tree of scripts.
func (r *reader) parseTR(args string) ([]*node, error) {
	text, rest := splitExpr(args)
	internal, err := r.parseKey(text, inTR)
	if err != nil {
		return nil, errorf("tr(): %s", err)
	}
	var leaves [][]*node
	var depths []int
	n := len(internal)
	if rest != "" {
		if rest[0] != ',' {
			return nil, errorf("tr: expected ',', got '%c'", rest[0])
		}
		if leaves, depths, err = r.parseTree(rest[1:]); err != nil {
			return nil, err
		}
	}
	for _, l := range leaves {
		n = max(n, len(l))
	}
	nodes := make([]*node, n)
	for i := range nodes {
		nodes[i] = &node{name: "tr", depths: depths}
		for _, l := range leaves {
			sub, ok := pick(l, i, n)
			if !ok {
				return nil, errorf("tr(): Multipath subscripts have mismatched lengths")
			}
			nodes[i].subs = append(nodes[i].subs, sub)
		}
		k, ok := pick(internal, i, n)
		if !ok {
			return nil, errorf("tr(): Multipath internal key mismatches multipath subscripts lengths")
		}
		nodes[i].keys = []*key{k}
	}
	return nodes, nil
}

// parseTree reads a script or a tree {a,b} of them, left to right. right[i]
// tells whether the i-th step down to where we are went right.
func (r *reader) parseTree(s string) (leaves [][]*node, depths []int, err error) {
	var right []bool
	for {
		for strings.HasPrefix(s, "{") {
			s = s[1:]
			if right = append(right, false); len(right) > maxTreeDepth {
				return nil, nil, errorf("tr() supports at most %d nesting levels", maxTreeDepth)
			}
		}
		var text string
		text, s = splitExpr(s)
		leaf, err := r.parse(text, inTR)
		if err != nil {
			return nil, nil, err
		}
		leaves, depths = append(leaves, leaf), append(depths, len(right))
		for len(right) > 0 && right[len(right)-1] {
			if !strings.HasPrefix(s, "}") {
				return nil, nil, errorf("tr(): expected '}' after script expression")
			}
			s, right = s[1:], right[:len(right)-1]
		}
		if len(right) == 0 {
			break
		}
		if !strings.HasPrefix(s, ",") {
			return nil, nil, errorf("tr(): expected ',' after script expression")
		}
		s, right[len(right)-1] = s[1:], true
	}
	if s != "" {
		return nil, nil, errorf("tr(): expected ')' after script expression")
	}
	return leaves, depths, nil
}
