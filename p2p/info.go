package p2p

import (
	"errors"
	"net/netip"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// PeerInfo describes one connection at one moment. The zero time and a zero
// duration mean never and unknown.
type PeerInfo struct {
	ID             peer.ID
	Kind           peer.Kind
	Name           string
	Remote, Local  netip.AddrPort
	Addr           wire.NetAddr // whom we dialled or whom we see, in whichever network
	Network        wire.Network
	MappedAS       uint32 // its autonomous system, 0 unknown
	Permissions    peer.Permissions
	SeenAs         string // our own address as the peer sees it, "" when it does not say
	Services       wire.ServiceFlags
	Version        int32
	UserAgent      string // sanitised
	StartHeight    int32
	RelaysTx       bool
	Connected      time.Time
	TimeOffset     time.Duration // the peer's clock less ours
	LastSend       time.Time
	LastReceive    time.Time
	LastTx         time.Time // the last one from it that the pool took
	LastBlock      time.Time // the last new block from it
	BytesSent      uint64
	BytesReceived  uint64
	SentByType     map[string]uint64 // bytes by command, "*other*" for unknown ones
	ReceivedByType map[string]uint64
	Ping, MinPing  time.Duration
	PingWait       time.Duration // how long a ping is under way, 0 when none is
	SyncedHeaders  int32         // height of the last header that both have, -1 unknown
	SyncedBlocks   int32         // height of the last block that both have, -1 unknown
	Presynced      int32         // height that the first pass over its headers has come to, -1 when none is under way
	InFlight       []int32       // heights of blocks asked of it
	InvToSend      int           // transactions waiting to be announced
	LastInvSeq     uint64        // pool sequence as of the last announcement
	FeeFilter      wire.FeeRate  // what it asks for
	HandshakeDone  bool
	// HighBandwidthTo: it is to send us compact blocks unasked; HighBandwidthFrom: we
	// are to send it such.
	HighBandwidthTo, HighBandwidthFrom bool
	AddrRelay                          bool   // addresses are exchanged with it
	AddrProcessed, AddrLimited         uint64 // addresses from it: taken, and dropped as too many
	Transport                          string // "v1", "v2", or "detecting" which of them
	SessionID                          string // of v2, in hex
}

// Totals are counters of all connections of a run.
type Totals struct {
	BytesSent, BytesReceived uint64
}

// AddedNode is an entry of the list of nodes to stay connected to.
type AddedNode struct {
	Target    string
	Connected bool
	Remote    netip.AddrPort // when connected
	Addr      wire.NetAddr   // the same, in whichever network
	Inbound   bool           // the connection is one that the node made to us
}

// ErrNotConnected: no connection has the name or the number that was asked for.
var ErrNotConnected = errors.New("p2p: no such connection")
