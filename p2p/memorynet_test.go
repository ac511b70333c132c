package p2p_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"

	"grapevine/p2p"
)

// memoryNet is a network in memory: listeners by address, pipes between them.
type memoryNet struct {
	mu        sync.Mutex
	listeners map[string]*memoryListener
	next      uint16
}

func newMemoryNet() *memoryNet {
	return &memoryNet{listeners: map[string]*memoryListener{}, next: 50000}
}

type memoryListener struct {
	addr  string
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (n *memoryNet) listen(addr string) *memoryListener {
	l := &memoryListener{addr: addr, conns: make(chan net.Conn), done: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listeners[addr] = l
	return l
}

func (n *memoryNet) dial(ctx context.Context, d p2p.Dial) (net.Conn, error) {
	return n.connect(ctx, d.Target)
}

func (n *memoryNet) connect(ctx context.Context, addr string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[addr]
	n.next++
	from := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), n.next)
	n.mu.Unlock()
	if l == nil {
		return nil, errors.New("connection refused")
	}
	to := netip.MustParseAddrPort(addr)
	a, b := net.Pipe()
	select {
	case l.conns <- named{b, to, from}:
		return named{a, from, to}, nil
	case <-l.done:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// named is a pipe with addresses.
type named struct {
	net.Conn
	local, remote netip.AddrPort
}

func (c named) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(c.local) }
func (c named) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *memoryListener) Addr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(l.addr))
}
