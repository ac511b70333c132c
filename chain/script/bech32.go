package script

import "strings"

// Bech32Encoding tells the two checksums apart.
type Bech32Encoding uint8

const (
	Bech32Invalid Bech32Encoding = iota
	Bech32                       // BIP 173: witness version 0
	Bech32m                      // BIP 350: later versions
)

const (
	bech32Alphabet    = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	bech32Separator   = '1'
	bech32ChecksumLen = 6
	// bech32MaxLen is what the error correction is designed for.
	bech32MaxLen = 90
)

// bech32Digit maps characters of either case to 5 bits, 0xff for all others.
var bech32Digit = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range bech32Alphabet {
		t[bech32Alphabet[i]] = byte(i)
	}
	for c := 'A'; c <= 'Z'; c++ {
		t[c] = t[c-'A'+'a']
	}
	return t
}()

// constant is what the checksum of a valid string leaves as remainder.
func (e Bech32Encoding) constant() uint32 {
	if e == Bech32m {
		return 0x2bc830a3
	}
	return 1
}

// bech32Checksum is a remainder modulo the generator polynomial of the code:
// six coefficients of 5 bits each, the highest power first.
type bech32Checksum uint32

// bech32Generator[i] is 2^i times the generator without its leading term.
var bech32Generator = [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3}

// add appends a coefficient to the polynomial that is divided.
func (c *bech32Checksum) add(digit byte) {
	v := uint32(*c)
	top := v >> 25
	v = v&(1<<25-1)<<5 ^ uint32(digit)
	for i, g := range bech32Generator {
		if top>>i&1 != 0 {
			v ^= g
		}
	}
	*c = bech32Checksum(v)
}

// newBech32Checksum starts with the human-readable part: the high bits of
// each character, a zero, the low bits of each.
func newBech32Checksum(hrp string) bech32Checksum {
	c := bech32Checksum(1)
	for i := range len(hrp) {
		c.add(hrp[i] >> 5)
	}
	c.add(0)
	for i := range len(hrp) {
		c.add(hrp[i] & 31)
	}
	return c
}

// EncodeBech32 writes groups of 5 bits below the prefix hrp, which has to be
// in lower case.
func EncodeBech32(enc Bech32Encoding, hrp string, digits []byte) string {
	out := make([]byte, 0, len(hrp)+1+len(digits)+bech32ChecksumLen)
	out = append(append(out, hrp...), bech32Separator)
	sum := newBech32Checksum(hrp)
	for _, d := range digits {
		sum.add(d)
		out = append(out, bech32Alphabet[d])
	}
	for range bech32ChecksumLen {
		sum.add(0)
	}
	check := uint32(sum) ^ enc.constant()
	for shift := 25; shift >= 0; shift -= 5 {
		out = append(out, bech32Alphabet[check>>shift&31])
	}
	return string(out)
}

// DecodeBech32 returns the encoding whose checksum is right, the prefix in
// lower case, and the groups of 5 bits without the checksum. The encoding is
// Bech32Invalid for whatever is wrong; [LocateBech32Errors] tells what.
func DecodeBech32(s string) (enc Bech32Encoding, hrp string, digits []byte) {
	pos := strings.LastIndexByte(s, bech32Separator)
	if len(s) > bech32MaxLen || pos < 1 || pos+bech32ChecksumLen >= len(s) || len(bech32BadCharacters(s)) > 0 {
		return Bech32Invalid, "", nil
	}
	hrp = strings.ToLower(s[:pos])
	sum := newBech32Checksum(hrp)
	digits = make([]byte, 0, len(s)-pos-1)
	for _, c := range []byte(s[pos+1:]) {
		d := bech32Digit[c]
		if d == 0xff {
			return Bech32Invalid, "", nil
		}
		sum.add(d)
		digits = append(digits, d)
	}
	switch uint32(sum) {
	case Bech32.constant():
		enc = Bech32
	case Bech32m.constant():
		enc = Bech32m
	default:
		return Bech32Invalid, "", nil
	}
	return enc, hrp, digits[:len(digits)-bech32ChecksumLen]
}

// bech32BadCharacters returns the positions of what is not printable ASCII,
// and of letters in another case than the first letter.
func bech32BadCharacters(s string) (bad []int) {
	var lower, upper bool
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z':
			if upper {
				bad = append(bad, i)
			} else {
				lower = true
			}
		case c >= 'A' && c <= 'Z':
			if lower {
				bad = append(bad, i)
			} else {
				upper = true
			}
		case c < 33 || c > 126:
			bad = append(bad, i)
		}
	}
	return bad
}

// bytesToDigits regroups b from groups of 8 bits to groups of 5, padding with
// zeros.
func bytesToDigits(dst, b []byte) []byte {
	acc, bits := uint32(0), 0
	for _, c := range b {
		acc = acc<<8 | uint32(c)
		for bits += 8; bits >= 5; {
			bits -= 5
			dst = append(dst, byte(acc>>bits&31))
		}
	}
	if bits > 0 {
		dst = append(dst, byte(acc<<(5-bits)&31))
	}
	return dst
}

// digitsToBytes regroups from 5 bits to 8. The padding has to be shorter than
// a group and zero.
func digitsToBytes(digits []byte) ([]byte, bool) {
	out := make([]byte, 0, len(digits)*5/8)
	acc, bits := uint32(0), 0
	for _, d := range digits {
		acc = acc<<5 | uint32(d)
		if bits += 5; bits >= 8 {
			bits -= 8
			out = append(out, byte(acc>>bits))
		}
	}
	return out, bits < 5 && acc&(1<<bits-1) == 0
}
