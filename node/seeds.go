package node

import (
	"context"
	"errors"
	"net"

	"grapevine/addrman"
	"grapevine/p2p"
	"grapevine/p2p/proxy"
	"grapevine/seeds"
	"grapevine/wire"
)

// resolver looks names up, those of seeds always, those of nodes with -dns only.
func (w *network) resolver() proxy.Resolver {
	if server := w.node.cfg.Net.Seeds.Server; server.IsValid() {
		return seeds.NewResolver(server)
	}
	return net.DefaultResolver
}

// seedBook is what seeds read and write of the addresses.
type seedBook struct{ *addrman.Manager }

// LenOf implements [seeds.Addresses].
func (b seedBook) LenOf(n wire.Network) int {
	for _, c := range b.Counts() {
		if c.Network == n {
			return c.New + c.Tried
		}
	}
	return 0
}

// seedPeers is what seeds read of the connections, and how they make some.
type seedPeers struct {
	peers  *p2p.Service
	routes *proxy.Routes
}

// State implements [seeds.Connections].
func (p seedPeers) State(context.Context) (seeds.State, error) {
	up, active, err := p.peers.FullRelay()
	return seeds.State{Outbound: up, Active: active, Reachable: p.routes.Reachable()}, err
}

// Fetch implements [seeds.Connections].
func (p seedPeers) Fetch(_ context.Context, target string) error {
	return p.peers.FetchAddresses(target)
}

// seed finds first peers until ctx ends. With -connect, or without connections of our own choice, nobody is asked.
func (w *network) seed(ctx context.Context, peers *p2p.Service) error {
	r, err := w.seedRunner(peers)
	if err != nil || r == nil {
		return err
	}
	if err = r.Run(ctx); errors.Is(err, p2p.ErrClosed) {
		return nil // the peers have ended, and say why
	}
	return err
}

// seedRunner returns what finds first peers, nil when nothing does.
func (w *network) seedRunner(peers *p2p.Service) (*seeds.Runner, error) {
	cfg := w.node.cfg.Net
	slots := w.node.connections(w).FullRelay
	if cfg.ConnectOnly && !cfg.Seeds.DNS || slots == 0 {
		return nil, nil
	}
	out := seeds.Config{
		Addresses: seedBook{w.book}, Connections: seedPeers{peers, w.routes}, Proxied: w.routes.NameProxied(), Force: cfg.Seeds.Forced,
		Named: len(cfg.AddNode) > 0, MaxOutbound: slots, Rand: newRand(), Logger: w.node.sink.Logger("net"),
	}
	if cfg.Seeds.DNS {
		out.DNS = w.dnsSeeds()
	}
	if !cfg.ConnectOnly {
		out.Nodes, out.Fixed = cfg.Seeds.Nodes, w.fixedSeeds()
	}
	return seeds.New(out)
}

// dnsSeeds returns the network's own DNS seeds, or those that were named instead.
func (w *network) dnsSeeds() (out []seeds.Source) {
	p := w.node.cfg.Params
	hosts := p.DNSSeeds
	if named := w.node.cfg.Net.Seeds.Hosts; len(named) > 0 {
		hosts = named
	}
	var r seeds.Resolver
	if !w.routes.NameProxied() {
		r = w.resolver()
	}
	for _, h := range hosts {
		out = append(out, seeds.DNS{Host: h, Port: p.DefaultPort, Resolver: r})
	}
	return out
}

// fixedSeeds returns the list of nodes to turn to in the end, nil when that is not wanted. A file takes the place of the list that
// comes with the program; a signet of somebody else's has none.
func (w *network) fixedSeeds() seeds.Source {
	cfg, p := w.node.cfg.Net.Seeds, w.node.cfg.Params
	switch {
	case !cfg.Fixed:
		return nil
	case cfg.File != "":
		return seeds.File(cfg.File, p.DefaultPort)
	case p.IsSignet() && len(p.DNSSeeds) == 0:
		return nil
	default:
		return seeds.Fixed(p.Name)
	}
}
