package signing

import (
	"errors"

	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// Spent is the output that an input spends.
type Spent struct {
	Out wire.TxOut
	// Known is false for an output that was not found.
	Known bool
}

// UnknownAmount stands as the value of an output of which only the script is
// known: legacy signatures do not commit to it.
const UnknownAmount = wire.MaxMoney

// InputError says why an input is not complete.
type InputError struct {
	Input int
	// Message is the sentence that clients know.
	Message string
}

func (e *InputError) Error() string { return e.Message }

// MissingAmount is the message of an input whose signature commits to an amount
// that is not known.
const MissingAmount = "Missing amount"

// Transaction returns a copy of tx in which it has signed what it can, sealed;
// spent has one element for each input. It returns an error for each input that
// is not complete in the end.
func Transaction(tx *wire.Tx, spent []Spent, keys *Keyring, hashType script.HashType) (*wire.Tx, []*InputError) {
	tx = tx.Clone()
	outs := make([]wire.TxOut, len(tx.In))
	all := true
	for i := range outs {
		outs[i] = spent[i].Out
		all = all && spent[i].Known
	}
	m := script.NewMidstates(tx, outs)
	m.Prepare(tx)
	var errs []*InputError
	for i := range tx.In {
		in := input{tx: tx, index: i, out: outs[i], midstates: m, allKnown: all, keys: keys, hashType: hashType}
		if message := in.sign(spent[i].Known); message != "" {
			errs = append(errs, &InputError{i, message})
		}
	}
	return tx.Seal(), errs
}

// input is one input under way.
type input struct {
	tx        *wire.Tx
	index     int
	out       wire.TxOut
	midstates *script.Midstates
	allKnown  bool // taproot signatures commit to all outputs being spent
	keys      *Keyring
	hashType  script.HashType

	old  carried
	kept keptHash
}

// sign signs the input and returns why it is not complete, "" when it is.
func (in *input) sign(known bool) string {
	if !known {
		return "Input not found or already spent"
	}
	txin := &in.tx.In[in.index]
	// A taproot input is signed anew even when it is complete: by the same key,
	// but with the hash type that is asked for now.
	if !script.IsP2TR(in.out.PkScript) && in.verify() == nil {
		return in.missingAmount()
	}
	single := in.hashType&^script.SigHashAnyoneCanPay == script.SigHashSingle
	if !single || in.index < len(in.tx.Out) {
		in.old = in.readCarried()
		txin.ScriptSig, txin.Witness = in.produce()
	}
	if m := in.missingAmount(); m != "" {
		return m
	}
	return message(in.verify())
}

// missingAmount is the complaint about a witness for an output of unknown value.
func (in *input) missingAmount() string {
	if in.out.Value == UnknownAmount && len(in.tx.In[in.index].Witness) > 0 {
		return MissingAmount
	}
	return ""
}

// verify judges the input as it stands.
func (in *input) verify() error {
	if in.allKnown {
		return script.Verify(in.tx, in.index, script.StandardFlags, in.midstates, sigverify.Direct{})
	}
	err := script.Verify(in.tx, in.index, script.StandardFlags, in.midstates, withoutSchnorr{})
	if errors.Is(err, script.ErrSchnorrSig) {
		return &script.Error{Kind: script.ErrSchnorrSigHashType}
	}
	return err
}

// withoutSchnorr refuses the signatures that commit to outputs which are not
// known.
type withoutSchnorr struct{ sigverify.Direct }

func (withoutSchnorr) Schnorr(_, _ []byte, _ *[32]byte) bool { return false }

// message puts a verdict into words that clients know.
func message(err error) string {
	var e *script.Error
	switch {
	case err == nil:
		return ""
	case errors.Is(err, script.ErrStack):
		return "Unable to sign input, invalid stack size (possibly missing key)"
	case errors.Is(err, script.ErrNullFail):
		return "CHECK(MULTI)SIG failing with non-zero signature (possibly need more signatures)"
	case errors.As(err, &e):
		return e.Kind.Message()
	}
	return err.Error()
}
