package p2p

import (
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// AddNode keeps a connection to target from now on, over the encrypted transport
// where v2 is set and the target speaks it.
func (c *Core) AddNode(target string, v2 bool) error { return c.plan.Add(target, v2) }

// RemoveNode no longer does; the connection stays.
func (c *Core) RemoveNode(target string) error { return c.plan.Remove(target) }

// TryNode makes a connection to target once.
func (c *Core) TryNode(target string, v2 bool) { c.plan.Try(target, v2) }

// AddConnection makes a connection to target once, as one of a kind for which we
// choose the peers ourselves. Errors: [conn.ErrNoRoom], [conn.ErrKind].
func (c *Core) AddConnection(target string, kind peer.Kind, v2 bool) error {
	return c.plan.AddConnection(target, kind, v2)
}

// FetchAddresses connects to target when there is room, asks it for addresses and
// lets go of it.
func (c *Core) FetchAddresses(target string) { c.plan.Fetch(target) }

// CountKind counts the connections of a kind that are up.
func (c *Core) CountKind(kind peer.Kind) int { return c.plan.CountKind(kind) }

// AddedNodes lists the nodes that are kept connected.
func (c *Core) AddedNodes() []AddedNode {
	var out []AddedNode
	for _, e := range c.plan.Added() {
		n := AddedNode{Target: e.Target, Connected: e.Connected}
		if p := c.peers[e.Peer]; e.Connected && p != nil {
			n.Remote, n.Addr = p.remote, p.addr
		}
		out = append(out, n)
	}
	return out
}

// DisconnectNode ends the connections to an address, and reports whether there
// were any.
func (c *Core) DisconnectNode(address string) bool {
	found := false
	for _, p := range c.order {
		if p.name == address || p.remote.String() == address {
			c.drop(p, "asked for by an operator")
			found = true
		}
	}
	return found
}

// DisconnectPeer ends one connection, and reports whether there was one.
func (c *Core) DisconnectPeer(id peer.ID) bool {
	p := c.peers[id]
	if p == nil {
		return false
	}
	c.drop(p, "asked for by an operator")
	return true
}

// SetActive turns networking on or off; off ends all connections.
func (c *Core) SetActive(on bool) {
	c.plan.SetActive(on)
	if !on {
		for _, p := range c.order {
			c.drop(p, "networking was turned off")
		}
	}
}

// Active reports whether networking is on.
func (c *Core) Active() bool { return c.plan.Active() }

// PingAll asks every peer for a pong.
func (c *Core) PingAll(now time.Time) {
	for _, p := range c.order {
		if p.hello.done && !p.closing {
			c.sendPing(now, p)
		}
	}
}

// Broadcast announces a transaction of the pool to all peers once more.
func (c *Core) Broadcast(txid wire.Txid, wtxid wire.Wtxid) { c.txs.announce.Remind(txid, wtxid) }

// Peers describes all connections, in the order of their ids. What the shell
// counts is left zero.
func (c *Core) Peers(now time.Time) []PeerInfo {
	out := make([]PeerInfo, 0, len(c.order))
	for _, p := range c.order {
		out = append(out, c.describe(now, p))
	}
	return out
}

func (c *Core) describe(now time.Time, p *peerState) PeerInfo {
	i := PeerInfo{
		ID: p.id, Kind: p.kind, Name: p.name, Remote: p.remote, Local: p.local, Connected: p.since,
		Addr: p.addr, Network: p.network, Permissions: p.permissions,
		LastTx: p.lastTx, LastBlock: p.lastBlk, Ping: p.ping.last, MinPing: p.ping.min,
		SyncedHeaders: -1, SyncedBlocks: -1, Presynced: -1, InvToSend: c.txs.announce.Pending(p.id), LastInvSeq: c.txs.announce.LastSequence(p.id),
		FeeFilter: p.fee.theirs, HandshakeDone: p.hello.done, Transport: "v1",
	}
	if c.cfg.Addresses != nil {
		i.MappedAS = c.cfg.Addresses.MappedAS(p.addr.Addr)
	}
	if c.gossip != nil {
		s := c.gossip.Stats(p.id)
		i.AddrRelay, i.AddrProcessed, i.AddrLimited = s.Enabled, s.Processed, s.RateLimited
	}
	if p.ping.nonce != 0 {
		i.PingWait = now.Sub(p.ping.sent)
	}
	if m := p.hello.theirs; m != nil {
		i.Services, i.Version, i.UserAgent, i.StartHeight, i.RelaysTx = m.Services, m.Version, sanitize(m.UserAgent), m.StartHeight, p.relaysTx()
		i.TimeOffset = p.hello.offset
		if a, ok := m.To.AddrPort(); ok && a.Addr().IsValid() && !a.Addr().IsUnspecified() {
			i.SeenAs = a.String()
		}
	}
	if n := c.fetch.Best(p.id); n != nil {
		i.SyncedHeaders = n.Height()
	}
	if n := c.fetch.Common(p.id); n != nil {
		i.SyncedBlocks = n.Height()
	}
	if at, ok := c.headers.Presynced(p.id); ok {
		i.Presynced = at
	}
	i.HighBandwidthTo, i.HighBandwidthFrom = p.compact.asked, p.compact.wants
	for _, n := range c.fetch.InFlight(p.id) {
		i.InFlight = append(i.InFlight, n.Height())
	}
	return i
}
