package p2p

import (
	"net/netip"
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Event is something that happened, as [Core.Step] is told of it.
type Event interface{ event() }

type (
	// Connected: a transport is up in either direction and nothing was said yet.
	Connected struct {
		Peer peer.ID
		Kind peer.Kind
		// Remote and Local are the ends of the connection.
		Remote, Local netip.AddrPort
		// Name is what the peer is called in lists: the target as it was
		// dialled, or Remote in text.
		Name string
		// Target is what was asked for, of outbound connections.
		Target string
		// Addr is whom we dialled, in whichever network; for inbound connections
		// whom we see. It is zero where a name stands for it that a proxy looks up.
		Addr wire.NetAddr
		// Network is the network that the peer is in, as far as we can tell: that of
		// the onion service for what comes in through it.
		Network wire.Network
		// Permissions are what the operator grants to this address or socket.
		Permissions peer.Permissions
	}

	// DialFailed: an outbound connection did not come about.
	DialFailed struct {
		Target string
		Addr   wire.NetAddr // as of the [Dial]
		Kind   peer.Kind
		Err    error
		// Ours: the proxy is to blame, or this machine, and the address may be fine.
		Ours bool
	}

	// Disconnected: the connection has ended; nothing more comes from it.
	Disconnected struct {
		Peer peer.ID
		Err  error // nil when we ended it
	}

	// Received: a message has arrived. The core answers with [Release] once it is
	// done with it.
	Received struct {
		Peer peer.ID
		Msg  wire.Message
		// Size is what it counts for against the peer's receive credit: at least what
		// it took on the wire, its frame included. All of it is released exactly once.
		Size int
		// At is when its last byte arrived.
		At time.Time
	}

	// Malformed: a message that has arrived cannot be decoded. The core answers with
	// [Release], as for Received.
	Malformed struct {
		Peer    peer.ID
		Command string
		Size    int
		Err     error
	}

	// Wrote: so many bytes of what was to be sent have left for the network, reckoned
	// in frames of version 1 as they were queued. OnWire is what they took there.
	Wrote struct {
		Peer   peer.ID
		Bytes  int
		OnWire int
	}

	// Served: a [ServeBlock] has been handed to the writer; Bytes of it will be
	// reported by [Wrote]. Err is set when the block could not be read.
	Served struct {
		Peer  peer.ID
		Node  *headers.Node
		Bytes int
		Err   error
	}

	// HeadersJudged is the verdict on a [SubmitHeaders].
	HeadersJudged struct {
		Peer  peer.ID
		Seq   uint64
		Size  int           // of the action, as are Peer and Seq
		Count int           // of headers submitted
		Last  *headers.Node // the last header that is in the tree now, nil when none is
		Err   error         // of the first that was refused
	}

	// BlockJudged is the verdict on a [SubmitBlock]. Readers see the result.
	BlockJudged struct {
		Peer      peer.ID
		Seq       uint64
		Hash      wire.BlockHash
		Size      int // of the action, as are Peer, Seq, Requested and Compact
		Requested bool
		Compact   bool
		Fresh     bool  // it was not here before
		Err       error // nil when it was stored, whether or not it is connected
	}

	// TxJudged is the verdict on a [SubmitTx]. Readers see the result.
	TxJudged struct {
		Peer peer.ID
		Seq  uint64
		Size int // of the action, as are Peer, Seq and Tx
		Tx   *wire.Tx
		TxVerdict
	}

	// TxVerdict is what the pool makes of a transaction.
	TxVerdict struct {
		// Err is nil when the pool took it.
		Err error
		// Missing lists the parents that neither chain nor pool has, when that is
		// why it was refused.
		Missing []wire.Txid
		// Unsettled: the refusal says nothing about other copies, as for want of a
		// witness, or nothing about the transaction at all, as a failure of ours.
		Unsettled bool
		// Outright: refused for what its txid stands for, whatever the witness.
		Outright bool
		// LowFee: it pays too little by itself, and a child may pay for it.
		LowFee bool
	}

	// PackageJudged is the verdict on a [SubmitPackage]. Readers see the result.
	PackageJudged struct {
		Peer          peer.ID
		Seq           uint64
		Size          int // of the action, as are Peer, Seq, Parent and Child
		Parent, Child *wire.Tx
		// Err is nil when the pool has both. Verdicts say what became of parent and
		// child, in this order; there are none when they were refused unseen.
		Err      error
		Verdicts []TxVerdict
	}

	// TxChecked is what the pool would make of a [CheckTx]. Failure: the error says
	// nothing about the transaction.
	TxChecked struct {
		Tx      *wire.Tx
		Err     error
		Failure bool
	}

	// PoolAdded: a transaction has entered the pool, from wherever.
	PoolAdded struct {
		Txid  wire.Txid
		Wtxid wire.Wtxid
	}

	// TipMoved: the active chain has a new tip and the pool follows it.
	TipMoved struct {
		Old, New *headers.Node
	}

	// HeaderTip: the best known header is another one.
	HeaderTip struct{}

	// BlockConnected: a block was connected, after initial download. Nobody is
	// asked for its transactions any more, and orphans may find their parents.
	BlockConnected struct{ Block *wire.Block }

	// BlockChecked: a block follows on the tip and has passed all checks that need no
	// coins, after initial download. It may be passed on; Msg is how.
	BlockChecked struct {
		Node  *headers.Node
		Block *wire.Block
		Msg   *wire.MsgCmpctBlock
	}

	// Reconstructed is what a [Reconstruct] or [Complete] came to: Block, or Partial with
	// the places of what is Missing, or Err.
	Reconstructed struct {
		Peer    peer.ID
		Seq     uint64
		Hash    wire.BlockHash
		Size    int // of the action, as are Peer, Seq and Hash
		Block   *wire.Block
		Partial Partial
		Missing []uint16
		Err     error
	}

	// Tick: the time asked for by [WakeAt] has come.
	Tick struct{}

	// Command runs one of the core's own methods in its turn: what an operator
	// asks for, or asks about.
	Command struct{ Do func(c *Core, now time.Time) }
)

func (Connected) event()      {}
func (DialFailed) event()     {}
func (Disconnected) event()   {}
func (Received) event()       {}
func (Malformed) event()      {}
func (Wrote) event()          {}
func (Served) event()         {}
func (HeadersJudged) event()  {}
func (BlockJudged) event()    {}
func (TxJudged) event()       {}
func (PackageJudged) event()  {}
func (TxChecked) event()      {}
func (PoolAdded) event()      {}
func (TipMoved) event()       {}
func (HeaderTip) event()      {}
func (BlockConnected) event() {}
func (BlockChecked) event()   {}
func (Reconstructed) event()  {}
func (Tick) event()           {}
func (Command) event()        {}
