package wire

import "strconv"

// Amount counts satoshis.
type Amount int64

// Coin is one bitcoin; MaxMoney is above every amount that can exist.
const (
	Coin     Amount = 100_000_000
	MaxMoney        = 21_000_000 * Coin
)

// InRange reports whether the amount lies in 0..MaxMoney.
func (a Amount) InRange() bool { return a >= 0 && a <= MaxMoney }

// String returns the amount in bitcoin with eight decimals, such as
// "1.00000000".
func (a Amount) String() string { return string(a.AppendDecimal(nil)) }

// AppendDecimal appends the form of [Amount.String] to b.
func (a Amount) AppendDecimal(b []byte) []byte {
	n := uint64(a)
	if a < 0 {
		b = append(b, '-')
		n = -n // right for the smallest int64 too
	}
	b = strconv.AppendUint(b, n/uint64(Coin), 10)
	b = append(b, '.')
	frac := n % uint64(Coin)
	for div := uint64(Coin) / 10; div > 0; div /= 10 {
		b = append(b, byte('0'+frac/div%10))
	}
	return b
}

// Weight is the measure of BIP 141: three times the size without witness plus
// the size with it.
type Weight int64

const (
	// WitnessScaleFactor is how many weight units a byte outside the witness
	// takes.
	WitnessScaleFactor = 4
	// MaxBlockWeight is the consensus limit.
	MaxBlockWeight Weight = 4_000_000
)

// FeeRate counts satoshis for 1,000 virtual bytes.
type FeeRate int64

func weigh(base, total int) Weight {
	return Weight(base)*(WitnessScaleFactor-1) + Weight(total)
}
