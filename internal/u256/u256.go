package u256

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/bits"
)

// Int is an unsigned number of 256 bits, least significant limb first.
type Int [4]uint64

// ErrSyntax is returned by [ParseHex] for text that is not 1 to 64 hex digits.
var ErrSyntax = errors.New("u256: not a hex number of at most 64 digits")

// FromUint64 returns v as an Int.
func FromUint64(v uint64) Int { return Int{v} }

// FromBE reads the number whose most significant byte comes first.
func FromBE(b [32]byte) Int {
	return Int{
		binary.BigEndian.Uint64(b[24:]),
		binary.BigEndian.Uint64(b[16:]),
		binary.BigEndian.Uint64(b[8:]),
		binary.BigEndian.Uint64(b[0:]),
	}
}

// FromLE reads the number whose least significant byte comes first: the way in
// which a block hash, as it stands in memory, is compared with a target.
func FromLE(b [32]byte) Int {
	return Int{
		binary.LittleEndian.Uint64(b[0:]),
		binary.LittleEndian.Uint64(b[8:]),
		binary.LittleEndian.Uint64(b[16:]),
		binary.LittleEndian.Uint64(b[24:]),
	}
}

// ParseHex reads 1 to 64 hex digits, most significant first, without a prefix.
func ParseHex(s string) (Int, error) {
	if len(s) == 0 || len(s) > 64 {
		return Int{}, ErrSyntax
	}
	var digits [64]byte
	pad := len(digits) - len(s)
	for i := range pad {
		digits[i] = '0'
	}
	copy(digits[pad:], s)
	var b [32]byte
	if _, err := hex.Decode(b[:], digits[:]); err != nil {
		return Int{}, ErrSyntax
	}
	return FromBE(b), nil
}

// BE returns the 32 bytes of x, most significant first.
func (x Int) BE() (b [32]byte) {
	for i, limb := range x {
		binary.BigEndian.PutUint64(b[24-8*i:], limb)
	}
	return b
}

// LE returns the 32 bytes of x, least significant first.
func (x Int) LE() (b [32]byte) {
	for i, limb := range x {
		binary.LittleEndian.PutUint64(b[8*i:], limb)
	}
	return b
}

// Hex returns x as 64 lower-case hex digits.
func (x Int) Hex() string {
	b := x.BE()
	return hex.EncodeToString(b[:])
}

// String returns the same as [Int.Hex].
func (x Int) String() string { return x.Hex() }

// Uint64 returns the low 64 bits of x.
func (x Int) Uint64() uint64 { return x[0] }

// IsZero reports whether x is zero.
func (x Int) IsZero() bool { return x == Int{} }

// Cmp returns -1, 0 or 1 as x is less than, equal to or greater than y.
func (x Int) Cmp(y Int) int {
	for i := 3; i >= 0; i-- {
		switch {
		case x[i] < y[i]:
			return -1
		case x[i] > y[i]:
			return 1
		}
	}
	return 0
}

// BitLen returns the number of bits of x without leading zeros; 0 for zero.
func (x Int) BitLen() int {
	for i := 3; i >= 0; i-- {
		if x[i] != 0 {
			return 64*i + bits.Len64(x[i])
		}
	}
	return 0
}

// Float64 returns x as a float. It is summed from 32-bit digits, lowest first,
// since that order of rounding is what other software prints.
func (x Int) Float64() float64 {
	sum, scale := 0.0, 1.0
	for _, limb := range x {
		for _, digit := range [2]uint32{uint32(limb), uint32(limb >> 32)} {
			sum += scale * float64(digit)
			scale *= 1 << 32
		}
	}
	return sum
}
