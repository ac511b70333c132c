package policy

import (
	"fmt"

	"grapevine/chain/script"
	"grapevine/wire"
)

const (
	// MaxLegacySigOps bounds the signature operations outside witnesses that a
	// transaction may run (BIP 54).
	MaxLegacySigOps = 2_500
	// MaxP2SHSigOps bounds those of one redeem script.
	MaxP2SHSigOps = 15
)

// CheckInputs checks that the outputs spent are of standard form, and the
// redeem scripts cheap: spent[i] is the output of input i. The transaction
// passed [CheckTx].
func CheckInputs(tx *wire.Tx, spent []wire.TxOut) error {
	if legacySigOps(tx, spent) > MaxLegacySigOps {
		return &Error{ErrInputs, "non-witness sigops exceed bip54 limit"}
	}
	for i := range tx.In {
		if detail := checkInput(i, tx.In[i].ScriptSig, spent[i].PkScript); detail != "" {
			return &Error{ErrInputs, detail}
		}
	}
	return nil
}

func legacySigOps(tx *wire.Tx, spent []wire.TxOut) int {
	count := 0
	for i := range tx.In {
		sig, pk := tx.In[i].ScriptSig, spent[i].PkScript
		count += script.CountSigOps(sig, true)
		if script.IsP2SH(pk) {
			count += script.P2SHSigOps(sig, pk)
		} else {
			count += script.CountSigOps(pk, true)
		}
	}
	return count
}

// checkInput says what is wrong with an input, "" when nothing is.
func checkInput(i int, sig, pk []byte) string {
	switch script.TypeOf(pk) {
	case script.NonStandard:
		return fmt.Sprintf("input %d script unknown", i)
	case script.WitnessUnknown:
		return fmt.Sprintf("input %d witness program is undefined", i)
	case script.ScriptHash:
		redeem, pushed, err := lastPushed(sig)
		if err != nil {
			return fmt.Sprintf("p2sh scriptsig malformed (input %d: %s)", i, err)
		}
		if !pushed {
			return fmt.Sprintf("input %d P2SH redeemscript missing", i)
		}
		if n := script.CountSigOps(redeem, true); n > MaxP2SHSigOps {
			return fmt.Sprintf("p2sh redeemscript sigops exceed limit (input %d: %d > %d)", i, n, MaxP2SHSigOps)
		}
	}
	return ""
}

// lastPushed runs a script that only pushes and returns what is on top of the
// stack then; not pushed when there is nothing. The errors are those that
// running it would give.
func lastPushed(sig []byte) (top []byte, pushed bool, err error) {
	depth := 0
	t := script.NewTokenizer(sig)
	for t.Next() {
		op := t.Op()
		switch {
		case len(t.Data()) > script.MaxElementSize:
			return nil, false, &script.Error{Kind: script.ErrPushSize}
		case op > script.Op16 || op == script.OpReserved:
			return nil, false, &script.Error{Kind: script.ErrBadOpcode}
		case op <= script.OpPushData4:
			top = t.Data()
		case op == script.Op1Negate:
			top = []byte{0x81}
		default:
			top = []byte{byte(op-script.Op1) + 1}
		}
		if depth++; depth > script.MaxStackSize {
			return nil, false, &script.Error{Kind: script.ErrStackSize}
		}
	}
	if err := t.Err(); err != nil {
		return nil, false, err
	}
	return top, depth > 0, nil
}
