package policy

import (
	"grapevine/chain/script"
	"grapevine/wire"
)

// Limits of standard witnesses: enough for 100 keys in a script of segwit v0.
const (
	MaxWitnessScriptSize      = 3_600
	MaxWitnessStackItems      = 100
	MaxWitnessStackItemSize   = 80
	MaxTapscriptStackItemSize = 80
)

const (
	annexTag      = 0x50
	leafMask      = 0xfe
	leafTapscript = 0xc0
)

// CheckWitness checks that no input brings a witness that it does not need, or
// a larger one than anybody does. Whoever relays a transaction can change what
// of its witness is not signed, so this says nothing about other copies of it.
func CheckWitness(tx *wire.Tx, spent []wire.TxOut) error {
	for i := range tx.In {
		if len(tx.In[i].Witness) > 0 && !witnessStandard(&tx.In[i], spent[i].PkScript) {
			return broken(ErrWitness)
		}
	}
	return nil
}

func witnessStandard(in *wire.TxIn, pk []byte) bool {
	if script.IsPayToAnchor(pk) {
		return false // anyone may spend it, nothing is to be shown
	}
	wrapped := script.IsP2SH(pk)
	if wrapped {
		redeem, pushed, err := lastPushed(in.ScriptSig)
		if err != nil || !pushed {
			return false
		}
		pk = redeem
	}
	version, program, ok := script.WitnessProgram(pk)
	switch {
	case !ok:
		return false
	case version == 0 && len(program) == 32:
		return scriptWitnessStandard(in.Witness)
	case version == 1 && len(program) == 32 && !wrapped:
		return taprootWitnessStandard(in.Witness)
	}
	return true
}

func scriptWitnessStandard(stack [][]byte) bool {
	last := len(stack) - 1
	return len(stack[last]) <= MaxWitnessScriptSize && last <= MaxWitnessStackItems &&
		itemsWithin(stack[:last], MaxWitnessStackItemSize)
}

func taprootWitnessStandard(stack [][]byte) bool {
	last := len(stack) - 1
	if last == 0 {
		return true // a signature by the output key
	}
	if len(stack[last]) > 0 && stack[last][0] == annexTag {
		return false // no annex has a meaning yet
	}
	control := stack[last]
	if len(control) == 0 {
		return false
	}
	return control[0]&leafMask != leafTapscript || itemsWithin(stack[:last-1], MaxTapscriptStackItemSize)
}

func itemsWithin(items [][]byte, limit int) bool {
	for _, item := range items {
		if len(item) > limit {
			return false
		}
	}
	return true
}

// SpendsWitness reports whether an input spends a witness program other than an
// anchor. Such a transaction that arrives without any witness may have been
// stripped of it, and its failure says nothing about the whole one.
func SpendsWitness(tx *wire.Tx, spent []wire.TxOut) bool {
	for i := range tx.In {
		pk := spent[i].PkScript
		if _, _, ok := script.WitnessProgram(pk); ok && !script.IsPayToAnchor(pk) {
			return true
		}
		if !script.IsP2SH(pk) {
			continue
		}
		if redeem, pushed, err := lastPushed(tx.In[i].ScriptSig); err == nil && pushed {
			if _, _, ok := script.WitnessProgram(redeem); ok {
				return true
			}
		}
	}
	return false
}
