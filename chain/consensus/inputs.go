package consensus

import (
	"fmt"
	"strings"

	"grapevine/wire"
)

// CoinbaseMaturity is how many blocks deep a coinbase must be to be spent.
const CoinbaseMaturity = 100

// MissingInputs returns the error of a transaction that spends what is not
// there.
func MissingInputs() error {
	return invalid(ErrInputsMissing, ResultMissingInputs, "CheckTxInputs: inputs missing/spent")
}

// CheckTxInputs checks a transaction, one that passed [CheckTransaction],
// against the coins that it spends in a block of that height: spent[i] is the
// coin of input i, zero where there is none. It returns the fee.
func CheckTxInputs(tx *wire.Tx, spent []Coin, height int32) (wire.Amount, error) {
	if len(spent) != len(tx.In) {
		return 0, MissingInputs()
	}
	for i := range spent {
		if spent[i].Missing() {
			return 0, MissingInputs()
		}
	}
	var in wire.Amount
	for i := range spent {
		c := &spent[i]
		if depth := height - c.Height; c.Coinbase && depth < CoinbaseMaturity {
			return 0, invalid(ErrPrematureSpend, ResultPrematureSpend, fmt.Sprintf("tried to spend coinbase at depth %d", depth))
		}
		// Both, so that the sum cannot overflow before it is looked at.
		if in += c.Out.Value; !c.Out.Value.InRange() || !in.InRange() {
			return 0, invalid(ErrInputValues, ResultConsensus, "")
		}
	}
	out := ValueOut(tx)
	if in < out {
		return 0, invalid(ErrInputsBelowOut, ResultConsensus,
			fmt.Sprintf("value in (%s) < value out (%s)", shortMoney(in), shortMoney(out)))
	}
	// The fee is in range because both ends are.
	return in - out, nil
}

// ValueOut returns the sum of a transaction's outputs.
func ValueOut(tx *wire.Tx) (sum wire.Amount) {
	for i := range tx.Out {
		sum += tx.Out[i].Value
	}
	return sum
}

// shortMoney is an amount in coins without the zeros at its end but two.
func shortMoney(a wire.Amount) string {
	s := strings.TrimRight(a.String(), "0")
	whole, fraction, _ := strings.Cut(s, ".")
	for len(fraction) < 2 {
		fraction += "0"
	}
	return whole + "." + fraction
}
