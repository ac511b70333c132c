package node

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"grapevine/addrman"
	"grapevine/internal/netgroup"
	"grapevine/node/localaddr"
	"grapevine/p2p"
	"grapevine/p2p/bans"
	"grapevine/p2p/i2p"
	"grapevine/p2p/peer"
	"grapevine/p2p/portmap"
	"grapevine/p2p/proxy"
	"grapevine/p2p/tor"
	"grapevine/wire"
)

// network is what the node knows of other nodes and of itself, and how it reaches them.
type network struct {
	node    *Node
	groups  *netgroup.Groups
	book    *addrman.Manager
	bans    *banKeeper
	own     *localaddr.Table
	routes  *proxy.Routes
	router  *i2p.Router // nil without -i2psam
	anchors []wire.NetAddr
	// parts run beside the peers, and end with them.
	parts []func(context.Context) error
	// reachable is told when another network is reached.
	reachable func([]wire.Network)
}

// newRand returns randomness that nobody can foresee, for one owner.
func newRand() *rand.Rand {
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // never fails
	return rand.New(rand.NewChaCha8(seed))
}

// offered are the services that we offer to peers.
func (n *Node) offered() wire.ServiceFlags {
	s := services
	if n.cfg.Net.V2 {
		s |= wire.NodeP2PV2
	}
	if n.cfg.Net.BloomFilters {
		s |= wire.NodeBloom
	}
	return s
}

// openNetwork reads what is known. Nothing is connected to yet. The caller closes the book.
func (n *Node) openNetwork() (*network, error) {
	w := &network{node: n, reachable: func([]wire.Network) {}}
	var err error
	if w.groups, err = n.openGroups(); err != nil {
		return nil, err
	}
	cfg := n.cfg.Net
	if err := w.openRoutes(); err != nil {
		return nil, err
	}
	w.own = localaddr.New(localaddr.Config{
		Listen: cfg.Listen, Discover: cfg.Own.Discover, Port: cfg.ListenPort, Services: n.offered(),
		Reachable: w.routes.Reachable, CJDNS: cfg.Hidden.CJDNS, Rand: newRand(),
	})
	w.nameOwn()
	for _, open := range []func() error{w.openTor, w.openPort} {
		if err := open(); err != nil {
			return nil, err
		}
	}
	list := bans.New(bans.Config{Time: cfg.BanTime, Rand: newRand()})
	w.bans = openBans(list, n.cfg.NetDir, n.clock.Now, cfg.Hidden.CJDNS, n.sink.Logger("net"))
	w.book, err = addrman.Open(addrman.Config{Dir: filepath.Join(n.cfg.NetDir, "peers"), Groups: w.groups, Rand: newRand(), Logger: n.sink.Logger("addrman")})
	if err != nil {
		return nil, fmt.Errorf("Cannot open the addresses of peers: %w", err)
	}
	w.parts = append(w.parts, w.book.Run)
	return w, nil
}

// openGroups reads the map of autonomous systems, if there is to be one.
func (n *Node) openGroups() (*netgroup.Groups, error) {
	path := n.cfg.Net.ASMap
	if path == "" {
		return netgroup.New(), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("Could not find asmap file %q", path)
	}
	defer f.Close()
	g, err := netgroup.LoadASMap(f)
	if err != nil {
		return nil, fmt.Errorf("Could not parse asmap file %q: %w", path, err)
	}
	n.log.Info(fmt.Sprintf("Using asmap version %s for IP bucketing", g.Version()))
	return g, nil
}

// nameOwn notes the addresses of ours that are known beforehand.
func (w *network) nameOwn() {
	cfg := w.node.cfg.Net
	for _, a := range cfg.Own.External {
		w.own.Add(a, localaddr.Named, true)
	}
	if !cfg.Listen || !cfg.Own.Discover {
		return
	}
	everywhere := cfg.Everywhere()
	for _, b := range cfg.Bind {
		everywhere = everywhere || (!b.Onion && b.Address.Addr().IsUnspecified())
		if !b.Onion && !w.node.cfg.Net.Grants.Usual(b.Permissions).Has(peer.NoBan) {
			w.own.Add(wire.AddrOf(b.Address, 0), localaddr.Bound, false)
		}
	}
	if !everywhere {
		return
	}
	if _, err := w.own.AddInterfaces(); err != nil {
		w.node.log.Warn("Cannot list the addresses of this machine", "error", err)
	}
}

