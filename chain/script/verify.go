package script

import (
	"bytes"

	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// Verify runs the scripts of input in of tx and returns nil when it may spend
// its output under these flags, an [*Error] when not. The output being spent
// comes from m, which must be that of tx. Signatures go to v at once.
func Verify(tx *wire.Tx, in int, flags Flags, m *Midstates, v sigverify.Verifier) error {
	err, _ := verify(inputContext{tx: tx, in: in, flags: flags, m: m, verifier: v})
	if err != noError {
		return &Error{err}
	}
	return nil
}

// VerifyBatched is [Verify] with the signature checks put off where that cannot
// change the outcome: those whose failure makes the input invalid whatever the
// rest of its scripts does. They go to b, and the input is valid when
// VerifyBatched returned nil and b.Verify says that all its checks hold.
//
// Put off are checks by an instruction that ends in VERIFY, by the last
// instruction of the last script, all checks of taproot, all with a non-empty
// signature under VerifyNullFail; of OP_CHECKMULTISIG those where as many keys
// are left as signatures. Other multisig checks are made at once, since their
// outcome decides which key is tried next.
//
// An error is the one that Verify returns, whatever was put off before it; the
// batch is of no use then. When the batch fails, calling Verify for its inputs
// tells which one is invalid, and why.
func VerifyBatched(tx *wire.Tx, in int, flags Flags, m *Midstates, b *sigverify.Batch) error {
	c := inputContext{tx: tx, in: in, flags: flags, m: m, verifier: b.Verifier(), batch: b}
	err, deferred := verify(c)
	if err == noError {
		return nil
	}
	if deferred {
		// A check that was taken for true may be the first thing wrong.
		return Verify(tx, in, flags, m, b.Verifier())
	}
	return &Error{err}
}

func verify(c inputContext) (err ErrorKind, deferred bool) {
	e := engines.Get().(*engine)
	e.inputContext = c
	in := &c.tx.In[c.in]
	err = e.verify(in.ScriptSig, c.m.spent[c.in].PkScript, in.Witness)
	deferred = e.deferred
	e.release()
	return err, deferred
}

func (e *engine) verify(scriptSig, pkScript []byte, witness [][]byte) ErrorKind {
	if e.flags&VerifySigPushOnly != 0 && !IsPushOnly(scriptSig) {
		return ErrSigPushOnly
	}
	if err := e.run(scriptSig, versionLegacy, false); err != noError {
		return err
	}
	p2sh := e.flags&VerifyP2SH != 0 && IsP2SH(pkScript)
	if p2sh {
		e.saved = append(e.saved[:0], e.stack...)
	}
	if err := e.run(pkScript, versionLegacy, true); err != noError {
		return err
	}
	if err := e.finish(); err != noError {
		return err
	}
	witnessSpend := false
	if e.flags&VerifyWitness != 0 {
		if version, program, ok := WitnessProgram(pkScript); ok {
			if len(scriptSig) != 0 {
				return ErrWitnessMalleated
			}
			if err := e.runWitnessProgram(version, program, witness, false); err != noError {
				return err
			}
			witnessSpend = true
		}
	}
	if p2sh {
		var err ErrorKind
		if witnessSpend, err = e.runRedeemScript(scriptSig, witness); err != noError {
			return err
		}
	}
	// Witness programs have looked at their own stack.
	if e.flags&VerifyCleanStack != 0 && !witnessSpend && len(e.stack) != 1 {
		return ErrCleanStack
	}
	if e.flags&VerifyWitness != 0 && !witnessSpend && len(witness) > 0 {
		return ErrWitnessUnexpected
	}
	return noError
}

// runRedeemScript runs the script that a P2SH input brings, on the stack as the
// input left it, and the witness program when it is one.
func (e *engine) runRedeemScript(scriptSig []byte, witness [][]byte) (witnessSpend bool, err ErrorKind) {
	if !IsPushOnly(scriptSig) {
		return false, ErrSigPushOnly
	}
	// The output's script took the redeem script from this stack and found its
	// hash, so there is one.
	e.stack = append(e.stack[:0], e.saved...)
	redeem := e.top(1)
	e.drop(1)
	if err := e.run(redeem, versionLegacy, true); err != noError {
		return false, err
	}
	if err := e.finish(); err != noError {
		return false, err
	}
	if e.flags&VerifyWitness == 0 {
		return false, noError
	}
	version, program, ok := WitnessProgram(redeem)
	if !ok {
		return false, noError
	}
	if !isOnePush(scriptSig, redeem) {
		return false, ErrWitnessP2SH
	}
	return true, e.runWitnessProgram(version, program, witness, true)
}

// isOnePush tells whether script is the push of data and nothing else, in the
// form with a length, data being at most 75 bytes.
func isOnePush(script, data []byte) bool {
	return len(script) == len(data)+1 && int(script[0]) == len(data) && bytes.Equal(script[1:], data)
}
