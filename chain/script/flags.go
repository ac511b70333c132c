package script

import (
	"fmt"
	"sort"
)

// Flags selects the rules that a script is held to. Each flag only ever
// narrows what is valid: it is how soft forks came, and how policy is
// stricter than consensus. The zero value is the rules of 2009.
//
// VerifyWitness and VerifyCleanStack mean nothing sensible without VerifyP2SH
// (the outer script of a wrapped witness program would be judged instead), and
// VerifyTaproot nothing without VerifyWitness; callers set them together.
type Flags uint32

// Bit positions are those that Bitcoin Core uses.
const (
	// VerifyP2SH runs the script whose hash the output holds (BIP 16).
	VerifyP2SH Flags = 1 << iota
	// VerifyStrictEnc demands strict DER, a defined hash type and a well-formed
	// public key wherever a signature is checked (policy).
	VerifyStrictEnc
	// VerifyDERSig demands strict DER signatures (BIP 66).
	VerifyDERSig
	// VerifyLowS refuses signatures with S above half the group order (policy).
	VerifyLowS
	// VerifyNullDummy demands the empty string for the extra item that
	// OP_CHECKMULTISIG takes (BIP 147).
	VerifyNullDummy
	// VerifySigPushOnly refuses input scripts that do more than push.
	VerifySigPushOnly
	// VerifyMinimalData demands the shortest push and the shortest numbers (policy).
	VerifyMinimalData
	// DiscourageUpgradableNOPs refuses NOP1 and NOP4 to NOP10 when they run (policy).
	DiscourageUpgradableNOPs
	// VerifyCleanStack demands exactly one item at the end (policy).
	VerifyCleanStack
	// VerifyCheckLockTime enables OP_CHECKLOCKTIMEVERIFY (BIP 65).
	VerifyCheckLockTime
	// VerifyCheckSequence enables OP_CHECKSEQUENCEVERIFY (BIP 112).
	VerifyCheckSequence
	// VerifyWitness runs witness programs (BIP 141, 143).
	VerifyWitness
	// DiscourageUpgradableWitnessProgram refuses unknown witness programs (policy).
	DiscourageUpgradableWitnessProgram
	// VerifyMinimalIf demands empty or 0x01 as condition in segwit v0 (policy;
	// consensus in tapscript whatever the flag).
	VerifyMinimalIf
	// VerifyNullFail demands empty signatures where a check fails (policy, BIP 146).
	VerifyNullFail
	// VerifyWitnessPubKeyType demands compressed keys in segwit v0 (policy).
	VerifyWitnessPubKeyType
	// VerifyConstScriptCode refuses OP_CODESEPARATOR and a signature inside the
	// code that it signs, in legacy scripts (policy).
	VerifyConstScriptCode
	// VerifyTaproot runs version 1 witness programs of 32 bytes (BIP 341, 342).
	VerifyTaproot
	// DiscourageUpgradableTaprootVersion refuses unknown leaf versions (policy).
	DiscourageUpgradableTaprootVersion
	// DiscourageOpSuccess refuses OP_SUCCESSx in tapscript (policy).
	DiscourageOpSuccess
	// DiscourageUpgradablePubKeyType refuses keys of unknown length in tapscript (policy).
	DiscourageUpgradablePubKeyType

	flagsEnd
)

const (
	// MandatoryFlags are the rules of a block on today's chain.
	MandatoryFlags = VerifyP2SH | VerifyDERSig | VerifyNullDummy |
		VerifyCheckLockTime | VerifyCheckSequence | VerifyWitness | VerifyTaproot

	// StandardFlags are the rules that relayed transactions are held to.
	StandardFlags = MandatoryFlags | VerifyStrictEnc | VerifyMinimalData |
		DiscourageUpgradableNOPs | VerifyCleanStack | VerifyMinimalIf | VerifyNullFail |
		VerifyLowS | DiscourageUpgradableWitnessProgram | VerifyWitnessPubKeyType |
		VerifyConstScriptCode | DiscourageUpgradableTaprootVersion | DiscourageOpSuccess |
		DiscourageUpgradablePubKeyType

	// AllFlags has every flag that has a meaning.
	AllFlags = flagsEnd - 1
)

// flagNames is sorted by name, the order in which they are listed to users.
var flagNames = func() []flagName {
	names := []flagName{
		{"P2SH", VerifyP2SH},
		{"STRICTENC", VerifyStrictEnc},
		{"DERSIG", VerifyDERSig},
		{"LOW_S", VerifyLowS},
		{"NULLDUMMY", VerifyNullDummy},
		{"SIGPUSHONLY", VerifySigPushOnly},
		{"MINIMALDATA", VerifyMinimalData},
		{"DISCOURAGE_UPGRADABLE_NOPS", DiscourageUpgradableNOPs},
		{"CLEANSTACK", VerifyCleanStack},
		{"CHECKLOCKTIMEVERIFY", VerifyCheckLockTime},
		{"CHECKSEQUENCEVERIFY", VerifyCheckSequence},
		{"WITNESS", VerifyWitness},
		{"DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM", DiscourageUpgradableWitnessProgram},
		{"MINIMALIF", VerifyMinimalIf},
		{"NULLFAIL", VerifyNullFail},
		{"WITNESS_PUBKEYTYPE", VerifyWitnessPubKeyType},
		{"CONST_SCRIPTCODE", VerifyConstScriptCode},
		{"TAPROOT", VerifyTaproot},
		{"DISCOURAGE_UPGRADABLE_TAPROOT_VERSION", DiscourageUpgradableTaprootVersion},
		{"DISCOURAGE_OP_SUCCESS", DiscourageOpSuccess},
		{"DISCOURAGE_UPGRADABLE_PUBKEYTYPE", DiscourageUpgradablePubKeyType},
	}
	sort.Slice(names, func(i, j int) bool { return names[i].name < names[j].name })
	return names
}()

type flagName struct {
	name string
	flag Flags
}

// Names lists the flags that are set by the names the field uses, in
// alphabetical order; bits without a name come last, as one hexadecimal number.
func (f Flags) Names() []string {
	var names []string
	for _, n := range flagNames {
		if f&n.flag != 0 {
			names = append(names, n.name)
			f &^= n.flag
		}
	}
	if f != 0 {
		names = append(names, fmt.Sprintf("0x%08x", uint32(f)))
	}
	return names
}

// ParseFlag returns the flag of a name as [Flags.Names] gives it.
func ParseFlag(name string) (Flags, bool) {
	for _, n := range flagNames {
		if n.name == name {
			return n.flag, true
		}
	}
	return 0, false
}
