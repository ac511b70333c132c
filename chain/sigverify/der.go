package sigverify

// parseDERLax reads an ECDSA signature the way consensus has to before BIP 66:
// negative integers, padding, overlong lengths and trailing garbage are let
// through, the sequence length is not looked at. It returns ok false when no
// two integers can be found. Integers beyond 32 bytes leave both values zero,
// which no verification accepts.
func parseDERLax(sig []byte, r, s *[32]byte) (ok bool) {
	rest, ok := skipSequence(sig)
	if !ok {
		return false
	}
	rInt, rest, ok := laxInteger(rest)
	if !ok {
		return false
	}
	sInt, _, ok := laxInteger(rest)
	if !ok {
		return false
	}
	*r, *s = [32]byte{}, [32]byte{}
	rInt, sInt = trimZeros(rInt), trimZeros(sInt)
	if len(rInt) > 32 || len(sInt) > 32 {
		return true
	}
	copy(r[32-len(rInt):], rInt)
	copy(s[32-len(sInt):], sInt)
	return true
}

// skipSequence drops the sequence tag and its length, whatever it says.
func skipSequence(b []byte) ([]byte, bool) {
	if len(b) < 2 || b[0] != 0x30 {
		return nil, false
	}
	n, b := b[1], b[2:]
	if n&0x80 != 0 {
		skip := int(n & 0x7f)
		if skip > len(b) {
			return nil, false
		}
		b = b[skip:]
	}
	return b, true
}

// laxInteger returns the content of the integer at the start of b and what
// follows it.
func laxInteger(b []byte) (val, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != 0x02 {
		return nil, nil, false
	}
	size, b := int(b[1]), b[2:]
	if size&0x80 != 0 {
		n := size & 0x7f
		if n > len(b) {
			return nil, nil, false
		}
		digits := trimZeros(b[:n])
		b = b[n:]
		// Four digits and more exceed any script element, so that a length
		// never overflows.
		if len(digits) >= 4 {
			return nil, nil, false
		}
		size = 0
		for _, d := range digits {
			size = size<<8 | int(d)
		}
	}
	if size > len(b) {
		return nil, nil, false
	}
	return b[:size], b[size:], true
}

func trimZeros(b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// groupHalfOrder is (n-1)/2, the largest S that counts as low (BIP 146).
var groupHalfOrder = [32]byte{
	0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
}
