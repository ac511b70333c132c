package p2p

import (
	"net/netip"
	"slices"
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// peerState is what the core knows of one connection.
type peerState struct {
	id            peer.ID
	kind          peer.Kind
	name          string
	remote, local netip.AddrPort
	addr          wire.NetAddr // whom we dialled or whom we see, in whichever network
	network       wire.Network
	permissions   peer.Permissions
	since         time.Time
	closing       bool // a Disconnect was asked for; nothing more is done for it
	spared        bool // it misbehaved, but an operator wants it
	discouraged   bool // its address misbehaved before: the first to go when places are short

	hello   handshake
	order   ordering
	ping    pinging
	served  serving
	fee     feeFilters
	blocks  blockRelay
	compact compactPeer
	light   lightRelay
	recon   reconciliation
	unsent  int       // bytes queued for it that have not left
	heard   time.Time // when a message last came
	lastTx  time.Time
	lastBlk time.Time
}

// handshake is how far the introduction has come, and what it told.
type handshake struct {
	deadline    time.Time
	versionSent bool
	nonce       uint64 // of our version message
	theirs      *wire.MsgVersion
	common      int32 // protocol version that both speak
	done        bool
	wtxid       bool // relays by wtxid (BIP 339)
	addrV2      bool // takes addrv2 (BIP 155)
	offset      time.Duration
}

// ordering keeps replies behind what the peer sent before. Submissions are
// numbered from 1 on; a message that shows state waits until all those before it
// are judged.
type ordering struct {
	last     uint64
	unjudged []uint64 // ascending
	inbox    []deferred
}

// deferred is a message that waits for its turn.
type deferred struct {
	msg  wire.Message
	size int
	at   time.Time
	// after is the last submission that has to be judged first.
	after uint64
}

// submit numbers a submission.
func (o *ordering) submit() uint64 {
	o.last++
	o.unjudged = append(o.unjudged, o.last)
	return o.last
}

// judged notes a verdict.
func (o *ordering) judged(seq uint64) {
	if i, ok := slices.BinarySearch(o.unjudged, seq); ok {
		if i == 0 {
			o.unjudged = o.unjudged[1:]
			return
		}
		o.unjudged = slices.Delete(o.unjudged, i, i+1)
	}
}

// ready reports whether everything up to after is judged.
func (o *ordering) ready(after uint64) bool { return len(o.unjudged) == 0 || o.unjudged[0] > after }

// pinging measures the round trip.
type pinging struct {
	nonce     uint64 // of the ping under way, 0 when none is
	sent      time.Time
	next      time.Time
	last, min time.Duration
}

// serving is what the peer asked for and has not got.
type serving struct {
	at       int  // index of the next item of the getdata at the head of the inbox
	reading  bool // a ServeBlock is under way
	notFound []wire.Inv
	goOn     wire.BlockHash // when this block is served, the peer is told the tip (getblocks)
}

// feeFilters are BIP 133's, both ways.
type feeFilters struct {
	theirs wire.FeeRate
	sent   wire.FeeRate
	next   time.Time // zero before the first
}

// blockRelay is how blocks are announced to the peer.
type blockRelay struct {
	prefersHeaders  bool // it sent sendheaders (BIP 130)
	sentSendHeaders bool
	announced       *headers.Node  // the last header that we sent
	newest          wire.BlockHash // the last header that it sent to be judged, when it was new
	announcedAt     time.Time      // when it last showed a block with more work than our tip that was new
}

// relaysTx reports whether transactions are announced to the peer.
func (p *peerState) relaysTx() bool {
	return p.hello.theirs != nil && (p.hello.theirs.Relay || p.light.wants) && p.kind.RelaysTx()
}

// pongs reports whether the peer answers pings (BIP 31).
func (p *peerState) pongs() bool { return p.hello.common >= pongVersion }

// preferred reports whether blocks and transactions are rather asked of it.
func (p *peerState) preferred() bool {
	return (p.kind != peer.Inbound || p.may(peer.NoBan)) && p.kind != peer.AddrFetch
}

// wanted is how something is asked for: with its witness, if the peer has any
// (BIP 144).
func (p *peerState) wanted(it wire.Inv) wire.Inv {
	if p.hello.theirs.Services.Has(wire.NodeWitness) {
		return it.WithWitness()
	}
	return it
}

// wake returns when one of the peer's timers runs out.
func (p *peerState) wake() time.Time {
	if !p.hello.done {
		return p.hello.deadline
	}
	at := p.ping.next
	if !p.pongs() && p.heard.Add(pingTimeout).Before(at) {
		at = p.heard.Add(pingTimeout)
	}
	if p.ping.nonce != 0 {
		at = p.ping.sent.Add(pingTimeout)
	}
	if end := p.since.Add(addrFetchTime); p.kind == peer.AddrFetch && end.Before(at) {
		at = end
	}
	if p.fee.next.Before(at) && !p.fee.next.IsZero() {
		at = p.fee.next
	}
	return at
}

// send queues a message.
func (c *Core) send(p *peerState, m wire.Message) {
	if p.closing || p.kind == peer.PrivateBroadcast && !privateAllowed(m) {
		return
	}
	if p.unsent > 2*c.cfg.SendBuffer+neverRead {
		c.drop(p, "does not read what it is sent")
		return
	}
	p.unsent += frameSize + m.PayloadSize()
	c.do(Send{p.id, m})
}

// frameSize is what a v1 frame adds to a payload.
const frameSize = 24

// drop ends the connection.
func (c *Core) drop(p *peerState, reason string) {
	if p.closing {
		return
	}
	p.closing = true
	c.do(Disconnect{p.id, reason})
	c.log.Debug("disconnecting", "peer", p.id, "address", p.name, "reason", reason)
}
