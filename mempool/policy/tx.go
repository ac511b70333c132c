package policy

import (
	"grapevine/chain/script"
	"grapevine/wire"
)

// Limits of standard transactions.
const (
	// MinVersion and MaxVersion bound the version; 3 opts in to BIP 431.
	MinVersion, MaxVersion = 1, 3
	// MaxTxWeight bounds a transaction to a tenth of a block, since hashing for
	// its signatures can take time quadratic in its size.
	MaxTxWeight wire.Weight = 400_000
	// MinTxBaseSize keeps away transactions of 64 bytes, which can be taken for
	// an inner node of a block's merkle tree (CVE-2017-12842).
	MinTxBaseSize = 65
	// MaxScriptSigSize holds a redeem script of 15 keys of 33 bytes, each with a
	// push byte, and three opcodes (513 bytes), its push of 3 bytes, 15 signatures
	// of 73 bytes with a push byte and the dummy: 1,627, rounded up.
	MaxScriptSigSize = 1_650
	// MaxDustOutputs is how many dust outputs a transaction may have: one, which
	// the child that pays for it has to spend.
	MaxDustOutputs = 1
	// MaxMultisigKeys is how many keys a bare multisig output may have.
	MaxMultisigKeys = 3
)

// Rules are what an operator may choose.
type Rules struct {
	// DustRate is the feerate at which spending an output must not cost more
	// than it holds.
	DustRate wire.FeeRate
	// DataCarrierBytes bounds all data outputs of a transaction together, as
	// bytes of script; 0 refuses them.
	DataCarrierBytes int
	// PermitBareMultisig lets multisig outputs pass that are not hidden behind a
	// hash.
	PermitBareMultisig bool
}

// CheckTx checks what is standard whatever the transaction spends.
func CheckTx(tx *wire.Tx, r Rules) error {
	if tx.Version < MinVersion || tx.Version > MaxVersion {
		return broken(ErrVersion)
	}
	if tx.Weight() > MaxTxWeight {
		return broken(ErrTxSize)
	}
	for i := range tx.In {
		if len(tx.In[i].ScriptSig) > MaxScriptSigSize {
			return broken(ErrScriptSigSize)
		}
		if !script.IsPushOnly(tx.In[i].ScriptSig) {
			return broken(ErrScriptSigPushOnly)
		}
	}
	if err := checkOutputs(tx, r); err != nil {
		return err
	}
	if CountDust(tx, r.DustRate) > MaxDustOutputs {
		return broken(ErrDust)
	}
	return nil
}

func checkOutputs(tx *wire.Tx, r Rules) error {
	left := r.DataCarrierBytes
	for i := range tx.Out {
		pk := tx.Out[i].PkScript
		switch script.TypeOf(pk) {
		case script.NonStandard:
			return broken(ErrScriptPubKey)
		case script.NullData:
			if len(pk) > left {
				return broken(ErrDataCarrier)
			}
			left -= len(pk)
		case script.MultiSig:
			if !smallMultisig(pk) {
				return broken(ErrScriptPubKey)
			}
			if !r.PermitBareMultisig {
				return broken(ErrBareMultisig)
			}
		}
	}
	return nil
}

// smallMultisig reports whether a multisig output has one to three keys and
// asks for no more signatures than that.
func smallMultisig(pk []byte) bool {
	_, parts := script.Classify(pk)
	m, n := parts[0][0], parts[len(parts)-1][0]
	return n >= 1 && n <= MaxMultisigKeys && m >= 1 && m <= n
}

// DustThreshold returns the value below which an output is dust: what its own
// bytes and those of an input that spends it cost at the rate. An input takes
// 148 bytes with a signature and a key of 107 bytes in its script, and 67 where
// these stand in the witness at a quarter of their size.
func DustThreshold(out *wire.TxOut, rate wire.FeeRate) wire.Amount {
	if script.IsUnspendable(out.PkScript) {
		return 0
	}
	const key = 107
	size := 8 + wire.CompactSizeLen(uint64(len(out.PkScript))) + len(out.PkScript) + 32 + 4 + 1 + 4
	if _, _, ok := script.WitnessProgram(out.PkScript); ok {
		size += key / wire.WitnessScaleFactor
	} else {
		size += key
	}
	return Fee(rate, size)
}

// IsDust reports whether an output is not worth spending at the rate.
func IsDust(out *wire.TxOut, rate wire.FeeRate) bool { return out.Value < DustThreshold(out, rate) }

// CountDust returns how many outputs are dust.
func CountDust(tx *wire.Tx, rate wire.FeeRate) int {
	count := 0
	for i := range tx.Out {
		if IsDust(&tx.Out[i], rate) {
			count++
		}
	}
	return count
}
