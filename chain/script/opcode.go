package script

// Opcode is the first byte of an instruction. Values 0x01 to 0x4b push that
// many bytes of the script and have no name of their own.
type Opcode byte

// The instructions of Bitcoin script.
const (
	Op0 Opcode = 0x00 // pushes the empty string

	// pushes
	OpPushData1 Opcode = 0x4c
	OpPushData2 Opcode = 0x4d
	OpPushData4 Opcode = 0x4e
	Op1Negate   Opcode = 0x4f
	OpReserved  Opcode = 0x50
	Op1         Opcode = 0x51
	Op2         Opcode = 0x52
	Op3         Opcode = 0x53
	Op4         Opcode = 0x54
	Op5         Opcode = 0x55
	Op6         Opcode = 0x56
	Op7         Opcode = 0x57
	Op8         Opcode = 0x58
	Op9         Opcode = 0x59
	Op10        Opcode = 0x5a
	Op11        Opcode = 0x5b
	Op12        Opcode = 0x5c
	Op13        Opcode = 0x5d
	Op14        Opcode = 0x5e
	Op15        Opcode = 0x5f
	Op16        Opcode = 0x60

	// control
	OpNop      Opcode = 0x61
	OpVer      Opcode = 0x62
	OpIf       Opcode = 0x63
	OpNotIf    Opcode = 0x64
	OpVerIf    Opcode = 0x65
	OpVerNotIf Opcode = 0x66
	OpElse     Opcode = 0x67
	OpEndIf    Opcode = 0x68
	OpVerify   Opcode = 0x69
	OpReturn   Opcode = 0x6a

	// stack
	OpToAltStack   Opcode = 0x6b
	OpFromAltStack Opcode = 0x6c
	Op2Drop        Opcode = 0x6d
	Op2Dup         Opcode = 0x6e
	Op3Dup         Opcode = 0x6f
	Op2Over        Opcode = 0x70
	Op2Rot         Opcode = 0x71
	Op2Swap        Opcode = 0x72
	OpIfDup        Opcode = 0x73
	OpDepth        Opcode = 0x74
	OpDrop         Opcode = 0x75
	OpDup          Opcode = 0x76
	OpNip          Opcode = 0x77
	OpOver         Opcode = 0x78
	OpPick         Opcode = 0x79
	OpRoll         Opcode = 0x7a
	OpRot          Opcode = 0x7b
	OpSwap         Opcode = 0x7c
	OpTuck         Opcode = 0x7d

	// strings and bits
	OpCat         Opcode = 0x7e
	OpSubStr      Opcode = 0x7f
	OpLeft        Opcode = 0x80
	OpRight       Opcode = 0x81
	OpSize        Opcode = 0x82
	OpInvert      Opcode = 0x83
	OpAnd         Opcode = 0x84
	OpOr          Opcode = 0x85
	OpXor         Opcode = 0x86
	OpEqual       Opcode = 0x87
	OpEqualVerify Opcode = 0x88
	OpReserved1   Opcode = 0x89
	OpReserved2   Opcode = 0x8a

	// numbers
	Op1Add               Opcode = 0x8b
	Op1Sub               Opcode = 0x8c
	Op2Mul               Opcode = 0x8d
	Op2Div               Opcode = 0x8e
	OpNegate             Opcode = 0x8f
	OpAbs                Opcode = 0x90
	OpNot                Opcode = 0x91
	Op0NotEqual          Opcode = 0x92
	OpAdd                Opcode = 0x93
	OpSub                Opcode = 0x94
	OpMul                Opcode = 0x95
	OpDiv                Opcode = 0x96
	OpMod                Opcode = 0x97
	OpLShift             Opcode = 0x98
	OpRShift             Opcode = 0x99
	OpBoolAnd            Opcode = 0x9a
	OpBoolOr             Opcode = 0x9b
	OpNumEqual           Opcode = 0x9c
	OpNumEqualVerify     Opcode = 0x9d
	OpNumNotEqual        Opcode = 0x9e
	OpLessThan           Opcode = 0x9f
	OpGreaterThan        Opcode = 0xa0
	OpLessThanOrEqual    Opcode = 0xa1
	OpGreaterThanOrEqual Opcode = 0xa2
	OpMin                Opcode = 0xa3
	OpMax                Opcode = 0xa4
	OpWithin             Opcode = 0xa5

	// hashes and signatures
	OpRipeMD160           Opcode = 0xa6
	OpSHA1                Opcode = 0xa7
	OpSHA256              Opcode = 0xa8
	OpHash160             Opcode = 0xa9
	OpHash256             Opcode = 0xaa
	OpCodeSeparator       Opcode = 0xab
	OpCheckSig            Opcode = 0xac
	OpCheckSigVerify      Opcode = 0xad
	OpCheckMultiSig       Opcode = 0xae
	OpCheckMultiSigVerify Opcode = 0xaf

	// expansion
	OpNop1                Opcode = 0xb0
	OpCheckLockTimeVerify Opcode = 0xb1
	OpCheckSequenceVerify Opcode = 0xb2
	OpNop4                Opcode = 0xb3
	OpNop5                Opcode = 0xb4
	OpNop6                Opcode = 0xb5
	OpNop7                Opcode = 0xb6
	OpNop8                Opcode = 0xb7
	OpNop9                Opcode = 0xb8
	OpNop10               Opcode = 0xb9
	OpCheckSigAdd         Opcode = 0xba

	// OpInvalid is no instruction; readers use it for "none read".
	OpInvalid Opcode = 0xff
)

