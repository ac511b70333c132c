package script

import "encoding/binary"

// Tokenizer walks the instructions of a script without allocating. The zero
// value walks the empty script.
//
//	for t := NewTokenizer(s); t.Next(); {
//		use(t.Op(), t.Data())
//	}
type Tokenizer struct {
	script []byte
	pos    int
	op     Opcode
	data   []byte
	bad    bool
}

// NewTokenizer returns a tokenizer at the start of script, which must not
// change while it is in use.
func NewTokenizer(script []byte) Tokenizer { return Tokenizer{script: script, op: OpInvalid} }

// Next moves to the next instruction. It returns false at the end, and at a
// push that reaches past the end: [Tokenizer.Err] tells which.
func (t *Tokenizer) Next() bool {
	if t.bad || t.pos >= len(t.script) {
		t.op, t.data = OpInvalid, nil
		return false
	}
	op, data, next, ok := readOp(t.script, t.pos)
	if !ok {
		t.bad, t.op, t.data = true, OpInvalid, nil
		return false
	}
	t.op, t.data, t.pos = op, data, next
	return true
}

// Op returns the current instruction.
func (t *Tokenizer) Op() Opcode { return t.op }

// Data returns what a pushing instruction pushes from the script (a slice of
// the script), nil for all others.
func (t *Tokenizer) Data() []byte { return t.data }

// Pos returns the offset of the first byte behind the current instruction.
func (t *Tokenizer) Pos() int { return t.pos }

// Err returns nil, or an error of kind [ErrBadOpcode] when the script ends
// inside a push.
func (t *Tokenizer) Err() error {
	if t.bad {
		return &Error{ErrBadOpcode}
	}
	return nil
}

// readOp reads the instruction at pos, which must lie inside script. next is
// the offset behind it; not ok when its data reaches past the end.
func readOp(script []byte, pos int) (op Opcode, data []byte, next int, ok bool) {
	op = Opcode(script[pos])
	pos++
	if op > OpPushData4 {
		return op, nil, pos, true
	}
	left := len(script) - pos
	n := int(op)
	switch op {
	case OpPushData1:
		if left < 1 {
			return op, nil, pos, false
		}
		n = int(script[pos])
		pos++
		left--
	case OpPushData2:
		if left < 2 {
			return op, nil, pos, false
		}
		n = int(binary.LittleEndian.Uint16(script[pos:]))
		pos += 2
		left -= 2
	case OpPushData4:
		if left < 4 {
			return op, nil, pos, false
		}
		// Compared before the conversion: int may have 32 bits.
		n32 := binary.LittleEndian.Uint32(script[pos:])
		pos += 4
		left -= 4
		if uint64(n32) > uint64(left) {
			return op, nil, pos, false
		}
		n = int(n32)
	}
	if n > left {
		return op, nil, pos, false
	}
	return op, script[pos : pos+n : pos+n], pos + n, true
}

// isMinimalPush tells whether op is the shortest instruction that pushes data.
func isMinimalPush(op Opcode, data []byte) bool {
	n := len(data)
	switch {
	case n == 0:
		return op == Op0
	case n == 1 && (data[0] >= 1 && data[0] <= 16 || data[0] == 0x81):
		return false // OP_1 to OP_16 and OP_1NEGATE exist for these
	case n <= 75:
		return int(op) == n
	case n <= 0xff:
		return op == OpPushData1
	case n <= 0xffff:
		return op == OpPushData2
	}
	return true
}

// AppendPush appends the shortest instruction with a length prefix that pushes
// data. It does not use OP_1 to OP_16 and OP_1NEGATE: [AppendInt] does.
func AppendPush(script, data []byte) []byte {
	script = appendPushPrefix(script, len(data))
	return append(script, data...)
}

func appendPushPrefix(b []byte, n int) []byte {
	switch {
	case n < int(OpPushData1):
		return append(b, byte(n))
	case n <= 0xff:
		return append(b, byte(OpPushData1), byte(n))
	case n <= 0xffff:
		return append(b, byte(OpPushData2), byte(n), byte(n>>8))
	}
	return binary.LittleEndian.AppendUint32(append(b, byte(OpPushData4)), uint32(n))
}
