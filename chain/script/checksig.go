package script

import "bytes"

// opCheckSig: sig key -- bool
func opCheckSig(e *engine, op Opcode) ErrorKind {
	if len(e.stack) < 2 {
		return ErrStack
	}
	must := op == OpCheckSigVerify || e.atEnd()
	ok, err := e.checkSig(e.top(2), e.top(1), must)
	if err != noError {
		return err
	}
	e.drop(2)
	if op == OpCheckSigVerify {
		if !ok {
			return ErrCheckSig
		}
		return noError
	}
	e.pushBool(ok)
	return noError
}

// opCheckSigAdd: sig n key -- n or n+1 (BIP 342)
func opCheckSigAdd(e *engine, _ Opcode) ErrorKind {
	if e.version != versionTapscript {
		return ErrBadOpcode
	}
	if len(e.stack) < 3 {
		return ErrStack
	}
	n, valid := e.number(2)
	if !valid {
		return ErrScriptNum
	}
	ok, err := e.checkSig(e.top(3), e.top(1), false)
	if err != noError {
		return err
	}
	e.drop(3)
	e.pushNum(n + boolNum(ok))
	return noError
}

// atEnd tells whether the result of the current instruction is what the whole
// input comes to, so that false makes it invalid whatever follows.
func (e *engine) atEnd() bool { return e.final && e.pos == len(e.script) }

// checkSig makes one signature check. must tells that false would make the
// input invalid, as then it may be put off.
func (e *engine) checkSig(sig, key []byte, must bool) (bool, ErrorKind) {
	if e.version == versionTapscript {
		return e.checkSigTapscript(sig, key)
	}
	code := e.script[e.codeStart:]
	if e.version == versionLegacy {
		var found bool
		if code, found = e.deleteSig(code, sig); found && e.flags&VerifyConstScriptCode != 0 {
			return false, ErrSigFindAndDelete
		}
	}
	if err := checkSigEncoding(sig, e.flags); err != noError {
		return false, err
	}
	if err := checkKeyEncoding(key, e.flags, e.version); err != noError {
		return false, err
	}
	nullFail := e.flags&VerifyNullFail != 0
	e.hashes.once = e.atEnd()
	ok := e.ecdsa(sig, key, code, must || nullFail)
	if !ok && nullFail && len(sig) > 0 {
		return false, ErrNullFail
	}
	return ok, noError
}

// checkSigTapscript follows BIP 342, "Rules for signature opcodes", in order:
// the budget is charged for keys of unknown types too, an empty signature is
// the only one that may fail without ending the script.
func (e *engine) checkSigTapscript(sig, key []byte) (bool, ErrorKind) {
	signed := len(sig) > 0
	if signed {
		if e.tap.weightLeft -= ValidationWeightPerSigOp; e.tap.weightLeft < 0 {
			return false, ErrValidationWeight
		}
	}
	switch {
	case len(key) == 0:
		return false, ErrTapEmptyPubKey
	case len(key) == 32:
		if !signed {
			return false, noError
		}
		err := e.schnorr(sig, key, &e.tap.leaf)
		return err == noError, err
	case e.flags&DiscourageUpgradablePubKeyType != 0:
		return false, ErrDiscouragePubKeyType
	}
	return signed, noError
}

// ecdsa verifies, or puts off when there is a batch and must is set.
func (e *engine) ecdsa(sig, key, code []byte, must bool) bool {
	if len(sig) == 0 || !isKeyShaped(key) {
		return false
	}
	hashType, sig := HashType(sig[len(sig)-1]), sig[:len(sig)-1]
	hash := e.ecdsaHash(code, hashType)
	if e.batch != nil && must {
		e.batch.AddECDSA(key, sig, hash)
		e.deferred = true
		return true
	}
	return e.verifier.ECDSA(key, sig, hash)
}

// schnorr verifies a signature of the key path (leaf nil) or of a tapscript.
// It may always be put off, since a failure ends the script.
func (e *engine) schnorr(sig, key []byte, leaf *[32]byte) ErrorKind {
	hashType := SigHashDefault
	switch len(sig) {
	case 64:
	case 65:
		hashType, sig = HashType(sig[64]), sig[:64]
		if hashType == SigHashDefault {
			return ErrSchnorrSigHashType
		}
	default:
		return ErrSchnorrSigSize
	}
	hash, ok := e.schnorrHash(hashType, leaf)
	if !ok {
		return ErrSchnorrSigHashType
	}
	if e.batch != nil {
		e.batch.AddSchnorr(key, sig, hash)
		e.deferred = true
		return noError
	}
	if !e.verifier.Schnorr(key, sig, hash) {
		return ErrSchnorrSig
	}
	return noError
}

// deleteSig removes every push of sig from a legacy script code, as signing
// software of 2009 had no other way to sign a script that holds its own
// signature. Only pushes in the very form that sig would be written in count,
// and only at the start of an instruction. The result is a new slice when
// something was found.
func (e *engine) deleteSig(code, sig []byte) (_ []byte, found bool) {
	push := append(appendPushPrefix(e.hashes.scratch[:0], len(sig)), sig...)
	e.hashes.scratch = push
	if !bytes.Contains(code, push) {
		return code, false
	}
	var kept []byte
	from, pos := 0, 0
	for {
		kept = append(kept, code[from:pos]...)
		for bytes.HasPrefix(code[pos:], push) {
			pos += len(push)
			found = true
		}
		from = pos
		if pos >= len(code) {
			break
		}
		_, _, next, ok := readOp(code, pos)
		if !ok {
			break
		}
		pos = next
	}
	if !found {
		return code, false
	}
	return append(kept, code[from:]...), true
}
