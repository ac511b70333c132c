package rpc

import (
	"bytes"
	"context"
	"crypto/sha256"

	"grapevine/chain/script"
	"grapevine/node/signing"
	"grapevine/wire"
)

func (t *rawTx) signRawTransactionWithKey(_ context.Context, r *Request, w *Writer) error {
	text, err := r.Str(0)
	if err != nil {
		return err
	}
	tx, ok := decodeTxHex(text, bothForms)
	if !ok {
		return Errorf(CodeDeserialization, "TX decode failed. Make sure the tx has at least one input.")
	}
	var keys signing.Keyring
	for i := range r.Arg(1).Len() {
		text, err := r.Arg(1).At(i).Str()
		if err != nil {
			return err
		}
		secret, ok := script.DecodeSecret(text, t.params)
		if !ok {
			return Errorf(CodeInvalidAddressOrKey, "Invalid private key")
		}
		keys.AddKey(secret)
	}
	coins, err := t.spentBy(tx)
	if err != nil {
		return err
	}
	if err := addPrevTxs(r.Arg(2), coins, &keys); err != nil {
		return err
	}
	hashType, err := parseHashType(r.Arg(3))
	if err != nil {
		return err
	}
	spent := make([]signing.Spent, len(tx.In))
	for i := range tx.In {
		spent[i] = coins[tx.In[i].PrevOut]
	}
	signed, errs := signing.Transaction(tx, spent, &keys, hashType)
	return writeSigned(w, signed, spent, errs)
}

// writeSigned writes the transaction and which of its inputs are not complete.
func writeSigned(w *Writer, tx *wire.Tx, spent []signing.Spent, errs []*signing.InputError) error {
	for _, e := range errs {
		if e.Message == signing.MissingAmount {
			out := spent[e.Input].Out
			text := hexText(out.PkScript)
			return Errorf(CodeType, "Missing amount for CTxOut(nValue=%s, scriptPubKey=%s)", out.Value, text[:min(len(text), 30)])
		}
	}
	w.Obj()
	w.Key("hex").Hex(tx.AppendTo(nil))
	w.Key("complete").Bool(len(errs) == 0)
	if len(errs) > 0 {
		w.Key("errors").Arr()
		for _, e := range errs {
			in := &tx.In[e.Input]
			w.Obj()
			w.Key("txid").Hash(in.PrevOut.Txid)
			w.Key("vout").Uint(uint64(in.PrevOut.Index))
			w.Key("witness").Arr()
			for _, item := range in.Witness {
				w.Hex(item)
			}
			w.EndArr()
			w.Key("scriptSig").Hex(in.ScriptSig)
			w.Key("sequence").Uint(uint64(in.Sequence))
			w.Key("error").String(e.Message)
			w.EndObj()
		}
		w.EndArr()
	}
	w.EndObj()
	return nil
}

// spentBy finds the outputs that a transaction spends: unspent ones, and those
// of transactions that wait for a block.
func (t *rawTx) spentBy(tx *wire.Tx) (map[wire.OutPoint]signing.Spent, error) {
	found := make(map[wire.OutPoint]signing.Spent, len(tx.In))
	var ops []wire.OutPoint
	for i := range tx.In {
		op := tx.In[i].PrevOut
		if parent, _, ok := t.waiting.Lookup(wire.ByTxid(op.Txid)); !ok {
			ops = append(ops, op)
		} else if int(op.Index) < len(parent.Out) {
			found[op] = signing.Spent{Known: true, Out: parent.Out[op.Index]}
		}
	}
	coins, known, _, err := t.coins.Coins(ops)
	if err != nil {
		return nil, err
	}
	for i, op := range ops {
		if known[i] {
			found[op] = signing.Spent{Known: true, Out: coins[i].Out}
		}
	}
	return found, nil
}

