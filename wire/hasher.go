package wire

import (
	"crypto/sha256"
	"hash"
)

// hasher is a reusable double SHA-256 over parts. It keeps its buffer beside
// the state, since one on the stack would escape through the interface.
type hasher struct {
	state hash.Hash
	sum   []byte
}

func newHasher(needed bool) hasher {
	if !needed {
		return hasher{}
	}
	return hasher{state: sha256.New(), sum: make([]byte, 0, sha256.Size)}
}

// joined hashes the concatenation of the parts.
func (h *hasher) joined(a, b, c []byte) [32]byte {
	h.state.Reset()
	h.state.Write(a)
	h.state.Write(b)
	h.state.Write(c)
	h.sum = h.state.Sum(h.sum[:0])
	return sha256.Sum256(h.sum)
}
