package script

// Limits of the interpreter. Stack items and signature operations bound what
// one input can cost; a block's weight and sigop limits bound their number.
const (
	MaxScriptSize         = 10_000 // bytes of a legacy or segwit v0 script
	MaxElementSize        = 520    // bytes of one stack item
	MaxOpsPerScript       = 201    // instructions above OP_16, keys of multisig included
	MaxStackSize          = 1_000  // items on both stacks together
	MaxPubKeysPerMultiSig = 20

	// Tapscript has neither size nor operation limit: its cost is bounded by
	// one signature check for each ValidationWeightPerSigOp weight units of
	// the input's witness, ValidationWeightOffset of them free (BIP 342).
	ValidationWeightPerSigOp = 50
	ValidationWeightOffset   = 50

	// LockTimeThreshold: below it lock times are heights, from it on Unix time.
	LockTimeThreshold = 500_000_000
)

const (
	annexTag           = 0x50
	leafMask           = 0xfe
	leafTapscript      = 0xc0
	controlBaseSize    = 33
	controlNodeSize    = 32
	controlMaxNodes    = 128
	controlMaxSize     = controlBaseSize + controlNodeSize*controlMaxNodes
	sequenceFinal      = 0xffffffff
	sequenceDisable    = 1 << 31
	sequenceTypeFlag   = 1 << 22
	sequenceValueMask  = 0xffff
	maxLockTimeNumSize = 5
	maxScriptNumSize   = 4
)

// IsP2SH tells pay-to-script-hash outputs: OP_HASH160 <20 bytes> OP_EQUAL (BIP 16).
func IsP2SH(script []byte) bool {
	return len(script) == 23 && Opcode(script[0]) == OpHash160 && script[1] == 20 && Opcode(script[22]) == OpEqual
}

// IsP2PKH tells OP_DUP OP_HASH160 <20 bytes> OP_EQUALVERIFY OP_CHECKSIG.
func IsP2PKH(script []byte) bool {
	return len(script) == 25 && Opcode(script[0]) == OpDup && Opcode(script[1]) == OpHash160 &&
		script[2] == 20 && Opcode(script[23]) == OpEqualVerify && Opcode(script[24]) == OpCheckSig
}

// IsP2WPKH tells version 0 witness programs of 20 bytes (BIP 141).
func IsP2WPKH(script []byte) bool { return len(script) == 22 && script[0] == 0 && script[1] == 20 }

// IsP2WSH tells version 0 witness programs of 32 bytes (BIP 141).
func IsP2WSH(script []byte) bool { return len(script) == 34 && script[0] == 0 && script[1] == 32 }

// IsP2TR tells version 1 witness programs of 32 bytes (BIP 341).
func IsP2TR(script []byte) bool {
	return len(script) == 34 && Opcode(script[0]) == Op1 && script[1] == 32
}

// IsPayToAnchor tells the output that anyone may spend to bump a fee: OP_1 <4e73>.
func IsPayToAnchor(script []byte) bool {
	return len(script) == 4 && Opcode(script[0]) == Op1 && isAnchorProgram(1, script[2:]) && script[1] == 2
}

func isAnchorProgram(version int, program []byte) bool {
	return version == 1 && len(program) == 2 && program[0] == 0x4e && program[1] == 0x73
}

// WitnessProgram splits an output script that is a witness program (BIP 141):
// one small number and one direct push of 2 to 40 bytes. program is a slice of script.
func WitnessProgram(script []byte) (version int, program []byte, ok bool) {
	if len(script) < 4 || len(script) > 42 || int(script[1])+2 != len(script) {
		return 0, nil, false
	}
	version, ok = Opcode(script[0]).smallInt()
	if !ok {
		return 0, nil, false
	}
	return version, script[2:], true
}

// IsUnspendable tells outputs that no input can ever spend, so that they need
// not be kept: those that start with OP_RETURN or are too large to run.
func IsUnspendable(script []byte) bool {
	return len(script) > 0 && Opcode(script[0]) == OpReturn || len(script) > MaxScriptSize
}

// IsPushOnly tells whether script does nothing but push. OP_RESERVED counts as
// a push here, although it fails when it runs.
func IsPushOnly(script []byte) bool {
	for pos := 0; pos < len(script); {
		op, _, next, ok := readOp(script, pos)
		if !ok || op > Op16 {
			return false
		}
		pos = next
	}
	return true
}

// HasValidOps tells whether script consists of whole, known instructions with
// pushes of at most [MaxElementSize]. OP_CHECKSIGADD is not among the known.
func HasValidOps(script []byte) bool {
	for pos := 0; pos < len(script); {
		op, data, next, ok := readOp(script, pos)
		if !ok || op > OpNop10 || len(data) > MaxElementSize {
			return false
		}
		pos = next
	}
	return true
}
