package rpc

import (
	"context"
	"math"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/utxo"
	"grapevine/mempool"
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

func (l *ledger) getTxOut(ctx context.Context, r *Request, w *Writer) error {
	id, err := ParseTxid(r.Arg(0), "txid")
	if err != nil {
		return err
	}
	index, err := r.Arg(1).Uint32()
	if err != nil {
		return err
	}
	withPool, err := r.Bool(2)
	if err != nil {
		return err
	}
	coin, tip, err := l.coin(ctx, wire.OutPoint{Txid: id, Index: index}, withPool && l.Pool != nil)
	if err != nil {
		return err
	}
	if coin == nil {
		w.Null()
		return nil
	}
	w.Obj()
	w.Key("bestblock").Hash(tip.Hash())
	if coin.Height == inPool {
		w.Key("confirmations").Int(0)
	} else {
		w.Key("confirmations").Int(int64(tip.Height()-coin.Height) + 1)
	}
	w.Key("value").Amount(coin.Out.Value)
	w.Key("scriptPubKey").Obj()
	newTxWriter(w, l.params).script(coin.Out.PkScript)
	w.EndObj()
	w.Key("coinbase").Bool(coin.Coinbase)
	w.EndObj()
	return nil
}

// inPool stands as the height of a coin that no block has made yet.
const inPool = math.MaxInt32

// coin returns an unspent output, nil for none, and the tip at which it is
// unspent. With the pool, what its transactions spend and create counts.
func (l *ledger) coin(ctx context.Context, op wire.OutPoint, withPool bool) (*consensus.Coin, *headers.Node, error) {
	for {
		var waiting wire.TxOut
		state := mempool.CoinUnknown
		if withPool {
			// The pool first: what a block takes out of it meanwhile is in the coins.
			waiting, state = l.Pool.Coin(op)
		}
		coins, found, tip, err := l.Coins.Coins([]wire.OutPoint{op})
		switch {
		case err != nil:
			return nil, nil, err
		case state == mempool.CoinSpent:
			return nil, tip, nil
		case found[0]:
			return &coins[0], tip, nil
		case state != mempool.CoinCreated:
			return nil, tip, nil
		}
		// The pool may not have heard yet of a block that holds what created it and
		// what spent it: it is there only if the pool says so at the coins' tip.
		if l.Settled != nil {
			if err := l.Settled(ctx); err != nil {
				return nil, nil, err
			}
		}
		if _, now := l.Pool.Coin(op); now == state && l.Blocks.Active().Tip() == tip {
			return &consensus.Coin{Out: waiting, Height: inPool}, tip, nil
		}
	}
}
