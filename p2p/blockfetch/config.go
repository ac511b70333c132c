package blockfetch

import (
	"fmt"
	"time"

	"grapevine/chain/headers"
	"grapevine/internal/u256"
	"grapevine/p2p/peer"
)

// View is what the fetcher reads of the ledger. Every method returns at once.
type View interface {
	// Tree holds all known headers; Active is the connected chain; BestHeader
	// the header with the most work that is not known to be invalid.
	Tree() *headers.Tree
	Active() *headers.Chain
	BestHeader() *headers.Node
	// Syncing reports initial block download.
	Syncing() bool
	// Queued returns the bytes of blocks that the ledger holds without a verdict,
	// those that this fetcher brought included.
	Queued() int64
}

// Config sets the fetcher's limits. The zero value means the defaults.
type Config struct {
	// Window is how many blocks ahead of the connected chain are asked for; 0
	// means 1024.
	Window int
	// PerPeer is how many blocks are asked of one peer at a time, if it sends them
	// in a few seconds; 0 means 16. While blocks are small it is more: as many as
	// make PeerBytes, at most PeerBurst.
	PerPeer int
	// PeerBytes is what a peer is kept busy with while blocks are small; 0 means
	// 1 MiB.
	PeerBytes int64
	// PeerBurst is the most blocks asked of one peer at a time; 0 means 256.
	PeerBurst int
	// Credits bounds the bytes of blocks that are asked for, or here without a
	// verdict; 0 means 48 MiB.
	Credits int64
	// MinWork is what a chain must have for its blocks to be worth fetching. Zero
	// takes any.
	MinWork u256.Int
	// Spacing is the time between blocks that the network aims for, the unit of
	// the time that a peer has for a block; 0 means ten minutes.
	Spacing time.Duration
}

// The defaults.
const (
	defaultWindow    = 1024
	defaultPerPeer   = 16
	defaultPeerBytes = 1 << 20
	defaultPeerBurst = 256
	defaultCredits   = 48 << 20
	defaultSpacing   = 10 * time.Minute
)

func (c Config) withDefaults() Config {
	if c.Window == 0 {
		c.Window = defaultWindow
	}
	if c.PerPeer == 0 {
		c.PerPeer = defaultPerPeer
	}
	if c.PeerBytes == 0 {
		c.PeerBytes = defaultPeerBytes
	}
	if c.PeerBurst == 0 {
		c.PeerBurst = max(defaultPeerBurst, c.PerPeer)
	}
	if c.Credits == 0 {
		c.Credits = defaultCredits
	}
	if c.Spacing == 0 {
		c.Spacing = defaultSpacing
	}
	return c
}

func (c Config) validate() error {
	switch {
	case c.Window < 1 || c.PerPeer < 1:
		return fmt.Errorf("blockfetch: window %d, %d blocks a peer", c.Window, c.PerPeer)
	case c.PeerBurst < c.PerPeer:
		return fmt.Errorf("blockfetch: at most %d blocks a peer, but %d always", c.PeerBurst, c.PerPeer)
	case c.PeerBytes < 0 || c.Credits < 0 || c.Spacing < 0:
		return fmt.Errorf("blockfetch: negative limit")
	}
	return nil
}

// Options say what a peer can be used for.
type Options struct {
	// Preferred: blocks are fetched from it during the initial download. Other
	// peers are then asked only when there is no preferred one, or when no block
	// is on its way at all.
	Preferred bool
	// Network: it serves the whole chain. Limited: the last 288 blocks. A peer
	// with neither is asked for nothing.
	Network, Limited bool
	// Witness: it serves witnesses. Without, it is not asked for blocks from the
	// activation of segwit on.
	Witness bool
}

// Request asks a peer for blocks, the lowest first.
type Request struct {
	Peer  peer.ID
	Nodes []*headers.Node
}

// Reason says why a peer is dropped.
type Reason string

// The reasons to drop a peer.
const (
	// ReasonStalling: the chain cannot grow and nothing more can be asked for,
	// because of a block that this peer was asked for and does not send.
	ReasonStalling Reason = "stalling block download"
	// ReasonTimeout: the block that it was asked for first did not come in time.
	ReasonTimeout Reason = "timeout downloading block"
)

// Drop asks for a connection to be closed. [Fetcher.RemovePeer] is still to be
// called once it is.
type Drop struct {
	Peer   peer.ID
	Reason Reason
	// Block is the one that did not come.
	Block *headers.Node
}

// Decision is what is to be done now. The caller owns it.
type Decision struct {
	Requests []Request
	Drop     []Drop
}

func (d Decision) empty() bool { return len(d.Requests) == 0 && len(d.Drop) == 0 }
