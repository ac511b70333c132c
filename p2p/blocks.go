package p2p

import (
	"errors"
	"time"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/p2p/blockfetch"
	"grapevine/p2p/headersync"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// joinSync lets a peer take part in following headers and fetching blocks.
func (c *Core) joinSync(p *peerState) {
	s := p.hello.theirs.Services
	c.fetch.AddPeer(p.id, blockfetch.Options{
		Preferred: p.preferred(), Witness: s.Has(wire.NodeWitness),
		Network: s.Has(wire.NodeNetwork), Limited: s.Has(wire.NodeNetworkLimited),
	})
	c.headers.AddPeer(p.id, headersync.Options{
		Serves: s.Has(wire.NodeNetwork) || s.Has(wire.NodeNetworkLimited), Preferred: p.preferred(), Replaceable: p.kind.Automatic(),
		Kept: p.may(peer.NoBan), Trusted: p.may(peer.NoBan),
	})
}

func (c *Core) leaveSync(p *peerState) {
	c.fetch.RemovePeer(p.id)
	c.headers.RemovePeer(p.id)
}

// syncHeaders asks for headers, and replaces peers that do not give them.
func (c *Core) syncHeaders(now time.Time) {
	c.decided(nil, c.headers.Next(now))
}

// decided carries out what headersync wants. It returns the headers to submit.
func (c *Core) decided(p *peerState, d headersync.Decision) []wire.Header {
	for _, r := range d.Requests {
		if p := c.peers[r.Peer]; p != nil {
			c.send(p, &wire.MsgGetHeaders{Version: ProtocolVersion, Locator: r.Locator, Stop: r.Stop})
		}
	}
	for _, d := range d.Drop {
		switch p := c.peers[d.Peer]; {
		case p == nil:
		case d.Reason.Misbehaving():
			c.misbehaved(p, string(d.Reason))
		default:
			c.drop(p, string(d.Reason))
		}
	}
	if p != nil && d.Known != nil {
		c.fetch.Has(p.id, d.Known)
		c.maybeSendSendHeaders(p)
	}
	if p != nil && !d.Unknown.IsZero() {
		c.fetch.Announced(p.id, d.Unknown)
	}
	return d.Submit
}

// headersMessage hands headers on to be judged.
func (c *Core) headersMessage(now time.Time, p *peerState, m *wire.MsgHeaders, size int) {
	list := c.decided(p, c.headers.Received(now, p.id, m.Headers))
	c.tellPresync(now, p)
	if len(list) == 0 {
		c.do(Release{p.id, size})
		return
	}
	p.blocks.newest = wire.BlockHash{}
	if hash := list[len(list)-1].Hash(); c.cfg.Ledger.Tree().Lookup(hash) == nil {
		p.blocks.newest = hash
	}
	c.do(SubmitHeaders{Peer: p.id, Seq: p.order.submit(), Size: size, List: list})
}

// presyncInterval is how often a first pass over headers is spoken of, which takes
// minutes and shows nowhere else.
const presyncInterval = 10 * time.Second

func (c *Core) tellPresync(now time.Time, p *peerState) {
	height, ok := c.headers.Presynced(p.id)
	if !ok || !c.cfg.Ledger.Syncing() || now.Sub(c.presyncTold) < presyncInterval {
		return
	}
	c.presyncTold = now
	c.log.Info("Pre-synchronizing block headers", "height", height, "peer", p.id)
}

func (c *Core) headersJudged(now time.Time, ev HeadersJudged) {
	if c.compactHeaderJudged(now, ev) {
		return
	}
	c.do(Release{ev.Peer, ev.Size})
	p := c.peers[ev.Peer]
	if p == nil {
		return
	}
	c.decided(p, c.headers.Judged(now, p.id, ev.Last, ev.Err))
	if ev.Last != nil {
		c.showed(now, p, ev.Last, ev.Last.Hash() == p.blocks.newest)
	}
	if !errors.Is(ev.Err, consensus.ErrPrevNotFound) { // they followed on others that were refused meanwhile
		c.punish(p, ev.Err)
	}
	p.order.judged(ev.Seq)
	c.resume(now, p)
}

// announcedBlock follows up an inv of a block whose header we lack.
func (c *Core) announcedBlock(now time.Time, p *peerState, hash wire.BlockHash) {
	if c.cfg.Ledger.Loading() {
		return
	}
	c.decided(p, c.headers.Announced(now, p.id, hash))
}

// fetchBlocks asks for what is needed next, and replaces peers that stall.
func (c *Core) fetchBlocks(now time.Time) {
	d := c.fetch.Next(now)
	for _, r := range d.Requests {
		p := c.peers[r.Peer]
		if p == nil {
			continue
		}
		items := make([]wire.Inv, len(r.Nodes))
		for i, n := range r.Nodes {
			items[i] = p.wanted(wire.InvOfBlock(n.Hash()))
		}
		if c.wantsCompact(now, p, r.Nodes) {
			items[0] = items[0].As(wire.InvCmpctBlock)
		}
		c.send(p, &wire.MsgGetData{Items: items})
	}
	for _, d := range d.Drop {
		if p := c.peers[d.Peer]; p != nil {
			c.drop(p, string(d.Reason))
		}
	}
}

// bloat is how many times its bytes a block may take in memory before the
// fetcher's account, which is of bytes, says nothing about it. Blocks of ordinary
// transactions take two to three times theirs; of the smallest that spend, five.
const bloat = 8

// block hands a block on to be judged. One that we asked for costs its sender
// no credit, as the fetcher accounts for it, unless it is bloated, or blocks have
// grown so fast that what is here exceeds what the fetcher reckoned with.
func (c *Core) block(now time.Time, p *peerState, m *wire.MsgBlock, size int) {
	p.compact.remove(c.cfg.Ledger.Tree().Lookup(m.Block.Hash()))
	asked := c.fetch.Received(now, p.id, m.Block.Hash(), m.Block.TotalSize())
	if asked && size <= bloat*m.Block.TotalSize()+blockOverhead+messageOverhead && !c.fetch.Overdrawn() {
		c.do(Release{p.id, size})
		size = 0
	}
	c.do(SubmitBlock{Peer: p.id, Seq: p.order.submit(), Size: size, Block: m.Block, Requested: asked})
}

func (c *Core) blockJudged(now time.Time, ev BlockJudged) {
	if ev.Err != nil {
		c.fetch.Refused(ev.Hash)
	} else {
		c.fetch.Judged(ev.Hash)
	}
	if ev.Size > 0 {
		c.do(Release{ev.Peer, ev.Size})
	}
	if n := c.cfg.Ledger.Tree().Lookup(ev.Hash); n != nil && n.Status().Has(headers.StatusHasData) {
		c.compactSettled(n)
	}
	p := c.peers[ev.Peer]
	if p == nil {
		return
	}
	if ev.Err == nil {
		if ev.Fresh {
			p.lastBlk = now
		}
		if n := c.cfg.Ledger.Tree().Lookup(ev.Hash); n != nil {
			c.fetch.Has(p.id, n)
			c.maybeSendSendHeaders(p)
			if ev.Fresh {
				c.brought(p, n)
			}
		}
	}
	if ev.Compact {
		c.punishCompact(p, ev.Err)
	} else {
		c.punish(p, ev.Err)
	}
	p.order.judged(ev.Seq)
	c.resume(now, p)
}
