package scripttest

import (
	"bytes"

	"grapevine/chain/script"
)

// wantSig asks for a signature by k as the next argument. Mostly it is right
// for where the script is when it gets checked.
func (g *generator) wantSig(s []byte, k key) {
	separators := bytes.Count(s, []byte{byte(script.OpCodeSeparator)})
	if separators > 0 && g.pick(8) == 1 {
		separators--
	}
	if g.pick(20) == 1 {
		g.wants = append(g.wants, want{}) // none
		return
	}
	g.wants = append(g.wants, want{signer: &k, separator: separators})
}

func (g *generator) checkSig(s []byte, op script.Opcode) []byte {
	k := g.key()
	g.wantSig(s, k)
	s = g.fetch(s)
	s = append(s, g.pushed(g.publicKey(k))...)
	if op == script.OpCheckSig {
		g.depth++
	}
	return append(s, byte(op))
}

func (g *generator) publicKey(k key) []byte {
	if g.tap() {
		return k.tapKey(g)
	}
	return k.encoded(g)
}

func (g *generator) checkSigAdd(s []byte) []byte {
	k := g.key()
	g.wantSig(s, k)
	s = g.fetch(s)
	s = append(s, g.pushed(script.AppendNum(nil, int64(g.pick(3))))...)
	s = append(s, g.pushed(g.publicKey(k))...)
	g.depth++
	return append(s, byte(script.OpCheckSigAdd))
}

// multiSig writes m of n. The signatures come in the order of the keys, or
// now and then not.
func (g *generator) multiSig(s []byte, op script.Opcode) []byte {
	n := g.pick(4)
	m := 0
	if n > 0 {
		m = g.pick(n + 1)
	}
	keys := make([]key, n)
	for i := range keys {
		keys[i] = g.key()
	}
	// The dummy, then the signatures of the keys from some first one on.
	dummy := [][]byte{nil, {1}}[boolInt(g.pick(16) == 1)]
	s = append(s, g.pushed(dummy)...)
	g.depth++
	first := 0
	if n > m {
		first = g.pick(n - m + 1)
	}
	for i := range m {
		k := keys[first+i]
		if g.pick(24) == 1 {
			k = g.key()
		}
		g.wantSig(s, k)
		s = g.fetch(s)
		g.depth++
	}
	s = script.AppendInt(s, int64(m))
	for _, k := range keys {
		s = append(s, g.pushed(g.publicKey(k))...)
	}
	count := int64(n)
	if g.pick(24) == 1 {
		count = []int64{-1, 21, 20, int64(n) + 1}[g.pick(4)]
	}
	s = script.AppendInt(s, count)
	g.depth -= m + 1
	if op == script.OpCheckMultiSig {
		g.depth++
	}
	return append(s, byte(op))
}

// arguments makes what the script wants, in the order in which an input pushes
// it: what is wanted first lies on top. It puts the last signature in the place
// of the placeholders in the script, which are left out of what is signed.
func (g *generator) arguments() (items [][]byte) {
	s := g.spend
	var sig []byte
	for i := len(g.wants) - 1; i >= 0; i-- {
		w := g.wants[i]
		switch {
		case w.signer == nil:
			items = append(items, w.item)
		case g.tap():
			items = append(items, g.tapSig(*w.signer, w.separator))
		default:
			code := bytes.ReplaceAll(codeAfter(s.Script, w.separator), placeholder, nil)
			sig = g.sign(*w.signer, code)
			items = append(items, sig)
		}
	}
	if g.pick(16) == 1 {
		items = append([][]byte{g.item()}, items...)
	}
	s.Script = bytes.ReplaceAll(s.Script, placeholder, script.AppendPush(nil, sig))
	return items
}

// codeAfter returns the script behind the n-th OP_CODESEPARATOR byte that is an
// instruction, and the whole for 0.
func codeAfter(code []byte, n int) []byte {
	t := script.NewTokenizer(code)
	for n > 0 && t.Next() {
		if t.Op() == script.OpCodeSeparator {
			if n--; n == 0 {
				return code[t.Pos():]
			}
		}
	}
	return code
}

func (g *generator) tapSig(k key, separator int) []byte {
	spend := &script.TaprootSpend{Annex: g.annexItem, LeafHash: g.leaf, CodeSeparator: script.NoCodeSeparator}
	t := script.NewTokenizer(g.spend.Script)
	for index := uint32(0); separator > 0 && t.Next(); index++ {
		if t.Op() == script.OpCodeSeparator {
			spend.CodeSeparator = index
			separator--
		}
	}
	return g.schnorrSig(k, spend)
}

func boolInt(v bool) int {
	if v {
		return 1
	}
	return 0
}
