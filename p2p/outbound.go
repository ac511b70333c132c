package p2p

import (
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/conn"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

const (
	// staleCheck is how often is looked whether the tip is stale: three times as old
	// as blocks are apart, and none under way.
	staleCheck   = 10 * time.Minute
	staleSpacing = 3
	// syncedSpacing is how many spacings old the tip may be for the first sync to be
	// over.
	syncedSpacing = 20
)

// outbound is what is looked after among the connections of our own choice.
type outbound struct {
	sync       *conn.ChainSync
	nextExtra  time.Time // when there is looked for peers too many
	nextStale  time.Time
	tipMoved   time.Time
	considered time.Time // when the peers behind on work are to be looked at, zero for now
	inSync     bool      // the first sync is over
}

func newOutbound() outbound { return outbound{sync: conn.NewChainSync()} }

func (c *Core) spacing() time.Duration {
	return time.Duration(c.cfg.Params.TargetSpacing) * time.Second
}

// tipAge is how old the tip is by the time in its header.
func (c *Core) tipAge(now time.Time) time.Duration {
	return now.Sub(time.Unix(int64(c.cfg.Ledger.Active().Tip().Time()), 0))
}

// limitedWillDo reports whether pruned peers have all blocks that we lack.
func (c *Core) limitedWillDo(now time.Time) bool { return c.tipAge(now) < limitedDepth*c.spacing() }

// reviewOutbound looks after connections of our own choice: whether there are too
// many, whether the tip is so old that one more is worth a try, and who is behind.
func (c *Core) reviewOutbound(now time.Time) {
	o := &c.outbound
	if o.tipMoved.IsZero() {
		o.tipMoved, o.nextExtra, o.nextStale = now, now.Add(conn.ExtraCheck), now.Add(staleCheck)
		c.plan.AcceptLimited(c.limitedWillDo(now)) // anchors are looked at now or never
	}
	if !now.Before(o.nextExtra) {
		o.nextExtra = now.Add(conn.ExtraCheck)
		c.dropExtra(now)
		c.plan.AcceptLimited(c.limitedWillDo(now))
		if !o.inSync && c.tipAge(now) < syncedSpacing*c.spacing() {
			o.inSync = true
			c.plan.ExtraBlockRelay()
		}
	}
	if !now.Before(o.nextStale) {
		o.nextStale = now.Add(staleCheck)
		stale := c.plan.Choosing() && !c.cfg.Ledger.Loading() && now.Sub(o.tipMoved) > staleSpacing*c.spacing() && !c.downloading()
		if stale && !c.plan.Stale() {
			c.log.Info("The tip may be stale: one more peer is tried", "since", now.Sub(o.tipMoved).Round(time.Second))
		}
		c.plan.StaleTip(stale)
	}
	if !now.Before(o.considered) {
		c.dropBehind(now)
	}
}

// outboundWake returns when reviewOutbound has something to do by itself.
func (c *Core) outboundWake() time.Time {
	o := &c.outbound
	at := o.nextExtra
	for _, t := range []time.Time{o.nextStale, o.considered} {
		if t.Before(at) {
			at = t
		}
	}
	return at
}

// downloading reports whether any block is asked of anybody.
func (c *Core) downloading() bool {
	for _, p := range c.order {
		if len(c.fetch.InFlight(p.id)) > 0 {
			return true
		}
	}
	return false
}

// dropExtra ends outbound connections beyond those that are kept.
func (c *Core) dropExtra(now time.Time) {
	var list []conn.Outbound
	for _, p := range c.order {
		if p.kind == peer.FullRelay || p.kind == peer.BlockRelay {
			list = append(list, conn.Outbound{
				ID: p.id, LastBlock: p.lastBlk, Announced: p.blocks.announcedAt, Downloading: len(c.fetch.InFlight(p.id)) > 0,
				Protected: c.outbound.sync.Protected(p.id), Closing: p.closing,
			})
		}
	}
	for _, id := range c.plan.Extra(now, list) {
		c.drop(c.peers[id], "one outbound peer too many")
	}
}

// dropBehind ends outbound connections to peers whose chain has less work than ours
// for too long.
func (c *Core) dropBehind(now time.Time) {
	o := &c.outbound
	o.considered = now.Add(conn.ExtraCheck)
	if c.cfg.Ledger.Loading() {
		return
	}
	tip := c.cfg.Ledger.Active().Tip()
	for _, p := range c.order {
		if !p.hello.done || p.closing || !c.headers.Started(p.id) {
			continue
		}
		switch verdict, from := o.sync.Consider(now, p.id, c.fetch.Best(p.id), tip); verdict {
		case conn.SyncAsk:
			c.askHeadersFrom(now, p, from.Parent())
		case conn.SyncBehind:
			c.log.Info("An outbound peer has an old chain", "peer", p.id, "address", p.name)
			c.drop(p, "its chain is behind ours for too long")
		}
		if at, ok := o.sync.Next(p.id); ok && at.Before(o.considered) {
			o.considered = at
		}
	}
}

// askHeadersFrom asks a peer for what follows on a header.
func (c *Core) askHeadersFrom(now time.Time, p *peerState, n *headers.Node) {
	if n == nil {
		n = c.cfg.Ledger.Active().At(0)
	}
	c.decided(p, c.headers.Ask(now, p.id, n))
}

// showed notes that a peer has shown a header, and whether nobody had before.
func (c *Core) showed(now time.Time, p *peerState, n *headers.Node, fresh bool) {
	tip := c.cfg.Ledger.Active().Tip()
	if fresh && n.ChainWork().Cmp(tip.ChainWork()) > 0 {
		p.blocks.announcedAt = now
	}
	c.outbound.sync.Shown(p.id, c.fetch.Best(p.id), tip)
	c.outbound.considered = time.Time{}
}

// candidates describes the inbound peers among whom one may have to go.
func (c *Core) candidates(now time.Time) []conn.Candidate {
	var out []conn.Candidate
	for _, p := range c.order {
		if p.kind != peer.Inbound || p.closing {
			continue
		}
		cand := conn.Candidate{
			ID: p.id, Kind: p.kind, Connected: p.since, MinPing: p.ping.min, LastBlock: p.lastBlk, LastTx: p.lastTx,
			RelaysTx: p.relaysTx(), Bloom: p.light.filter != nil, Prefer: p.discouraged, Local: isLocal(p.addr.Addr), Network: p.network, NoBan: p.may(peer.NoBan),
			Group: c.groupKey(p.addr.Addr),
		}
		if m := p.hello.theirs; m != nil {
			cand.Relevant = m.Services.Has(c.desirable(now, m.Services))
		}
		out = append(out, cand)
	}
	return out
}

// groupKey stands for the operator of an address.
func (c *Core) groupKey(a wire.NetworkAddress) uint64 {
	if c.cfg.Addresses == nil {
		return c.plan.GroupKey(a.String())
	}
	return c.plan.GroupKey(c.cfg.Addresses.Group(a))
}

// admission is how the plan looks at a new connection.
func (c *Core) admission(now time.Time, ev Connected) conn.Info {
	return conn.Info{
		Kind: ev.Kind, Target: ev.Target, Addr: ev.Addr, NoBan: ev.Permissions.Has(peer.NoBan),
		Discouraged: c.cfg.Bans != nil && ev.Kind == peer.Inbound && c.cfg.Bans.Discouraged(ev.Addr.Addr),
		Candidates:  func() []conn.Candidate { return c.candidates(now) },
	}
}

// avoid reports whether an address is not to be connected to by our own choice.
func (c *Core) avoid(now time.Time, a wire.NetAddr) bool {
	if c.cfg.Own != nil && c.cfg.Own.Has(a) {
		return true
	}
	return c.cfg.Bans != nil && (c.cfg.Bans.Banned(now, a.Addr) || c.cfg.Bans.Discouraged(a.Addr))
}

// planned completes what the plan has to know of the core's configuration.
func (c *Core) planned() conn.Config {
	cfg := c.cfg.Conn
	if c.cfg.Addresses != nil {
		cfg.Addresses = c.cfg.Addresses
	}
	cfg.Networks, cfg.V2, cfg.Avoid = c.cfg.Reachable, c.cfg.V2, c.avoid
	return cfg
}
