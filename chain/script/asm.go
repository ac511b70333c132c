package script

import (
	"encoding/hex"
	"strconv"
)

// sigHashNames are the hash types that decoded signatures show.
var sigHashNames = map[byte]string{
	0x01: "[ALL]", 0x81: "[ALL|ANYONECANPAY]",
	0x02: "[NONE]", 0x82: "[NONE|ANYONECANPAY]",
	0x03: "[SINGLE]", 0x83: "[SINGLE|ANYONECANPAY]",
}

// AppendAsm appends the text of a script: names of instructions, pushed data
// in hex, up to four bytes as a number, and [error] where the script ends
// inside a push. With sigHashDecode, meant for input scripts, data that looks
// like a signature shows its hash type by name.
func AppendAsm(dst, script []byte, sigHashDecode bool) []byte {
	sigHashDecode = sigHashDecode && !IsUnspendable(script)
	for pos := 0; pos < len(script); {
		if pos > 0 {
			dst = append(dst, ' ')
		}
		op, data, next, ok := readOp(script, pos)
		if !ok {
			return append(dst, "[error]"...)
		}
		pos = next
		switch {
		case op > OpPushData4:
			dst = append(dst, op.String()...)
		case len(data) <= maxScriptNumSize:
			n, _ := parseNum(data, false, maxScriptNumSize)
			dst = strconv.AppendInt(dst, n, 10)
		case sigHashDecode && looksLikeSignature(data):
			dst = hex.AppendEncode(dst, data[:len(data)-1])
			dst = append(dst, sigHashNames[data[len(data)-1]]...)
		default:
			dst = hex.AppendEncode(dst, data)
		}
	}
	return dst
}

// looksLikeSignature tells data in strict DER (BIP 66) with a hash type that
// has a name.
func looksLikeSignature(b []byte) bool {
	return isStrictDER(b) && isDefinedHashType(b[len(b)-1])
}