// String returns the name that decoded scripts show: small numbers as digits
// ("0", "-1", "16"), OP_ names for the rest, OP_UNKNOWN for what has none.
func (op Opcode) String() string {
	if name := opcodeNames[op]; name != "" {
		return name
	}
	return "OP_UNKNOWN"
}

// smallInt returns n for the opcodes that push the number n, 0 to 16.
func (op Opcode) smallInt() (n int, ok bool) {
	if op == Op0 {
		return 0, true
	}
	if op >= Op1 && op <= Op16 {
		return int(op-Op1) + 1, true
	}
	return 0, false
}

// isDisabled tells the opcodes that fail a legacy or segwit v0 script even in
// a branch that does not run (CVE-2010-5137).
func (op Opcode) isDisabled() bool { return opcodeClass[op]&classDisabled != 0 }

// IsSuccess tells the opcodes that make a tapscript valid at once (BIP 342).
func (op Opcode) IsSuccess() bool { return opcodeClass[op]&classSuccess != 0 }

const (
	classDisabled = 1 << iota
	classSuccess
)

var opcodeClass = func() (t [256]uint8) {
	for _, op := range []Opcode{
		OpCat, OpSubStr, OpLeft, OpRight, OpInvert, OpAnd, OpOr, OpXor,
		Op2Mul, Op2Div, OpMul, OpDiv, OpMod, OpLShift, OpRShift,
	} {
		t[op] |= classDisabled
	}
	for _, r := range [][2]Opcode{
		{OpReserved, OpReserved}, {OpVer, OpVer}, {OpCat, OpRight},
		{OpInvert, OpXor}, {OpReserved1, OpReserved2}, {Op2Mul, Op2Div},
		{OpMul, OpRShift}, {0xbb, 0xfe},
	} {
		for op := int(r[0]); op <= int(r[1]); op++ {
			t[op] |= classSuccess
		}
	}
	return t
}()

