package chain

import (
	"fmt"
	"slices"

	"grapevine/chain/consensus"
	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/chain/utxo"
	"grapevine/wire"
)

// spends are the coins that a block spends, flat in the order of its inputs
// and cut by transaction (the coinbase first, with none).
type spends struct {
	coins [][]consensus.Coin
	outs  [][]wire.TxOut
	// missing is the first transaction with an input that has no coin, or -1.
	missing int
}

// cut slices what [utxo.Overlay.Connect] returned by transaction.
func cut(b *wire.Block, flat []consensus.Coin, missing int) *spends {
	s := &spends{
		coins:   make([][]consensus.Coin, len(b.Txs)),
		outs:    make([][]wire.TxOut, len(b.Txs)),
		missing: -1,
	}
	outs := make([]wire.TxOut, len(flat))
	k := 0
	for i := 1; i < len(b.Txs); i++ {
		from := k
		k += len(b.Txs[i].In)
		s.coins[i] = flat[from:k:k]
		s.outs[i] = outs[from:k:k]
		if from <= missing && missing < k {
			s.missing = i
		}
	}
	for i := range flat {
		outs[i] = flat[i].Out
	}
	return s
}

func spendable(tx *wire.Tx, index uint32) bool {
	return uint64(index) < uint64(len(tx.Out)) && !script.IsUnspendable(tx.Out[index].PkScript)
}

// blockRules checks what a block does with coins, at one place of a chain.
type blockRules struct {
	params    *params.Params
	height    int32
	hash      wire.BlockHash
	at34      wire.BlockHash // of the ancestor at BIP34Height, zero when there is none
	prevMTP   int64          // median time past at the parent
	mtpBefore func(height int32) int64
	flags     script.Flags

	spends *spends
	fees   wire.Amount
	sigops int64
}

// apply resolves what the block spends, checks it, and puts the block's
// effects on an empty overlay. What is left to check are the scripts.
func (r *blockRules) apply(b *wire.Block, overlay *utxo.Overlay) (*spends, error) {
	if err := r.checkOverwrite(b, overlay); err != nil {
		return nil, err
	}
	// The coinbases of the two known repeats overwrite; everything else was
	// checked, or cannot overwrite.
	flat, missing, err := overlay.Connect(b, r.height, !consensus.IsBIP30Repeat(r.height, r.hash, r.params))
	if err != nil {
		return nil, err
	}
	r.spends = cut(b, flat, missing)
	if err := r.check(b); err != nil {
		return nil, err
	}
	return r.spends, nil
}

// checkOverwrite is BIP 30: no transaction may overwrite one that has unspent
// outputs. The two blocks of mainnet that did are known by height and hash.
func (r *blockRules) checkOverwrite(b *wire.Block, overlay *utxo.Overlay) error {
	if !consensus.EnforcesBIP30(r.height, r.hash, r.at34, r.params) {
		return nil
	}
	n := 0
	for i := range b.Txs {
		n += len(b.Txs[i].Out)
	}
	ops := make([]wire.OutPoint, 0, n)
	for i := range b.Txs {
		txid := b.Txs[i].Txid()
		for o := range b.Txs[i].Out {
			ops = append(ops, wire.OutPoint{Txid: txid, Index: uint32(o)})
		}
	}
	found := make([]bool, len(ops))
	if err := overlay.Fetch(ops, make([]consensus.Coin, len(ops)), found); err != nil {
		return err
	}
	if slices.Contains(found, true) {
		return invalid(consensus.ErrBIP30, consensus.ResultConsensus, "tried to overwrite transaction")
	}
	return nil
}

func (r *blockRules) check(b *wire.Block) error {
	for i := range b.Txs {
		tx := &b.Txs[i]
		if i > 0 {
			if err := r.inputs(tx, i); err != nil {
				return err
			}
		}
		r.sigops += consensus.TxSigOpCost(tx, r.spends.outs[i], r.flags)
		if r.sigops > consensus.MaxBlockSigOpsCost {
			return invalid(consensus.ErrBlockSigOps, consensus.ResultConsensus, "too many sigops")
		}
	}
	var paid wire.Amount
	for i := range b.Txs[0].Out {
		paid += b.Txs[0].Out[i].Value
	}
	if limit := r.fees + consensus.Subsidy(r.height, r.params); paid > limit {
		return invalid(consensus.ErrCoinbaseAmount, consensus.ResultConsensus,
			"coinbase pays too much (actual=%d vs limit=%d)", int64(paid), int64(limit))
	}
	return nil
}

// inputs checks what one transaction spends.
func (r *blockRules) inputs(tx *wire.Tx, i int) error {
	if i == r.spends.missing {
		return r.invalidTx(tx, consensus.MissingInputs())
	}
	coins := r.spends.coins[i]
	fee, err := consensus.CheckTxInputs(tx, coins, r.height)
	if err != nil {
		return r.invalidTx(tx, err)
	}
	if r.fees += fee; !r.fees.InRange() {
		return invalid(consensus.ErrAccumulatedFees, consensus.ResultConsensus, "accumulated fee in the block out of range")
	}
	if r.height >= r.params.CSVHeight && !r.sequenceLocksPass(tx, coins) {
		return invalid(consensus.ErrTxNonFinal, consensus.ResultConsensus, "contains a non-BIP68-final transaction %s", tx.Txid())
	}
	return nil
}

func (r *blockRules) invalidTx(tx *wire.Tx, err error) error {
	return consensus.WithDetail(err, consensus.ResultConsensus, fmt.Sprintf(" in transaction %s", tx.Txid()))
}

// sequenceLocksPass applies BIP 68.
func (r *blockRules) sequenceLocksPass(tx *wire.Tx, coins []consensus.Coin) bool {
	return consensus.SequenceLocks(tx, coins, r.mtpBefore).Passes(r.height, r.prevMTP)
}
