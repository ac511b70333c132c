package script

// ErrorKind names the rule that a script broke, by the names the ecosystem's
// test vectors use. It is an error, so that errors.Is(err, ErrEvalFalse) works
// on what [Verify] returns. The empty kind stands for success inside the
// package and never leaves it.
type ErrorKind string

// Error reports that a script is invalid. It is never a failure of ours.
type Error struct {
	Kind ErrorKind
}

func (e *Error) Error() string { return e.Kind.Message() }

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

func (k ErrorKind) Error() string { return k.Message() }

// The rules that can be broken.
const (
	ErrUnknown      ErrorKind = "UNKNOWN_ERROR"
	ErrEvalFalse    ErrorKind = "EVAL_FALSE"
	ErrOpReturn     ErrorKind = "OP_RETURN"
	ErrScriptNum    ErrorKind = "SCRIPTNUM"
	ErrScriptSize   ErrorKind = "SCRIPT_SIZE"
	ErrPushSize     ErrorKind = "PUSH_SIZE"
	ErrOpCount      ErrorKind = "OP_COUNT"
	ErrStackSize    ErrorKind = "STACK_SIZE"
	ErrSigCount     ErrorKind = "SIG_COUNT"
	ErrPubKeyCount  ErrorKind = "PUBKEY_COUNT"
	ErrVerify       ErrorKind = "VERIFY"
	ErrEqualVerify  ErrorKind = "EQUALVERIFY"
	ErrCheckSig     ErrorKind = "CHECKSIGVERIFY"
	ErrMultiSig     ErrorKind = "CHECKMULTISIGVERIFY"
	ErrNumEqual     ErrorKind = "NUMEQUALVERIFY"
	ErrBadOpcode    ErrorKind = "BAD_OPCODE"
	ErrDisabled     ErrorKind = "DISABLED_OPCODE"
	ErrStack        ErrorKind = "INVALID_STACK_OPERATION"
	ErrAltStack     ErrorKind = "INVALID_ALTSTACK_OPERATION"
	ErrConditional  ErrorKind = "UNBALANCED_CONDITIONAL"
	ErrNegativeLock ErrorKind = "NEGATIVE_LOCKTIME"
	ErrLockTime     ErrorKind = "UNSATISFIED_LOCKTIME"

	ErrSigHashType ErrorKind = "SIG_HASHTYPE"
	ErrSigDER      ErrorKind = "SIG_DER"
	ErrMinimalData ErrorKind = "MINIMALDATA"
	ErrSigPushOnly ErrorKind = "SIG_PUSHONLY"
	ErrSigHighS    ErrorKind = "SIG_HIGH_S"
	ErrNullDummy   ErrorKind = "SIG_NULLDUMMY"
	ErrPubKeyType  ErrorKind = "PUBKEYTYPE"
	ErrCleanStack  ErrorKind = "CLEANSTACK"
	ErrMinimalIf   ErrorKind = "MINIMALIF"
	ErrNullFail    ErrorKind = "NULLFAIL"

	ErrDiscourageNOPs           ErrorKind = "DISCOURAGE_UPGRADABLE_NOPS"
	ErrDiscourageWitnessProgram ErrorKind = "DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM"
	ErrDiscourageTaprootVersion ErrorKind = "DISCOURAGE_UPGRADABLE_TAPROOT_VERSION"
	ErrDiscourageOpSuccess      ErrorKind = "DISCOURAGE_OP_SUCCESS"
	ErrDiscouragePubKeyType     ErrorKind = "DISCOURAGE_UPGRADABLE_PUBKEYTYPE"

	ErrProgramLength     ErrorKind = "WITNESS_PROGRAM_WRONG_LENGTH"
	ErrProgramEmpty      ErrorKind = "WITNESS_PROGRAM_WITNESS_EMPTY"
	ErrProgramMismatch   ErrorKind = "WITNESS_PROGRAM_MISMATCH"
	ErrWitnessMalleated  ErrorKind = "WITNESS_MALLEATED"
	ErrWitnessP2SH       ErrorKind = "WITNESS_MALLEATED_P2SH"
	ErrWitnessUnexpected ErrorKind = "WITNESS_UNEXPECTED"
	ErrWitnessPubKeyType ErrorKind = "WITNESS_PUBKEYTYPE"

	ErrSchnorrSigSize     ErrorKind = "SCHNORR_SIG_SIZE"
	ErrSchnorrSigHashType ErrorKind = "SCHNORR_SIG_HASHTYPE"
	ErrSchnorrSig         ErrorKind = "SCHNORR_SIG"
	ErrControlSize        ErrorKind = "TAPROOT_WRONG_CONTROL_SIZE"
	ErrValidationWeight   ErrorKind = "TAPSCRIPT_VALIDATION_WEIGHT"
	ErrTapMultiSig        ErrorKind = "TAPSCRIPT_CHECKMULTISIG"
	ErrTapMinimalIf       ErrorKind = "TAPSCRIPT_MINIMALIF"
	ErrTapEmptyPubKey     ErrorKind = "TAPSCRIPT_EMPTY_PUBKEY"

	ErrCodeSeparator    ErrorKind = "OP_CODESEPARATOR"
	ErrSigFindAndDelete ErrorKind = "SIG_FINDANDDELETE"
)

