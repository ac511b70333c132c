package consensus

import (
	"grapevine/chain/script"
	"grapevine/wire"
)

// LegacySigOps counts the signature operations in a transaction's own scripts,
// without those of what it spends.
func LegacySigOps(tx *wire.Tx) int64 {
	count := 0
	for i := range tx.In {
		count += script.CountSigOps(tx.In[i].ScriptSig, false)
	}
	for i := range tx.Out {
		count += script.CountSigOps(tx.Out[i].PkScript, false)
	}
	return int64(count)
}

// P2SHSigOps counts those in the scripts that pay-to-script-hash inputs reveal
// (BIP 16): spent[i] is the output of input i.
func P2SHSigOps(tx *wire.Tx, spent []wire.TxOut) int64 {
	if tx.IsCoinbase() {
		return 0
	}
	count := 0
	for i := range tx.In {
		if script.IsP2SH(spent[i].PkScript) {
			count += script.P2SHSigOps(tx.In[i].ScriptSig, spent[i].PkScript)
		}
	}
	return int64(count)
}

// TxSigOpCost returns what a transaction adds to its block's cost (BIP 141):
// four for each operation outside witnesses, one for each inside. The outputs
// spent are not looked at for a coinbase.
func TxSigOpCost(tx *wire.Tx, spent []wire.TxOut, flags script.Flags) int64 {
	cost := LegacySigOps(tx) * wire.WitnessScaleFactor
	if tx.IsCoinbase() {
		return cost
	}
	if flags&script.VerifyP2SH != 0 {
		cost += P2SHSigOps(tx, spent) * wire.WitnessScaleFactor
	}
	for i := range tx.In {
		cost += int64(script.WitnessSigOps(tx.In[i].ScriptSig, spent[i].PkScript, tx.In[i].Witness, flags))
	}
	return cost
}
