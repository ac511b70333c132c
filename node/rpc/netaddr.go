package rpc

import (
	"net/netip"

	"grapevine/wire"
)

// networks are those that addresses may be of, in the order in which they are
// listed. This node connects over the first two.
var networks = []struct {
	network   wire.Network
	reachable bool
}{{wire.NetIPv4, true}, {wire.NetIPv6, true}, {wire.NetTorV3, false}, {wire.NetI2P, false}, {wire.NetCJDNS, false}}

// networkOf names the network that a peer is reached in, as getpeerinfo does.
func networkOf(a netip.Addr) string { return wire.AddressOfIP(a).Class().String() }

// hostPort writes an address with its port; one of IPv4 in the form that it has
// by itself, however the system reports it.
func hostPort(a netip.AddrPort) string {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()).String()
}
