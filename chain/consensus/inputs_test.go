package consensus

import (
	"testing"

	"grapevine/wire"
)

// Each row breaks one rule of a spend of two coins of 5 and 7 by an output of 8.
func TestCheckTxInputs(t *testing.T) {
	const height = 1000
	cases := []struct {
		name   string
		change func(*wire.Tx, []Coin) []Coin
		want   ErrorKind
		result Result
		detail string
		fee    wire.Amount
	}{
		{"as it is", func(_ *wire.Tx, c []Coin) []Coin { return c }, "", 0, "", 4},
		{"a coin missing", func(_ *wire.Tx, c []Coin) []Coin { c[1] = Coin{}; return c },
			ErrInputsMissing, ResultMissingInputs, "CheckTxInputs: inputs missing/spent", 0},
		{"too few coins", func(_ *wire.Tx, c []Coin) []Coin { return c[:1] },
			ErrInputsMissing, ResultMissingInputs, "CheckTxInputs: inputs missing/spent", 0},
		{"a coinbase 100 deep", func(_ *wire.Tx, c []Coin) []Coin { c[0].Coinbase, c[0].Height = true, height-100; return c }, "", 0, "", 4},
		{"a coinbase 99 deep", func(_ *wire.Tx, c []Coin) []Coin { c[0].Coinbase, c[0].Height = true, height-99; return c },
			ErrPrematureSpend, ResultPrematureSpend, "tried to spend coinbase at depth 99", 0},
		{"another coin 99 deep", func(_ *wire.Tx, c []Coin) []Coin { c[0].Height = height - 99; return c }, "", 0, "", 4},
		{"a negative coin", func(_ *wire.Tx, c []Coin) []Coin { c[0].Out.Value = -1; return c }, ErrInputValues, ResultConsensus, "", 0},
		{"a negative coin behind a larger one", func(_ *wire.Tx, c []Coin) []Coin {
			c[0].Out.Value, c[1].Out.Value = 20, -1
			return c
		}, ErrInputValues, ResultConsensus, "", 0},
		{"a coin above all the money", func(_ *wire.Tx, c []Coin) []Coin { c[1].Out.Value = wire.MaxMoney + 1; return c },
			ErrInputValues, ResultConsensus, "", 0},
		{"coins above all the money together", func(_ *wire.Tx, c []Coin) []Coin {
			c[0].Out.Value, c[1].Out.Value = wire.MaxMoney, 1
			return c
		}, ErrInputValues, ResultConsensus, "", 0},
		{"no fee", func(tx *wire.Tx, c []Coin) []Coin { tx.Out[0].Value = 12; return c }, "", 0, "", 0},
		{"more out than in", func(tx *wire.Tx, c []Coin) []Coin { tx.Out[0].Value = 150_000_000; return c },
			ErrInputsBelowOut, ResultConsensus, "value in (0.00000012) < value out (1.50)", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tx := spendTx(7, 2)
			tx.Out[0].Value = 8
			coins := []Coin{{Out: wire.TxOut{Value: 5}, Height: 1}, {Out: wire.TxOut{Value: 7}, Height: 2}}
			fee, err := CheckTxInputs(&tx, c.change(&tx, coins), height)
			wantError(t, err, c.want, c.result, c.detail)
			if fee != c.fee {
				t.Errorf("fee %d, want %d", fee, c.fee)
			}
		})
	}
}

func TestShortMoney(t *testing.T) {
	for amount, want := range map[wire.Amount]string{
		0: "0.00", 1: "0.00000001", 10: "0.0000001", wire.Coin: "1.00", 150 * wire.Coin / 100: "1.50",
		123 * wire.Coin / 100: "1.23", 1000 * wire.Coin: "1000.00",
	} {
		if got := shortMoney(amount); got != want {
			t.Errorf("%d: %s, want %s", amount, got, want)
		}
	}
}

func TestWithDetail(t *testing.T) {
	err := WithDetail(MissingInputs(), ResultConsensus, " in transaction x")
	wantError(t, err, ErrInputsMissing, ResultConsensus, "CheckTxInputs: inputs missing/spent in transaction x")
	if err := WithDetail(errTest, ResultConsensus, "x"); err != errTest {
		t.Errorf("another error became %v", err)
	}
}

const errTest = ErrorKind("not a rule error")

func TestCheckTxInputsAllocates(t *testing.T) {
	tx := spendTx(7, 2)
	coins := []Coin{{Out: wire.TxOut{Value: 5}, Height: 1}, {Out: wire.TxOut{Value: 7}, Height: 2}}
	if n := testing.AllocsPerRun(10, func() {
		if _, err := CheckTxInputs(&tx, coins, 5); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
