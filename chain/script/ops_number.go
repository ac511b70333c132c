package script

// number reads the n-th item from the top as a number of at most four bytes.
func (e *engine) number(n int) (int64, bool) {
	return parseNum(e.top(n), e.flags&VerifyMinimalData != 0, maxScriptNumSize)
}

func boolNum(v bool) int64 {
	if v {
		return 1
	}
	return 0
}

func opUnary(e *engine, op Opcode) ErrorKind {
	if len(e.stack) < 1 {
		return ErrStack
	}
	n, ok := e.number(1)
	if !ok {
		return ErrScriptNum
	}
	switch op {
	case Op1Add:
		n++
	case Op1Sub:
		n--
	case OpNegate:
		n = -n
	case OpAbs:
		n = max(n, -n)
	case OpNot:
		n = boolNum(n == 0)
	case Op0NotEqual:
		n = boolNum(n != 0)
	}
	e.drop(1)
	e.pushNum(n)
	return noError
}

func opBinary(e *engine, op Opcode) ErrorKind {
	if len(e.stack) < 2 {
		return ErrStack
	}
	a, ok := e.number(2)
	if !ok {
		return ErrScriptNum
	}
	b, ok := e.number(1)
	if !ok {
		return ErrScriptNum
	}
	e.drop(2)
	e.pushNum(binaryResult(op, a, b))
	if op == OpNumEqualVerify {
		return e.verifyTop(ErrNumEqual)
	}
	return noError
}

func binaryResult(op Opcode, a, b int64) int64 {
	switch op {
	case OpAdd:
		return a + b
	case OpSub:
		return a - b
	case OpBoolAnd:
		return boolNum(a != 0 && b != 0)
	case OpBoolOr:
		return boolNum(a != 0 || b != 0)
	case OpNumEqual, OpNumEqualVerify:
		return boolNum(a == b)
	case OpNumNotEqual:
		return boolNum(a != b)
	case OpLessThan:
		return boolNum(a < b)
	case OpGreaterThan:
		return boolNum(a > b)
	case OpLessThanOrEqual:
		return boolNum(a <= b)
	case OpGreaterThanOrEqual:
		return boolNum(a >= b)
	case OpMin:
		return min(a, b)
	case OpMax:
		return max(a, b)
	}
	panic("script: no binary operation: " + op.String())
}

// opWithin includes the lower bound and excludes the upper.
func opWithin(e *engine, _ Opcode) ErrorKind {
	if len(e.stack) < 3 {
		return ErrStack
	}
	var n [3]int64
	for i := range n {
		v, ok := e.number(3 - i)
		if !ok {
			return ErrScriptNum
		}
		n[i] = v
	}
	e.drop(3)
	e.pushBool(n[1] <= n[0] && n[0] < n[2])
	return noError
}
