package proxy

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"grapevine/wire"
)

// Errors of targets that there is no way to.
var (
	// ErrUnreachable: nothing leads into the network of the address.
	ErrUnreachable = errors.New("proxy: no way into that network")
	// ErrName: a name that may neither be looked up nor given to a proxy.
	ErrName = errors.New("proxy: not an address, and names are not looked up (-dns=0)")
)

// Resolver looks names up; a *[net.Resolver] does.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// I2P connects to addresses of I2P.
type I2P interface {
	// Dial connects from an address of its own where private is set. Errors that say
	// nothing about the peer wrap [ErrProxy].
	Dial(ctx context.Context, to wire.NetAddr, private bool) (net.Conn, error)
}

// RoutesConfig says how connections are made at first.
type RoutesConfig struct {
	// Proxies leads into each network that has one; others are connected to directly,
	// as far as that is possible (IPv4, IPv6, CJDNS).
	Proxies map[wire.Network]*Server
	// Name is given names, nil for none. Then Resolver is never asked.
	Name *Server
	// Resolver looks names up where no proxy does; nil means that they are not.
	Resolver Resolver
	// I2P leads into I2P; nil means nothing does.
	I2P I2P
	// Reachable are the networks that peers are chosen from.
	Reachable []wire.Network
	// CJDNS says that fc00::/8 leads there.
	CJDNS bool
	// Timeout bounds a direct connection; 0 means 5 s (-timeout).
	Timeout time.Duration
}

// Routes knows how each network is reached. It is safe for concurrent use.
type Routes struct {
	cfg  RoutesConfig
	dial func(ctx context.Context, network, address string) (net.Conn, error) // a direct connection

	mu        sync.RWMutex
	proxies   map[wire.Network]*Server // guarded by mu, as is the next
	reachable []wire.Network
}

// NewRoutes returns the routes of a configuration.
func NewRoutes(cfg RoutesConfig) *Routes {
	r := &Routes{cfg: cfg, proxies: map[wire.Network]*Server{}, reachable: slices.Clone(cfg.Reachable)}
	r.dial = new(net.Dialer).DialContext
	for n, s := range cfg.Proxies {
		if s != nil {
			r.proxies[n] = s
		}
	}
	return r
}

// SetProxy leads connections into a network through a proxy from now on, and makes the
// network one that peers are chosen from if reachable is set.
func (r *Routes) SetProxy(n wire.Network, s *Server, reachable bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.proxies[n] = s
	if reachable && !slices.Contains(r.reachable, n) {
		r.reachable = append(slices.Clone(r.reachable), n)
	}
}

// Proxy returns the proxy that leads into a network.
func (r *Routes) Proxy(n wire.Network) (s *Server, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	s, ok = r.proxies[n]
	return s, ok
}

// NameProxied reports whether names are given to a proxy.
func (r *Routes) NameProxied() bool { return r.cfg.Name != nil }

// Reachable returns the networks that peers are chosen from. The caller must not
// change the slice.
func (r *Routes) Reachable() []wire.Network {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.reachable
}

// Target is whom to connect to.
type Target struct {
	// Text is host:port as it was asked for; an address, or a name.
	Text string
	// Addr is set where the address is known; Text is not looked at then.
	Addr wire.NetAddr
	// Private connects in a way that cannot be told to be this node's: through the
	// proxy for Tor, or from a new address of I2P.
	Private bool
}

// Conn is a connection that leads somewhere else than its RemoteAddr says.
type Conn struct {
	net.Conn
	peer wire.NetAddr
}

// PeerAddr returns whom the connection leads to; the zero address where the proxy was
// given a name.
func (c *Conn) PeerAddr() wire.NetAddr { return c.peer }