var opcodeNames = [256]string{
	0x00: "0",
	0x4c: "OP_PUSHDATA1",
	0x4d: "OP_PUSHDATA2",
	0x4e: "OP_PUSHDATA4",
	0x4f: "-1",
	0x50: "OP_RESERVED",
	0x51: "1",
	0x52: "2",
	0x53: "3",
	0x54: "4",
	0x55: "5",
	0x56: "6",
	0x57: "7",
	0x58: "8",
	0x59: "9",
	0x5a: "10",
	0x5b: "11",
	0x5c: "12",
	0x5d: "13",
	0x5e: "14",
	0x5f: "15",
	0x60: "16",
	0x61: "OP_NOP",
	0x62: "OP_VER",
	0x63: "OP_IF",
	0x64: "OP_NOTIF",
	0x65: "OP_VERIF",
	0x66: "OP_VERNOTIF",
	0x67: "OP_ELSE",
	0x68: "OP_ENDIF",
	0x69: "OP_VERIFY",
	0x6a: "OP_RETURN",
	0x6b: "OP_TOALTSTACK",
	0x6c: "OP_FROMALTSTACK",
	0x6d: "OP_2DROP",
	0x6e: "OP_2DUP",
	0x6f: "OP_3DUP",
	0x70: "OP_2OVER",
	0x71: "OP_2ROT",
	0x72: "OP_2SWAP",
	0x73: "OP_IFDUP",
	0x74: "OP_DEPTH",
	0x75: "OP_DROP",
	0x76: "OP_DUP",
	0x77: "OP_NIP",
	0x78: "OP_OVER",
	0x79: "OP_PICK",
	0x7a: "OP_ROLL",
	0x7b: "OP_ROT",
	0x7c: "OP_SWAP",
	0x7d: "OP_TUCK",
	0x7e: "OP_CAT",
	0x7f: "OP_SUBSTR",
	0x80: "OP_LEFT",
	0x81: "OP_RIGHT",
	0x82: "OP_SIZE",
	0x83: "OP_INVERT",
	0x84: "OP_AND",
	0x85: "OP_OR",
	0x86: "OP_XOR",
	0x87: "OP_EQUAL",
	0x88: "OP_EQUALVERIFY",
	0x89: "OP_RESERVED1",
	0x8a: "OP_RESERVED2",
	0x8b: "OP_1ADD",
	0x8c: "OP_1SUB",
	0x8d: "OP_2MUL",
	0x8e: "OP_2DIV",
	0x8f: "OP_NEGATE",
	0x90: "OP_ABS",
	0x91: "OP_NOT",
	0x92: "OP_0NOTEQUAL",
	0x93: "OP_ADD",
	0x94: "OP_SUB",
	0x95: "OP_MUL",
	0x96: "OP_DIV",
	0x97: "OP_MOD",
	0x98: "OP_LSHIFT",
	0x99: "OP_RSHIFT",
	0x9a: "OP_BOOLAND",
	0x9b: "OP_BOOLOR",
	0x9c: "OP_NUMEQUAL",
	0x9d: "OP_NUMEQUALVERIFY",
	0x9e: "OP_NUMNOTEQUAL",
	0x9f: "OP_LESSTHAN",
	0xa0: "OP_GREATERTHAN",
	0xa1: "OP_LESSTHANOREQUAL",
	0xa2: "OP_GREATERTHANOREQUAL",
	0xa3: "OP_MIN",
	0xa4: "OP_MAX",
	0xa5: "OP_WITHIN",
	0xa6: "OP_RIPEMD160",
	0xa7: "OP_SHA1",
	0xa8: "OP_SHA256",
	0xa9: "OP_HASH160",
	0xaa: "OP_HASH256",
	0xab: "OP_CODESEPARATOR",
	0xac: "OP_CHECKSIG",
	0xad: "OP_CHECKSIGVERIFY",
	0xae: "OP_CHECKMULTISIG",
	0xaf: "OP_CHECKMULTISIGVERIFY",
	0xb0: "OP_NOP1",
	0xb1: "OP_CHECKLOCKTIMEVERIFY",
	0xb2: "OP_CHECKSEQUENCEVERIFY",
	0xb3: "OP_NOP4",
	0xb4: "OP_NOP5",
	0xb5: "OP_NOP6",
	0xb6: "OP_NOP7",
	0xb7: "OP_NOP8",
	0xb8: "OP_NOP9",
	0xb9: "OP_NOP10",
	0xba: "OP_CHECKSIGADD",
	0xff: "OP_INVALIDOPCODE",
}
