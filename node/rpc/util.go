package rpc

import "encoding/hex"

// decodeHex reads hex text of at least one byte.
func decodeHex(s string) ([]byte, bool) {
	b, err := hex.DecodeString(s)
	return b, err == nil && len(b) > 0
}
