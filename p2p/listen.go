package p2p

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Listener takes inbound connections, and says what is known of who comes in.
type Listener struct {
	net.Listener
	// Permissions are what the operator grants to whoever comes in here
	// (-whitebind).
	Permissions peer.Permissions
	// Network is the network that peers come from: [wire.NetTorV3] where an onion
	// service leads to this socket. [wire.NetNone] means that their addresses tell.
	Network wire.Network
}

// Listen opens the addresses (host:port each). One that cannot be opened closes
// the others and is the error.
func Listen(ctx context.Context, addrs []string) ([]Listener, error) {
	var out []Listener
	var lc net.ListenConfig
	for _, a := range addrs {
		network := "tcp"
		if ap, err := netip.ParseAddrPort(a); err == nil {
			network = "tcp6"
			if ap.Addr().Is4() {
				network = "tcp4"
			}
		}
		l, err := lc.Listen(ctx, network, a)
		if err != nil {
			for _, o := range out {
				_ = o.Close() // nothing was accepted from it
			}
			if errors.Is(err, syscall.EADDRINUSE) {
				return nil, fmt.Errorf("Unable to bind to %s on this computer. Another node is probably already running: %w", a, err)
			}
			return nil, fmt.Errorf("Unable to bind to %s on this computer: %w", a, err)
		}
		out = append(out, Listener{Listener: l})
	}
	return out, nil
}

// withPort completes a target as an operator wrote it: a name or an address,
// with or without a port, an IPv6 address with or without brackets.
func withPort(target string, port uint16) string {
	if _, _, err := net.SplitHostPort(target); err == nil {
		return target
	}
	host := strings.TrimSuffix(strings.TrimPrefix(target, "["), "]")
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}
