package rpc

import (
	"context"

	"grapevine/p2p/privatebroadcast"
	"grapevine/wire"
)

// PrivateQueue holds the transactions of -privatebroadcast.
type PrivateQueue interface {
	PrivateBroadcasts() []privatebroadcast.Broadcast
	// AbortPrivate drops those with this txid or wtxid and returns them.
	AbortPrivate(id [32]byte) []*wire.Tx
}

// errNotPrivate is the answer where transactions are sent like any other.
func errNotPrivate() error {
	return Errorf(CodeMethodNotFound, "Private broadcast is not enabled. Ensure you're running Bitcoin Core with -privatebroadcast=1.")
}

func writePrivateTx(w *Writer, tx *wire.Tx) {
	w.Key("txid").Hash(tx.Txid())
	w.Key("wtxid").Hash(tx.Wtxid())
	w.Key("hex").Hex(tx.AppendTo(nil))
}

func (n *network) getPrivateBroadcastInfo(_ context.Context, _ *Request, w *Writer) error {
	if n.Private == nil {
		return errNotPrivate()
	}
	w.Obj()
	w.Key("transactions").Arr()
	for _, t := range n.Private.PrivateBroadcasts() {
		w.Obj()
		writePrivateTx(w, t.Tx)
		w.Key("time_added").Int(unix(t.Added))
		w.Key("peers").Arr()
		for _, p := range t.Sends {
			w.Obj()
			w.Key("address").String(p.Addr.String())
			w.Key("sent").Int(unix(p.Sent))
			if !p.Confirmed.IsZero() {
				w.Key("received").Int(unix(p.Confirmed))
			}
			w.EndObj()
		}
		w.EndArr().EndObj()
	}
	w.EndArr().EndObj()
	return nil
}

func (n *network) abortPrivateBroadcast(_ context.Context, r *Request, w *Writer) error {
	if n.Private == nil {
		return errNotPrivate()
	}
	id, err := r.Txid(0)
	if err != nil {
		return err
	}
	removed := n.Private.AbortPrivate(id)
	if len(removed) == 0 {
		return Errorf(CodeInvalidAddressOrKey, "Transaction not in private broadcast queue. Check getprivatebroadcastinfo.")
	}
	w.Obj()
	w.Key("removed_transactions").Arr()
	for _, tx := range removed {
		w.Obj()
		writePrivateTx(w, tx)
		w.EndObj()
	}
	w.EndArr().EndObj()
	return nil
}