// Message returns the sentence that clients of the RPC interface know, such as
// "Script failed an OP_VERIFY operation"; "unknown error" for an unknown kind.
func (k ErrorKind) Message() string {
	if s, ok := messages[k]; ok {
		return s
	}
	return "unknown error"
}

var messages = map[ErrorKind]string{
	ErrEvalFalse:    "Script evaluated without error but finished with a false/empty top stack element",
	ErrOpReturn:     "OP_RETURN was encountered",
	ErrScriptNum:    "Script number overflowed or is non-minimally encoded",
	ErrScriptSize:   "Script is too big",
	ErrPushSize:     "Push value size limit exceeded",
	ErrOpCount:      "Operation limit exceeded",
	ErrStackSize:    "Stack size limit exceeded",
	ErrSigCount:     "Signature count negative or greater than pubkey count",
	ErrPubKeyCount:  "Pubkey count negative or limit exceeded",
	ErrVerify:       "Script failed an OP_VERIFY operation",
	ErrEqualVerify:  "Script failed an OP_EQUALVERIFY operation",
	ErrCheckSig:     "Script failed an OP_CHECKSIGVERIFY operation",
	ErrMultiSig:     "Script failed an OP_CHECKMULTISIGVERIFY operation",
	ErrNumEqual:     "Script failed an OP_NUMEQUALVERIFY operation",
	ErrBadOpcode:    "Opcode missing or not understood",
	ErrDisabled:     "Attempted to use a disabled opcode",
	ErrStack:        "Operation not valid with the current stack size",
	ErrAltStack:     "Operation not valid with the current altstack size",
	ErrConditional:  "Invalid OP_IF construction",
	ErrNegativeLock: "Negative locktime",
	ErrLockTime:     "Locktime requirement not satisfied",

	ErrSigHashType: "Signature hash type missing or not understood",
	ErrSigDER:      "Non-canonical DER signature",
	ErrMinimalData: "Data push larger than necessary",
	ErrSigPushOnly: "Only push operators allowed in signatures",
	ErrSigHighS:    "Non-canonical signature: S value is unnecessarily high",
	ErrNullDummy:   "Dummy CHECKMULTISIG argument must be zero",
	ErrPubKeyType:  "Public key is neither compressed or uncompressed",
	ErrCleanStack:  "Stack size must be exactly one after execution",
	ErrMinimalIf:   "OP_IF/NOTIF argument must be minimal",
	ErrNullFail:    "Signature must be zero for failed CHECK(MULTI)SIG operation",

	ErrDiscourageNOPs:           "NOPx reserved for soft-fork upgrades",
	ErrDiscourageWitnessProgram: "Witness version reserved for soft-fork upgrades",
	ErrDiscourageTaprootVersion: "Taproot version reserved for soft-fork upgrades",
	ErrDiscourageOpSuccess:      "OP_SUCCESSx reserved for soft-fork upgrades",
	ErrDiscouragePubKeyType:     "Public key version reserved for soft-fork upgrades",

	ErrProgramLength:     "Witness program has incorrect length",
	ErrProgramEmpty:      "Witness program was passed an empty witness",
	ErrProgramMismatch:   "Witness program hash mismatch",
	ErrWitnessMalleated:  "Witness requires empty scriptSig",
	ErrWitnessP2SH:       "Witness requires only-redeemscript scriptSig",
	ErrWitnessUnexpected: "Witness provided for non-witness script",
	ErrWitnessPubKeyType: "Using non-compressed keys in segwit",

	ErrSchnorrSigSize:     "Invalid Schnorr signature size",
	ErrSchnorrSigHashType: "Invalid Schnorr signature hash type",
	ErrSchnorrSig:         "Invalid Schnorr signature",
	ErrControlSize:        "Invalid Taproot control block size",
	ErrValidationWeight:   "Too much signature validation relative to witness weight",
	ErrTapMultiSig:        "OP_CHECKMULTISIG(VERIFY) is not available in tapscript",
	ErrTapMinimalIf:       "OP_IF/NOTIF argument must be minimal in tapscript",
	ErrTapEmptyPubKey:     "Empty public key in tapscript",

	ErrCodeSeparator:    "Using OP_CODESEPARATOR in non-witness script",
	ErrSigFindAndDelete: "Signature is found in scriptCode",
}
