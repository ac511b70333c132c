package rpc

import (
	"net/netip"
	"slices"
)

// networkNames are the networks that addresses may be of, in the order in which
// they are listed. This node connects over the first two.
var networkNames = []struct {
	name      string
	reachable bool
}{{"ipv4", true}, {"ipv6", true}, {"onion", false}, {"i2p", false}, {"cjdns", false}}

// unroutable are addresses that mean nothing, or something else, to others on
// the Internet: private, shared, link-local, benchmarking, documentation and
// hash-like ones (RFC 1918, 2544, 3849, 3927, 4193, 4843, 4862, 5737, 6598, 7343).
var unroutable = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.2.0/24", "192.168.0.0/16",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "255.255.255.255/32",
	"::/128", "::1/128", "2001:10::/28", "2001:20::/28", "2001:db8::/32", "fc00::/7", "fe80::/64")

// carriesIPv4 are IPv6 addresses that stand for one of IPv4 (RFC 3964, 4380,
// 6052, 6145).
var carriesIPv4 = prefixes("::ffff:0:0:0/96", "64:ff9b::/96", "2001::/32", "2002::/16")

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// networkOf names the network that an address is of, as getpeerinfo does.
func networkOf(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	within := func(p netip.Prefix) bool { return p.Contains(a) }
	switch {
	case !a.IsValid() || slices.ContainsFunc(unroutable, within):
		return "not_publicly_routable"
	case a.Is4() || slices.ContainsFunc(carriesIPv4, within):
		return "ipv4"
	default:
		return "ipv6"
	}
}

// hostPort writes an address with its port; one of IPv4 in the form that it has
// by itself, however the system reports it.
func hostPort(a netip.AddrPort) string {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()).String()
}
