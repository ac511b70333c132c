package rpc

import (
	"context"

	"grapevine/wire"
)

func (p *poolCalls) getMempoolInfo(_ context.Context, _ *Request, w *Writer) error {
	i := p.Pool.Info()
	w.Obj()
	w.Key("loaded").Bool(true) // there is no file to load, so that nothing is outstanding
	w.Key("size").Int(int64(i.Size))
	w.Key("bytes").Int(i.Bytes)
	w.Key("usage").Int(i.Usage)
	w.Key("total_fee").Amount(i.TotalFee)
	w.Key("maxmempool").Int(i.MaxBytes)
	w.Key("mempoolminfee").Amount(wire.Amount(i.MinFee))
	w.Key("minrelaytxfee").Amount(wire.Amount(i.MinRelay))
	w.Key("incrementalrelayfee").Amount(wire.Amount(i.Incremental))
	w.Key("unbroadcastcount").Int(int64(i.Unbroadcast))
	w.Key("permitbaremultisig").Bool(i.PermitBareMultisig)
	w.Key("maxdatacarriersize").Int(int64(i.DataCarrierBytes))
	w.Key("limitclustercount").Int(int64(i.ClusterCount))
	w.Key("limitclustersize").Int(int64(i.ClusterVBytes))
	w.Key("optimal").Bool(i.Optimal)
	w.EndObj()
	return nil
}

func (p *poolCalls) getTxSpendingPrevOut(_ context.Context, r *Request, w *Writer) error {
	list := r.Arg(0)
	if list.Len() == 0 {
		return Errorf(CodeInvalidParameter, "Invalid parameter, outputs are missing")
	}
	poolOnly, whole := member{"mempool_only", Bool}, member{"return_spending_tx", Bool}
	options := r.Arg(1)
	if err := checkMembers(options, true, poolOnly, whole); err != nil {
		return err
	}
	if err := checkKeys(options, poolOnly, whole); err != nil {
		return err
	}
	ops := make([]wire.OutPoint, list.Len())
	for i := range ops {
		o := list.At(i)
		if err := o.Expect(Object); err != nil {
			return err
		}
		id, vout := member{"txid", String}, member{"vout", Number}
		if err := checkMembers(o, false, id, vout); err != nil {
			return err
		}
		if err := checkKeys(o, id, vout); err != nil {
			return err
		}
		var err error
		if ops[i], err = parseOutPoint(o); err != nil {
			return err
		}
	}
	withTx := options.Member("return_spending_tx").text == "1"
	spenders := make([]*wire.Tx, len(ops))
	for i, op := range ops {
		spenders[i] = p.spender(op)
	}
	if v, told := options.Lookup("mempool_only"); told && v.text != "1" {
		for _, tx := range spenders {
			if tx == nil {
				return Errorf(CodeMisc, "Mempool lacks a relevant spend, and txospenderindex is unavailable.")
			}
		}
	}
	w.Arr()
	for i, tx := range spenders {
		w.Obj()
		for j := range list.At(i).Len() {
			w.Key(list.At(i).KeyAt(j)).Value(list.At(i).At(j))
		}
		if tx != nil {
			w.Key("spendingtxid").Hash(tx.Txid())
			if withTx {
				w.Key("spendingtx").Hex(tx.AppendTo(nil))
			}
		}
		w.EndObj()
	}
	w.EndArr()
	return nil
}

// spender returns the transaction in the pool that spends an output, nil for
// none.
func (p *poolCalls) spender(op wire.OutPoint) *wire.Tx {
	id, ok := p.Pool.Spender(op)
	if !ok {
		return nil
	}
	tx, _, _ := p.Pool.Lookup(wire.ByTxid(id))
	return tx
}

// maxConfirmTarget is the longest wait, in blocks, that fees are estimated for:
// a week.
const maxConfirmTarget = 1008

func (p *poolCalls) estimateSmartFee(_ context.Context, r *Request, w *Writer) error {
	target, err := r.Int32(0)
	if err != nil {
		return err
	}
	if target < 1 || target > maxConfirmTarget {
		return Errorf(CodeInvalidParameter, "Invalid conf_target, must be between 1 and %d", maxConfirmTarget)
	}
	mode, err := r.Str(1)
	if err != nil {
		return err
	}
	switch asciiLower(mode) {
	case "unset", "economical", "conservative":
	default:
		return Errorf(CodeInvalidParameter, `Invalid estimate_mode parameter, must be one of: "unset", "economical", "conservative"`)
	}
	// Nothing is recorded yet that an estimate could rest on.
	w.Obj()
	w.Key("errors").Arr().String("Insufficient data or no feerate found").EndArr()
	w.Key("blocks").Int(0)
	w.EndObj()
	return nil
}

func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// getZMQNotifications answers for publishers, of which there are none.
func (p *poolCalls) getZMQNotifications(_ context.Context, _ *Request, w *Writer) error {
	w.Arr().EndArr()
	return nil
}
