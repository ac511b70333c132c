package policy

import (
	"math"
	"math/bits"

	"grapevine/wire"
)

const (
	// MaxSigOpsCost is a fifth of what a block may hold.
	MaxSigOpsCost = 16_000
	// BytesPerSigOp makes transactions with more signature operations than
	// bytes count as larger (`-bytespersigop`), or the miner who fills his block
	// by weight would hit the other limit.
	BytesPerSigOp = 20
)

// AdjustedWeight returns the weight that a transaction counts as, by its
// signature operations when these weigh more.
func AdjustedWeight(weight wire.Weight, sigOpsCost int64) wire.Weight {
	return max(weight, wire.Weight(sigOpsCost*BytesPerSigOp))
}

// VSize returns the virtual bytes of the adjusted weight.
func VSize(weight wire.Weight, sigOpsCost int64) int {
	return int((AdjustedWeight(weight, sigOpsCost) + wire.WitnessScaleFactor - 1) / wire.WitnessScaleFactor)
}

// Fee returns what a rate asks for so many virtual bytes, rounded up. It
// saturates: no rate that a pool may come to ask for turns into a small fee.
func Fee(rate wire.FeeRate, vsize int) wire.Amount {
	if rate <= 0 || vsize <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(rate), uint64(vsize))
	lo, carry := bits.Add64(lo, 999, 0)
	if hi += carry; hi >= 1000 {
		return math.MaxInt64
	}
	fee, _ := bits.Div64(hi, lo, 1000)
	return wire.Amount(min(fee, math.MaxInt64))
}

// Rate returns the feerate of a fee for so many virtual bytes, rounded down. The
// fee is at most four times all the money there is: 1,000 times that fits.
func Rate(fee wire.Amount, vsize int) wire.FeeRate {
	if vsize <= 0 {
		return 0
	}
	product := int64(fee) * 1000
	rate := product / int64(vsize)
	if product%int64(vsize) < 0 {
		rate--
	}
	return wire.FeeRate(rate)
}
