package script

// CountSigOps counts the signature operations of a script by reading, not
// running it; it stops at a push that reaches past the end. A multisig counts
// as 20, or when accurate is set as the number that stands right before it.
func CountSigOps(script []byte, accurate bool) int {
	n, last := 0, OpInvalid
	for pos := 0; pos < len(script); {
		op, _, next, ok := readOp(script, pos)
		if !ok {
			break
		}
		switch op {
		case OpCheckSig, OpCheckSigVerify:
			n++
		case OpCheckMultiSig, OpCheckMultiSigVerify:
			if accurate && last >= Op1 && last <= Op16 {
				n += int(last-Op1) + 1
			} else {
				n += MaxPubKeysPerMultiSig
			}
		}
		pos, last = next, op
	}
	return n
}

// P2SHSigOps counts accurately the signature operations of the script that an
// input brings for a P2SH output; 0 when pkScript is not P2SH, or when
// scriptSig does more than push.
func P2SHSigOps(scriptSig, pkScript []byte) int {
	if !IsP2SH(pkScript) {
		return 0
	}
	redeem, ok := lastPush(scriptSig)
	if !ok {
		return 0
	}
	return CountSigOps(redeem, true)
}

// WitnessSigOps counts the signature operations of a witness program (BIP
// 141), native or wrapped in P2SH. Without VerifyWitness there are none.
// Tapscript has a budget of its own instead, so taproot counts 0.
func WitnessSigOps(scriptSig, pkScript []byte, witness [][]byte, flags Flags) int {
	if flags&VerifyWitness == 0 {
		return 0
	}
	version, program, ok := WitnessProgram(pkScript)
	if !ok && IsP2SH(pkScript) {
		// A push-only script whose last instruction is OP_1 to OP_16 has no
		// pushed data there, and then no redeem script in this sense.
		if redeem, pushOnly := lastPush(scriptSig); pushOnly {
			version, program, ok = WitnessProgram(redeem)
		}
	}
	if !ok || version != 0 {
		return 0
	}
	switch {
	case len(program) == 20:
		return 1
	case len(program) == 32 && len(witness) > 0:
		return CountSigOps(witness[len(witness)-1], true)
	}
	return 0
}

// lastPush returns the data of the last instruction of a push-only script: nil
// when that one pushes a small number. Not ok when script does more than push.
func lastPush(script []byte) (data []byte, ok bool) {
	for pos := 0; pos < len(script); {
		op, d, next, ok := readOp(script, pos)
		if !ok || op > Op16 {
			return nil, false
		}
		data, pos = d, next
	}
	return data, true
}
