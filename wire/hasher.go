package wire

import (
	"crypto/sha256"
	"hash"
)

// hasher is a double SHA-256 over parts. Small inputs, which is nearly all
// transactions, are joined in scratch; larger ones are streamed through a
// state that is made at the first need and used again.
type hasher struct {
	scratch [1024]byte
	state   hash.Hash
	sum     []byte // beside the state, since Sum makes its argument escape
}

// joined hashes the concatenation of the parts.
func (h *hasher) joined(a, b, c []byte) [32]byte {
	if len(a)+len(b)+len(c) <= len(h.scratch) {
		n := copy(h.scratch[:], a)
		n += copy(h.scratch[n:], b)
		n += copy(h.scratch[n:], c)
		return DoubleSHA256(h.scratch[:n])
	}
	if h.state == nil {
		h.state = sha256.New()
		h.sum = make([]byte, 0, sha256.Size)
	}
	h.state.Reset()
	h.state.Write(a)
	h.state.Write(b)
	h.state.Write(c)
	h.sum = h.state.Sum(h.sum[:0])
	return sha256.Sum256(h.sum)
}
