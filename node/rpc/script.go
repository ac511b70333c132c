package rpc

import (
	"context"
	"crypto/sha256"
	"errors"

	"grapevine/chain/script"
	"grapevine/node/descriptor"
)

func (l *ledger) validateAddress(_ context.Context, r *Request, w *Writer) error {
	text, err := r.Str(0)
	if err != nil {
		return err
	}
	addr, err := script.DecodeAddress(text, l.params)
	w.Obj()
	w.Key("isvalid").Bool(err == nil)
	if err != nil {
		writeAddressError(w, err)
	} else {
		w.Key("address").String(addr.Encode(l.params))
		w.Key("scriptPubKey").Hex(addr.Script())
		describeAddress(w, addr)
	}
	w.EndObj()
	return nil
}

func writeAddressError(w *Writer, err error) {
	var bad *script.AddressError
	errors.As(err, &bad)
	w.Key("error_locations").Arr()
	if bad != nil {
		for _, i := range bad.Locations {
			w.Int(int64(i))
		}
	}
	w.EndArr()
	w.Key("error").String(err.Error())
}

// describeAddress writes what an address commits to. Whether a program of an
// unknown version is a script nobody can tell.
func describeAddress(w *Writer, a script.Address) {
	version, witness := a.WitnessVersion()
	if a.Type() != script.WitnessUnknown {
		switch a.Type() {
		case script.PubKeyHash, script.WitnessV0KeyHash:
			w.Key("isscript").Bool(false)
		default:
			w.Key("isscript").Bool(true)
		}
	}
	w.Key("iswitness").Bool(witness)
	if witness && a.Type() != script.Anchor {
		w.Key("witness_version").Int(int64(version))
		w.Key("witness_program").Hex(a.Data())
	}
}

func (l *ledger) decodeScript(_ context.Context, r *Request, w *Writer) error {
	text, err := r.Str(0)
	if err != nil {
		return err
	}
	var s []byte
	if text != "" {
		if s, err = ParseHex(r.Arg(0), "argument"); err != nil {
			return err
		}
	}
	t := newTxWriter(w, l.params)
	w.Obj()
	t.scriptFields(s, false)
	kind, parts := script.Classify(s)
	if mayWrapP2SH(kind, s) {
		w.Key("p2sh").String(l.p2sh(s))
		if mayWrapSegwit(kind, parts) {
			w.Key("segwit").Obj()
			l.writeSegwit(t, kind, parts, s)
			w.EndObj()
		}
	}
	w.EndObj()
	return nil
}

// writeSegwit writes the witness output that would carry the script: the short
// form for a single key, the hash of the script otherwise.
func (l *ledger) writeSegwit(t *txWriter, kind script.Type, parts [][]byte, s []byte) {
	var program []byte
	var known [][]byte
	switch kind {
	case script.PubKey:
		hash := script.Hash160(parts[0])
		program = hash[:]
	case script.PubKeyHash:
		program = parts[0]
	default:
		sum := sha256.Sum256(s)
		program, known = sum[:], [][]byte{s}
	}
	out := script.AppendPush([]byte{byte(script.Op0)}, program)
	t.scriptFields(out, true, known...)
	t.w.Key("p2sh-segwit").String(l.p2sh(out))
}

// p2sh returns the address of a script wrapped by its hash (BIP 16).
func (l *ledger) p2sh(s []byte) string {
	return script.AddressOfScriptHash(script.Hash160(s)).Encode(l.params)
}

// mayWrapP2SH reports whether a script makes sense below a hash: it is no
// wrapper itself, it can be spent, and it uses no operation of tapscript.
func mayWrapP2SH(kind script.Type, s []byte) bool {
	switch kind {
	case script.NullData, script.ScriptHash, script.WitnessUnknown, script.WitnessV1Taproot, script.Anchor:
		return false
	}
	if !script.HasValidOps(s) || script.IsUnspendable(s) {
		return false
	}
	for tok := script.NewTokenizer(s); tok.Next(); {
		if op := tok.Op(); op == script.OpCheckSigAdd || op.IsSuccess() {
			return false
		}
	}
	return true
}

// mayWrapSegwit reports whether a script makes sense below a witness program:
// those of version 0 do not nest, and need compressed keys.
func mayWrapSegwit(kind script.Type, parts [][]byte) bool {
	switch kind {
	case script.NonStandard, script.PubKeyHash:
		return true
	case script.MultiSig, script.PubKey:
		for _, p := range parts {
			if len(p) != 1 && len(p) != compressedKeySize {
				return false
			}
		}
		return true
	}
	return false
}

const compressedKeySize = 33

func (l *ledger) getDescriptorInfo(_ context.Context, r *Request, w *Writer) error {
	text, err := r.Str(0)
	if err != nil {
		return err
	}
	parsed, err := descriptor.Parse(text, l.params, false)
	if err != nil {
		return Errorf(CodeInvalidAddressOrKey, "%s", err)
	}
	first := parsed.Descriptors[0]
	w.Obj()
	w.Key("descriptor").String(first.String())
	if len(parsed.Descriptors) > 1 {
		w.Key("multipath_expansion").Arr()
		for _, d := range parsed.Descriptors {
			w.String(d.String())
		}
		w.EndArr()
	}
	w.Key("checksum").String(parsed.Checksum)
	w.Key("isrange").Bool(first.Ranged())
	w.Key("issolvable").Bool(first.Solvable())
	w.Key("hasprivatekeys").Bool(parsed.HasPrivateKeys)
	w.EndObj()
	return nil
}