// Dial connects. What is reached directly is the connection of the system itself,
// everything else a [*Conn].
func (r *Routes) Dial(ctx context.Context, t Target) (net.Conn, error) {
	if !t.Addr.Addr.IsZero() {
		return r.toAddress(ctx, t.Addr, t.Private)
	}
	if a, err := wire.ParseNetAddr(t.Text, 0); err == nil {
		if r.cfg.CJDNS {
			a.Addr = a.Addr.AsCJDNS()
		}
		return r.toAddress(ctx, a, t.Private)
	}
	host, port, err := splitTarget(t.Text)
	if err != nil {
		return nil, err
	}
	switch {
	case t.Private:
		return r.toName(ctx, r.torProxy(), host, port)
	case r.cfg.Name != nil:
		return r.toName(ctx, r.cfg.Name, host, port)
	case r.cfg.Resolver == nil:
		return nil, fmt.Errorf("%w: %s", ErrName, t.Text)
	}
	return r.lookUp(ctx, host, port)
}

func splitTarget(text string) (host string, port uint16, err error) {
	host, service, err := net.SplitHostPort(text)
	if err != nil {
		return "", 0, fmt.Errorf("proxy: %w", err)
	}
	ap, err := netip.ParseAddrPort("0.0.0.0:" + service)
	if err != nil || host == "" || strings.ContainsAny(host, "\x00 /") {
		return "", 0, fmt.Errorf("proxy: %q names no host and port", text)
	}
	return host, ap.Port(), nil
}

func (r *Routes) torProxy() *Server {
	s, _ := r.Proxy(wire.NetTorV3)
	return s
}

func (r *Routes) toName(ctx context.Context, s *Server, host string, port uint16) (net.Conn, error) {
	if s == nil {
		return nil, ErrUnreachable
	}
	c, err := s.Dial(ctx, host, port)
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: c}, nil
}

// toAddress connects by the network of the address.
func (r *Routes) toAddress(ctx context.Context, a wire.NetAddr, private bool) (net.Conn, error) {
	n := a.Addr.Network()
	if !a.Addr.Valid() {
		return nil, fmt.Errorf("%w: %s is no host's address", ErrUnreachable, a.Addr)
	}
	if n == wire.NetI2P {
		if r.cfg.I2P == nil {
			return nil, fmt.Errorf("%w: %s", ErrUnreachable, n)
		}
		c, err := r.cfg.I2P.Dial(ctx, a, private)
		if err != nil {
			return nil, err
		}
		return &Conn{c, a}, nil
	}
	s, proxied := r.Proxy(n)
	if private {
		s = r.torProxy()
		proxied = s != nil
	}
	if proxied {
		c, err := s.Dial(ctx, a.Addr.String(), a.Port)
		if err != nil {
			return nil, err
		}
		return &Conn{c, a}, nil
	}
	if private || n == wire.NetTorV3 {
		return nil, fmt.Errorf("%w: %s", ErrUnreachable, n)
	}
	return r.direct(ctx, a)
}

func (r *Routes) direct(ctx context.Context, a wire.NetAddr) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, orDefault(r.cfg.Timeout, connectTime))
	defer cancel()
	c, err := r.dial(ctx, "tcp", a.String())
	if err != nil {
		return nil, err
	}
	if a.Addr.Network() == wire.NetCJDNS {
		return &Conn{c, a}, nil // the system takes it for IPv6
	}
	return c, nil
}

// maxResolved is how many addresses of one name are tried.
const maxResolved = 256

// lookUp connects to the first address of a name that answers, in random order.
func (r *Routes) lookUp(ctx context.Context, host string, port uint16) (net.Conn, error) {
	bounded, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	ips, err := r.cfg.Resolver.LookupNetIP(bounded, "ip", host)
	if err != nil {
		return nil, err
	}
	rand.Shuffle(len(ips), func(i, j int) { ips[i], ips[j] = ips[j], ips[i] })
	err = fmt.Errorf("proxy: %s has no address", host)
	for _, ip := range ips[:min(len(ips), maxResolved)] {
		a := wire.NetAddr{Addr: wire.AddressOfIP(ip), Port: port}
		if r.cfg.CJDNS {
			a.Addr = a.Addr.AsCJDNS()
		}
		var c net.Conn
		if c, err = r.toAddress(ctx, a, false); err == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return nil, err
}
