package consensus

import (
	"encoding/binary"
	"slices"

	"grapevine/wire"
)

// Bounds of the coinbase's input script.
const (
	minCoinbaseScript = 2
	maxCoinbaseScript = 100
)

// CheckTransaction checks what a transaction must meet whatever the chain: that
// it has inputs and outputs, sane amounts and no input twice.
func CheckTransaction(tx *wire.Tx) error {
	if len(tx.In) == 0 {
		return invalid(ErrNoInputs, ResultConsensus, "")
	}
	if len(tx.Out) == 0 {
		return invalid(ErrNoOutputs, ResultConsensus, "")
	}
	// Without witness, since that is not checked for mutation yet.
	if wire.Weight(tx.BaseSize())*wire.WitnessScaleFactor > wire.MaxBlockWeight {
		return invalid(ErrTxOversize, ResultConsensus, "")
	}
	if err := checkOutputs(tx.Out); err != nil {
		return err
	}
	// An input listed twice would count its value twice (CVE-2018-17144).
	if hasDuplicateInputs(tx.In) {
		return invalid(ErrInputsDuplicate, ResultConsensus, "")
	}
	if tx.IsCoinbase() {
		if n := len(tx.In[0].ScriptSig); n < minCoinbaseScript || n > maxCoinbaseScript {
			return invalid(ErrCoinbaseLength, ResultConsensus, "")
		}
		return nil
	}
	for i := range tx.In {
		if tx.In[i].PrevOut.IsNull() {
			return invalid(ErrPrevOutNull, ResultConsensus, "")
		}
	}
	return nil
}

// checkOutputs bounds each amount and, step by step so that nothing overflows,
// their sum (CVE-2010-5139).
func checkOutputs(outs []wire.TxOut) error {
	var total wire.Amount
	for i := range outs {
		value := outs[i].Value
		if value < 0 {
			return invalid(ErrOutputNegative, ResultConsensus, "")
		}
		if value > wire.MaxMoney {
			return invalid(ErrOutputTooLarge, ResultConsensus, "")
		}
		total += value
		if !total.InRange() {
			return invalid(ErrOutputsTooLarge, ResultConsensus, "")
		}
	}
	return nil
}

// Up to fewInputs, comparing all pairs beats sorting: 16*15/2 = 120 comparisons.
// Up to someInputs the keys to sort fit the stack, 2 KiB.
const (
	fewInputs  = 16
	someInputs = 256
)

// hasDuplicateInputs reports whether two inputs spend one output. A block's
// largest transaction has some 24,000 inputs; sorting their keys takes two
// milliseconds, whatever an attacker puts into them.
func hasDuplicateInputs(in []wire.TxIn) bool {
	if len(in) <= fewInputs {
		for i := range in {
			for j := range i {
				if in[i].PrevOut == in[j].PrevOut {
					return true
				}
			}
		}
		return false
	}
	var small [someInputs]uint64
	keys := small[:]
	if len(in) > someInputs {
		keys = make([]uint64, len(in))
	}
	keys = keys[:len(in)]
	for i := range in {
		keys[i] = outPointKey(&in[i].PrevOut)
	}
	slices.Sort(keys)
	for i := 1; i < len(keys); i++ {
		if keys[i] == keys[i-1] {
			return sortedDuplicate(in)
		}
	}
	return false
}

// outPointKey is equal for equal outpoints, and for others hardly ever unless
// someone made them so.
func outPointKey(o *wire.OutPoint) uint64 {
	return binary.LittleEndian.Uint64(o.Txid[:]) ^ uint64(o.Index)<<32 ^ uint64(o.Index)
}

// sortedDuplicate settles equal keys by the whole outpoints.
func sortedDuplicate(in []wire.TxIn) bool {
	order := make([]*wire.OutPoint, len(in))
	for i := range in {
		order[i] = &in[i].PrevOut
	}
	slices.SortFunc(order, func(a, b *wire.OutPoint) int {
		if c := a.Txid.Compare(b.Txid); c != 0 {
			return c
		}
		return int(int64(a.Index) - int64(b.Index))
	})
	for i := 1; i < len(order); i++ {
		if *order[i] == *order[i-1] {
			return true
		}
	}
	return false
}
