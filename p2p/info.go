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
	Transport      string // "v1"
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
	Inbound   bool           // the connection is one that the node made to us
}

// ErrNotConnected: no connection has the name or the number that was asked for.
var ErrNotConnected = errors.New("p2p: no such connection")
