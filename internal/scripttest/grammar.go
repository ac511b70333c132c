package scripttest

import (
	"bytes"

	"grapevine/chain/script"
)

type generator struct {
	data  []byte
	spend *Spend

	// What the script that is being written expects from the input, first
	// pushed first, and how many items are on the stack where the writing is.
	wants []want
	depth int

	leaf      *[32]byte
	annexItem []byte
}

// want is an argument: fixed bytes, or a signature that can only be made when
// the script is complete.
type want struct {
	item   []byte
	signer *key
	// separator: sign the code behind the n-th OP_CODESEPARATOR, 0 for all.
	separator int
}

func (g *generator) byte() byte {
	if len(g.data) == 0 {
		return 0
	}
	b := g.data[0]
	g.data = g.data[1:]
	return b
}

func (g *generator) pick(n int) int {
	if n <= 1 {
		return 0
	}
	return int(g.byte()) % n
}

// bytes makes n bytes out of one choice: they rarely matter one by one.
func (g *generator) bytes(n int) []byte {
	if n == 0 {
		return nil
	}
	seed := g.byte()
	b := bytes.Repeat([]byte{seed}, n)
	for i := range b {
		b[i] += byte(i * int(seed>>4))
	}
	return b
}

// placeholder stands in a legacy script where its own signature is to go.
var placeholder = []byte("\x09signature")

// script writes a whole script: pieces, then what makes the stack clean.
func (g *generator) script() []byte {
	var s []byte
	for range g.pick(8) {
		s = g.piece(s, 0)
	}
	switch g.pick(8) {
	case 1: // whatever is on the stack
		return s
	case 2:
		return append(s, g.bytes(g.pick(4))...)
	case 3:
		return g.lastCheck(s)
	}
	for g.depth > 0 {
		s = append(s, byte(script.OpDrop))
		g.depth--
	}
	if g.pick(2) == 0 {
		return append(s, byte(script.Op1))
	}
	return g.lastCheck(s)
}

// lastCheck ends the script with a signature check, the form of most outputs.
func (g *generator) lastCheck(s []byte) []byte {
	for g.depth > 0 {
		s = append(s, byte(script.OpDrop))
		g.depth--
	}
	if g.tap() || g.pick(3) != 0 {
		return g.checkSig(s, script.OpCheckSig)
	}
	return g.multiSig(s, script.OpCheckMultiSig)
}

func (g *generator) tap() bool { return g.spend.Kind == Tapscript }

// piece appends an instruction or a group of them that belong together.
func (g *generator) piece(s []byte, level int) []byte {
	choice := g.pick(16)
	// What a branch that does not run takes from the input stays there and
	// shifts all later arguments: rarely worth it.
	if level > 0 && choice >= 7 && choice != 11 && choice != 12 && choice != 13 && g.pick(4) != 1 {
		choice = 2
	}
	switch choice {
	case 0, 1:
		g.depth++
		return append(s, g.pushed(g.item())...)
	case 2, 3, 4, 5:
		return g.operation(s)
	case 6:
		return g.branch(s, level)
	case 7, 8:
		return g.checkSig(s, []script.Opcode{script.OpCheckSig, script.OpCheckSigVerify}[g.pick(2)])
	case 9, 10:
		if g.tap() {
			return g.checkSigAdd(s)
		}
		return g.multiSig(s, []script.Opcode{script.OpCheckMultiSig, script.OpCheckMultiSigVerify}[g.pick(2)])
	case 11:
		return g.lock(s)
	case 12:
		return append(s, byte(script.OpCodeSeparator))
	case 13: // any byte at all
		return append(s, g.byte())
	case 14:
		if g.spend.Kind == Bare || g.spend.Kind == P2SH {
			return append(append(s, placeholder...), byte(script.OpDrop))
		}
		return append(s, byte(script.OpNop))
	default: // an argument of the input is checked for its value
		item := g.item()
		g.wants = append(g.wants, want{item: item})
		s = g.fetch(s)
		return append(append(s, g.pushed(item)...), byte(script.OpEqualVerify))
	}
}

// fetch brings the argument that was asked for last to the top: arguments lie
// below everything that the script has pushed, the first on top.
func (g *generator) fetch(s []byte) []byte {
	s = script.AppendInt(s, int64(g.depth))
	return append(s, byte(script.OpRoll))
}

func (g *generator) item() []byte {
	switch g.pick(10) {
	case 0, 1, 2:
		return script.AppendNum(nil, int64(g.pick(20))-2)
	case 3:
		return [][]byte{{}, {0}, {0x80}, {0, 0x80}, {1, 0}, {0xff, 0xff, 0xff, 0x7f}, {0xff, 0xff, 0xff, 0xff}, {0, 0, 0, 0x80, 0}}[g.pick(8)]
	case 4:
		return g.bytes([]int{20, 32, 33, 64, 75, 76}[g.pick(6)])
	case 5:
		return g.bytes([]int{255, 256, 520, 521}[g.pick(4)])
	}
	return g.bytes(g.pick(6))
}

