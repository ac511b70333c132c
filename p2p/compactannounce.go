package p2p

import (
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/compact"
	"grapevine/p2p/headersync"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

const (
	// compactVersion is the protocol version from which sendcmpct is spoken,
	// compactRelayVersion that of peers which know that blocks are passed on before
	// they are validated.
	compactVersion      = 70014
	compactRelayVersion = 70015
	// compactDepth is how deep below the tip a block is still sent as a compact block
	// when it is asked for so, and txnDepth parts of one.
	compactDepth = 5
	txnDepth     = 10
)

// recentBlock is the newest block that is worth passing on, maybe not connected
// yet, and how it is told. It takes the block's memory until the next one.
type recentBlock struct {
	node  *headers.Node
	block *wire.Block
	msg   *wire.MsgCmpctBlock // nil until it is needed
}

// offerCompact tells a new peer that we understand compact blocks.
func (c *Core) offerCompact(p *peerState) {
	if p.hello.common >= compactVersion && p.kind != peer.PrivateBroadcast {
		c.send(p, &wire.MsgSendCmpct{Version: compact.Version})
	}
}

// leaveCompact forgets a peer that is gone.
func (c *Core) leaveCompact(p *peerState) { c.compact.announcers.Remove(p.id) }

// blockChecked passes a block on that follows on the tip and is not connected yet, to
// the peers that want to hear of it so (BIP 152, high bandwidth).
func (c *Core) blockChecked(ev BlockChecked) {
	s := &c.compact
	if ev.Node.Height() <= s.announced || !c.segwitAt(ev.Node) {
		return
	}
	s.announced = ev.Node.Height()
	s.recent = recentBlock{ev.Node, ev.Block, ev.Msg}
	for _, p := range c.order {
		if p.hello.done && !p.closing && p.compact.wants && p.hello.common >= compactRelayVersion &&
			!c.knowsHeader(p, ev.Node) && c.knowsHeader(p, ev.Node.Parent()) {
			c.sendRecent(p)
		}
	}
}

// sendRecent announces the recent block by a compact block.
func (c *Core) sendRecent(p *peerState) {
	c.send(p, c.recentMsg())
	p.blocks.announced = c.compact.recent.node
}

func (c *Core) recentMsg() *wire.MsgCmpctBlock {
	r := &c.compact.recent
	if r.msg == nil {
		r.msg = compact.Build(r.block, c.cfg.Rand.Uint64())
	}
	return r.msg
}

// compactConnected notes the newest block when it was not told early.
func (c *Core) compactConnected(b *wire.Block) {
	n := c.cfg.Ledger.Tree().Lookup(b.Hash())
	if r := &c.compact.recent; n != nil && n != r.node && (r.node == nil || n.Height() >= r.node.Height()) {
		*r = recentBlock{node: n, block: b}
	}
}

// announceCompact announces a new tip by a compact block where the peer wants that
// and lacks just this one, and reports whether it did.
func (c *Core) announceCompact(p *peerState, fresh []*headers.Node, tip *headers.Node) bool {
	if !p.compact.wants || len(fresh) == 0 || c.compact.recent.node != tip || !c.segwitAt(tip) || !c.knowsHeader(p, tip.Parent()) {
		return false
	}
	if c.recentMsg() == nil {
		return false
	}
	c.sendRecent(p)
	return true
}

// recentBlock returns the block if it is the newest one, which is in memory.
func (c *Core) recentBlock(hash wire.BlockHash) *wire.Block {
	if r := &c.compact.recent; r.node != nil && r.block.Hash() == hash {
		return r.block
	}
	return nil
}

// served reports whether a block is given to peers: what we have and show by
// headers, and what we have announced before it is connected.
func (c *Core) servedBlock(n *headers.Node) bool {
	if n == nil {
		return false
	}
	return n == c.compact.recent.node && !n.Status().Invalid() ||
		n.Status().Has(headers.StatusHasData) && headersync.Servable(c.cfg.Ledger, n)
}

// serveCompact answers a request for a compact block: with the whole one, if it is too
// deep for the peer's pool to be of use.
func (c *Core) serveCompact(now time.Time, p *peerState, hash wire.BlockHash) {
	n := c.cfg.Ledger.Tree().Lookup(hash)
	if !c.servedBlock(n) {
		return
	}
	switch {
	case !c.nearTip(now) || n.Height() < c.cfg.Ledger.Active().Height()-compactDepth:
		c.serveBlock(p, hash, true)
	case c.recentBlock(hash) != nil && c.recentMsg() != nil:
		c.send(p, c.recentMsg())
		c.goOn(p, hash)
	default:
		p.served.reading = true
		c.do(ServeBlock{Peer: p.id, Node: n, Witness: true, Compact: true})
	}
}

// getBlockTxn answers with parts of a block, of the last few; with the whole of an
// older one, so that whoever has us read it has to read it too. It reports whether it
// is done.
func (c *Core) getBlockTxn(p *peerState, m *wire.MsgGetBlockTxn) bool {
	s := &p.served
	switch {
	case s.reading:
		return false
	case s.at == 1:
		s.at = 0
		return true
	}
	if b := c.recentBlock(m.Block); b != nil {
		answer, ok := compact.Pick(b, m.Indexes)
		if !ok {
			c.misbehaved(p, outOfBounds)
			return true
		}
		c.send(p, answer)
		return true
	}
	n := c.cfg.Ledger.Tree().Lookup(m.Block)
	if n == nil || !n.Status().Has(headers.StatusHasData) {
		return true
	}
	if n.Height() < c.cfg.Ledger.Active().Height()-txnDepth {
		c.serveBlock(p, m.Block, true)
	} else {
		s.reading = true
		c.do(ServeBlock{Peer: p.id, Node: n, Witness: true, Parts: m})
	}
	if s.reading {
		s.at = 1
		return false
	}
	return true
}

// outOfBounds is why a peer is dropped that asks for what a block does not have.
const outOfBounds = "getblocktxn with out-of-bounds tx indices"

// brought takes in that a peer was the first with a block that is connected now:
// it is asked to announce blocks by compact ones.
func (c *Core) brought(p *peerState, n *headers.Node) {
	if c.cfg.BlocksOnly || !p.compact.provides || p.closing || c.cfg.Ledger.Syncing() || c.fetch.Underway() > 0 || !c.cfg.Ledger.Active().Contains(n) {
		return
	}
	change := c.compact.announcers.Brought(p.id, p.kind != peer.Inbound)
	if change.Asks {
		p.compact.asked = true
		c.send(p, &wire.MsgSendCmpct{HighBandwidth: true, Version: compact.Version})
	}
	if q := c.peers[change.Stop]; change.Stopped && q != nil {
		q.compact.asked = false
		c.send(q, &wire.MsgSendCmpct{Version: compact.Version})
	}
}

// wantsCompact reports whether a block is asked for as a compact one: a single new
// block, the next after one that is connected or could be.
func (c *Core) wantsCompact(now time.Time, p *peerState, nodes []*headers.Node) bool {
	if c.cfg.BlocksOnly || !p.compact.provides || c.fetch.Underway() != 1 || c.cfg.Ledger.Syncing() || !c.nearTip(now) {
		return false
	}
	n := nodes[0]
	return len(c.fetch.Holders(n)) == 1 && n.Parent() != nil && n.Parent().ChainTxCount() != 0
}
