package p2p

import (
	"time"

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
	// Scan calls fn with all transactions and their wtxids, side by side and in any
	// order, until it returns false. fn keeps neither slice and does not call the pool.
	Scan(fn func(ids []wire.Wtxid, txs []*wire.Tx) (more bool))
}

// Addresses is what the core knows of other nodes' addresses: what it learns goes
// there, and whom to connect to comes from there. Every method returns at once.
type Addresses interface {
	// Add takes addresses that source told of, each considered older than it says by
	// penalty, and returns how many were new.
	Add(now time.Time, list []wire.TimedAddr, source wire.NetworkAddress, penalty time.Duration) int
	// Attempt notes that a connection was tried; a failure counts against the
	// address where count is set. Connected notes that it still was up when it
	// ended, Good that it passed the handshake, SetServices what it offers.
	Attempt(now time.Time, a wire.NetAddr, count bool)
	Connected(now time.Time, a wire.NetAddr)
	Good(now time.Time, a wire.NetAddr)
	SetServices(a wire.NetAddr, s wire.ServiceFlags)
	// Select picks an address of one of these networks, any when there are none, to
	// connect to; from the table of those never reached only, where fresh is set.
	Select(now time.Time, fresh bool, networks []wire.Network) (a wire.NetAddr, lastTry time.Time, ok bool)
	// Collision picks an address that another would replace unless it still answers;
	// ResolveCollisions replaces those that did not.
	Collision(now time.Time) (a wire.NetAddr, lastTry time.Time, ok bool)
	ResolveCollisions(now time.Time)
	// Sample returns at most limit addresses (0: any number) and at most percent
	// of all (0: all of them), at random, of one network (NetNone: of any), without
	// such as are not worth passing on where worthy is set.
	Sample(now time.Time, limit, percent int, network wire.Network, worthy bool) []wire.TimedAddr
	// Group returns what stands for the operator of an address: its block of
	// addresses, or its autonomous system where a map of them is loaded.
	Group(a wire.NetworkAddress) string
	// MappedAS returns the autonomous system, 0 when it is not known.
	MappedAS(a wire.NetworkAddress) uint32
	// Len counts all addresses.
	Len() int
}

// Bans says whom we do not want to speak with. Every method returns at once.
type Bans interface {
	// Banned: an operator banned the address. Discouraged: it misbehaved lately.
	Banned(now time.Time, a wire.NetworkAddress) bool
	Discouraged(a wire.NetworkAddress) bool
	// Discourage notes that it misbehaved.
	Discourage(a wire.NetworkAddress)
}

// OwnAddresses says where we can be reached. Every method returns at once.
type OwnAddresses interface {
	// For picks the address to tell a peer as ours, so that it is passed on; ok is
	// false when there is none.
	For(v Vantage) (a wire.NetAddr, ok bool)
	// Seen notes that a peer came to us by that address.
	Seen(a wire.NetAddr)
	// Has reports whether the address is one of ours.
	Has(a wire.NetAddr) bool
}

// Vantage is from where a peer sees us.
type Vantage struct {
	Inbound bool
	Network wire.Network // through which we are connected
	Peer    wire.NetAddr // the peer's address
	SeenAs  wire.NetAddr // ours, as the peer says that it is
}
