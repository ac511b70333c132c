package mempool

import (
	"fmt"

	"grapevine/wire"
)

// scanList holds all transactions side by side, in no order, so that looking
// through the whole pool for what a compact block names is one run through memory: 40
// bytes a transaction. What leaves is replaced by the last one.
type scanList struct {
	ids     []wire.Wtxid
	txs     []*wire.Tx
	entries []*entry
}

func (l *scanList) add(e *entry) {
	e.scan = len(l.ids)
	l.ids, l.txs, l.entries = append(l.ids, e.wtxid), append(l.txs, e.tx), append(l.entries, e)
}

func (l *scanList) remove(e *entry) {
	last := len(l.ids) - 1
	moved := l.entries[last]
	l.ids[e.scan], l.txs[e.scan], l.entries[e.scan] = l.ids[last], l.txs[last], moved
	moved.scan = e.scan
	l.txs[last], l.entries[last] = nil, nil
	l.ids, l.txs, l.entries = l.ids[:last], l.txs[:last], l.entries[:last]
	if cap(l.ids) > 1024 && 4*len(l.ids) < cap(l.ids) { // a flood is over
		l.ids, l.txs, l.entries = append([]wire.Wtxid(nil), l.ids...), append([]*wire.Tx(nil), l.txs...), append([]*entry(nil), l.entries...)
	}
}

// check verifies that each entry is at its place.
func (l *scanList) check(n int) error {
	if len(l.ids) != n || len(l.txs) != n || len(l.entries) != n {
		return fmt.Errorf("%d, %d, %d transactions to look through of %d", len(l.ids), len(l.txs), len(l.entries), n)
	}
	for i, e := range l.entries {
		if e.scan != i || l.ids[i] != e.wtxid || l.txs[i] != e.tx {
			return fmt.Errorf("%s is not where it is looked for", e.txid)
		}
	}
	return nil
}

// Scan calls fn with the transactions of the pool and their wtxids, side by side
// and in no order, until it returns false. The pool does not change meanwhile, so fn should
// be quick; it must not keep the slices, nor call the pool.
func (p *Pool) Scan(fn func(ids []wire.Wtxid, txs []*wire.Tx) (more bool)) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	fn(p.scan.ids, p.scan.txs)
}
