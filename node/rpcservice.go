package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"grapevine/chain/headers"
	"grapevine/node/mining"
	"grapevine/node/rpc"
	"grapevine/wire"
)

// rpcService is the RPC server and what it listens on. Without -server it has a table of methods and no listener.
type rpcService struct {
	node      *Node
	table     *rpc.Table
	server    *rpc.Server
	listeners []net.Listener
	cookie    *rpc.Cookie
}

var errNoRPC = errors.New("Unable to start HTTP server. See debug log for details.")

// startRPC listens. Calls are answered as soon as [rpcService.run] runs, with the status of the start until [rpcService.ready].
func (n *Node) startRPC(ctx context.Context, stop func()) (*rpcService, error) {
	ctl := rpc.Control{Stop: stop, Started: n.started, LogPath: n.sink.Path(), Log: n.sink}
	if n.cfg.Params.Mockable {
		ctl.SetMockTime = n.clock.Set
	}
	table, err := rpc.NewTable(rpc.ControlCommands(ctl))
	if err != nil {
		return nil, err
	}
	s := &rpcService{node: n, table: table}
	if !n.cfg.RPC.Enabled {
		n.log.Info("RPC is off (-server=0)")
		return s, nil
	}
	r := n.cfg.RPC
	log := n.sink.Logger("rpc")
	cfg := rpc.Config{Table: table, Logger: log, Threads: r.Threads, WorkQueue: r.WorkQueue, Timeout: r.Timeout, LogIPs: n.cfg.Log.IPs}
	for _, a := range r.AllowIP {
		p, err := rpc.ParseSubnet(a)
		if err != nil {
			return nil, err
		}
		cfg.Allow = append(cfg.Allow, p)
	}
	// The cookie first: whoever finds the port open then finds it too.
	if cfg.Auth, err = s.auth(); err != nil {
		log.Error(err.Error())
		return nil, errNoRPC
	}
	if s.listeners, err = rpc.Listen(ctx, r.Listen, log); err != nil {
		log.Error(err.Error())
		s.removeCookie()
		return nil, errNoRPC
	}
	s.server = rpc.New(cfg)
	if n.listening != nil {
		n.listening(s.listeners)
	}
	return s, nil
}

// auth lets in whom the configuration names, or whoever can read the cookie.
func (s *rpcService) auth() (*rpc.Auth, error) {
	r := s.node.cfg.RPC
	a := rpc.NewAuth()
	for _, v := range r.Auth {
		if err := a.AddRPCAuth(v); err != nil {
			return nil, err
		}
	}
	for _, v := range r.Whitelist {
		a.AddWhitelist(v)
	}
	a.SetWhitelistDefault(r.WhitelistDefault)
	switch {
	case r.Password != "":
		s.node.log.Warn("rpcuser and rpcpassword stand in the clear in the configuration. The cookie, or -rpcauth with a hash, are safer.")
		a.AddPassword(r.User, r.Password)
	case r.CookieFile == "":
		s.node.log.Info("RPC authentication cookie file generation is disabled.")
	default:
		perm, ok := rpc.CookiePerms(r.CookiePerms)
		if !ok {
			return nil, fmt.Errorf("Invalid -rpccookieperms=%s; must be one of 'owner', 'group', or 'all'.", r.CookiePerms)
		}
		var err error
		if s.cookie, err = rpc.WriteCookie(r.CookieFile, perm); err != nil {
			return nil, err
		}
		s.node.log.Info("Generated RPC authentication cookie " + r.CookieFile)
		a.AddPassword(rpc.CookieUser, s.cookie.Password)
	}
	return a, nil
}

// run serves until ctx ends, and removes the cookie.
func (s *rpcService) run(ctx context.Context) error {
	if s.server == nil {
		<-ctx.Done()
		return nil
	}
	err := s.server.Run(ctx, s.listeners...)
	s.removeCookie()
	return err
}

func (s *rpcService) removeCookie() {
	if s.cookie == nil {
		return
	}
	if err := s.cookie.Remove(); err != nil {
		s.node.log.Warn("Unable to remove the authentication cookie", "error", err)
	}
}

// warmup sets what calls are told while the node starts.
func (s *rpcService) warmup(what string) { s.table.SetWarmup(what) }

// ready lets calls through.
func (s *rpcService) ready() { s.table.SetReady() }

