package descriptor

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/chain/sigverify"
)

// Descriptor stands for one script, or for a range of scripts.
type Descriptor struct {
	root   *node
	params *params.Params
}

// node is one function of a descriptor.
type node struct {
	name      string
	threshold int // multisig
	keys      []*key
	subs      []*node
	depths    []int // tr: of each of subs in the tree
	xonly     bool  // pk inside tr
	address   script.Address
	raw       []byte
}

// String returns the canonical text with checksum and without private keys.
func (d *Descriptor) String() string { return withChecksum(d.root.format(d.params)) }

// Ranged reports whether the descriptor has a wildcard.
func (d *Descriptor) Ranged() bool {
	return d.root.any(func(n *node) bool { return slices.ContainsFunc(n.keys, (*key).ranged) })
}

// Solvable reports whether the descriptor says all that a signature needs
// beside private keys: it does unless it is addr or raw.
func (d *Descriptor) Solvable() bool {
	return !d.root.any(func(n *node) bool { return n.name == "addr" || n.name == "raw" })
}

// HasScripts reports whether the descriptor stands for any script: unused
// does not.
func (d *Descriptor) HasScripts() bool { return d.root.name != "unused" }

// Expand returns the output scripts at a position of the range, which does
// not matter without wildcard: one, except for combo with two or four. It
// fails with [ErrNeedsPrivateKeys] where public keys do not suffice.
func (d *Descriptor) Expand(pos uint32) ([][]byte, error) { return d.root.expand(pos) }

func (n *node) any(test func(*node) bool) bool {
	return test(n) || slices.ContainsFunc(n.subs, func(sub *node) bool { return sub.any(test) })
}

func (n *node) format(p *params.Params) string {
	var args []string
	switch {
	case n.name == "addr":
		args = append(args, n.address.Encode(p))
	case n.name == "raw":
		args = append(args, hex.EncodeToString(n.raw))
	case n.threshold > 0:
		args = append(args, strconv.Itoa(n.threshold))
	}
	for _, k := range n.keys {
		args = append(args, k.format(p))
	}
	if len(n.subs) > 0 {
		args = append(args, n.formatSubs(p))
	}
	return n.name + "(" + strings.Join(args, ",") + ")"
}

// formatSubs writes the script inside sh and wsh, or the tree of tr: a leaf
// below the current depth opens brackets, and those whose right side is done
// close.
func (n *node) formatSubs(p *params.Params) string {
	if n.name != "tr" {
		return n.subs[0].format(p)
	}
	var b strings.Builder
	var right []bool
	for i, sub := range n.subs {
		if i > 0 {
			b.WriteByte(',')
		}
		for len(right) < n.depths[i] {
			b.WriteByte('{')
			right = append(right, false)
		}
		b.WriteString(sub.format(p))
		for len(right) > 0 && right[len(right)-1] {
			b.WriteByte('}')
			right = right[:len(right)-1]
		}
		if len(right) > 0 {
			right[len(right)-1] = true
		}
	}
	return b.String()
}

func (n *node) expand(pos uint32) ([][]byte, error) {
	keys := make([][]byte, len(n.keys))
	for i, k := range n.keys {
		var err error
		if keys[i], err = k.at(pos); err != nil {
			return nil, err
		}
	}
	subs := make([][]byte, len(n.subs))
	for i, sub := range n.subs {
		scripts, err := sub.expand(pos)
		if err != nil {
			return nil, err
		}
		subs[i] = scripts[0]
	}
	switch n.name {
	case "combo":
		return comboScripts(keys[0]), nil
	case "unused":
		return nil, nil
	}
	return [][]byte{n.script(keys, subs)}, nil
}

// script builds the script of a function that gives exactly one.
func (n *node) script(keys, subs [][]byte) []byte {
	switch n.name {
	case "raw":
		return n.raw
	case "addr":
		return n.address.Script()
	case "pk":
		if n.xonly {
			return append(script.AppendPush(nil, xonly(keys[0])), byte(script.OpCheckSig))
		}
		return append(script.AppendPush(nil, keys[0]), byte(script.OpCheckSig))
	case "pkh":
		return script.AddressOfKeyHash(script.Hash160(keys[0])).Script()
	case "wpkh":
		return keyHashProgram(keys[0])
	case "multi":
		return script.AppendMultiSig(nil, n.threshold, keys)
	case "sortedmulti":
		slices.SortFunc(keys, bytes.Compare)
		return script.AppendMultiSig(nil, n.threshold, keys)
	case "multi_a", "sortedmulti_a":
		return n.multiA(keys)
	case "sh":
		return script.AddressOfScriptHash(script.Hash160(subs[0])).Script()
	case "wsh":
		h := sha256Of(subs[0])
		return witnessProgram(0, h[:])
	case "tr":
		return n.taproot(keys[0], subs)
	case "rawtr":
		return witnessProgram(1, xonly(keys[0]))
	}
	panic("descriptor: no script for " + n.name)
}

func (n *node) multiA(keys [][]byte) []byte {
	for i := range keys {
		keys[i] = xonly(keys[i])
	}
	if n.name == "sortedmulti_a" {
		slices.SortFunc(keys, bytes.Compare)
	}
	var s []byte
	for i, k := range keys {
		op := script.OpCheckSigAdd
		if i == 0 {
			op = script.OpCheckSig
		}
		s = append(script.AppendPush(s, k), byte(op))
	}
	return append(script.AppendInt(s, int64(n.threshold)), byte(script.OpNumEqual))
}

// taproot commits to the tree: leaves come in order with their depths, and two
// neighbours of the same depth join into a branch one above.
func (n *node) taproot(internal []byte, leaves [][]byte) []byte {
	type branch struct {
		depth int
		hash  [32]byte
	}
	var stack []branch
	for i, leaf := range leaves {
		b := branch{n.depths[i], script.TapLeafHash(script.LeafTapscript, leaf)}
		for len(stack) > 0 && stack[len(stack)-1].depth == b.depth {
			b = branch{b.depth - 1, script.TapBranchHash(&stack[len(stack)-1].hash, &b.hash)}
			stack = stack[:len(stack)-1]
		}
		stack = append(stack, b)
	}
	var root *[32]byte
	if len(stack) > 0 {
		root = &stack[0].hash
	}
	key, _, ok := sigverify.TaprootOutputKey(xonly(internal), root)
	if !ok {
		panic("descriptor: taproot tweak out of range") // nobody can find one
	}
	return witnessProgram(1, key[:])
}

func comboScripts(key []byte) [][]byte {
	out := [][]byte{
		append(script.AppendPush(nil, key), byte(script.OpCheckSig)),
		script.AddressOfKeyHash(script.Hash160(key)).Script(),
	}
	if len(key) == 33 {
		program := keyHashProgram(key)
		out = append(out, program, script.AddressOfScriptHash(script.Hash160(program)).Script())
	}
	return out
}

func keyHashProgram(key []byte) []byte {
	h := script.Hash160(key)
	return witnessProgram(0, h[:])
}

func witnessProgram(version int64, program []byte) []byte {
	return script.AppendPush(script.AppendInt(nil, version), program)
}

// xonly drops the parity byte of a compressed key.
func xonly(key []byte) []byte { return key[1:33] }

func sha256Of(b []byte) [32]byte { return sha256.Sum256(b) }
