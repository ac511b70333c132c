package script

// opCheckMultiSig: dummy sig... m key... n -- bool
//
// Signatures must come in the order of their keys; both are tried from the
// last on, and each key once. When more signatures than keys are left, the
// check has failed and the rest is not looked at, not even for its encoding.
func opCheckMultiSig(e *engine, op Opcode) ErrorKind {
	if e.version == versionTapscript {
		return ErrTapMultiSig
	}
	m, err := e.multiSigShape()
	if err != noError {
		return err
	}
	code := e.script[e.codeStart:]
	if e.version == versionLegacy {
		for k := range m.sigs {
			var found bool
			if code, found = e.deleteSig(code, e.top(m.firstSig+k)); found && e.flags&VerifyConstScriptCode != 0 {
				return ErrSigFindAndDelete
			}
		}
	}
	must := op == OpCheckMultiSigVerify || e.atEnd() || e.flags&VerifyNullFail != 0
	ok, err := e.matchSigs(m, code, must)
	if err != noError {
		return err
	}
	if err := e.dropMultiSig(m, ok); err != noError {
		return err
	}
	if op == OpCheckMultiSigVerify {
		if !ok {
			return ErrMultiSig
		}
		return noError
	}
	e.pushBool(ok)
	return noError
}

// multiSigArgs tells where the operands lie: firstKey and firstSig are distances
// from the top, of the last key and the last signature.
type multiSigArgs struct {
	keys, sigs         int
	firstKey, firstSig int
}

func (e *engine) multiSigShape() (m multiSigArgs, err ErrorKind) {
	if len(e.stack) < 1 {
		return m, ErrStack
	}
	n, ok := e.number(1)
	if !ok {
		return m, ErrScriptNum
	}
	if n < 0 || n > MaxPubKeysPerMultiSig {
		return m, ErrPubKeyCount
	}
	m.keys, m.firstKey = int(n), 2
	if e.opCount += m.keys; e.opCount > MaxOpsPerScript {
		return m, ErrOpCount
	}
	at := m.firstKey + m.keys
	if len(e.stack) < at {
		return m, ErrStack
	}
	if n, ok = e.number(at); !ok {
		return m, ErrScriptNum
	}
	if n < 0 || n > int64(m.keys) {
		return m, ErrSigCount
	}
	m.sigs, m.firstSig = int(n), at+1
	if len(e.stack) < m.firstSig+m.sigs { // with the dummy
		return m, ErrStack
	}
	return m, noError
}

// matchSigs looks for a key for each signature. must tells that a result of
// false would make the input invalid. A check may be put off then when as many
// keys are left as signatures, since it has to hold; with more keys left its
// outcome decides which key the signature is tried on next.
func (e *engine) matchSigs(m multiSigArgs, code []byte, must bool) (bool, ErrorKind) {
	e.hashes.once = false
	sigs, keys, sigAt, keyAt := m.sigs, m.keys, m.firstSig, m.firstKey
	for sigs > 0 {
		sig, key := e.top(sigAt), e.top(keyAt)
		if err := checkSigEncoding(sig, e.flags); err != noError {
			return false, err
		}
		if err := checkKeyEncoding(key, e.flags, e.version); err != noError {
			return false, err
		}
		if e.ecdsa(sig, key, code, must && sigs == keys) {
			sigAt++
			sigs--
		}
		keyAt++
		keys--
		if sigs > keys {
			return false, noError
		}
	}
	return true, noError
}

// dropMultiSig removes the operands and the one item too many that the first
// implementation took and everyone has to take since.
func (e *engine) dropMultiSig(m multiSigArgs, ok bool) ErrorKind {
	if !ok && e.flags&VerifyNullFail != 0 {
		for k := range m.sigs {
			if len(e.top(m.firstSig+k)) > 0 {
				return ErrNullFail
			}
		}
	}
	e.drop(m.firstSig + m.sigs - 1)
	if e.flags&VerifyNullDummy != 0 && len(e.top(1)) > 0 {
		return ErrNullDummy
	}
	e.drop(1)
	return noError
}
