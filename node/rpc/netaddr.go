package rpc

import (
	"net/netip"

	"grapevine/wire"
)

// networks are those that addresses may be of, in the order in which they are
// listed.
var networks = []wire.Network{wire.NetIPv4, wire.NetIPv6, wire.NetTorV3, wire.NetI2P, wire.NetCJDNS}

// hostPort writes an address with its port; one of IPv4 in the form that it has
// by itself, however the system reports it.
func hostPort(a netip.AddrPort) string {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()).String()
}

// remote writes the end of a connection: that of the socket where there is one.
func remote(socket netip.AddrPort, a wire.NetAddr) string {
	if socket.IsValid() {
		return hostPort(socket)
	}
	return a.String()
}
