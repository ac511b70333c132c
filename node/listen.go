package node

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"grapevine/p2p"
)

// listen opens the addresses that were named for peers. Without any it takes every address of the machine, those of IPv6 if there
// are any: nobody asked for them.
func (n *Node) listen(ctx context.Context) (listeners []p2p.Listener, err error) {
	defer func() {
		for _, l := range listeners {
			n.log.Info("Bound to " + l.Addr().String())
		}
	}()
	cfg := n.cfg.Net
	if len(cfg.Bind) > 0 {
		return p2p.Listen(ctx, cfg.Bind)
	}
	port := strconv.Itoa(int(cfg.Port))
	four, err := p2p.Listen(ctx, []string{net.JoinHostPort("0.0.0.0", port)})
	if err != nil {
		return nil, err
	}
	six, err := p2p.Listen(ctx, []string{net.JoinHostPort("::", port)})
	if err != nil {
		n.log.Info("Not listening over IPv6", "error", err)
	}
	return append(four, six...), nil
}

// dialer connects to peers, by name only where names may be looked up. A target without a host is nobody, and not this machine, for
// which the system would take it.
func dialer(lookUp bool) func(ctx context.Context, to p2p.Dial) (net.Conn, error) {
	var d net.Dialer
	return func(ctx context.Context, to p2p.Dial) (net.Conn, error) {
		address := to.Target
		if host, _, err := net.SplitHostPort(address); err == nil && host == "" {
			return nil, fmt.Errorf("%s names no host", address)
		}
		if lookUp {
			return d.DialContext(ctx, "tcp", address)
		}
		if _, err := netip.ParseAddrPort(address); err != nil {
			return nil, fmt.Errorf("%s is not an address, and names are not looked up (-dns=0)", address)
		}
		return d.DialContext(ctx, "tcp", address)
	}
}
