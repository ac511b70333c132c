package muhash

import (
	"bytes"
	"testing"
)

// FuzzDecode: a state of the right length gives back its bytes, even one that
// nobody wrote, and has a hash.
func FuzzDecode(f *testing.F) {
	h := New()
	h.Insert([]byte("coin"))
	h.Remove([]byte("spent"))
	f.Add(h.AppendTo(nil))
	f.Add(make([]byte, StateSize))
	f.Add(bytes.Repeat([]byte{0xff}, StateSize)) // both above the prime
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := Decode(b)
		if (err == nil) != (len(b) == StateSize) {
			t.Fatalf("%d bytes: %v", len(b), err)
		}
		if err != nil {
			return
		}
		if !bytes.Equal(h.AppendTo(nil), b) {
			t.Fatal("does not round trip")
		}
		if first := h.Sum(); h.Sum() != first {
			t.Fatal("the hash changes the state")
		}
	})
}
