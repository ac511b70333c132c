package script

import (
	"slices"
	"strings"
)

// The checksum of Bech32 is that of a BCH code over GF(32): a string is valid
// when the polynomial of its digits, less the constant of the encoding, has
// the roots e^997, e^998 and e^999, where e generates GF(1024). Evaluating a
// damaged string at the three roots leaves the values of the error polynomial
// alone, its syndromes s0, s1 and s2, and from these one or two wrong digits
// can be found (Peterson's method, done directly). Corrections are never
// offered, only positions: a corrected address may be somebody else's.

const (
	gfOrder   = 1023     // non-zero elements of GF(1024)
	gfSubStep = 33       // 1023/31: e^k lies in GF(32) when 33 divides k
	firstRoot = 997      // the first of three consecutive roots
	gf32Poly  = 0b101001 // x^5 + x^3 + 1
	gfQuadA   = 9        // x^2 + 9x + 23 extends GF(32) to GF(1024)
	gfQuadB   = 23       // by a root that generates it
	gfNoLog   = -1       // zero has no logarithm
)

type gf1024 struct {
	exp [gfOrder]int
	log [gfOrder + 1]int
}

var gf = newGF1024()

func newGF1024() *gf1024 {
	t := new(gf1024)
	t.log[0] = gfNoLog
	v := 1
	for i := range gfOrder {
		t.exp[i], t.log[v] = v, i
		hi, lo := v>>5, v&31
		v = (gf32Mul(gfQuadA, hi)^lo)<<5 | gf32Mul(gfQuadB, hi)
	}
	return t
}

func gf32Mul(a, b int) (product int) {
	for ; b != 0; b >>= 1 {
		if b&1 != 0 {
			product ^= a
		}
		if a <<= 1; a&32 != 0 {
			a ^= gf32Poly
		}
	}
	return product
}

// shift returns a times e^n.
func (t *gf1024) shift(a, n int) int {
	if a == 0 {
		return 0
	}
	return t.exp[(t.log[a]+n)%gfOrder]
}

// isDigit reports whether e^n is an element of GF(32), as errors in digits are.
func isDigit(n int) bool { return n%gfSubStep == 0 }

// LocateBech32Errors says what is wrong with a string that [DecodeBech32]
// refuses, in the words that clients know, and where: positions in s. For a
// wrong checksum it finds up to two wrong characters. The message is empty
// when nothing is wrong.
func LocateBech32Errors(s string) (message string, positions []int) {
	if len(s) > bech32MaxLen {
		for i := bech32MaxLen; i < len(s); i++ {
			positions = append(positions, i)
		}
		return "Bech32 string too long", positions
	}
	if bad := bech32BadCharacters(s); len(bad) > 0 {
		return "Invalid character or mixed case", bad
	}
	pos := strings.LastIndexByte(s, bech32Separator)
	if pos < 0 {
		return "Missing separator", nil
	}
	if pos == 0 || pos+bech32ChecksumLen >= len(s) {
		return "Invalid separator position", []int{pos}
	}
	sum := newBech32Checksum(strings.ToLower(s[:pos]))
	for i := pos + 1; i < len(s); i++ {
		d := bech32Digit[s[i]]
		if d == 0xff {
			return "Invalid Base 32 character", []int{i}
		}
		sum.add(d)
	}
	return locateByChecksum(s, uint32(sum), len(s)-1-pos)
}

// locateByChecksum tries both encodings, since the version that decides
// between them may be what is wrong, and keeps the one with fewer errors.
func locateByChecksum(s string, sum uint32, length int) (message string, positions []int) {
	message = "Invalid checksum"
	for _, try := range []struct {
		enc     Bech32Encoding
		message string
	}{{Bech32, "Invalid Bech32 checksum"}, {Bech32m, "Invalid Bech32m checksum"}} {
		residue := sum ^ try.enc.constant()
		if residue == 0 {
			return "", nil
		}
		powers := locateDigits(residue, length)
		if len(powers) == 0 || positions != nil && len(powers) >= len(positions) {
			continue
		}
		message, positions = try.message, nil
		for _, p := range powers {
			positions = append(positions, len(s)-1-p)
		}
		slices.Sort(positions)
	}
	return message, positions
}

// locateDigits returns the positions, counted from the last digit, of one or
// two wrong digits among the last length that explain the residue.
func locateDigits(residue uint32, length int) []int {
	var s [3]int
	for j := range s {
		for i := range 6 {
			digit := int(residue >> (5 * i) & 31)
			s[j] ^= gf.shift(digit, (firstRoot+j)*i)
		}
	}
	// One error d*x^p: each syndrome is the one before times e^p.
	if s[0] != 0 && s[1] != 0 && s[2] != 0 &&
		(2*gf.log[s[1]]-gf.log[s[2]]-gf.log[s[0]]+2*gfOrder)%gfOrder == 0 {
		p := (gf.log[s[1]] - gf.log[s[0]] + gfOrder) % gfOrder
		if p < length && isDigit(gf.log[s[0]]+(gfOrder-firstRoot)*p) {
			return []int{p}
		}
		return nil
	}
	for p1 := range length {
		if p2, ok := secondError(s, p1, length); ok {
			return []int{p1, p2}
		}
	}
	return nil
}

// secondError assumes one error at p1. Then s1 + s0*e^p1 and s2 + s1*e^p1 no
// longer contain it, and their quotient is e^p2. Both errors have to come out
// as digits.
func secondError(s [3]int, p1, length int) (p2 int, ok bool) {
	a, b := s[1]^gf.shift(s[0], p1), s[2]^gf.shift(s[1], p1)
	if a == 0 || b == 0 {
		return 0, false
	}
	p2 = (gf.log[b] - gf.log[a] + gfOrder) % gfOrder
	if p2 >= length || p1 == p2 {
		return 0, false
	}
	c := s[1] ^ gf.shift(s[0], p2)
	if c == 0 {
		return 0, false
	}
	// a = d2 * e^(997*p2) * (e^p1 + e^p2), c the same with d1 and p1.
	invSum := gfOrder - gf.log[gf.exp[p1]^gf.exp[p2]]
	ok = isDigit(gf.log[a]+invSum+(gfOrder-firstRoot)*p2) && isDigit(gf.log[c]+invSum+(gfOrder-firstRoot)*p1)
	return p2, ok
}
