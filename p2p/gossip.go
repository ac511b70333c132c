package p2p

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"grapevine/p2p/addrrelay"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// addrFetchTime is how long a connection that was made for addresses may take.
const addrFetchTime = 5 * time.Minute

// newGossip returns what passes addresses on; nil when none are kept.
func (c *Core) newGossip() *addrrelay.Relay {
	if c.cfg.Addresses == nil {
		return nil
	}
	return addrrelay.New(addrrelay.Config{Rand: rand.New(rand.NewPCG(c.cfg.Rand.Uint64(), c.cfg.Rand.Uint64())), Reachable: c.reachable, Unwanted: c.unwanted})
}

// reachable reports whether we can connect to the network of an address.
func (c *Core) reachable(a wire.NetworkAddress) bool {
	if c.cfg.Reachable == nil {
		return a.Network() == wire.NetIPv4 || a.Network() == wire.NetIPv6
	}
	return slices.Contains(c.cfg.Reachable, a.Network())
}

// unwanted reports whether an address is banned or misbehaved.
func (c *Core) unwanted(a wire.NetworkAddress) bool {
	return c.cfg.Bans != nil && (c.cfg.Bans.Discouraged(a) || c.cfg.Bans.Banned(c.now, a))
}

// joinGossip lets a peer take part in passing addresses on, and asks those of our
// choice for some.
func (c *Core) joinGossip(now time.Time, p *peerState) {
	if c.gossip == nil {
		return
	}
	c.gossiped = true
	ask := c.gossip.AddPeer(now, p.id, addrrelay.Options{
		Kind: p.kind, V2: p.hello.addrV2, Trusted: p.may(peer.Addr),
		Socket: addrrelay.Socket{Network: p.network, Local: p.local},
	})
	if ask {
		c.send(p, &wire.MsgGetAddr{})
	}
}

// addresses takes what a peer tells of. What it was made for is then done with a
// connection for addresses; its own address alone does not count.
func (c *Core) addresses(now time.Time, p *peerState, list []wire.TimedAddr) {
	if c.gossip == nil {
		return
	}
	c.gossiped = true
	take := c.gossip.Received(now, p.id, slices.Clone(list)) // the message may be shared
	if len(take) > 0 {
		c.cfg.Addresses.Add(now, take, p.addr.Addr, addrrelay.Penalty)
	}
	if p.kind == peer.AddrFetch && len(list) > 1 {
		c.drop(p, "it has told of addresses")
	}
}

// getAddr answers who asks for addresses; those of people we do not want are left out.
func (c *Core) getAddr(now time.Time, p *peerState) {
	if c.gossip == nil {
		return
	}
	c.gossiped = true
	c.gossip.GetAddr(now, p.id, func(limit, percent int) []wire.TimedAddr {
		list := c.cfg.Addresses.Sample(now, limit, percent, wire.NetNone, true)
		return slices.DeleteFunc(list, func(a wire.TimedAddr) bool { return c.unwanted(a.Addr) })
	})
}

// passAddresses sends the addresses that are due. Most events bring no new ones, and are
// not worth a look at every peer.
func (c *Core) passAddresses(now time.Time) {
	if c.gossip == nil || !c.gossiped && (c.gossipNext.IsZero() || now.Before(c.gossipNext)) {
		return
	}
	var own addrrelay.Own
	if c.cfg.Own != nil && !c.cfg.Ledger.Syncing() {
		own = c.ownAddress
	}
	for _, b := range c.gossip.Due(now, own) {
		if p := c.peers[b.Peer]; p != nil && !p.closing {
			c.send(p, b.Message())
		}
	}
	c.gossiped, c.gossipNext = false, c.gossip.Wake()
}

// ownAddress is what a peer is told of where we are.
func (c *Core) ownAddress(id peer.ID) (wire.NetAddr, bool) {
	p := c.peers[id]
	if p == nil || p.closing {
		return wire.NetAddr{}, false
	}
	v := Vantage{Inbound: p.kind == peer.Inbound, Network: p.network, Peer: p.addr}
	if p.hello.theirs != nil {
		v.SeenAs = p.hello.theirs.To
	}
	a, ok := c.cfg.Own.For(v)
	a.Services = c.offers(p)
	return a, ok
}

// toldAddr is what a version message says of the peer: what is known that it offers, and
// where it is, if that is on the internet.
func toldAddr(p *peerState) wire.NetAddr {
	told := wire.NetAddr{Services: p.addr.Services}
	if ip, ok := p.addr.Addr.IP(); ok && p.addr.Addr.Routable() {
		told = wire.AddrOf(netip.AddrPortFrom(ip, p.addr.Port), told.Services)
	}
	return told
}