// parseHashType reads a signature hash type by name; without one signatures
// commit to everything.
func parseHashType(v Value) (script.HashType, error) {
	if v.IsNull() {
		return script.SigHashDefault, nil
	}
	name, err := v.Str()
	if err != nil {
		return 0, err
	}
	hashType, ok := map[string]script.HashType{
		"DEFAULT": script.SigHashDefault, "ALL": script.SigHashAll, "NONE": script.SigHashNone, "SINGLE": script.SigHashSingle,
		"ALL|ANYONECANPAY":    script.SigHashAll | script.SigHashAnyoneCanPay,
		"NONE|ANYONECANPAY":   script.SigHashNone | script.SigHashAnyoneCanPay,
		"SINGLE|ANYONECANPAY": script.SigHashSingle | script.SigHashAnyoneCanPay,
	}[name]
	if !ok {
		return 0, Errorf(CodeInvalidParameter, "'%s' is not a valid sighash parameter.", name)
	}
	return hashType, nil
}

// addPrevTxs takes the outputs that the caller tells of: they come before those
// that were found, and their scripts go to the keys.
func addPrevTxs(list Value, coins map[wire.OutPoint]signing.Spent, keys *signing.Keyring) error {
	for i := range list.Len() {
		o := list.At(i)
		if o.Kind() != Object {
			return Errorf(CodeDeserialization, `expected object with {"txid'","vout","scriptPubKey"}`)
		}
		if err := checkMembers(o, false, member{"scriptPubKey", String}, member{"txid", String}, member{"vout", Number}); err != nil {
			return err
		}
		id, err := ParseTxid(o.Member("txid"), "txid")
		if err != nil {
			return err
		}
		n, err := o.Member("vout").Int32()
		if err != nil {
			return err
		}
		if n < 0 {
			return Errorf(CodeDeserialization, "vout cannot be negative")
		}
		pk, err := ParseHex(o.Member("scriptPubKey"), "scriptPubKey")
		if err != nil {
			return err
		}
		op := wire.OutPoint{Txid: id, Index: uint32(n)}
		if known, ok := coins[op]; ok && !bytes.Equal(known.Out.PkScript, pk) {
			return Errorf(CodeDeserialization, "Previous output scriptPubKey mismatch:\n%s\nvs:\n%s",
				script.AppendAsm(nil, known.Out.PkScript, false), script.AppendAsm(nil, pk, false))
		}
		amount := signing.UnknownAmount
		if v, ok := o.Lookup("amount"); ok {
			if amount, err = ParseAmount(v, 8); err != nil {
				return err
			}
		}
		coins[op] = signing.Spent{Known: true, Out: wire.TxOut{Value: amount, PkScript: pk}}
		if err := addScripts(o, pk, keys); err != nil {
			return err
		}
	}
	return nil
}

// addScripts takes the scripts behind the hash in an output. A redeem script
// may stand for the witness script below P2SH too, as it always could.
func addScripts(o Value, pk []byte, keys *signing.Keyring) error {
	isP2SH := script.IsP2SH(pk)
	if !isP2SH && !script.IsP2WSH(pk) {
		return nil
	}
	if err := checkMembers(o, true, member{"redeemScript", String}, member{"witnessScript", String}); err != nil {
		return err
	}
	redeem, witness := o.Member("redeemScript"), o.Member("witnessScript")
	if redeem.IsNull() && witness.IsNull() {
		return Errorf(CodeInvalidParameter, "Missing redeemScript/witnessScript")
	}
	from, name := redeem, "redeemScript"
	if !witness.IsNull() {
		from, name = witness, "witnessScript"
	}
	code, err := ParseHex(from, name)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(code)
	program, _ := script.AddressOfProgram(0, hash[:])
	wrapped := program.Script()
	keys.AddScript(code)
	keys.AddScript(wrapped)
	if !witness.IsNull() && !redeem.IsNull() && witness.Text() != redeem.Text() {
		outer, err := ParseHex(redeem, "redeemScript")
		if err != nil {
			return err
		}
		if !bytes.Equal(outer, wrapped) {
			return Errorf(CodeInvalidParameter, "redeemScript does not correspond to witnessScript")
		}
	}
	fits := bytes.Equal(pk, wrapped)
	if isP2SH {
		fits = bytes.Equal(pk, scriptHashScript(code)) || bytes.Equal(pk, scriptHashScript(wrapped))
	}
	if !fits {
		return Errorf(CodeInvalidParameter, "redeemScript/witnessScript does not match scriptPubKey")
	}
	return nil
}

func scriptHashScript(code []byte) []byte {
	return script.AddressOfScriptHash(script.Hash160(code)).Script()
}
