package node

import (
	"context"
	"net"
	"strconv"

	"grapevine/node/config"
	"grapevine/p2p"
	"grapevine/wire"
)

// listen opens the addresses that were named for peers. Without any it takes every address of the machine, those of IPv6 if there
// are any: nobody asked for them.
func (n *Node) listen(ctx context.Context) (listeners []p2p.Listener, err error) {
	defer func() {
		if err != nil {
			for _, l := range listeners {
				_ = l.Close() // nothing was accepted from it
			}
			listeners = nil
		}
		for _, l := range listeners {
			n.log.Info("Bound to " + l.Addr().String())
		}
	}()
	open := func(address string, b config.Bind) error {
		opened, err := p2p.Listen(ctx, []string{address})
		if err != nil {
			return err
		}
		opened[0].Permissions = n.cfg.Net.Grants.Usual(b.Permissions)
		if b.Onion {
			opened[0].Network = wire.NetTorV3
		}
		listeners = append(listeners, opened...)
		return nil
	}
	cfg := n.cfg.Net
	for _, b := range cfg.Bind {
		if err := open(b.Address.String(), b); err != nil && !b.Implied {
			return listeners, err
		} else if err != nil {
			n.log.Info("Not listening for an onion service", "error", err)
		}
	}
	if !cfg.Everywhere() {
		return listeners, nil
	}
	port := strconv.Itoa(int(cfg.Port))
	if err := open(net.JoinHostPort("0.0.0.0", port), config.Bind{}); err != nil {
		return listeners, err
	}
	if err := open(net.JoinHostPort("::", port), config.Bind{}); err != nil {
		n.log.Info("Not listening over IPv6", "error", err)
	}
	return listeners, nil
}
