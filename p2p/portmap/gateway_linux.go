package portmap

import (
	"io"
	"net/netip"
	"os"
)

// defaultGateway looks the gateway up in the system's list of routes.
func defaultGateway(six bool) (netip.Addr, error) {
	path, read := "/proc/net/route", gateway4
	if six {
		path, read = "/proc/net/ipv6_route", gateway6
	}
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return netip.Addr{}, errNoGateway // a system without IPv6
	}
	if err != nil {
		return netip.Addr{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return read(io.LimitReader(f, maxRoutes))
}

// maxRoutes is what is read of a list of routes: some 6,000 of them. Those of a router
// that has more begin with the default one.
const maxRoutes = 1 << 20
