package p2p

import (
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

const (
	pingInterval = 2 * time.Minute
	pingTimeout  = 20 * time.Minute
)

// tend does what one of the peer's timers asks for.
func (c *Core) tend(now time.Time, p *peerState) {
	if !p.hello.done {
		if !now.Before(p.hello.deadline) {
			c.drop(p, "handshake timeout")
		}
		return
	}
	if p.ping.nonce != 0 && !now.Before(p.ping.sent.Add(pingTimeout)) {
		c.drop(p, "ping timeout")
		return
	}
	if !p.pongs() && !now.Before(p.heard.Add(pingTimeout)) {
		c.drop(p, "nothing was heard for too long")
		return
	}
	if p.kind == peer.AddrFetch && !now.Before(p.since.Add(addrFetchTime)) {
		c.drop(p, "it has told of no addresses")
		return
	}
	if p.ping.nonce == 0 && !now.Before(p.ping.next) {
		c.sendPing(now, p)
	}
	c.maybeSendFeeFilter(now, p)
}

func (c *Core) sendPing(now time.Time, p *peerState) {
	p.ping.sent = now
	p.ping.next = now.Add(pingInterval)
	if !p.pongs() {
		c.send(p, &wire.MsgPing{Short: true}) // no pong will come
		return
	}
	for p.ping.nonce = 0; p.ping.nonce == 0; {
		p.ping.nonce = c.cfg.Rand.Uint64()
	}
	c.send(p, &wire.MsgPing{Nonce: p.ping.nonce})
}

// pong ends the measurement of a round trip. at is when it arrived.
func (c *Core) pong(at time.Time, p *peerState, m *wire.MsgPong) {
	g := &p.ping
	switch {
	case g.nonce == 0: // unsolicited
	case m.Nonce == g.nonce:
		g.last = max(at.Sub(g.sent), time.Microsecond)
		if g.min == 0 || g.last < g.min {
			g.min = g.last
		}
		g.nonce = 0
		g.next = g.sent.Add(pingInterval)
	case m.Nonce == 0: // a pong that cannot be matched cancels the ping
		g.nonce = 0
	}
}
