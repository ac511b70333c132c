package consensus

import (
	"fmt"

	"grapevine/chain/params"
	"grapevine/wire"
)

// MaxBlockSigOpsCost bounds the signature operations of a block, of which those
// outside witnesses count four times.
const MaxBlockSigOpsCost = 80_000

// CheckOptions selects parts of [CheckBlock]. A template has neither proof of
// work nor, before it is finished, a merkle root.
type CheckOptions struct {
	CheckPow    bool // and the signet solution
	CheckMerkle bool
}

// CheckAll selects everything. It is to be copied, not changed.
var CheckAll = CheckOptions{CheckPow: true, CheckMerkle: true}

// CheckBlock checks what a block must meet whatever the chain below it.
func CheckBlock(b *wire.Block, p *params.Params, o CheckOptions) error {
	if o.CheckPow {
		if err := checkPow(b.Hash(), b.Header.Bits, p); err != nil {
			return err
		}
	}
	if o.CheckPow && p.IsSignet() {
		if err := CheckSignetSolution(b, p); err != nil {
			return err
		}
	}
	if o.CheckMerkle {
		if err := checkMerkleRoot(b); err != nil {
			return err
		}
	}
	// From here on the transactions are what the hash stands for, though their
	// witnesses need not be: nothing below looks at those.
	if err := checkShape(b); err != nil {
		return err
	}
	for i := range b.Txs {
		if err := CheckTransaction(&b.Txs[i]); err != nil {
			prefix := fmt.Sprintf("Transaction check failed (tx hash %s) ", b.Txs[i].Txid())
			return WithDetail(err, ResultConsensus, prefix)
		}
	}
	return checkLegacySigOps(b)
}

func checkMerkleRoot(b *wire.Block) error {
	root, mutated := blockMerkleRoot(b)
	if root != b.Header.MerkleRoot {
		return invalid(ErrMerkleRoot, ResultMutated, "hashMerkleRoot mismatch")
	}
	if mutated {
		return invalid(ErrTxsDuplicate, ResultMutated, "duplicate transaction")
	}
	return nil
}

// checkShape checks the size without witnesses, and that the first transaction
// and no other is a coinbase.
func checkShape(b *wire.Block) error {
	if len(b.Txs) == 0 || wire.Weight(b.StrippedSize())*wire.WitnessScaleFactor > wire.MaxBlockWeight {
		return invalid(ErrBlockLength, ResultConsensus, "size limits failed")
	}
	if !b.Txs[0].IsCoinbase() {
		return invalid(ErrCoinbaseMissing, ResultConsensus, "first tx is not coinbase")
	}
	for i := 1; i < len(b.Txs); i++ {
		if b.Txs[i].IsCoinbase() {
			return invalid(ErrCoinbaseMultiple, ResultConsensus, "more than one coinbase")
		}
	}
	return nil
}

// checkLegacySigOps counts what can be counted without coins: an early bound on
// what [TxSigOpCost] will give.
func checkLegacySigOps(b *wire.Block) error {
	var count int64
	for i := range b.Txs {
		count += LegacySigOps(&b.Txs[i])
	}
	if count*wire.WitnessScaleFactor > MaxBlockSigOpsCost {
		return invalid(ErrBlockSigOps, ResultConsensus, "out-of-bounds SigOpCount")
	}
	return nil
}

// IsBlockMutated returns an error, of [ResultMutated], when the data of a block
// may not be what its hash stands for, so that another peer may have better. With
// checkWitnessRoot the witnesses are judged too, as at heights with segwit.
func IsBlockMutated(b *wire.Block, checkWitnessRoot bool) error {
	if err := checkMerkleRoot(b); err != nil {
		return err
	}
	if len(b.Txs) == 0 || !b.Txs[0].IsCoinbase() {
		// Two inner hashes side by side can pass for a transaction of 64 bytes.
		// A real block starts with a coinbase, and making one of 64 bytes that
		// is such a pair takes 2^224 hashes.
		for i := range b.Txs {
			if b.Txs[i].BaseSize() == 64 {
				return invalid(ErrCoinbaseMissing, ResultMutated, "transaction of 64 bytes in a block without coinbase")
			}
		}
		return nil
	}
	return checkWitnesses(b, checkWitnessRoot)
}
