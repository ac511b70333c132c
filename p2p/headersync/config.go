package headersync

import (
	"math/rand/v2"
	"time"

	"grapevine/chain/headers"
	"grapevine/internal/u256"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// View is what the package reads of the ledger. Every method returns at once.
type View interface {
	// Tree holds all known headers; Active is the connected chain; BestHeader
	// the header with the most work that is not known to be invalid.
	Tree() *headers.Tree
	Active() *headers.Chain
	BestHeader() *headers.Node
	// Syncing reports initial block download.
	Syncing() bool
}

// Config sets what is not a constant of the network. Rand is required; zero
// values of the rest mean the defaults.
type Config struct {
	// MinWork is what a peer's chain must have for the peer to be of use in the
	// initial download, and for its headers to be kept, see [WorthKeeping]. Zero takes
	// any.
	MinWork u256.Int
	// Rand makes what is remembered of headers in a first pass unforeseeable.
	Rand *rand.Rand
	// Spacing is the time between blocks that the network aims for; 0 means ten
	// minutes.
	Spacing time.Duration
}

// Options say what a peer is to us.
type Options struct {
	// Serves: it serves blocks. No other is asked for headers on our own account.
	Serves bool
	// Preferred: it is asked first. Others are asked when no preferred peer is
	// left to ask.
	Preferred bool
	// Replaceable: an outbound connection of our own choice, dropped when its
	// chain is of no use.
	Replaceable bool
	// Kept: it is not dropped for being slow, as its operator was promised.
	Kept bool
	// Trusted: its headers are taken whatever the work of their chain.
	Trusted bool
}

// Request is a getheaders to send. Locator is never empty; a zero Stop asks for as many
// as there are.
type Request struct {
	Peer    peer.ID
	Locator []wire.BlockHash
	Stop    wire.BlockHash
}

// Reason says why a peer is dropped.
type Reason string

// The reasons to drop a peer.
const (
	// ReasonTooMany, ReasonGap and ReasonProofOfWork are misbehaviour: no honest
	// peer sends such a message.
	ReasonTooMany     Reason = "headers message of more than 2000"
	ReasonGap         Reason = "non-continuous headers sequence"
	ReasonProofOfWork Reason = "header with invalid proof of work"
	// ReasonTimeout: it did not bring us near the present in time, and others
	// may.
	ReasonTimeout Reason = "timeout downloading headers"
	// ReasonLittleWork: its whole chain has less than the minimum of work.
	ReasonLittleWork Reason = "headers chain has insufficient work"
)

// Misbehaving reports whether the reason is a broken rule rather than bad luck.
func (r Reason) Misbehaving() bool {
	switch r {
	case ReasonTooMany, ReasonGap, ReasonProofOfWork:
		return true
	default:
		return false
	}
}

// Drop asks for a connection to be closed. [Syncer.RemovePeer] is still to be
// called once it is.
type Drop struct {
	Peer   peer.ID
	Reason Reason
}

// Decision is what is to be done now. The caller owns it.
type Decision struct {
	Requests []Request
	Drop     []Drop

	// Submit are headers to be judged; [Syncer.Judged] must follow.
	Submit []wire.Header
	// Known is a block that the peer has shown to have, and Unknown the hash of
	// one whose header we lack; nil and zero when there is none.
	Known   *headers.Node
	Unknown wire.BlockHash
}

// The waiting times.
const (
	// responseTime is how long a getheaders may be unanswered before another goes
	// to the same peer.
	responseTime = 2 * time.Minute
	// evidenceTime is the same for a peer that shows a block which we lack: it
	// may not have been ready to answer when it was asked. Some nodes pass over
	// getheaders while they sync themselves.
	evidenceTime = 10 * time.Second
	// silence is after how long without an answer another peer is asked beside.
	silence = 30 * time.Second
	// downloadBase and downloadPerHeader are what one peer has to bring us near
	// the present: 15 minutes, and a millisecond for each header that is missing
	// by the clock, another 15 minutes for the first 900,000 blocks.
	downloadBase      = 15 * time.Minute
	downloadPerHeader = time.Millisecond
	// recent is how old the best header may be for all peers to be asked.
	recent = 24 * time.Hour

	defaultSpacing = 10 * time.Minute
)
