package descriptor

import "strings"

const (
	checksumLen = 8
	// inputCharset orders the characters so that likely slips cost as few
	// symbols of the code as possible (BIP 380).
	inputCharset = "0123456789()[],'/*abcdefgh@:$%{}" +
		"IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~" +
		"ijklmnopqrstuvwxyzABCDEFGH`#\"\\ "
	checksumCharset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
)

// polyMod appends a symbol to the polynomial whose remainder is c.
func polyMod(c uint64, symbol byte) uint64 {
	top := c >> 35
	c = c&(1<<35-1)<<5 ^ uint64(symbol)
	for i, g := range [5]uint64{0xf5dee51989, 0xa9fdca3312, 0x1bab10e32d, 0x3706b1677a, 0x644d626ffd} {
		if top>>i&1 != 0 {
			c ^= g
		}
	}
	return c
}

// Checksum returns the eight characters that protect a descriptor without
// checksum. It reports false for characters that no descriptor has.
func Checksum(desc string) (string, bool) {
	c, groups, n := uint64(1), byte(0), 0
	for i := range len(desc) {
		pos := strings.IndexByte(inputCharset, desc[i])
		if pos < 0 {
			return "", false
		}
		c = polyMod(c, byte(pos&31))
		groups = groups*3 + byte(pos>>5)
		if n++; n == 3 {
			c = polyMod(c, groups)
			groups, n = 0, 0
		}
	}
	if n > 0 {
		c = polyMod(c, groups)
	}
	for range checksumLen {
		c = polyMod(c, 0)
	}
	c ^= 1
	var out [checksumLen]byte
	for i := range out {
		out[i] = checksumCharset[c>>(5*(checksumLen-1-i))&31]
	}
	return string(out[:]), true
}

// withChecksum is for texts of our own making, which have no foreign
// characters.
func withChecksum(desc string) string {
	sum, ok := Checksum(desc)
	if !ok {
		panic("descriptor: foreign character in " + desc)
	}
	return desc + "#" + sum
}

// splitChecksum returns the descriptor without its checksum and the right
// checksum, after comparing the one that is there.
func splitChecksum(s string, required bool) (desc, sum string, err error) {
	parts := strings.Split(s, "#")
	switch {
	case len(parts) > 2:
		return "", "", errorf("Multiple '#' symbols")
	case len(parts) == 1 && required:
		return "", "", errorf("Missing checksum")
	case len(parts) == 2 && len(parts[1]) != checksumLen:
		return "", "", errorf("Expected 8 character checksum, not %d characters", len(parts[1]))
	}
	sum, ok := Checksum(parts[0])
	if !ok {
		return "", "", errorf("Invalid characters in payload")
	}
	if len(parts) == 2 && parts[1] != sum {
		return "", "", errorf("Provided checksum '%s' does not match computed checksum '%s'", parts[1], sum)
	}
	return parts[0], sum, nil
}
