package script

import "bytes"

func opToAlt(e *engine, _ Opcode) ErrorKind {
	if len(e.stack) < 1 {
		return ErrStack
	}
	e.alt = append(e.alt, e.top(1))
	e.altUsed = max(e.altUsed, len(e.alt))
	e.drop(1)
	return noError
}

func opFromAlt(e *engine, _ Opcode) ErrorKind {
	if len(e.alt) < 1 {
		return ErrAltStack
	}
	e.push(e.alt[len(e.alt)-1])
	e.alt = e.alt[:len(e.alt)-1]
	return noError
}

func op2Drop(e *engine, _ Opcode) ErrorKind {
	if len(e.stack) < 2 {
		return ErrStack
	}
	e.drop(2)
	return noError
}

func opDrop(e *engine, _ Opcode) ErrorKind {
	if len(e.stack) < 1 {
		return ErrStack
	}
	e.drop(1)
	return noError
}

// copyUp pushes the n items that start from-th from the top, in their order.
func (e *engine) copyUp(from, n int) ErrorKind {
	if len(e.stack) < from {
		return ErrStack
	}
	for range n {
		e.push(e.top(from)) // the distance stays: one copied, one higher
	}
	return noError
}

func opDup(e *engine, _ Opcode) ErrorKind   { return e.copyUp(1, 1) }
func op2Dup(e *engine, _ Opcode) ErrorKind  { return e.copyUp(2, 2) }
func op3Dup(e *engine, _ Opcode) ErrorKind  { return e.copyUp(3, 3) }
func opOver(e *engine, _ Opcode) ErrorKind  { return e.copyUp(2, 1) }
func op2Over(e *engine, _ Opcode) ErrorKind { return e.copyUp(4, 2) }

// rollUp moves the n items that start from-th from the top to the top.
func (e *engine) rollUp(from, n int) {
	at := len(e.stack) - from
	var moved [2][]byte
	copy(moved[:n], e.stack[at:])
	copy(e.stack[at:], e.stack[at+n:])
	copy(e.stack[len(e.stack)-n:], moved[:n])
}

func op2Rot(e *engine, _ Opcode) ErrorKind {
	if len(e.stack) < 6 {
		return ErrStack
	}
	e.rollUp(6, 2)
	return noError
}

func opRot(e *engine, _ Opcode) ErrorKind {
	if len(e.stack) < 3 {
		return ErrStack
	}
	e.rollUp(3, 1)
	return noError
}

func op2Swap(e *engine, _ Opcode) ErrorKind {
	if len(e.stack) < 4 {
		return ErrStack
	}
	e.rollUp(4, 2)
	return noError
}

func opSwap(e *engine, _ Opcode) ErrorKind {
	if len(e.stack) < 2 {
		return ErrStack
	}
	e.rollUp(2, 1)
	return noError
}

func opTuck(e *engine, _ Opcode) ErrorKind {
	if len(e.stack) < 2 {
		return ErrStack
	}
	e.rollUp(2, 1)
	return e.copyUp(2, 1)
}

func opNip(e *engine, _ Opcode) ErrorKind {
	if len(e.stack) < 2 {
		return ErrStack
	}
	e.rollUp(2, 1)
	e.drop(1)
	return noError
}

func opIfDup(e *engine, _ Opcode) ErrorKind {
	if len(e.stack) < 1 {
		return ErrStack
	}
	if isTrue(e.top(1)) {
		e.push(e.top(1))
	}
	return noError
}

func opDepth(e *engine, _ Opcode) ErrorKind {
	e.pushNum(int64(len(e.stack)))
	return noError
}

func opPick(e *engine, op Opcode) ErrorKind {
	if len(e.stack) < 2 {
		return ErrStack
	}
	n, ok := e.number(1)
	if !ok {
		return ErrScriptNum
	}
	e.drop(1)
	if n < 0 || n >= int64(len(e.stack)) {
		return ErrStack
	}
	if op == OpPick {
		return e.copyUp(int(n)+1, 1)
	}
	e.rollUp(int(n)+1, 1)
	return noError
}

func opSize(e *engine, _ Opcode) ErrorKind {
	if len(e.stack) < 1 {
		return ErrStack
	}
	e.pushNum(int64(len(e.top(1))))
	return noError
}

func opEqual(e *engine, op Opcode) ErrorKind {
	if len(e.stack) < 2 {
		return ErrStack
	}
	equal := bytes.Equal(e.top(1), e.top(2))
	e.drop(2)
	e.pushBool(equal)
	if op == OpEqualVerify {
		return e.verifyTop(ErrEqualVerify)
	}
	return noError
}
