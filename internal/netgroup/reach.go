package netgroup

import (
	"net/netip"

	"grapevine/wire"
)

// Reach ranks how well a peer can be expected to reach an address of ours.
type Reach uint8

// The ranks, the worst first.
const (
	Unreachable Reach = iota
	ReachDefault
	ReachTeredo
	ReachIPv6Weak // through a tunnel
	ReachIPv4
	ReachIPv6Strong
	ReachPrivate // within the network that the peer came by
)

var tunnels = []netip.Prefix{
	netip.MustParsePrefix("2002::/16"),       // RFC 3964
	netip.MustParsePrefix("64:ff9b::/96"),    // RFC 6052
	netip.MustParsePrefix("::ffff:0:0:0/96"), // RFC 6145
}

// kind is a network, with Teredo as one of its own.
type kind uint8

const (
	kindOther kind = iota
	kindIPv4
	kindIPv6
	kindTeredo
	kindOnion
	kindI2P
	kindCJDNS
)

func kindOf(a wire.NetworkAddress) kind {
	switch a.Network() {
	case wire.NetIPv6:
		switch {
		case Teredo(a):
			return kindTeredo
		case a.Routable():
			return kindIPv6
		}
	case wire.NetIPv4:
		if a.Routable() {
			return kindIPv4
		}
	case wire.NetTorV3:
		return kindOnion
	case wire.NetI2P:
		return kindI2P
	case wire.NetCJDNS:
		if a.Valid() {
			return kindCJDNS
		}
	}
	return kindOther
}

// reach holds what is better than [ReachDefault], by the partner's kind and ours.
var reach = [...][kindCJDNS + 1]Reach{
	kindOther:  {kindTeredo: ReachTeredo, kindIPv6: ReachIPv6Weak, kindIPv4: ReachIPv4, kindOnion: ReachPrivate},
	kindIPv4:   {kindIPv4: ReachIPv4},
	kindIPv6:   {kindTeredo: ReachTeredo, kindIPv4: ReachIPv4, kindIPv6: ReachIPv6Strong},
	kindTeredo: {kindTeredo: ReachTeredo, kindIPv6: ReachIPv6Weak, kindIPv4: ReachIPv4},
	kindOnion:  {kindIPv4: ReachIPv4, kindOnion: ReachPrivate}, // exits lead to IPv4
	kindI2P:    {kindI2P: ReachPrivate},
	kindCJDNS:  {kindCJDNS: ReachPrivate},
}

// ReachFrom ranks how well partner can reach own.
func ReachFrom(own, partner wire.NetworkAddress) Reach {
	if !own.Routable() {
		return Unreachable
	}
	r := max(ReachDefault, reach[kindOf(partner)][kindOf(own)])
	if r == ReachIPv6Strong && tunnelled(own) {
		r = ReachIPv6Weak
	}
	return r
}

func tunnelled(a wire.NetworkAddress) bool {
	ip, _ := a.IP()
	for _, p := range tunnels {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// Teredo reports whether an address is one of RFC 4380.
func Teredo(a wire.NetworkAddress) bool {
	ip, _ := a.IP()
	b := ip.As16()
	return a.Network() == wire.NetIPv6 && string(b[:4]) == teredo
}

// Local reports whether an address is that of this host.
func Local(a wire.NetworkAddress) bool {
	ip, ok := a.IP()
	if !ok || a.IsZero() {
		return false
	}
	return ip.IsLoopback() || ip.Is4() && ip.As4()[0] == 0
}
