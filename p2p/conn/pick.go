package conn

import (
	"slices"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// How many addresses are looked at for one connection, and for how many of them
// something counts that would leave us without a peer in the end.
const (
	maxLooks      = 100
	recentLooks   = 30 // an address that was tried lately is passed over
	badPortLooks  = 50 // so is one with the port of another service
	recentAttempt = 10 * time.Minute
)

// pick returns an address for a connection that is due.
func (p *Plan) pick(now time.Time, w wish) (wire.NetAddr, bool) {
	groups := p.groups()
	for w.anchor && len(p.auto.anchors) > 0 {
		last := len(p.auto.anchors) - 1
		a := p.auto.anchors[last]
		p.auto.anchors = p.auto.anchors[:last]
		if p.usable(now, a) && p.Desirable(a.Services) && !slices.Contains(groups, p.cfg.Addresses.Group(a.Addr)) {
			return a, true
		}
	}
	for look := 1; look <= maxLooks; look++ {
		a, lastTry, ok := p.candidate(now, w)
		if !ok {
			break
		}
		feeler := w.kind == peer.Feeler
		switch {
		case !p.usable(now, a):
		case !feeler && slices.Contains(groups, p.cfg.Addresses.Group(a.Addr)):
		case look < recentLooks && now.Sub(lastTry) < recentAttempt:
		case !feeler && !p.Desirable(a.Services):
		case feeler && !a.Services.Has(wire.NodeNetwork) && !a.Services.Has(wire.NodeNetworkLimited): // knows few addresses
		case look < badPortLooks && badPort(a):
		case p.isAdded(a):
		default:
			return a, true
		}
	}
	return wire.NetAddr{}, false
}

// candidate asks for the next address to look at.
func (p *Plan) candidate(now time.Time, w wish) (wire.NetAddr, time.Time, bool) {
	from := p.cfg.Addresses
	switch {
	case w.network != wire.NetNone:
		return from.Select(now, false, []wire.Network{w.network})
	case w.kind != peer.Feeler:
		return from.Select(now, false, p.cfg.Networks)
	}
	a, lastTry, ok := from.Collision(now)
	if ok && !p.inUse(a) {
		return a, lastTry, true
	}
	if ok {
		// We could not connect to it, and need not to know that it answers.
		from.Good(now, a)
	}
	return from.Select(now, true, p.cfg.Networks)
}

// usable reports whether a connection to the address can be made at all.
func (p *Plan) usable(now time.Time, a wire.NetAddr) bool {
	return a.Addr.Valid() && p.Reachable(a.Addr.Network()) && !p.inUse(a) && !p.dialled(a) &&
		(p.cfg.Avoid == nil || !p.cfg.Avoid(now, a))
}

// inUse reports whether a connection leads to that host, whichever the port.
func (p *Plan) inUse(a wire.NetAddr) bool {
	return slices.ContainsFunc(p.links, func(l *link) bool { return l.addr.Addr == a.Addr })
}

func (p *Plan) dialled(a wire.NetAddr) bool {
	return slices.ContainsFunc(p.dials, func(d *dial) bool { return d.Addr.Addr == a.Addr || d.at == endpointOf(a) })
}

// isAdded reports whether the address is on the list of added nodes: it shall have
// what goes with that, and leave the places for others.
func (p *Plan) isAdded(a wire.NetAddr) bool {
	host, at := a.Addr.String(), endpointOf(a)
	return slices.ContainsFunc(p.targets, func(t *target) bool { return t.added && (t.at == at || t.name == host) })
}

// groups lists the groups that another connection must not be in: those of IPv4 and
// IPv6 peers that are there to stay, and of dials for such. In other networks a group
// says nothing of who runs a node.
func (p *Plan) groups() []string {
	var out []string
	add := func(k peer.Kind, a wire.NetworkAddress) {
		if n := a.Network(); k.Lasting() && (n == wire.NetIPv4 || n == wire.NetIPv6) {
			out = append(out, p.cfg.Addresses.Group(a))
		}
	}
	for _, l := range p.links {
		add(l.kind, l.addr.Addr)
	}
	for _, d := range p.dials {
		add(d.Kind, d.Addr.Addr)
	}
	return out
}

// online reports whether failures may be blamed on addresses: we have lasting
// connections into two groups, so that our own network cannot be down.
func (p *Plan) online() bool {
	var groups []string
	others := 0
	for _, l := range p.links {
		if !l.kind.Lasting() {
			continue
		}
		switch l.addr.Addr.Network() {
		case wire.NetTorV3, wire.NetI2P, wire.NetCJDNS:
			others++
		case wire.NetNone: // somewhere behind a proxy that looks names up
		default:
			if g := p.cfg.Addresses.Group(l.addr.Addr); !slices.Contains(groups, g) {
				groups = append(groups, g)
			}
		}
	}
	return len(groups)+others >= min(p.cfg.grants()+p.cfg.MaxInbound-1, 2)
}

func badPort(a wire.NetAddr) bool {
	n := a.Addr.Network()
	return (n == wire.NetIPv4 || n == wire.NetIPv6) && peer.BadPort(a.Port)
}
