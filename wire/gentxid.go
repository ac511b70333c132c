package wire

// GenTxid names a transaction by one of its two identifiers, and says by
// which. It is comparable; the zero value names no transaction.
type GenTxid struct {
	hash    [32]byte
	witness bool
}

// ByTxid names a transaction by its txid.
func ByTxid(id Txid) GenTxid { return GenTxid{hash: id} }

// ByWtxid names a transaction by its wtxid (BIP 339).
func ByWtxid(id Wtxid) GenTxid { return GenTxid{hash: id, witness: true} }

// Txid returns the txid, and whether it is the one that names.
func (g GenTxid) Txid() (Txid, bool) { return g.hash, !g.witness }

// Wtxid returns the wtxid, and whether it is the one that names.
func (g GenTxid) Wtxid() (Wtxid, bool) { return g.hash, g.witness }

// IsWtxid reports whether the name is a wtxid.
func (g GenTxid) IsWtxid() bool { return g.witness }

// Hash returns the 32 bytes of whichever identifier names.
func (g GenTxid) Hash() [32]byte { return g.hash }

// Compare orders by bytes, txids before wtxids that are the same bytes.
func (g GenTxid) Compare(o GenTxid) int {
	if c := Txid(g.hash).Compare(o.hash); c != 0 {
		return c
	}
	switch {
	case g.witness == o.witness:
		return 0
	case o.witness:
		return -1
	default:
		return 1
	}
}

// String returns the identifier as 64 hexadecimal digits, last byte first.
func (g GenTxid) String() string { return Txid(g.hash).String() }
