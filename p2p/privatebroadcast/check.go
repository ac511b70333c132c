package privatebroadcast

import "fmt"

// check verifies the invariants that the package comment lists, in its order.
func (q *Queue) check() error {
	for id, c := range q.conns {
		if c.confirmed && c.of == nil {
			return fmt.Errorf("connection %v confirmed nothing", id)
		}
	}
	if q.dialled < 0 || q.wanted < 0 || len(q.conns)+q.dialled > MaxOpen {
		return fmt.Errorf("%d open, %d dialled, %d wanted", len(q.conns), q.dialled, q.wanted)
	}
	if len(q.txs) > q.limit || (len(q.txs) == 0) != q.look.IsZero() {
		return fmt.Errorf("%d transactions of %d, look at %v", len(q.txs), q.limit, q.look)
	}
	for n, i := range q.txs {
		confirmed := 0
		for _, s := range i.Sends {
			if !s.Confirmed.IsZero() {
				confirmed++
			}
		}
		if i.picked < len(i.Sends) || i.confirmed < confirmed || len(i.Sends) > MaxSends || i.confirmed > i.picked {
			return fmt.Errorf("transaction %d: picked %d, listed %d, confirmed %d of %d", n, i.picked, len(i.Sends), confirmed, i.confirmed)
		}
		if q.index(i.Tx.Wtxid()) != n {
			return fmt.Errorf("transaction %d is there twice", n)
		}
	}
	return nil
}
