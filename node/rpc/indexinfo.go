package rpc

import (
	"context"

	"grapevine/chain/index"
)

// Index is built beside the chain and follows it.
type Index interface{ Summary() index.Summary }

// getIndexInfo writes the state of every index, or of the one that is named.
func (l *ledger) getIndexInfo(_ context.Context, r *Request, w *Writer) error {
	name := ""
	if r.Has(0) {
		var err error
		if name, err = r.Str(0); err != nil {
			return err
		}
	}
	w.Obj()
	for _, x := range l.Indexes {
		s := x.Summary()
		if name != "" && name != s.Name {
			continue
		}
		w.Key(s.Name).Obj()
		w.Key("synced").Bool(s.Synced)
		w.Key("best_block_height").Int(int64(s.Height))
		w.EndObj()
	}
	w.EndObj()
	return nil
}
