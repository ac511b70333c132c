package compact

import "grapevine/wire"

// The bounds of [Extra]: 10 MB in all.
const (
	ExtraTxs     = 100
	extraTxBytes = 100_000
)

// Extra keeps the transactions that were last refused or replaced: the pool has
// them no more or never had, but a miner may.
type Extra struct {
	limit int
	ring  []*wire.Tx
	next  int
}

// NewExtra keeps up to limit transactions.
func NewExtra(limit int) *Extra { return &Extra{limit: limit} }

// Add keeps a transaction in the place of the oldest. Large ones are not kept.
func (e *Extra) Add(tx *wire.Tx) {
	if e.limit <= 0 || footprint(tx) >= extraTxBytes {
		return
	}
	if len(e.ring) < e.limit {
		e.ring = append(e.ring, tx)
	} else {
		e.ring[e.next] = tx
	}
	e.next = (e.next + 1) % e.limit
}

// All returns them, in no order that matters, in a slice of the caller's.
func (e *Extra) All() []*wire.Tx { return append([]*wire.Tx(nil), e.ring...) }

// Footprint is the memory that they take, in bytes.
func (e *Extra) Footprint() (n int) {
	for _, tx := range e.ring {
		n += footprint(tx)
	}
	return n
}
