package script

import (
	"crypto/sha256"

	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// runWitnessProgram judges the witness of a version and program (BIP 141).
// What has no meaning yet is valid, so that a soft fork can give it one.
func (e *engine) runWitnessProgram(version int, program []byte, witness [][]byte, p2sh bool) ErrorKind {
	switch {
	case version == 0:
		return e.runWitnessV0(program, witness)
	case version == 1 && len(program) == 32 && !p2sh:
		if e.flags&VerifyTaproot == 0 {
			return noError
		}
		return e.runTaproot(program, witness)
	case !p2sh && isAnchorProgram(version, program):
		return noError
	case e.flags&DiscourageUpgradableWitnessProgram != 0:
		return ErrDiscourageWitnessProgram
	}
	return noError
}

func (e *engine) runWitnessV0(program []byte, witness [][]byte) ErrorKind {
	switch len(program) {
	case 32:
		if len(witness) == 0 {
			return ErrProgramEmpty
		}
		items, script := witness[:len(witness)-1], witness[len(witness)-1]
		if sha256.Sum256(script) != [32]byte(program) {
			return ErrProgramMismatch
		}
		return e.runWitnessScript(items, script, versionWitnessV0)
	case 20:
		if len(witness) != 2 {
			return ErrProgramMismatch
		}
		s := append(e.p2pkh[:0], byte(OpDup), byte(OpHash160), 20)
		s = append(s, program...)
		s = append(s, byte(OpEqualVerify), byte(OpCheckSig))
		return e.runWitnessScript(witness, s, versionWitnessV0)
	}
	return ErrProgramLength
}

func (e *engine) runTaproot(program []byte, witness [][]byte) ErrorKind {
	items := witness
	if len(items) == 0 {
		return ErrProgramEmpty
	}
	e.tap = tapContext{codeSeparator: NoCodeSeparator}
	if last := items[len(items)-1]; len(items) >= 2 && len(last) > 0 && last[0] == annexTag {
		items = items[:len(items)-1]
		e.tap.annex, e.tap.hasAnnex = e.annexHash(last), true
	}
	if len(items) == 1 {
		return e.schnorr(items[0], program, nil)
	}
	control, script := items[len(items)-1], items[len(items)-2]
	items = items[:len(items)-2]
	if len(control) < controlBaseSize || len(control) > controlMaxSize || (len(control)-controlBaseSize)%controlNodeSize != 0 {
		return ErrControlSize
	}
	leafVersion := control[0] & leafMask
	e.tap.leaf = e.leafHash(leafVersion, script)
	if !e.commits(program, control) {
		return ErrProgramMismatch
	}
	if leafVersion == leafTapscript {
		e.tap.weightLeft = int64(witnessSize(witness)) + ValidationWeightOffset
		return e.runTapscript(items, script)
	}
	if e.flags&DiscourageUpgradableTaprootVersion != 0 {
		return ErrDiscourageTaprootVersion
	}
	return noError
}

// commits tells whether the output key is the internal key of the control
// block, tweaked with the tree that the leaf in e.tap and its path make up.
func (e *engine) commits(program, control []byte) bool {
	internal := control[1:controlBaseSize]
	root := controlRoot(control, e.tap.leaf)
	e.hashes.result = sigverify.TapTweakHash(internal, &root)
	return e.verifier.TapTweak(program, internal, &e.hashes.result, control[0]&1)
}

func witnessSize(witness [][]byte) int {
	n := wire.CompactSizeLen(uint64(len(witness)))
	for _, item := range witness {
		n += wire.CompactSizeLen(uint64(len(item))) + len(item)
	}
	return n
}

// runTapscript runs a leaf of version 0xc0. An OP_SUCCESSx anywhere before the
// first broken push makes it valid, before any other rule.
func (e *engine) runTapscript(items [][]byte, script []byte) ErrorKind {
	for pos := 0; pos < len(script); {
		op, _, next, ok := readOp(script, pos)
		if !ok {
			return ErrBadOpcode
		}
		if op.IsSuccess() {
			if e.flags&DiscourageOpSuccess != 0 {
				return ErrDiscourageOpSuccess
			}
			return noError
		}
		pos = next
	}
	if len(items) > MaxStackSize {
		return ErrStackSize
	}
	return e.runWitnessScript(items, script, versionTapscript)
}

// runWitnessScript runs a script on a stack of witness items. It must leave
// exactly one, and that true.
func (e *engine) runWitnessScript(items [][]byte, script []byte, version sigVersion) ErrorKind {
	for _, item := range items {
		if len(item) > MaxElementSize {
			return ErrPushSize
		}
	}
	e.stack = append(e.stack[:0], items...)
	e.used = max(e.used, len(e.stack))
	if err := e.run(script, version, true); err != noError {
		return err
	}
	if len(e.stack) != 1 {
		return ErrCleanStack
	}
	return e.finish()
}