// addLedger adds the methods that need the ledger, the pool and the peers.
func (s *rpcService) addLedger(p *parts) error {
	n, c := s.node, settledChain{p.chain, p.pool}
	versions := headers.NewVersionBits(n.cfg.Params)
	miner, err := mining.New(mining.Config{
		Params: n.cfg.Params, Chain: c, Versions: versions, Clock: n.clock, BlockVersion: n.cfg.Chain.BlockVersion,
		Pool: p.pool, Settled: c.Settled, MaxWeight: n.cfg.Mining.MaxWeight, Reserved: n.cfg.Mining.Reserved, MinFeeRate: n.cfg.Mining.MinFeeRate,
	})
	if err != nil {
		return err
	}
	ledger, err := rpc.LedgerCommands(rpc.LedgerConfig{
		Params: n.cfg.Params, Blocks: c, Coins: c, Acceptor: c, Operator: c, Miner: miner, Versions: versions, Events: c.Events(),
		TxIndex: p.txIndex(), Indexes: p.indexes(), Pool: p.pool, Settled: c.Settled, Peers: func() int { return len(p.peers.Peers()) },
		Logger: n.sink.Logger("rpc"), Warnings: p.warnings,
		DatabaseCacheBytes: databaseCache, CoinsCacheBytes: n.cfg.Chain.CacheBytes - databaseCache,
	})
	if err != nil {
		return err
	}
	w := p.network
	poolCfg := rpc.PoolConfig{Params: n.cfg.Params, Pool: p.pool, Coins: c, Announce: p.announce}
	var private rpc.PrivateQueue
	if n.cfg.Net.PrivateBroadcast {
		poolCfg.SendPrivately, poolCfg.CanSendPrivately, private = p.peers.SendPrivately, w.hidden, p.peers
	}
	pool, err := rpc.PoolCommands(poolCfg)
	if err != nil {
		return err
	}
	network, err := rpc.NetworkCommands(rpc.NetConfig{
		Network: p.peers, Blocks: c, Addresses: w.book, Bans: w.bans, Own: w.ownAddresses, Routes: w.listRoutes, ASMap: w.groups.Map(), Dir: n.cfg.NetDir, Private: private,
		CJDNS: n.cfg.Net.Hidden.CJDNS, Testing: n.cfg.Params.Name == "regtest",
		BlocksOnly: n.cfg.Net.BlocksOnly, MinRelay: n.cfg.Pool.MinRelay, Incremental: n.cfg.Pool.Incremental,
		Warnings: p.warnings, Now: n.clock.Now,
	})
	if err != nil {
		return err
	}
	return s.table.Add(slices.Concat(ledger, pool, network)...)
}

// warnings are those that the ledger does not know of.
func (p *parts) warnings() []string {
	list := []string{rpc.PreReleaseWarning}
	if _, warn := p.peers.ClockOffset(); warn {
		list = slices.Insert(list, 0, rpc.ClockWarning)
	}
	return list
}

// hidden reports whether a network is reached in which nobody can tell who speaks.
func (w *network) hidden() bool {
	return slices.ContainsFunc(w.routes.Reachable(), func(n wire.Network) bool { return n == wire.NetTorV3 || n == wire.NetI2P })
}

// ownAddresses is what peers are told of where we are.
func (w *network) ownAddresses() (out []rpc.LocalAddress) {
	for _, e := range w.own.List() {
		out = append(out, rpc.LocalAddress{Addr: e.Addr, Score: int(e.Score)})
	}
	return out
}

// listRoutes says how each network is reached.
func (w *network) listRoutes() (out []rpc.Route) {
	reachable := w.routes.Reachable()
	for _, net := range []wire.Network{wire.NetIPv4, wire.NetIPv6, wire.NetTorV3, wire.NetI2P, wire.NetCJDNS} {
		r := rpc.Route{Network: net, Reachable: slices.Contains(reachable, net)}
		if s, ok := w.routes.Proxy(net); ok {
			r.Proxy, r.Randomize = s.Address, s.Isolate
		} else if net == wire.NetI2P && w.router != nil {
			r.Proxy = w.node.cfg.Net.Hidden.SAM
		}
		out = append(out, r)
	}
	return out
}

// databaseCache is the part of the cache that LevelDB's own buffers take.
const databaseCache = 2 << 20

// wait is a pause that ends with ctx. It reports whether the time passed.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
