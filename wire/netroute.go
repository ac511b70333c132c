package wire

import "net/netip"

// reserved are the blocks of IP that no host on the internet answers at, by
// the document that sets each aside.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),      // RFC 1918
	netip.MustParsePrefix("172.16.0.0/12"),   // RFC 1918
	netip.MustParsePrefix("192.168.0.0/16"),  // RFC 1918
	netip.MustParsePrefix("198.18.0.0/15"),   // RFC 2544, measurements
	netip.MustParsePrefix("169.254.0.0/16"),  // RFC 3927, link local
	netip.MustParsePrefix("100.64.0.0/10"),   // RFC 6598, behind a provider
	netip.MustParsePrefix("192.0.2.0/24"),    // RFC 5737, documentation
	netip.MustParsePrefix("198.51.100.0/24"), // RFC 5737
	netip.MustParsePrefix("203.0.113.0/24"),  // RFC 5737
	netip.MustParsePrefix("127.0.0.0/8"),     // this host
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("fe80::/64"),       // RFC 4862, link local
	netip.MustParsePrefix("fc00::/7"),        // RFC 4193, unique local
	netip.MustParsePrefix("2001:10::/28"),    // RFC 4843, ORCHID
	netip.MustParsePrefix("2001:20::/28"),    // RFC 7343, ORCHIDv2
	netip.MustParsePrefix("::1/128"),         // this host
}

var (
	documentation = netip.MustParsePrefix("2001:db8::/32") // RFC 3849
	ipv4InIPv6    = []netip.Prefix{
		netip.MustParsePrefix("::ffff:0:0:0/96"), // RFC 6145, translated
		netip.MustParsePrefix("64:ff9b::/96"),    // RFC 6052, translated
		netip.MustParsePrefix("2002::/16"),       // RFC 3964, 6to4
		netip.MustParsePrefix("2001::/32"),       // RFC 4380, Teredo
	}
)

func within(list []netip.Prefix, ip netip.Addr) bool {
	for _, p := range list {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// Valid reports whether the address can be that of a host at all.
func (a NetworkAddress) Valid() bool {
	ip, _ := a.IP()
	switch a.net {
	case NetIPv4:
		return !ip.IsUnspecified() && ip != netip.AddrFrom4([4]byte{255, 255, 255, 255})
	case NetIPv6:
		return !documentation.Contains(ip) && !a.hasPrefix(internal)
	case NetCJDNS:
		return a.b[0] == 0xfc
	default:
		return a.net != NetNone
	}
}

// Routable reports whether the address is valid and can be reached from
// anywhere in its network.
func (a NetworkAddress) Routable() bool {
	ip, _ := a.IP() // outside IP it is none, and in no block
	return a.Valid() && !within(reserved, ip)
}

// Class returns the network in which the host is reached in the end: IPv4 for
// addresses of IPv6 that stand for one, and [NetNone] for those that are not
// routable.
func (a NetworkAddress) Class() Network {
	if !a.Routable() {
		return NetNone
	}
	if ip, _ := a.IP(); within(ipv4InIPv6, ip) {
		return NetIPv4
	}
	return a.net
}
