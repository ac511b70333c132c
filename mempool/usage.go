package mempool

import "grapevine/wire"

// The memory that a pool counts is what Bitcoin Core's takes for the same
// transactions on a 64-bit system, so that `-maxmempool` means the same and the
// figure that getmempoolinfo shows is comparable. What our own structures take
// is within a factor of it.
const (
	usageEntry = 224 // an entry with its places in three indexes
	usageSpend = 64  // an input in the index of spent outpoints
	usageDelta = 96  // a fee that the operator changed
	usageSlot  = 40  // a place in the list by wtxid, which grows by doubling
	usageTx    = 192 // a transaction with its reference count
	usageIn    = 112
	usageOut   = 48
	usageItem  = 24 // a witness item's place in its list
	inlineSize = 36 // scripts up to this size take no memory of their own
)

// allocated is what an allocator takes for n bytes.
func allocated(n int) int64 {
	if n == 0 {
		return 0
	}
	return int64(n+31) &^ 15
}

// txUsage returns the memory that a transaction takes.
func txUsage(tx *wire.Tx) int64 {
	sum := usageTx + allocated(usageIn*len(tx.In)) + allocated(usageOut*len(tx.Out))
	for i := range tx.In {
		in := &tx.In[i]
		sum += scriptUsage(in.ScriptSig) + allocated(usageItem*len(in.Witness))
		for _, item := range in.Witness {
			sum += allocated(len(item))
		}
	}
	for i := range tx.Out {
		sum += scriptUsage(tx.Out[i].PkScript)
	}
	return sum
}

func scriptUsage(s []byte) int64 {
	if len(s) <= inlineSize {
		return 0
	}
	return allocated(len(s))
}

// usage returns the memory of the whole pool.
func (s *state) usage() int64 {
	return usageEntry*int64(len(s.byTxid)) + usageSpend*int64(len(s.spends)) + usageDelta*int64(len(s.deltas)) +
		allocated(usageSlot*s.slots) + s.graph.Memory() + s.txUsage
}

// growSlots and shrinkSlots follow the capacity of the list by wtxid.
func (s *state) growSlots() {
	if n := len(s.byTxid); n > s.slots {
		s.slots = max(n, 2*s.slots)
	}
}

func (s *state) shrinkSlots() {
	if n := len(s.byTxid); n > 0 && 2*n < s.slots {
		s.slots = n
	}
}