// openRoutes says how each network is reached.
func (w *network) openRoutes() error {
	h := w.node.cfg.Net.Hidden
	cfg := proxy.RoutesConfig{
		Proxies: map[wire.Network]*proxy.Server{}, Reachable: h.Reachable, CJDNS: h.CJDNS, Timeout: w.node.cfg.Net.Timeout,
		Name: w.socks(string(h.Name)),
	}
	for net, p := range h.Proxies {
		cfg.Proxies[net] = w.socks(string(p))
	}
	if w.node.cfg.Net.LookUp {
		cfg.Resolver = w.resolver()
	}
	if h.SAM != "" {
		var err error
		if w.router, err = i2p.New(i2p.Config{
			Address: h.SAM, Accept: h.AcceptI2P, KeyFile: filepath.Join(w.node.cfg.NetDir, "i2p_private_key"),
			Service: w.service, Logger: w.node.sink.Logger("i2p"),
		}); err != nil {
			return err
		}
		cfg.I2P = w.router
		w.parts = append(w.parts, w.router.Run)
	}
	w.routes = proxy.NewRoutes(cfg)
	return nil
}

// socks returns the proxy at an address, nil for none.
func (w *network) socks(address string) *proxy.Server {
	if address == "" {
		return nil
	}
	return &proxy.Server{Address: address, Isolate: w.node.cfg.Net.Hidden.Randomize, ConnectTime: w.node.cfg.Net.Timeout}
}

// service notes an address that a hidden network has given us, or takes it back.
func (w *network) service(a wire.NetAddr, up bool) {
	if up {
		w.own.Add(a, localaddr.Named, false)
	} else {
		w.own.Remove(a.Addr)
	}
}

// openTor prepares an onion service.
func (w *network) openTor() error {
	h := w.node.cfg.Net.Hidden
	target := w.node.cfg.Net.OnionTarget()
	if !w.node.cfg.Net.Listen || !h.ListenOnion || !target.IsValid() {
		return nil
	}
	cfg := tor.Config{
		Address: h.TorControl, Password: h.TorPassword, Target: target, Port: w.node.cfg.Params.DefaultPort,
		KeyFile: filepath.Join(w.node.cfg.NetDir, "onion_v3_private_key"), Service: w.service, Logger: w.node.sink.Logger("tor"),
	}
	if h.OnionLater {
		cfg.Proxy = func(address string) {
			w.routes.SetProxy(wire.NetTorV3, w.socks(address), true)
			w.reachable(w.routes.Reachable())
		}
	}
	c, err := tor.New(cfg)
	if err != nil {
		return err
	}
	w.parts = append(w.parts, c.Run)
	return nil
}

// openPort prepares to have the router forward the port.
func (w *network) openPort() error {
	cfg := w.node.cfg.Net
	if !cfg.Listen || !cfg.Own.MapPort {
		return nil
	}
	m, err := portmap.New(portmap.Config{Port: cfg.ListenPort, Logger: w.node.sink.Logger("net"), Mapped: func(a wire.NetAddr, up bool) {
		if up {
			w.own.Add(a, localaddr.Mapped, false)
		} else {
			w.own.Remove(a.Addr)
		}
	}})
	if err != nil {
		return err
	}
	w.parts = append(w.parts, m.Run)
	return nil
}

// dial connects to a peer in the way that leads to it.
func (w *network) dial(ctx context.Context, d p2p.Dial) (net.Conn, error) {
	c, err := w.routes.Dial(ctx, proxy.Target{Text: d.Target, Addr: d.Addr, Private: d.Kind == peer.PrivateBroadcast})
	if errors.Is(err, proxy.ErrProxy) {
		err = fmt.Errorf("%w: %w", p2p.ErrProxy, err)
	}
	return c, err
}

// run runs the peers and what belongs to them until ctx ends, and keeps what the next run begins with.
func (w *network) run(ctx context.Context, peers *p2p.Service) error {
	live, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	seed := func(live context.Context) error { return w.seed(live, peers) }
	parts := append(slices.Clone(w.parts), peers.Run, seed, func(live context.Context) error {
		select {
		case <-live.Done(): // something else ended
		case <-ctx.Done(): // the peers are still there to be asked
			if !w.node.cfg.Net.ConnectOnly {
				saveAnchors(w.node.cfg.NetDir, w.node.cfg.Params.Magic, peers.Anchors(), w.node.sink.Logger("net"))
			}
			end()
		}
		return nil
	})
	errs := make([]error, len(parts))
	var group sync.WaitGroup
	for i, run := range parts {
		group.Go(func() {
			if errs[i] = run(live); errs[i] != nil {
				end()
			}
		})
	}
	group.Wait()
	w.bans.save()
	return errors.Join(errs...)
}

// close closes the book; it is called once run has returned, or instead of it.
func (w *network) close() error { return w.book.Close() }
