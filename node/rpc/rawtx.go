package rpc

import (
	"context"

	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/wire"
)

// rawTx answers the methods with which a wallet makes and signs a transaction.
// It has no state of its own.
type rawTx struct {
	params  *params.Params
	coins   Coins
	waiting interface {
		Lookup(id wire.GenTxid) (tx *wire.Tx, rate wire.FeeRate, ok bool)
	}
}

// Versions of transactions that relay policy lets through, and the sequences
// that inputs get unless the caller says otherwise.
const (
	minTxVersion, maxTxVersion = 1, 3

	sequenceFinal       uint32 = 0xffffffff
	sequenceNotFinal    uint32 = 0xfffffffe // keeps a lock time in force
	sequenceReplaceable uint32 = 0xfffffffd // signals replacement (BIP 125)
)

func (t *rawTx) createRawTransaction(_ context.Context, r *Request, w *Writer) error {
	tx, err := t.construct(r)
	if err != nil {
		return err
	}
	w.Hex(tx.AppendTo(nil))
	return nil
}

// construct builds the transaction that the arguments inputs, outputs,
// locktime, replaceable and version describe.
func (t *rawTx) construct(r *Request) (*wire.Tx, error) {
	tx := &wire.Tx{}
	var replaceable, told bool
	if told = r.Has(3); told {
		var err error
		if replaceable, err = r.Bool(3); err != nil {
			return nil, err
		}
	}
	version, err := r.Arg(4).Uint32()
	if err != nil {
		return nil, err
	}
	lockTime, err := r.Arg(2).Int64()
	switch {
	case err != nil:
		return nil, err
	case lockTime < 0 || lockTime > int64(sequenceFinal):
		return nil, Errorf(CodeInvalidParameter, "Invalid parameter, locktime out of range")
	case version < minTxVersion || version > maxTxVersion:
		return nil, Errorf(CodeInvalidParameter, "Invalid parameter, version out of range(%d~%d)", minTxVersion, maxTxVersion)
	}
	tx.Version, tx.LockTime = version, uint32(lockTime)
	sequence := sequenceReplaceable
	if told && !replaceable {
		if sequence = sequenceFinal; lockTime != 0 {
			sequence = sequenceNotFinal
		}
	}
	if tx.In, err = parseInputs(r.Arg(0), sequence); err != nil {
		return nil, err
	}
	if tx.Out, err = t.parseOutputs(r.Arg(1)); err != nil {
		return nil, err
	}
	if told && replaceable && len(tx.In) > 0 && !signalsReplacement(tx) {
		return nil, Errorf(CodeInvalidParameter, "Invalid parameter combination: Sequence number(s) contradict replaceable option")
	}
	return tx, nil
}

func signalsReplacement(tx *wire.Tx) bool {
	for i := range tx.In {
		if tx.In[i].Sequence <= sequenceReplaceable {
			return true
		}
	}
	return false
}

// parseInputs reads the inputs; sequence is that of those which do not name
// one.
func parseInputs(list Value, sequence uint32) ([]wire.TxIn, error) {
	var ins []wire.TxIn
	for i := range list.Len() {
		o := list.At(i)
		if err := o.Expect(Object); err != nil {
			return nil, err
		}
		op, err := parseOutPoint(o)
		if err != nil {
			return nil, err
		}
		in := wire.TxIn{PrevOut: op, Sequence: sequence}
		if v := o.Member("sequence"); v.Kind() == Number {
			n, err := v.Int64()
			if err != nil {
				return nil, err
			}
			if n < 0 || n > int64(sequenceFinal) {
				return nil, Errorf(CodeInvalidParameter, "Invalid parameter, sequence number is out of range")
			}
			in.Sequence = uint32(n)
		}
		ins = append(ins, in)
	}
	return ins, nil
}

// parseOutPoint reads the members txid and vout.
func parseOutPoint(o Value) (wire.OutPoint, error) {
	id, err := ParseTxid(o.Member("txid"), "txid")
	if err != nil {
		return wire.OutPoint{}, err
	}
	v := o.Member("vout")
	if v.Kind() != Number {
		return wire.OutPoint{}, Errorf(CodeInvalidParameter, "Invalid parameter, missing vout key")
	}
	n, err := v.Int32()
	if err != nil {
		return wire.OutPoint{}, err
	}
	if n < 0 {
		return wire.OutPoint{}, Errorf(CodeInvalidParameter, "Invalid parameter, vout cannot be negative")
	}
	return wire.OutPoint{Txid: id, Index: uint32(n)}, nil
}

// parseOutputs reads the outputs: an object of amounts by address, with at most
// one member "data", or an array of such objects with one member each.
func (t *rawTx) parseOutputs(v Value) ([]wire.TxOut, error) {
	keys, items, err := outputPairs(v)
	if err != nil {
		return nil, err
	}
	var outs []wire.TxOut
	paid, hasData := map[script.Address]bool{}, false
	for i, key := range keys {
		if key == "data" {
			if hasData {
				return nil, Errorf(CodeInvalidParameter, "Invalid parameter, duplicate key: data")
			}
			hasData = true
			data, err := ParseHex(StringValue(items[i].Text()), "Data")
			if err != nil {
				return nil, err
			}
			outs = append(outs, wire.TxOut{PkScript: script.AppendPush([]byte{byte(script.OpReturn)}, data)})
			continue
		}
		addr, invalid := script.DecodeAddress(key, t.params)
		amount, err := ParseAmount(items[i], 8)
		switch {
		case err != nil:
			return nil, err
		case invalid != nil:
			return nil, Errorf(CodeInvalidAddressOrKey, "Invalid Bitcoin address: %s", key)
		case paid[addr]:
			return nil, Errorf(CodeInvalidParameter, "Invalid parameter, duplicated address: %s", key)
		}
		paid[addr] = true
		outs = append(outs, wire.TxOut{Value: amount, PkScript: addr.Script()})
	}
	return outs, nil
}

// outputPairs lists the members of the outputs in order.
func outputPairs(v Value) (keys []string, items []Value, err error) {
	switch v.Kind() {
	case Null:
		return nil, nil, Errorf(CodeInvalidParameter, "Invalid parameter, output argument must be non-null")
	case Object:
		for i := range v.Len() {
			keys, items = append(keys, v.KeyAt(i)), append(items, v.At(i))
		}
		return keys, items, nil
	}
	if err := v.Expect(Array); err != nil {
		return nil, nil, err
	}
	for i := range v.Len() {
		o := v.At(i)
		switch {
		case o.Kind() != Object:
			return nil, nil, Errorf(CodeInvalidParameter, "Invalid parameter, key-value pair not an object as expected")
		case o.Len() != 1:
			return nil, nil, Errorf(CodeInvalidParameter, "Invalid parameter, key-value pair must contain exactly one key")
		}
		keys, items = append(keys, o.KeyAt(0)), append(items, o.At(0))
	}
	return keys, items, nil
}
