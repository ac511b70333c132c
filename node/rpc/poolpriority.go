package rpc

import (
	"context"

	"grapevine/wire"
)

func (p *poolCalls) prioritiseTransaction(ctx context.Context, r *Request, w *Writer) error {
	id, err := r.Txid(0)
	if err != nil {
		return err
	}
	var dummy float64
	if r.Has(1) {
		if dummy, err = r.Arg(1).Float64(); err != nil {
			return err
		}
	}
	delta, err := r.Int64(2)
	switch {
	case err != nil:
		return err
	case dummy != 0:
		return Errorf(CodeInvalidParameter, "Priority is no longer supported, dummy argument to prioritisetransaction must be 0.")
	}
	if err := p.Pool.Prioritise(ctx, id, wire.Amount(delta)); err != nil {
		return err
	}
	w.Bool(true)
	return nil
}

func (p *poolCalls) getPrioritisedTransactions(_ context.Context, _ *Request, w *Writer) error {
	w.Obj()
	for _, pr := range p.Pool.Priorities() {
		w.keyHash(pr.Txid).Obj()
		w.Key("fee_delta").Int(int64(pr.Delta))
		w.Key("in_mempool").Bool(pr.InPool)
		if pr.InPool {
			w.Key("modified_fee").Int(int64(pr.ModifiedFee))
		}
		w.EndObj()
	}
	w.EndObj()
	return nil
}
