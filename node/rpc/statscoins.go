package rpc

import (
	"context"

	"grapevine/chain/utxo"
	"grapevine/wire"
)

// hashKinds maps the names of the set's hashes to what computes them.
func hashKind(name string) (utxo.HashKind, error) {
	switch name {
	case "hash_serialized_3":
		return utxo.HashSerialized, nil
	case "muhash":
		return utxo.HashMuHash, nil
	case "none":
		return utxo.HashNone, nil
	}
	return 0, Errorf(CodeInvalidParameter, "'%s' is not a valid hash_type", name)
}

func (l *ledger) getTxOutSetInfo(ctx context.Context, r *Request, w *Writer) error {
	name, err := r.Str(0)
	if err != nil {
		return err
	}
	kind, err := hashKind(name)
	if err != nil {
		return err
	}
	if _, err := r.Bool(2); err != nil {
		return err
	}
	if r.Has(1) {
		return Errorf(CodeInvalidParameter, "Querying specific block heights requires coinstatsindex")
	}
	st, tip, err := l.Coins.CoinStats(ctx, kind)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.log.Error("coin statistics failed", "err", err)
		return Errorf(CodeInternal, "Unable to read UTXO set")
	}
	w.Obj()
	w.Key("height").Int(int64(tip.Height()))
	w.Key("bestblock").Hash(tip.Hash())
	w.Key("txouts").Uint(st.TxOuts)
	w.Key("bogosize").Uint(st.BogoSize)
	if kind != utxo.HashNone {
		w.Key(name).Hash(st.Hash)
	}
	w.Key("total_amount").Amount(st.TotalAmount)
	w.Key("transactions").Uint(st.Transactions)
	w.Key("disk_size").Uint(st.DiskSize)
	w.EndObj()
	return nil
}

func (l *ledger) getTxOut(_ context.Context, r *Request, w *Writer) error {
	id, err := ParseTxid(r.Arg(0), "txid")
	if err != nil {
		return err
	}
	index, err := r.Arg(1).Uint32()
	if err != nil {
		return err
	}
	// Without a pool its view of the coins is the chain's.
	if _, err := r.Bool(2); err != nil {
		return err
	}
	coins, found, tip, err := l.Coins.Coins([]wire.OutPoint{{Txid: id, Index: index}})
	if err != nil {
		return err
	}
	if !found[0] {
		w.Null()
		return nil
	}
	c := &coins[0]
	w.Obj()
	w.Key("bestblock").Hash(tip.Hash())
	w.Key("confirmations").Int(int64(tip.Height()-c.Height) + 1)
	w.Key("value").Amount(c.Out.Value)
	w.Key("scriptPubKey").Obj()
	newTxWriter(w, l.params).script(c.Out.PkScript)
	w.EndObj()
	w.Key("coinbase").Bool(c.Coinbase)
	w.EndObj()
	return nil
}