// need is how many items an instruction takes, and how many it leaves.
var need = map[script.Opcode][2]int{
	script.OpNop: {}, script.OpVerify: {1, 0}, script.OpToAltStack: {1, 0}, script.OpFromAltStack: {0, 1},
	script.Op2Drop: {2, 0}, script.Op2Dup: {2, 4}, script.Op3Dup: {3, 6}, script.Op2Over: {4, 6},
	script.Op2Rot: {6, 6}, script.Op2Swap: {4, 4}, script.OpIfDup: {1, 1}, script.OpDepth: {0, 1},
	script.OpDrop: {1, 0}, script.OpDup: {1, 2}, script.OpNip: {2, 1}, script.OpOver: {2, 3},
	script.OpPick: {2, 2}, script.OpRoll: {2, 1}, script.OpRot: {3, 3}, script.OpSwap: {2, 2},
	script.OpTuck: {2, 3}, script.OpSize: {1, 2}, script.OpEqual: {2, 1}, script.OpEqualVerify: {2, 0},
	script.Op1Add: {1, 1}, script.Op1Sub: {1, 1}, script.OpNegate: {1, 1}, script.OpAbs: {1, 1},
	script.OpNot: {1, 1}, script.Op0NotEqual: {1, 1}, script.OpAdd: {2, 1}, script.OpSub: {2, 1},
	script.OpBoolAnd: {2, 1}, script.OpBoolOr: {2, 1}, script.OpNumEqual: {2, 1},
	script.OpNumEqualVerify: {2, 0}, script.OpNumNotEqual: {2, 1}, script.OpLessThan: {2, 1},
	script.OpGreaterThan: {2, 1}, script.OpLessThanOrEqual: {2, 1}, script.OpGreaterThanOrEqual: {2, 1},
	script.OpMin: {2, 1}, script.OpMax: {2, 1}, script.OpWithin: {3, 1}, script.OpRipeMD160: {1, 1},
	script.OpSHA1: {1, 1}, script.OpSHA256: {1, 1}, script.OpHash160: {1, 1}, script.OpHash256: {1, 1},
	script.OpNop1: {}, script.OpNop10: {},
}

// operation appends an instruction with enough on the stack for it.
func (g *generator) operation(s []byte) []byte {
	op := script.OpNop + script.Opcode(g.pick(int(script.OpNop10-script.OpNop)+1))
	n, ok := need[op]
	if !ok {
		op, n = script.OpDup, need[script.OpDup]
	}
	for g.depth < n[0] {
		s = append(s, g.pushed(script.AppendNum(nil, int64(g.pick(8))))...)
		g.depth++
	}
	g.depth += n[1] - n[0]
	return append(s, byte(op))
}

// branch writes IF or NOTIF on a condition that the input or the script gives,
// with bodies that leave the stack as deep as they found it.
func (g *generator) branch(s []byte, level int) []byte {
	condition := [][]byte{{1}, {}, {2}, {0}, {1, 0}, {0x80}}[g.pick(6)]
	if g.pick(2) == 0 {
		s = append(s, g.pushed(condition)...)
	} else {
		g.wants = append(g.wants, want{item: condition})
		s = g.fetch(s)
	}
	s = append(s, byte([]script.Opcode{script.OpIf, script.OpNotIf}[g.pick(2)]))
	for i := range 1 + g.pick(3) {
		if i > 0 {
			s = append(s, byte(script.OpElse))
		}
		start := g.depth
		if level < 3 {
			s = g.piece(s, level+1)
		}
		for ; g.depth > start; g.depth-- {
			s = append(s, byte(script.OpDrop))
		}
		for ; g.depth < start; g.depth++ {
			s = append(s, byte(script.Op1))
		}
	}
	if g.pick(32) == 1 {
		return s
	}
	return append(s, byte(script.OpEndIf))
}

func (g *generator) lock(s []byte) []byte {
	n := []int64{0, 5, 100, 101, 499_999_999, 500_000_000, 1<<22 | 5, 1 << 31, 1<<32 - 1, -1, 1 << 39}[g.pick(11)]
	s = append(s, g.pushed(script.AppendNum(nil, n))...)
	op := []script.Opcode{script.OpCheckLockTimeVerify, script.OpCheckSequenceVerify}[g.pick(2)]
	return append(s, byte(op), byte(script.OpDrop))
}
