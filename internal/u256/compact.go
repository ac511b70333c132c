package u256

// signBit marks a negative number in the compact form, which was taken from a
// signed big-number format. No valid target has it.
const signBit = 0x0080_0000

// FromCompact reads the compact form that a header's bits hold: the top byte is
// the length of the number in bytes, the low 23 bits are its three leading
// bytes. The value is given modulo 2^256; negative and overflow say that the
// form stands for a number below zero or one past 256 bits, which no rule
// accepts. A zero mantissa is neither, whatever its length and sign.
func FromCompact(compact uint32) (x Int, negative, overflow bool) {
	size := uint(compact >> 24)
	word := compact & (signBit - 1)
	if size <= 3 {
		word >>= 8 * (3 - size)
		x = FromUint64(uint64(word))
	} else {
		x = FromUint64(uint64(word)).Lsh(8 * (size - 3))
	}
	if word == 0 {
		return x, false, false
	}
	negative = compact&signBit != 0
	overflow = size > 34 || size > 33 && word > 0xff || size > 32 && word > 0xffff
	return x, negative, overflow
}

// Compact returns the compact form of x. It keeps at most 23 leading bits, so
// that FromCompact(x.Compact()) is x rounded down.
func (x Int) Compact() uint32 {
	size := uint(x.BitLen()+7) / 8
	var word uint32
	if size <= 3 {
		word = uint32(x[0] << (8 * (3 - size)))
	} else {
		word = uint32(x.Rsh(8 * (size - 3))[0])
	}
	if word&signBit != 0 {
		// The leading bit would read as a sign: shift it one byte down.
		word >>= 8
		size++
	}
	return word | uint32(size)<<24
}
