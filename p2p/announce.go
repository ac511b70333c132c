package p2p

import (
	"slices"
	"time"

	"grapevine/chain/headers"
	"grapevine/wire"
)

// maxAnnounced is how many blocks are announced by their headers; more are
// announced by an inv of the tip.
const maxAnnounced = 8

// tipMoved announces new blocks, and forgets what the old tip decided.
func (c *Core) tipMoved(now time.Time, ev TipMoved) {
	c.outbound.tipMoved, c.outbound.considered = now, time.Time{}
	c.gossiped = true // the first sync may be over, and we tell of ourselves
	c.txs.rejected.clear()
	c.txs.lowFee.clear()
	c.confirmedUpTo(ev.New)
	for _, p := range c.order {
		if p.hello.done && !p.closing {
			c.maybeSendSendHeaders(p)
			c.maybeSendFeeFilter(now, p) // initial download may be over
		}
	}
	if c.cfg.Ledger.Syncing() {
		return
	}
	fresh := newBlocks(ev.Old, ev.New)
	for _, p := range c.order {
		if p.hello.done && !p.closing {
			c.announceBlocks(p, fresh, ev.New)
		}
	}
}

// newBlocks returns the blocks of the new branch, oldest first; nil when they
// are more than are announced by headers.
func newBlocks(old, tip *headers.Node) []*headers.Node {
	if list := branch(old, tip, maxAnnounced+1); len(list) <= maxAnnounced {
		return list
	}
	return nil
}

// branch returns the last blocks up to the tip that are not on the way to old, at most
// so many, oldest first.
func branch(old, tip *headers.Node, most int) (out []*headers.Node) {
	for n := tip; n != nil && len(out) < most && (old == nil || !old.HasAncestor(n)); n = n.Parent() {
		out = append(out, n)
	}
	slices.Reverse(out)
	return out
}

// announceBlocks tells a peer of blocks by their headers where it wants that and
// they connect to what it has (BIP 130), else by an inv of the tip.
func (c *Core) announceBlocks(p *peerState, fresh []*headers.Node, tip *headers.Node) {
	if c.knowsHeader(p, tip) || c.announceCompact(p, fresh, tip) {
		return
	}
	if p.blocks.prefersHeaders {
		var list []wire.Header
		for _, n := range fresh {
			switch {
			case len(list) == 0 && c.knowsHeader(p, n):
				continue
			case len(list) == 0 && n.Parent() != nil && !c.knowsHeader(p, n.Parent()):
				c.announceTip(p, tip)
				return
			}
			list = append(list, n.Header())
		}
		if len(list) > 0 {
			c.send(p, &wire.MsgHeaders{Headers: list})
			p.blocks.announced = tip
			return
		}
	}
	c.announceTip(p, tip)
}

func (c *Core) announceTip(p *peerState, tip *headers.Node) {
	c.send(p, &wire.MsgInv{Items: []wire.Inv{wire.InvOfBlock(tip.Hash())}})
}

// knowsHeader reports whether the peer has a header, as far as we can tell.
func (c *Core) knowsHeader(p *peerState, n *headers.Node) bool {
	best := c.fetch.Best(p.id)
	return best != nil && best.HasAncestor(n) || p.blocks.announced != nil && p.blocks.announced.HasAncestor(n)
}

// maybeSendSendHeaders asks for announcements by headers once the peer has shown
// a chain with enough work, so that the first sync is not mixed with them.
func (c *Core) maybeSendSendHeaders(p *peerState) {
	if p.blocks.sentSendHeaders || !p.hello.done || p.closing || p.hello.common < sendHeadersVersion {
		return
	}
	if best := c.fetch.Best(p.id); best != nil && best.ChainWork().Cmp(c.cfg.MinimumChainWork) > 0 {
		p.blocks.sentSendHeaders = true
		c.send(p, &wire.MsgSendHeaders{})
	}
}

// lookup tells the announcer of a transaction in the pool.
func (c *Core) lookup(id wire.Wtxid) (*wire.Tx, wire.FeeRate, bool) {
	return c.cfg.Pool.Lookup(wire.ByWtxid(id))
}
