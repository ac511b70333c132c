package script

// Script numbers are little-endian with the sign in the top bit of the last
// byte; the empty string is zero. Operands have at most four bytes, results
// may have five, so that int64 never overflows: at most 2^31-1 + 2^31-1.

// parseNum reads a number of at most size bytes, size being 4 or 5. With
// minimal set, encodings longer than needed fail, negative zero among them.
func parseNum(b []byte, minimal bool, size int) (n int64, ok bool) {
	if len(b) > size {
		return 0, false
	}
	if len(b) == 0 {
		return 0, true
	}
	last := b[len(b)-1]
	if minimal && last&0x7f == 0 && (len(b) == 1 || b[len(b)-2]&0x80 == 0) {
		return 0, false
	}
	for i, c := range b {
		n |= int64(c) << (8 * i)
	}
	if last&0x80 != 0 {
		n = -(n &^ (0x80 << (8 * (len(b) - 1))))
	}
	return n, true
}

// AppendNum appends the encoding of a script number, without a push opcode.
func AppendNum(b []byte, n int64) []byte {
	if n == 0 {
		return b
	}
	sign, abs := byte(0), uint64(n)
	if n < 0 {
		sign, abs = 0x80, -abs
	}
	for ; abs > 0xff; abs >>= 8 {
		b = append(b, byte(abs))
	}
	if abs >= 0x80 {
		return append(b, byte(abs), sign)
	}
	return append(b, byte(abs)|sign)
}

// AppendInt appends the shortest instruction that pushes the number n: OP_0,
// OP_1 to OP_16 and OP_1NEGATE where they fit (BIP 34 heights, multisig counts).
func AppendInt(script []byte, n int64) []byte {
	switch {
	case n == 0:
		return append(script, byte(Op0))
	case n == -1 || n >= 1 && n <= 16:
		return append(script, byte(int64(Op1)+n-1))
	}
	at := len(script)
	script = AppendNum(append(script, 0), n)
	script[at] = byte(len(script) - at - 1)
	return script
}

// isTrue is how a stack item counts as a condition: any byte set, except that
// a lone sign bit at the end is negative zero.
func isTrue(b []byte) bool {
	for i, c := range b {
		if c != 0 {
			return i != len(b)-1 || c != 0x80
		}
	}
	return false
}
