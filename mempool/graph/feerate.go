package graph

import (
	"math"
	"math/bits"

	"grapevine/wire"
)

// Frac is a fee for a weight: what a node or a chunk pays.
type Frac struct {
	Fee    wire.Amount
	Weight wire.Weight
}

func (f Frac) plus(o Frac) Frac  { return Frac{f.Fee + o.Fee, f.Weight + o.Weight} }
func (f Frac) minus(o Frac) Frac { return Frac{f.Fee - o.Fee, f.Weight - o.Weight} }

// CompareRate compares the feerates of a and b, exactly: fee by weight, whose
// products do not fit 64 bits. Weights are positive; fees may be negative, as
// an operator may take away from them.
func (f Frac) CompareRate(o Frac) int {
	if (f.Fee < 0) != (o.Fee < 0) {
		if f.Fee < 0 {
			return -1
		}
		return 1
	}
	sign := 1
	a, b := uint64(f.Fee), uint64(o.Fee)
	if f.Fee < 0 {
		sign, a, b = -1, -a, -b
	}
	ahi, alo := bits.Mul64(a, uint64(o.Weight))
	bhi, blo := bits.Mul64(b, uint64(f.Weight))
	switch {
	case ahi > bhi || ahi == bhi && alo > blo:
		return sign
	case ahi == bhi && alo == blo:
		return 0
	default:
		return -sign
	}
}

// PerKvB returns the feerate for virtual bytes of the weight, rounded down, and
// 0 for a fee below 0: fees of a whole cluster can be such that 1,000 times
// their sum does not fit 64 bits.
func (f Frac) PerKvB() wire.FeeRate {
	vsize := (f.Weight + wire.WitnessScaleFactor - 1) / wire.WitnessScaleFactor
	if vsize <= 0 || f.Fee <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(f.Fee), 1000)
	if hi >= uint64(vsize) {
		return math.MaxInt64
	}
	rate, _ := bits.Div64(hi, lo, uint64(vsize))
	return wire.FeeRate(min(rate, math.MaxInt64))
}
