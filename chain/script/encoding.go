package script

import "grapevine/chain/sigverify"

// checkSigEncoding applies the rules for the form of ECDSA signatures that are
// in force. The empty signature is always well-formed: it is how a script says
// "no signature here".
func checkSigEncoding(sig []byte, flags Flags) ErrorKind {
	if len(sig) == 0 {
		return noError
	}
	if flags&(VerifyDERSig|VerifyLowS|VerifyStrictEnc) != 0 && !isStrictDER(sig) {
		return ErrSigDER
	}
	if flags&VerifyLowS != 0 && !sigverify.LowS(sig[:len(sig)-1]) {
		return ErrSigHighS
	}
	if flags&VerifyStrictEnc != 0 && !isDefinedHashType(sig[len(sig)-1]) {
		return ErrSigHashType
	}
	return noError
}

// isStrictDER tells whether a signature with its hash type byte has the one
// form that BIP 66 allows:
//
//	0x30 length 0x02 length R 0x02 length S hashtype
//
// with R and S positive, and without leading zeros but the one that keeps
// them so. It says nothing about their range.
func isStrictDER(sig []byte) bool {
	if len(sig) < 9 || len(sig) > 73 || sig[0] != 0x30 || int(sig[1]) != len(sig)-3 {
		return false
	}
	lenR := int(sig[3])
	if 5+lenR >= len(sig) {
		return false
	}
	lenS := int(sig[5+lenR])
	if lenR+lenS+7 != len(sig) {
		return false
	}
	return isDERInt(sig[2], sig[4:4+lenR]) && isDERInt(sig[4+lenR], sig[6+lenR:6+lenR+lenS])
}

func isDERInt(tag byte, v []byte) bool {
	if tag != 0x02 || len(v) == 0 || v[0]&0x80 != 0 {
		return false
	}
	return len(v) == 1 || v[0] != 0 || v[1]&0x80 != 0
}

func isDefinedHashType(b byte) bool {
	t := HashType(b) &^ SigHashAnyoneCanPay
	return t >= SigHashAll && t <= SigHashSingle
}

// checkKeyEncoding applies the rules for the form of public keys.
func checkKeyEncoding(key []byte, flags Flags, version sigVersion) ErrorKind {
	if flags&VerifyStrictEnc != 0 && !isCompressed(key) && !isUncompressed(key) {
		return ErrPubKeyType
	}
	if flags&VerifyWitnessPubKeyType != 0 && version == versionWitnessV0 && !isCompressed(key) {
		return ErrWitnessPubKeyType
	}
	return noError
}

func isCompressed(key []byte) bool { return len(key) == 33 && (key[0] == 2 || key[0] == 3) }

func isUncompressed(key []byte) bool { return len(key) == 65 && key[0] == 4 }

// isKeyShaped tells whether the length of a key fits its first byte; nothing
// else can verify. Hybrid keys (6 and 7) are as good as any to consensus.
func isKeyShaped(key []byte) bool {
	if len(key) == 0 {
		return false
	}
	switch key[0] {
	case 2, 3:
		return len(key) == 33
	case 4, 6, 7:
		return len(key) == 65
	}
	return false
}
