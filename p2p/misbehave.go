package p2p

import (
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// misbehaved ends the connections to the address of a peer that broke the
// protocol, and remembers the address, so that it is the first to go when places are
// short and is not connected to by ourselves. Who was asked for by an operator stays,
// and an address of this machine is not held against others behind it: onion peers all
// come from there.
func (c *Core) misbehaved(p *peerState, reason string) {
	if p.kind == peer.Manual || p.may(peer.NoBan) {
		if !p.spared { // it may do it with every message
			p.spared = true
			c.log.Warn("not punishing a peer that an operator wants", "peer", p.id, "address", p.name, "reason", reason)
		}
		return
	}
	if c.cfg.Bans != nil && !isLocal(p.addr.Addr) && !p.addr.Addr.IsZero() {
		c.cfg.Bans.Discourage(p.addr.Addr)
		for _, o := range c.order {
			if o != p && o.addr.Addr == p.addr.Addr {
				c.drop(o, "shares the address of a peer that misbehaved")
			}
		}
	}
	c.drop(p, reason)
}

// may reports whether the operator granted something to the peer.
func (p *peerState) may(want peer.Permissions) bool { return p.permissions.Has(want) }

// isLocal reports whether the address is one of this machine's.
func isLocal(a wire.NetworkAddress) bool {
	ip, ok := a.IP()
	return ok && (ip.IsLoopback() || ip.Is4() && ip.As4()[0] == 0)
}

// unwelcome says why an inbound connection is not admitted, whatever room there
// is; "" when it may be.
func (c *Core) unwelcome(now time.Time, ev Connected) string {
	if c.cfg.Bans == nil || ev.Kind != peer.Inbound || ev.Permissions.Has(peer.NoBan) {
		return ""
	}
	if c.cfg.Bans.Banned(now, ev.Addr.Addr) {
		return "its address is banned"
	}
	return ""
}

// DisconnectBanned ends the connections to addresses that have been banned.
func (c *Core) DisconnectBanned(now time.Time) {
	if c.cfg.Bans == nil {
		return
	}
	for _, p := range c.order {
		if c.cfg.Bans.Banned(now, p.addr.Addr) {
			c.drop(p, "its address was banned")
		}
	}
}
