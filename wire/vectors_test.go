package wire_test

import (
	"bytes"
	"encoding/json"
	"testing"

	. "grapevine/wire"
)

// TestVectorTransactions round-trips every transaction of Bitcoin Core's
// tx_valid.json and tx_invalid.json: those of the second file break rules that
// stand above the encoding.
func TestVectorTransactions(t *testing.T) {
	for _, c := range []struct {
		name string
		want int
	}{{"tx_valid.json", 121}, {"tx_invalid.json", 93}} {
		var rows [][]any
		if err := json.Unmarshal(readShared(t, "vectors/core/"+c.name), &rows); err != nil {
			t.Fatal(err)
		}
		cases := 0
		for _, row := range rows {
			if len(row) < 3 { // a comment
				continue
			}
			cases++
			raw := unhex(t, row[1].(string))
			tx, err := DecodeTx(raw)
			if err != nil {
				// A few have no inputs and only the original form.
				tx, err = DecodeTxNoWitness(raw)
			}
			if err != nil {
				t.Errorf("%s %s: %v", c.name, row[1], err)
				continue
			}
			if !bytes.Equal(tx.AppendTo(nil), raw) {
				t.Errorf("%s %s: does not round trip", c.name, row[1])
			}
			checkSeal(t, tx.Clone(), tx)
		}
		t.Logf("%s: %d transactions", c.name, cases)
		if cases != c.want {
			t.Errorf("%s: %d transactions, want %d", c.name, cases, c.want)
		}
	}
}
