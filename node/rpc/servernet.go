package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
)

// ParseSubnet reads an -rpcallowip value: an address, address/bits or address/netmask. Host bits are ignored.
func ParseSubnet(s string) (netip.Prefix, error) {
	host, mask, slash := strings.Cut(s, "/")
	bad := fmt.Errorf("Invalid -rpcallowip subnet specification: %s. Valid values are a single IP (e.g. 1.2.3.4), a network/netmask (e.g. 1.2.3.4/255.255.255.0), a network/CIDR (e.g. 1.2.3.4/24), all ipv4 (0.0.0.0/0), or all ipv6 (::/0). RFC4193 is allowed only if -cjdnsreachable=0.", s)
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}, bad
	}
	addr = addr.Unmap()
	bits := addr.BitLen()
	if slash {
		if n, err := strconv.ParseUint(mask, 10, 8); err == nil {
			bits = int(n)
		} else if bits = maskBits(mask, addr.BitLen()); bits < 0 {
			return netip.Prefix{}, bad
		}
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}, bad
	}
	return p, nil
}

// maskBits counts the ones of a netmask in address form, -1 when it is none.
func maskBits(s string, want int) int {
	m, err := netip.ParseAddr(s)
	if err != nil || m.BitLen() != want {
		return -1
	}
	ones, size := net.IPMask(m.AsSlice()).Size()
	if size == 0 {
		return -1
	}
	return ones
}

func (s *Server) allowed(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range s.cfg.Allow {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// ErrNoListener says that none of the addresses could be listened on.
var ErrNoListener = errors.New("Unable to bind any endpoint for RPC server")

// Listen opens the addresses (host:port). One that cannot be opened is a warning in the log; when none can, an error.
func Listen(ctx context.Context, addrs []string, log *slog.Logger) ([]net.Listener, error) {
	var out []net.Listener
	for _, a := range addrs {
		host, port, err := net.SplitHostPort(a)
		if err != nil {
			return nil, err
		}
		log.Info(fmt.Sprintf("Binding RPC on address %s port %s", host, port))
		if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
			log.Warn("The RPC server is not safe to expose to untrusted networks such as the public internet")
		}
		network := "tcp4"
		if strings.Contains(host, ":") {
			network = "tcp6"
		} else if _, err := netip.ParseAddr(host); err != nil {
			network = "tcp"
		}
		l, err := new(net.ListenConfig).Listen(ctx, network, a)
		if err != nil {
			log.Warn(fmt.Sprintf("Binding RPC on address %s failed: %v", a, err))
			continue
		}
		out = append(out, l)
	}
	if len(out) == 0 {
		return nil, ErrNoListener
	}
	return out, nil
}

// connLimit bounds the connections of several listeners together. With all of them in use, further ones wait in the kernel's
// backlog; the timeouts of the server free idle ones.
type connLimit struct{ tokens chan struct{} }

func newConnLimit(n int) *connLimit { return &connLimit{make(chan struct{}, n)} }

func (c *connLimit) wrap(l net.Listener) net.Listener {
	return &limitedListener{Listener: l, tokens: c.tokens, closed: make(chan struct{})}
}

type limitedListener struct {
	net.Listener
	tokens chan struct{}
	once   sync.Once
	closed chan struct{}
}

func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.tokens <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.tokens
		return nil, err
	}
	return &limitedConn{Conn: conn, tokens: l.tokens}, nil
}

func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type limitedConn struct {
	net.Conn
	tokens chan struct{}
	once   sync.Once
}

func (c *limitedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { <-c.tokens })
	return err
}
