package consensus

import "grapevine/wire"

// Coin is an output together with where it was created: what the rules for
// spending it need to know. A coin that left the decoder or the coins table
// does not change any more. The zero Coin stands for one that is not there: no
// real coin is at height 0, whose only output was never spendable.
type Coin struct {
	Out      wire.TxOut
	Height   int32
	Coinbase bool
}

// Missing reports whether c is the zero Coin.
func (c *Coin) Missing() bool {
	return c.Height == 0 && !c.Coinbase && c.Out.Value == 0 && c.Out.PkScript == nil
}
