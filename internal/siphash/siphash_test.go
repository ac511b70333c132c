package siphash

import "testing"

// The vectors are those of the reference implementation (CC0): the key is
// 00 01 ... 0f, the input the first bytes of 00 01 02 ....
var key = Key{0x0706050403020100, 0x0f0e0d0c0b0a0908}

func input() *[32]byte {
	var b [32]byte
	for n := range b {
		b[n] = byte(n)
	}
	return &b
}

func TestReferenceVectors(t *testing.T) {
	if got, want := key.Hash(input()), uint64(0x7127512f72f27cce); got != want {
		t.Errorf("32 bytes: got %x, want %x", got, want)
	}
	if got, want := key.HashWith(input(), 0x2726252423222120), uint64(0x0e3ea96b5304a7d0); got != want {
		t.Errorf("40 bytes: got %x, want %x", got, want)
	}
}

func TestAllocatesNothing(t *testing.T) {
	b := input()
	if n := testing.AllocsPerRun(100, func() { key.HashWith(b, key.Hash(b)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkHash(b *testing.B) {
	in := input()
	for b.Loop() {
		key.Hash(in)
	}
}
