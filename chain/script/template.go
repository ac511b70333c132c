package script

// Type is the standard form of an output script.
type Type uint8

// The forms, and what [Classify] returns as solutions for each.
const (
	NonStandard         Type = iota // nothing
	Anchor                          // nothing
	PubKey                          // the key
	PubKeyHash                      // 20 bytes
	ScriptHash                      // 20 bytes
	MultiSig                        // the number required, the keys, the number of keys
	NullData                        // nothing
	WitnessV0ScriptHash             // 32 bytes
	WitnessV0KeyHash                // 20 bytes
	WitnessV1Taproot                // the output key, 32 bytes
	WitnessUnknown                  // the version, the program
)

var typeNames = [...]string{
	NonStandard: "nonstandard", Anchor: "anchor", PubKey: "pubkey", PubKeyHash: "pubkeyhash",
	ScriptHash: "scripthash", MultiSig: "multisig", NullData: "nulldata",
	WitnessV0ScriptHash: "witness_v0_scripthash", WitnessV0KeyHash: "witness_v0_keyhash",
	WitnessV1Taproot: "witness_v1_taproot", WitnessUnknown: "witness_unknown",
}

// String returns the name that decoded scripts show as type.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "nonstandard"
}

// TypeOf tells the standard form of an output script. It allocates nothing.
func TypeOf(script []byte) Type {
	t, _ := classify(script)
	return t
}

// Classify tells the standard form of an output script with the keys or hashes
// in it: slices of script, except for single numbers.
func Classify(script []byte) (Type, [][]byte) {
	t, sol := classify(script)
	switch t {
	case NonStandard, Anchor, NullData:
		return t, nil
	case WitnessUnknown:
		version, program, _ := WitnessProgram(script)
		return t, [][]byte{{byte(version)}, program}
	case MultiSig:
		m, _ := parseMultiSig(script)
		out := make([][]byte, 0, m.keys+2)
		out = append(out, []byte{byte(m.required)})
		m.each(script, func(key []byte) { out = append(out, key) })
		return t, append(out, []byte{byte(m.keys)})
	}
	return t, [][]byte{sol}
}

// classify returns the type and, for the types with exactly one solution, it.
func classify(script []byte) (Type, []byte) {
	if IsP2SH(script) {
		return ScriptHash, script[2:22]
	}
	if version, program, ok := WitnessProgram(script); ok {
		return classifyWitness(version, program)
	}
	if len(script) > 0 && Opcode(script[0]) == OpReturn && IsPushOnly(script[1:]) {
		return NullData, nil
	}
	if n := len(script); (n == 35 || n == 67) && int(script[0]) == n-2 && Opcode(script[n-1]) == OpCheckSig && isKeyShaped(script[1:n-1]) {
		return PubKey, script[1 : n-1]
	}
	if IsP2PKH(script) {
		return PubKeyHash, script[3:23]
	}
	if _, ok := parseMultiSig(script); ok {
		return MultiSig, nil
	}
	return NonStandard, nil
}

func classifyWitness(version int, program []byte) (Type, []byte) {
	switch {
	case version == 0 && len(program) == 20:
		return WitnessV0KeyHash, program
	case version == 0 && len(program) == 32:
		return WitnessV0ScriptHash, program
	case version == 0:
		return NonStandard, nil
	case version == 1 && len(program) == 32:
		return WitnessV1Taproot, program
	case isAnchorProgram(version, program):
		return Anchor, nil
	}
	return WitnessUnknown, nil
}

type multiSig struct {
	required, keys int
	firstKey       int // offset of the first key's push
}

// parseMultiSig matches m <key>... n OP_CHECKMULTISIG with at most 20 keys.
// Both numbers may be pushed as data, if in the shortest form.
func parseMultiSig(script []byte) (m multiSig, ok bool) {
	if len(script) == 0 || Opcode(script[len(script)-1]) != OpCheckMultiSig {
		return m, false
	}
	op, data, pos, ok := readOp(script, 0)
	if !ok {
		return m, false
	}
	if m.required, ok = smallNumber(op, data); !ok || m.required < 1 || m.required > MaxPubKeysPerMultiSig {
		return m, false
	}
	m.firstKey = pos
	for pos < len(script) {
		if op, data, pos, ok = readOp(script, pos); !ok {
			return m, false
		}
		if !isKeyShaped(data) {
			break
		}
		m.keys++
	}
	n, ok := smallNumber(op, data)
	return m, ok && n == m.keys && n >= m.required && n <= MaxPubKeysPerMultiSig && pos+1 == len(script)
}

func (m multiSig) each(script []byte, fn func(key []byte)) {
	pos := m.firstKey
	for range m.keys {
		var key []byte
		_, key, pos, _ = readOp(script, pos)
		fn(key)
	}
}

// smallNumber reads OP_1 to OP_16, or data that is a number in its shortest
// form pushed in the shortest way.
func smallNumber(op Opcode, data []byte) (int, bool) {
	if op >= Op1 && op <= Op16 {
		return op.smallInt()
	}
	if op == Op0 || op > OpPushData4 || !isMinimalPush(op, data) {
		return 0, false
	}
	n, ok := parseNum(data, true, maxScriptNumSize)
	return int(n), ok
}

// MultiA matches the tapscript form of multisig, <key> OP_CHECKSIG (<key>
// OP_CHECKSIGADD)... m OP_NUMEQUAL, and returns m and the keys of 32 bytes.
func MultiA(script []byte) (required int, keys [][]byte, ok bool) {
	if len(script) == 0 || script[0] != 32 || Opcode(script[len(script)-1]) != OpNumEqual {
		return 0, nil, false
	}
	rest := script
	for len(rest) >= 34 {
		want := OpCheckSigAdd
		if len(keys) == 0 {
			want = OpCheckSig
		}
		if rest[0] != 32 || Opcode(rest[33]) != want {
			return 0, nil, false
		}
		keys = append(keys, rest[1:33])
		rest = rest[34:]
	}
	if len(rest) == 0 || len(keys) == 0 || len(keys) > maxPubKeysPerMultiA {
		return 0, nil, false
	}
	op, data, next, ok := readOp(rest, 0)
	if !ok || next+1 != len(rest) {
		return 0, nil, false
	}
	required, ok = smallNumber(op, data)
	return required, keys, ok && required >= 1 && required <= len(keys)
}

// maxPubKeysPerMultiA is what fits a stack of 1,000 items with the number.
const maxPubKeysPerMultiA = 999

// AppendMultiSig appends the script of a multisig of these keys.
func AppendMultiSig(dst []byte, required int, keys [][]byte) []byte {
	dst = AppendInt(dst, int64(required))
	for _, k := range keys {
		dst = AppendPush(dst, k)
	}
	return append(AppendInt(dst, int64(len(keys))), byte(OpCheckMultiSig))
}
