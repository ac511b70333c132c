package i2p

import (
	"net"
	"sync"
)

// Listener returns what the connections that Run takes come out of. Each knows its peer
// by a PeerAddr method. A listener that is closed takes no more; Run goes on.
func (r *Router) Listener() net.Listener {
	return &listener{r: r, closed: make(chan struct{})}
}

type listener struct {
	r      *Router
	once   sync.Once
	closed chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, net.ErrClosed
	default:
	}
	select {
	case c := <-l.r.accepted:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return address(l.r.cfg.Address) }

// address is that of SAM.
type address string

func (address) Network() string  { return "i2p" }
func (a address) String() string { return string(a) }
