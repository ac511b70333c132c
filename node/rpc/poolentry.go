package rpc

import (
	"context"
	"slices"

	"grapevine/mempool"
	"grapevine/wire"
)

var errNotInPool = &Error{Code: CodeInvalidAddressOrKey, Message: "Transaction not in mempool"}

func (p *poolCalls) getRawMempool(_ context.Context, r *Request, w *Writer) error {
	verbose, err := r.Bool(0)
	if err != nil {
		return err
	}
	sequence, err := r.Bool(1)
	if err != nil {
		return err
	}
	switch {
	case verbose && sequence:
		return Errorf(CodeInvalidParameter, "Verbose results cannot contain mempool sequence values.")
	case verbose:
		w.Obj()
		for _, e := range p.Pool.Entries() {
			w.keyHash(e.Txid)
			writeEntry(w, &e)
		}
		w.EndObj()
		return nil
	}
	ids, next := p.Pool.Txids()
	if !sequence {
		writeTxids(w, ids)
		return nil
	}
	w.Obj().Key("txids")
	writeTxids(w, ids)
	w.Key("mempool_sequence").Uint(next).EndObj()
	return nil
}

func (w *Writer) keyHash(id wire.Txid) *Writer { return w.Key(id.String()) }

func writeTxids(w *Writer, ids []wire.Txid) {
	w.Arr()
	for _, id := range ids {
		w.Hash(id)
	}
	w.EndArr()
}

// writeEntry writes what the pool knows of a transaction.
func writeEntry(w *Writer, e *mempool.Entry) {
	w.Obj()
	w.Key("vsize").Int(int64(e.VSize))
	w.Key("weight").Int(int64(e.Weight))
	w.Key("time").Int(e.Time.Unix())
	w.Key("height").Int(int64(e.Height))
	w.Key("descendantcount").Int(int64(e.DescendantCount))
	w.Key("descendantsize").Int(int64(e.DescendantSize))
	w.Key("ancestorcount").Int(int64(e.AncestorCount))
	w.Key("ancestorsize").Int(int64(e.AncestorSize))
	w.Key("wtxid").Hash(e.Wtxid)
	w.Key("chunkweight").Int(int64(e.ChunkWeight))
	w.Key("fees").Obj()
	w.Key("base").Amount(e.Fee)
	w.Key("modified").Amount(e.ModifiedFee)
	w.Key("ancestor").Amount(e.AncestorFees)
	w.Key("descendant").Amount(e.DescendantFees)
	w.Key("chunk").Amount(e.ChunkFee)
	w.EndObj()
	// What it depends on is ordered as text, what spends from it as bytes.
	w.Key("depends")
	writeTxids(w, e.Depends)
	w.Key("spentby")
	writeTxids(w, byBytes(e.SpentBy))
	w.Key("unbroadcast").Bool(e.Unbroadcast)
	w.EndObj()
}

func byBytes(ids []wire.Txid) []wire.Txid {
	slices.SortFunc(ids, wire.Txid.Compare)
	return ids
}

func (p *poolCalls) getMempoolEntry(_ context.Context, r *Request, w *Writer) error {
	id, err := r.Txid(0)
	if err != nil {
		return err
	}
	e, ok := p.Pool.Entry(id)
	if !ok {
		return errNotInPool
	}
	writeEntry(w, &e)
	return nil
}

// relatives answers a method that lists what a transaction depends on, or what
// depends on it.
func (p *poolCalls) relatives(of func(wire.Txid) ([]wire.Txid, bool)) Handler {
	return func(_ context.Context, r *Request, w *Writer) error {
		verbose, err := r.Bool(1)
		if err != nil {
			return err
		}
		id, err := r.Txid(0)
		if err != nil {
			return err
		}
		ids, ok := of(id)
		if !ok {
			return errNotInPool
		}
		byBytes(ids)
		if !verbose {
			writeTxids(w, ids)
			return nil
		}
		w.Obj()
		for _, id := range ids {
			if e, ok := p.Pool.Entry(id); ok { // else it has left since
				w.keyHash(id)
				writeEntry(w, &e)
			}
		}
		w.EndObj()
		return nil
	}
}
