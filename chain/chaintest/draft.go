package chaintest

import (
	"encoding/binary"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// Draft is a block in the making. Change what should be wrong, then take
// [Draft.Block]; what is not changed is filled in so that it is right.
type Draft struct {
	Header wire.Header
	Txs    []wire.Tx // the coinbase first
	// NoCommitment leaves the witness commitment as it stands in Txs.
	NoCommitment bool
	// NoRoot leaves the merkle root, NoGrind the nonce as they are.
	NoRoot, NoGrind bool

	branch *Branch
}

// Draft returns the next block with these transactions, its coinbase claiming
// subsidy and fees.
func (b *Branch) Draft(txs ...wire.Tx) *Draft {
	height := b.Height + 1
	reward := consensus.Subsidy(height, b.Params)
	made := make(map[wire.OutPoint]wire.Amount)
	for i := range txs {
		for j := range txs[i].In {
			op := txs[i].In[j].PrevOut
			if v, ok := made[op]; ok {
				reward += v
			} else {
				reward += b.Coins[op].Out.Value
			}
		}
		txid := txs[i].Txid()
		for j := range txs[i].Out {
			reward -= txs[i].Out[j].Value
			made[wire.OutPoint{Txid: txid, Index: uint32(j)}] = txs[i].Out[j].Value
		}
	}
	d := &Draft{branch: b, Header: wire.Header{
		Version: 0x20000000, PrevBlock: b.Tip.Hash(),
		Time: max(b.Tip.Time+Spacing, b.MedianTimePast()+1), Bits: b.Tip.Bits,
	}}
	d.Txs = append([]wire.Tx{b.coinbase(height, reward)}, txs...)
	return d
}

// coinbase pays one own output of a key that the height decides.
func (b *Branch) coinbase(height int32, reward wire.Amount) wire.Tx {
	in := consensus.AppendHeight(nil, height)
	in = append(in, 8)
	in = binary.LittleEndian.AppendUint64(in, b.salt)
	return wire.Tx{
		Version: 2,
		In: []wire.TxIn{{
			PrevOut: wire.OutPoint{Index: 0xffffffff}, ScriptSig: in, Sequence: 0xffffffff,
			Witness: consensus.WitnessReserved(),
		}},
		Out: []wire.TxOut{{Value: reward, PkScript: Script(Kind(height)%kinds, 1+b.salt%1000+uint64(height))}},
	}
}

// Block completes the draft.
func (d *Draft) Block() *wire.Block {
	txs := make([]wire.Tx, len(d.Txs))
	for i := range d.Txs {
		txs[i] = *d.Txs[i].Clone()
	}
	if !d.NoCommitment {
		txs[0].Out = append(txs[0].Out, wire.TxOut{PkScript: consensus.WitnessCommitmentScript(txs)})
	}
	ids := make([]wire.Txid, len(txs))
	for i := range txs {
		ids[i] = txs[i].Seal().Txid()
	}
	h := d.Header
	if !d.NoRoot {
		h.MerkleRoot, _ = consensus.MerkleRoot(ids)
	}
	if !d.NoGrind {
		Grind(&h)
	}
	return wire.NewBlock(h, txs)
}
