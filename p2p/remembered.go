package p2p

import (
	"time"
	"unsafe"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Memory is what is remembered of one peer, in bytes. Each figure has a bound that the
// package named derives. What the connection takes is in [Held].
type Memory struct {
	State    int // the core itself: what was agreed on, questions that wait
	Headers  int // headersync: two passes over headers of little work
	Blocks   int // blockfetch: its chain, and what it owes
	Requests int // txrequest: what it announced
	Orphans  int // orphanage
	Known    int // txannounce: what it knows
	Gossip   int // addrrelay: addresses that it knows, and such as wait for it
	Compact  int // blocks that are put together for it, and what it filters by
}

// Total returns the sum.
func (m Memory) Total() int {
	return m.State + m.Headers + m.Blocks + m.Requests + m.Orphans + m.Known + m.Gossip + m.Compact
}

// Remembered returns what is remembered of a peer, zero once it is gone.
func (c *Core) Remembered(id peer.ID) (m Memory) {
	p := c.peers[id]
	if p == nil {
		return m
	}
	m = Memory{
		State: p.footprint(), Headers: c.headers.Footprint(id), Blocks: c.fetch.Footprint(id),
		Requests: c.txs.requests.Footprint(id), Orphans: c.txs.orphans.Footprint(id), Known: c.txs.announce.Footprint(id),
	}
	if c.gossip != nil {
		m.Gossip = c.gossip.PeerFootprint(id)
	}
	for i := range p.compact.partials {
		if made := p.compact.partials[i].made; made != nil {
			m.Compact += made.Footprint()
		}
	}
	m.Compact += inventoryBytes * cap(p.light.rest)
	if p.light.filter != nil {
		m.Compact += p.light.filter.Footprint()
	}
	return m
}

// inventoryBytes is what the name of a transaction takes.
const inventoryBytes = int(unsafe.Sizeof(wire.GenTxid{}))

// Remembered returns what is remembered of a peer, zero once it is gone.
func (s *Service) Remembered(id peer.ID) (m Memory, err error) {
	err = s.ask(func(c *Core, _ time.Time) { m = c.Remembered(id) })
	return m, err
}

// footprint returns the bytes of the peer's own state. The messages that wait are on
// the receive credit.
func (p *peerState) footprint() int {
	n := int(unsafe.Sizeof(*p)) + len(p.name) + 8*cap(p.order.unjudged) + cap(p.order.inbox)*int(unsafe.Sizeof(deferred{})) +
		cap(p.served.notFound)*int(unsafe.Sizeof(wire.Inv{}))
	if v := p.hello.theirs; v != nil {
		n += int(unsafe.Sizeof(*v)) + len(v.UserAgent)
	}
	return n
}
