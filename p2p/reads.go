package p2p

import (
	"grapevine/chain/headers"
	"grapevine/wire"
)

// Ledger is what the core reads of the chain. Every method returns at once.
type Ledger interface {
	// Tree holds all known headers; Active is the connected chain; BestHeader
	// the header with the most work that is not known to be invalid.
	Tree() *headers.Tree
	Active() *headers.Chain
	BestHeader() *headers.Node
	// Syncing reports initial block download.
	Syncing() bool
	// Loading reports that blocks are being imported or indexed anew: then none
	// are fetched.
	Loading() bool
	// Queued returns the bytes of blocks that wait to be connected.
	Queued() int64
}

// Pool is what the core reads of the transaction pool, under a short read
// lock.
type Pool interface {
	// Has reports whether the pool holds the transaction.
	Has(id wire.GenTxid) bool
	// Lookup returns a transaction of the pool and its feerate; ok is false when
	// it is not there.
	Lookup(id wire.GenTxid) (tx *wire.Tx, rate wire.FeeRate, ok bool)
	// MinFeeRate is what a transaction has to pay at present.
	MinFeeRate() wire.FeeRate
}
