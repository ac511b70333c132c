package mining

import (
	"grapevine/chain/consensus"
	"grapevine/chain/script"
	"grapevine/wire"
)

// notFinal is the highest sequence that keeps a lock time in force.
const notFinal = 0xfffffffe

// coinbaseVersion is the version of the coinbase that is built here.
const coinbaseVersion = 2

// Coinbase returns the first transaction of the template's block, without the
// witness commitment. It pays the subsidy and fees to one script. extraNonce,
// when not zero, is pushed after the height.
func (t *Template) Coinbase(payTo []byte, fees wire.Amount, extraNonce uint64) wire.Tx {
	sig := script.AppendInt(nil, int64(t.Height))
	switch {
	case extraNonce > 0:
		sig = script.AppendInt(sig, int64(extraNonce))
	case t.Height <= 16:
		// The height alone takes one byte here; two are the least allowed.
		sig = append(sig, byte(script.Op0))
	}
	return wire.Tx{
		Version:  coinbaseVersion,
		In:       []wire.TxIn{{PrevOut: wire.OutPoint{Index: 0xffffffff}, ScriptSig: sig, Sequence: notFinal}},
		Out:      []wire.TxOut{{Value: t.Subsidy + fees, PkScript: payTo}},
		LockTime: uint32(t.Height - 1),
	}
}

// Assemble returns the block of the template with a coinbase before txs, whose
// fees it collects, and with merkle root and witness commitment filled in. The
// transactions are shared with the caller and must be sealed. The nonce is 0.
func (t *Template) Assemble(payTo []byte, txs []*wire.Tx, fees wire.Amount, extraNonce uint64) *wire.Block {
	list := make([]wire.Tx, 1, 1+len(txs))
	list[0] = t.Coinbase(payTo, fees, extraNonce)
	for _, tx := range txs {
		list = append(list, *tx)
	}
	t.commit(list)
	list[0].Seal()
	ids := make([]wire.Txid, len(list))
	for i := range list {
		ids[i] = list[i].Txid()
	}
	root, _ := consensus.MerkleRoot(ids)
	return wire.NewBlock(t.Header(root), list)
}

// commit adds the output that commits to the witnesses (BIP 141) and, once the
// rule holds, the reserved value that salts it.
func (t *Template) commit(list []wire.Tx) {
	cb := &list[0]
	cb.Out = append(cb.Out, wire.TxOut{PkScript: consensus.WitnessCommitmentScript(list)})
	if t.Segwit {
		cb.In[0].Witness = consensus.WitnessReserved()
	}
}
