package script

import (
	"bytes"

	"grapevine/wire"
)

const base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// base58Digit maps a character to its value, 0xff for all others.
var base58Digit = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range base58Alphabet {
		t[base58Alphabet[i]] = byte(i)
	}
	return t
}()

// EncodeBase58 writes b as a number in base 58, one '1' for each leading zero
// byte. The time grows with the square of the length.
func EncodeBase58(b []byte) string {
	zeros := 0
	for zeros < len(b) && b[zeros] == 0 {
		zeros++
	}
	// log(256)/log(58) is below 1.38 digits a byte.
	digits := make([]byte, zeros+(len(b)-zeros)*138/100+1)
	start := len(digits) // digits[start:] holds the number so far
	for _, c := range b[zeros:] {
		carry := int(c)
		i := len(digits) - 1
		for ; carry != 0 || i >= start; i-- {
			carry += 256 * int(digits[i])
			digits[i] = byte(carry % 58)
			carry /= 58
		}
		start = i + 1
	}
	out := digits[start-zeros:]
	for i := range out[:zeros] {
		out[i] = base58Alphabet[0]
	}
	for i, d := range out[zeros:] {
		out[zeros+i] = base58Alphabet[d]
	}
	return string(out)
}

// DecodeBase58 reads a number of at most maxLen bytes. White space around it
// is let through, as is customary. Work and memory are bounded by maxLen, not
// by the length of s.
func DecodeBase58(s string, maxLen int) ([]byte, bool) {
	s = trimSpace(s)
	zeros := 0
	for zeros < len(s) && s[zeros] == '1' {
		if zeros++; zeros > maxLen {
			return nil, false
		}
	}
	num := make([]byte, maxLen+1) // big endian, in num[start:]
	start := len(num)
	for _, c := range []byte(s[zeros:]) {
		carry := int(base58Digit[c])
		if carry == 0xff {
			return nil, false
		}
		i := len(num) - 1
		for ; carry != 0 || i >= start; i-- {
			carry += 58 * int(num[i])
			num[i] = byte(carry)
			carry >>= 8
		}
		start = i + 1
		if len(num)-start+zeros > maxLen {
			return nil, false
		}
	}
	// The room before the number is still zero.
	return bytes.Clone(num[start-zeros:]), true
}

// trimSpace cuts the six white-space characters of C; never NUL.
func trimSpace(s string) string {
	space := func(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
	for len(s) > 0 && space(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && space(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// EncodeBase58Check appends the first four bytes of the double SHA-256 of b
// and encodes the whole.
func EncodeBase58Check(b []byte) string {
	sum := wire.DoubleSHA256(b)
	return EncodeBase58(append(b[:len(b):len(b)], sum[:4]...))
}

// DecodeBase58Check reverses [EncodeBase58Check]; the payload has at most
// maxLen bytes.
func DecodeBase58Check(s string, maxLen int) ([]byte, bool) {
	b, ok := DecodeBase58(s, maxLen+4)
	if !ok || len(b) < 4 {
		return nil, false
	}
	payload, check := b[:len(b)-4], b[len(b)-4:]
	sum := wire.DoubleSHA256(payload)
	return payload, bytes.Equal(sum[:4], check)
}
