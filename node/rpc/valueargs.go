package rpc

import (
	"encoding/hex"

	"grapevine/wire"
)

// ParseBlockHash reads v as a block hash of 64 hex digits; name stands in the messages.
func ParseBlockHash(v Value, name string) (wire.BlockHash, error) {
	h, err := parseHash(v, name)
	return wire.BlockHash(h), err
}

// ParseTxid reads v as a transaction id of 64 hex digits; name stands in the messages.
func ParseTxid(v Value, name string) (wire.Txid, error) {
	h, err := parseHash(v, name)
	return wire.Txid(h), err
}

func parseHash(v Value, name string) (h [32]byte, err error) {
	s, err := v.Str()
	if err != nil {
		return h, err
	}
	if len(s) != 64 {
		return h, Errorf(CodeInvalidParameter, "%s must be of length 64 (not %d, for '%s')", name, len(s), s)
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return h, Errorf(CodeInvalidParameter, "%s must be hexadecimal string (not '%s')", name, s)
	}
	for i, j := 0, len(h)-1; i < j; i, j = i+1, j-1 {
		h[i], h[j] = h[j], h[i]
	}
	return h, nil
}

// ParseHex reads v as bytes in hex, at least one; name stands in the message.
func ParseHex(v Value, name string) ([]byte, error) {
	s := ""
	if v.Kind() == String {
		s = v.text
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) == 0 {
		return nil, Errorf(CodeInvalidParameter, "%s must be hexadecimal string (not '%s')", name, s)
	}
	return b, nil
}

// ParseVerbosity reads a verbosity: a number, or (allowBool) false and true for 0 and 1; def when it is absent.
func ParseVerbosity(v Value, def int32, allowBool bool) (int32, error) {
	switch {
	case v.IsNull():
		return def, nil
	case v.Kind() != Bool:
		return v.Int32()
	case !allowBool:
		return 0, Errorf(CodeType, "Verbosity was boolean but only integer allowed")
	case v.text == "1":
		return 1, nil
	}
	return 0, nil
}

// ParseAmount reads a number or a string of one as an amount with at most that many decimals (8 for bitcoins), exactly.
func ParseAmount(v Value, decimals int) (wire.Amount, error) {
	if v.Kind() != Number && v.Kind() != String {
		return 0, Errorf(CodeType, "Amount is not a number or string")
	}
	n, ok := parseFixed(v.text, decimals)
	if !ok {
		return 0, Errorf(CodeType, "Invalid amount")
	}
	if a := wire.Amount(n); a.InRange() {
		return a, nil
	}
	return 0, Errorf(CodeType, "Amount out of range")
}

// fixedBound is the largest magnitude that parseFixed yields: 10^18-1, so that no step overflows.
const fixedBound = 1_000_000_000_000_000_000 - 1

// parseFixed reads JSON number text as a decimal fixed-point number: exponents are taken into account, digits beyond the last
// decimal must be zeros.
func parseFixed(s string, decimals int) (int64, bool) {
	p := parser{in: s}
	if text, ok := p.number(); !ok || text != s {
		return 0, false
	}
	i, neg := 0, false
	if s[0] == '-' {
		i, neg = 1, true
	}
	if s[i] == '0' {
		i++ // alone before the point or the exponent
	}
	var mant int64
	exp, zeros := 0, 0
	digit := func(c byte) bool {
		if c == '0' {
			zeros++
			return true
		}
		for ; zeros >= 0; zeros-- {
			if mant > fixedBound/10 {
				return false
			}
			mant *= 10
		}
		mant += int64(c - '0')
		zeros = 0
		return true
	}
	for ; i < len(s) && isDigit(s[i]); i++ {
		if !digit(s[i]) {
			return 0, false
		}
	}
	if i < len(s) && s[i] == '.' {
		for i++; i < len(s) && isDigit(s[i]); i++ {
			if !digit(s[i]) {
				return 0, false
			}
			exp--
		}
	}
	if i < len(s) {
		e, ok := parseExponent(s[i+1:])
		if !ok {
			return 0, false
		}
		exp += e
	}
	exp += decimals + zeros
	if exp < 0 || exp >= 18 {
		return 0, false
	}
	for ; exp > 0; exp-- {
		if mant > fixedBound/10 {
			return 0, false
		}
		mant *= 10
	}
	if mant > fixedBound {
		return 0, false
	}
	if neg {
		mant = -mant
	}
	return mant, true
}

// parseExponent reads what follows the 'e'. An exponent of more than four digits is refused: no amount has one.
func parseExponent(s string) (int, bool) {
	neg := false
	if s[0] == '+' || s[0] == '-' {
		neg, s = s[0] == '-', s[1:]
	}
	n := 0
	for i := range len(s) {
		if n = n*10 + int(s[i]-'0'); n > 9999 {
			return 0, false
		}
	}
	if neg {
		n = -n
	}
	return n, true
}
