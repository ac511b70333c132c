package p2p

import (
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/bloom"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Action is something that the core wants done. The shell does actions in the
// order in which they were returned, and none of them makes it wait.
type Action interface{ action() }

type (
	// Send queues a message for a peer; [Wrote] reports it when it has left.
	// What concerns a peer that is gone is dropped.
	Send struct {
		Peer peer.ID
		Msg  wire.Message
	}

	// ServeBlock reads a block on a worker and queues it for a peer, as it was
	// stored, or without its witness; [Served] follows.
	ServeBlock struct {
		Peer    peer.ID
		Node    *headers.Node
		Witness bool
		// Block is the block where it need not be read. Compact sends a compact block
		// instead, Parts what that message asks for of it.
		Block   *wire.Block
		Compact bool
		Parts   *wire.MsgGetBlockTxn
		// Filter sends what it lets through instead (BIP 37).
		Filter *bloom.Filter
	}

	// Reconstruct looks for what a compact block names; [Reconstructed] follows.
	Reconstruct struct {
		Peer peer.ID
		Seq  uint64
		Size int // receive credit that is to be released with the result
		Msg  *wire.MsgCmpctBlock
		Hash wire.BlockHash // of its header
		// Extra are transactions to be looked through besides the pool's.
		Extra   []*wire.Tx
		Witness bool // the witnesses are committed to
		// Chance: nothing will be asked for, so only the whole block is of use.
		Chance bool
	}

	// Complete puts in what a [Reconstruct] did not find; [Reconstructed] follows.
	Complete struct {
		Peer    peer.ID
		Seq     uint64
		Size    int
		Hash    wire.BlockHash
		Partial Partial
		Txs     []wire.Tx
		Witness bool
	}

	// Disconnect closes a connection; [Disconnected] follows.
	Disconnect struct {
		Peer   peer.ID
		Reason string
	}

	// Dial makes an outbound connection; [Connected] or [DialFailed] follows.
	Dial struct {
		Target string // host, host:port, address, as the operator wrote it
		// Addr is set where we chose the peer ourselves; Target then says it in text.
		Addr wire.NetAddr
		Kind peer.Kind
		// V2 begins with the encrypted transport (BIP 324), and goes back to the old
		// one where the peer hangs up on that.
		V2 bool
	}

	// SubmitHeaders asks for the verdict on headers, each the child of the one
	// before it; [HeadersJudged] follows. Those of one peer are judged in order.
	SubmitHeaders struct {
		Peer peer.ID
		Seq  uint64
		Size int // receive credit that is to be released with the verdict
		List []wire.Header
	}

	// SubmitBlock asks for the verdict on a block; [BlockJudged] follows.
	SubmitBlock struct {
		Peer  peer.ID
		Seq   uint64
		Size  int // receive credit that is to be released with the verdict
		Block *wire.Block
		// Requested: we asked for it, so that it is taken whatever its work.
		Requested bool
		// Compact: it was put together from a compact block, which may be passed on before
		// it is validated.
		Compact bool
	}

	// SubmitTx asks for the verdict on a transaction; [TxJudged] follows. All are
	// judged in the order in which they were submitted.
	SubmitTx struct {
		Peer peer.ID
		Seq  uint64
		Size int // receive credit that is to be released with the verdict
		Tx   *wire.Tx
	}

	// SubmitPackage asks for the verdict on a parent and a child of it that may pay
	// for both; [PackageJudged] follows. Seq and Size may be those of a SubmitTx
	// before it, which then is not settled before this is.
	SubmitPackage struct {
		Peer          peer.ID
		Seq           uint64
		Size          int // receive credit that is to be released with the verdict
		Parent, Child *wire.Tx
	}

	// CheckTx asks what the pool would make of a transaction; [TxChecked] follows.
	CheckTx struct{ Tx *wire.Tx }

	// TxServed: a peer has asked for a transaction and gets it, so that the
	// network knows it.
	TxServed struct{ Txid wire.Txid }

	// Release gives back the receive credit of one message: it has been dealt
	// with. It follows on every [Received] exactly once, though the peer may be gone.
	Release struct {
		Peer  peer.ID
		Bytes int
	}

	// WakeAt asks for a [Tick] at that time; it replaces the one before it.
	WakeAt struct{ Time time.Time }
)

func (Send) action()          {}
func (ServeBlock) action()    {}
func (Disconnect) action()    {}
func (Dial) action()          {}
func (SubmitHeaders) action() {}
func (SubmitBlock) action()   {}
func (SubmitTx) action()      {}
func (Reconstruct) action()   {}
func (Complete) action()      {}
func (SubmitPackage) action() {}
func (CheckTx) action()       {}
func (TxServed) action()      {}
func (Release) action()       {}
func (WakeAt) action()        {}
