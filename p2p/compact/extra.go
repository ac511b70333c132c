package compact

import "grapevine/wire"

// The bounds of [Extra]: however many it is to keep, and however large they are, the
// usual hundred of the largest that are kept fit.
const (
	ExtraTxs     = 100
	extraTxBytes = 100_000
	extraBytes   = ExtraTxs * extraTxBytes
)

// Extra keeps the transactions that were last refused or replaced: the pool has
// them no more or never had, but a miner may.
//
// Invariants: it holds at most limit transactions and extraBytes, the oldest first.
type Extra struct {
	limit int
	list  []*wire.Tx
	bytes int
}

// NewExtra keeps up to limit transactions.
func NewExtra(limit int) *Extra { return &Extra{limit: limit} }

// Add keeps a transaction, in the place of the oldest where there is no room. Large
// ones are not kept.
func (e *Extra) Add(tx *wire.Tx) {
	size := footprint(tx)
	if e.limit <= 0 || size >= extraTxBytes {
		return
	}
	for len(e.list) >= e.limit || e.bytes+size > extraBytes {
		e.bytes -= footprint(e.list[0])
		e.list[0] = nil
		e.list = e.list[1:]
	}
	e.list = append(e.list, tx)
	e.bytes += size
}

// All returns them, the oldest first, in a slice of the caller's.
func (e *Extra) All() []*wire.Tx { return append([]*wire.Tx(nil), e.list...) }

// Footprint is the memory that they take, in bytes.
func (e *Extra) Footprint() int { return e.bytes }
