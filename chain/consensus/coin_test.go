package consensus

import (
	"testing"

	"grapevine/wire"
)

// Whatever a coin has makes it one: only the zero Coin is missing.
func TestCoinMissing(t *testing.T) {
	if c := (Coin{}); !c.Missing() {
		t.Error("the zero coin is there")
	}
	cases := map[string]Coin{
		"height":   {Height: 1},
		"coinbase": {Coinbase: true},
		"value":    {Out: wire.TxOut{Value: 1}},
		"script":   {Out: wire.TxOut{PkScript: []byte{}}},
	}
	for name, c := range cases {
		if c.Missing() {
			t.Errorf("a coin with a %s is missing", name)
		}
	}
}
