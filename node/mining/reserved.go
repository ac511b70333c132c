package mining

import (
	"grapevine/chain/consensus"
	"grapevine/wire"
)

// WithReservedValue returns b with the reserved value of 32 zero bytes as the
// witness of its coinbase, where that commits to witnesses but has none: miners
// of old leave it to the node. Otherwise it returns b itself. The caller has
// made sure that blocks may have witnesses. The hash stays the same.
func WithReservedValue(b *wire.Block) *wire.Block {
	if len(b.Txs) == 0 || len(b.Txs[0].In) == 0 || b.Txs[0].HasWitness() || consensus.WitnessCommitmentIndex(&b.Txs[0]) < 0 {
		return b
	}
	txs := append([]wire.Tx(nil), b.Txs...)
	cb := b.Txs[0].Clone()
	cb.In[0].Witness = consensus.WitnessReserved()
	txs[0] = *cb
	return wire.NewBlock(b.Header, txs)
}
