package script

// handler executes one instruction. The opcode comes along for the handlers
// that serve more than one.
type handler func(e *engine, op Opcode) ErrorKind

// handlers has an entry for every byte; pushes of data and OP_CODESEPARATOR
// are done in [engine.run] and never get here.
var handlers = func() (t [256]handler) {
	for i := range t {
		t[i] = opBad
	}
	set := func(h handler, ops ...Opcode) {
		for _, op := range ops {
			t[op] = h
		}
	}
	for op := Op1; op <= Op16; op++ {
		t[op] = opNumber
	}
	set(opNumber, Op1Negate)

	set(opNop, OpNop)
	set(opUpgradableNop, OpNop1, OpNop4, OpNop5, OpNop6, OpNop7, OpNop8, OpNop9, OpNop10)
	set(opIf, OpIf, OpNotIf)
	set(opElse, OpElse)
	set(opEndIf, OpEndIf)
	set(opVerify, OpVerify)
	set(opReturn, OpReturn)
	set(opCheckLockTime, OpCheckLockTimeVerify)
	set(opCheckSequence, OpCheckSequenceVerify)

	set(opToAlt, OpToAltStack)
	set(opFromAlt, OpFromAltStack)
	set(op2Drop, Op2Drop)
	set(op2Dup, Op2Dup)
	set(op3Dup, Op3Dup)
	set(op2Over, Op2Over)
	set(op2Rot, Op2Rot)
	set(op2Swap, Op2Swap)
	set(opIfDup, OpIfDup)
	set(opDepth, OpDepth)
	set(opDrop, OpDrop)
	set(opDup, OpDup)
	set(opNip, OpNip)
	set(opOver, OpOver)
	set(opPick, OpPick, OpRoll)
	set(opRot, OpRot)
	set(opSwap, OpSwap)
	set(opTuck, OpTuck)
	set(opSize, OpSize)

	set(opEqual, OpEqual, OpEqualVerify)
	set(opUnary, Op1Add, Op1Sub, OpNegate, OpAbs, OpNot, Op0NotEqual)
	set(opBinary, OpAdd, OpSub, OpBoolAnd, OpBoolOr, OpNumEqual, OpNumEqualVerify, OpNumNotEqual,
		OpLessThan, OpGreaterThan, OpLessThanOrEqual, OpGreaterThanOrEqual, OpMin, OpMax)
	set(opWithin, OpWithin)

	set(opHash, OpRipeMD160, OpSHA1, OpSHA256, OpHash160, OpHash256)
	set(opCheckSig, OpCheckSig, OpCheckSigVerify)
	set(opCheckSigAdd, OpCheckSigAdd)
	set(opCheckMultiSig, OpCheckMultiSig, OpCheckMultiSigVerify)
	return t
}()

// opBad stands for reserved and unknown opcodes. OP_VERIF and OP_VERNOTIF get
// here even in a branch that does not run, since they lie between OP_IF and
// OP_ENDIF.
func opBad(*engine, Opcode) ErrorKind { return ErrBadOpcode }

func opNumber(e *engine, op Opcode) ErrorKind {
	e.pushNum(int64(op) - int64(Op1) + 1)
	return noError
}

func opNop(*engine, Opcode) ErrorKind { return noError }

func opUpgradableNop(e *engine, _ Opcode) ErrorKind {
	if e.flags&DiscourageUpgradableNOPs != 0 {
		return ErrDiscourageNOPs
	}
	return noError
}

func opIf(e *engine, op Opcode) ErrorKind {
	if !e.cond.allTrue() {
		e.cond.push(false)
		return noError
	}
	if len(e.stack) < 1 {
		return ErrStack
	}
	arg := e.top(1)
	if len(arg) > 1 || len(arg) == 1 && arg[0] != 1 {
		switch {
		case e.version == versionTapscript:
			return ErrTapMinimalIf
		case e.version == versionWitnessV0 && e.flags&VerifyMinimalIf != 0:
			return ErrMinimalIf
		}
	}
	e.drop(1)
	e.cond.push(isTrue(arg) == (op == OpIf))
	return noError
}

func opElse(e *engine, _ Opcode) ErrorKind {
	if e.cond.depth == 0 {
		return ErrConditional
	}
	e.cond.toggle()
	return noError
}

func opEndIf(e *engine, _ Opcode) ErrorKind {
	if e.cond.depth == 0 {
		return ErrConditional
	}
	e.cond.pop()
	return noError
}

func opVerify(e *engine, _ Opcode) ErrorKind {
	if len(e.stack) < 1 {
		return ErrStack
	}
	return e.verifyTop(ErrVerify)
}

// verifyTop ends an instruction whose name ends in VERIFY: the result on top
// goes away when true and ends the script with err when not.
func (e *engine) verifyTop(err ErrorKind) ErrorKind {
	if !isTrue(e.top(1)) {
		return err
	}
	e.drop(1)
	return noError
}

func opReturn(*engine, Opcode) ErrorKind { return ErrOpReturn }

// lockOperand reads the operand of the two lock instructions without removing
// it. It may have five bytes, so that all of uint32 can be written (BIP 65).
func (e *engine) lockOperand() (n int64, err ErrorKind) {
	if len(e.stack) < 1 {
		return 0, ErrStack
	}
	n, ok := parseNum(e.top(1), e.flags&VerifyMinimalData != 0, maxLockTimeNumSize)
	if !ok {
		return 0, ErrScriptNum
	}
	if n < 0 {
		return 0, ErrNegativeLock
	}
	return n, noError
}

func opCheckLockTime(e *engine, _ Opcode) ErrorKind {
	if e.flags&VerifyCheckLockTime == 0 {
		return noError
	}
	want, err := e.lockOperand()
	if err != noError {
		return err
	}
	have := int64(e.tx.LockTime)
	// Heights compare with heights, times with times.
	if (want < LockTimeThreshold) != (have < LockTimeThreshold) || want > have {
		return ErrLockTime
	}
	// A final input would switch the transaction's lock time off.
	if e.tx.In[e.in].Sequence == sequenceFinal {
		return ErrLockTime
	}
	return noError
}

func opCheckSequence(e *engine, _ Opcode) ErrorKind {
	if e.flags&VerifyCheckSequence == 0 {
		return noError
	}
	n, err := e.lockOperand()
	if err != noError {
		return err
	}
	if n&sequenceDisable != 0 {
		return noError // left free for later soft forks (BIP 112)
	}
	have := e.tx.In[e.in].Sequence
	if e.tx.Version < 2 || have&sequenceDisable != 0 {
		return ErrLockTime
	}
	const mask = sequenceTypeFlag | sequenceValueMask
	want, got := uint32(n)&mask, have&mask
	// Blocks compare with blocks, units of 512 seconds with such units.
	if want&sequenceTypeFlag != got&sequenceTypeFlag || want > got {
		return ErrLockTime
	}
	return noError
}
