package script

import (
	"crypto/sha256"

	//lint:ignore SA1019 addresses are made of this hash
	"golang.org/x/crypto/ripemd160"
)

// Hash160 returns RIPEMD-160 of SHA-256, the hash in P2PKH, P2SH and P2WPKH
// outputs.
func Hash160(b []byte) (out [20]byte) {
	h := sha256.Sum256(b)
	r := ripemd160.New()
	r.Write(h[:])
	r.Sum(out[:0])
	return out
}
