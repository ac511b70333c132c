package muhash

import (
	"crypto/sha256"
	"fmt"
)

// Size is the length of a sum, StateSize that of an encoded state.
const (
	Size      = sha256.Size
	StateSize = 2 * numBytes
)

// Sum is the hash of a set. It is shown with its last byte first, which is the
// business of whoever shows it.
type Sum [Size]byte

// MuHash is a set under construction. Its zero value is not usable; [New]
// makes an empty set.
type MuHash struct {
	numerator, denominator num
}

// New returns the empty set.
func New() MuHash {
	return MuHash{numerator: num{1}, denominator: num{1}}
}

// Insert adds an element; adding it twice makes it count twice.
func (h *MuHash) Insert(element []byte) {
	var n num
	n.element(element)
	h.numerator.mul(&n)
}

// Remove takes an element out. One that was never added leaves a set that
// lacks it, so that adding it later makes up for it.
func (h *MuHash) Remove(element []byte) {
	var n num
	n.element(element)
	h.denominator.mul(&n)
}

// Add joins the other set to this one.
func (h *MuHash) Add(other *MuHash) {
	h.numerator.mul(&other.numerator)
	h.denominator.mul(&other.denominator)
}

// Subtract takes all elements of the other set out of this one.
func (h *MuHash) Subtract(other *MuHash) {
	h.numerator.mul(&other.denominator)
	h.denominator.mul(&other.numerator)
}

// Sum returns the hash of the set, which stays as it is. It takes some 50
// microseconds when anything was removed.
func (h *MuHash) Sum() Sum {
	n := h.numerator
	if h.denominator != (num{1}) {
		d := h.denominator
		d.invert()
		n.mul(&d)
	}
	n.normalize()
	var buf [numBytes]byte
	return sha256.Sum256(n.appendTo(buf[:0]))
}

// AppendTo appends the state to b: numerator and denominator, each in 384
// little-endian bytes.
func (h *MuHash) AppendTo(b []byte) []byte {
	return h.denominator.appendTo(h.numerator.appendTo(b))
}

// Decode reads a state that [MuHash.AppendTo] wrote.
func Decode(b []byte) (MuHash, error) {
	if len(b) != StateSize {
		return MuHash{}, fmt.Errorf("muhash state of %d bytes, want %d", len(b), StateSize)
	}
	var h MuHash
	h.numerator.setBytes((*[numBytes]byte)(b))
	h.denominator.setBytes((*[numBytes]byte)(b[numBytes:]))
	return h, nil
}

// element sets n to the number that stands for an element.
func (n *num) element(b []byte) {
	key := sha256.Sum256(b)
	n.keystream(&key)
}
