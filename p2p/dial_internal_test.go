package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"grapevine/chain/params"
	"grapevine/p2p/peer"
	"grapevine/p2p/transport"
	"grapevine/wire"
)

// dialing is a service that does nothing but dial, and the events that follow.
func dialing(dial func(context.Context, Dial) (net.Conn, error)) *Service {
	cfg := Config{Core: CoreConfig{Params: params.Regtest(params.RegtestOptions{})}, Dial: dial, DialTimeout: defaultDialTimeout, ReceiveBuffer: 1000}
	cfg.Now = time.Now
	return &Service{
		cfg: cfg, log: slog.New(slog.DiscardHandler), core: &Core{cfg: CoreConfig{PeerTimeout: defaultPeerTimeout}}, events: make(chan Event, 10), done: make(chan struct{}),
		conns: map[peer.ID]*connection{},
	}
}

// What the core hears of a connection that does not come about.
func TestDialFailures(t *testing.T) {
	addr := wire.NetAddr{Addr: wire.AddressOfIP(addrPort(&net.TCPAddr{IP: net.IPv4(1, 2, 3, 4), Port: 5}).Addr()), Port: 5}
	refused := errors.New("refused")
	// hangUp answers with some bytes and no more.
	hangUp := func(said string) net.Conn {
		a, b := net.Pipe()
		go func() {
			go io.Copy(io.Discard, b) // what it is sent
			_, _ = b.Write([]byte(said))
			_ = b.Close() // a pipe closes without error
		}()
		return a
	}
	for _, c := range []struct {
		name  string
		dials []any // what each attempt brings: an error, or what the other end says
		want  error
		ours  bool
	}{
		{"refused", []any{refused}, refused, false},
		{"the proxy", []any{fmt.Errorf("no way out: %w", ErrProxy)}, ErrProxy, true},
		{"hung up on, then refused", []any{"", refused}, refused, false},
		{"hung up on, then the proxy", []any{"", fmt.Errorf("gone: %w", ErrProxy)}, ErrProxy, true},
		{"broken off", []any{"some bytes"}, io.ErrUnexpectedEOF, false},
		{"no v2", []any{string(make([]byte, 64+4095+16))}, transport.ErrGarbage, false},
	} {
		var asked []Dial
		s := dialing(func(_ context.Context, d Dial) (net.Conn, error) {
			next := c.dials[len(asked)]
			asked = append(asked, d)
			if err, bad := next.(error); bad {
				return nil, err
			}
			return hangUp(next.(string)), nil
		})
		s.dial(t.Context(), Dial{Target: "1.2.3.4", Addr: addr, Kind: peer.FullRelay, V2: true})
		ev, ok := (<-s.events).(DialFailed)
		if !ok || !errors.Is(ev.Err, c.want) || ev.Ours != c.ours || ev.Target != "1.2.3.4" || ev.Addr != addr || ev.Kind != peer.FullRelay {
			t.Errorf("%s: %+v, want %v", c.name, ev, c.want)
		}
		if len(asked) != len(c.dials) {
			t.Errorf("%s: %d attempts", c.name, len(asked))
		}
		for i, d := range asked {
			if d.V2 != (i == 0) || d.Target != "1.2.3.4:18444" || d.Addr != addr {
				t.Errorf("%s: attempt %d is %+v", c.name, i, d)
			}
		}
	}
}

// Addresses of fc00::/8 are of CJDNS where that is reachable, and of nowhere else.
func TestAddressesInCJDNS(t *testing.T) {
	for _, reachable := range []bool{false, true} {
		for ip, inside := range map[string]bool{"fc01::1": true, "fd01::1": false, "1.2.3.4": false, "2001::1": false} {
			s := dialing(nil)
			s.cfg.CJDNS = reachable
			e := s.endsOf(endOf{remote: &net.TCPAddr{IP: net.ParseIP(ip), Port: 7}})
			if got := e.Addr.Addr.Network() == wire.NetCJDNS; got != (inside && reachable) || e.Addr.Port != 7 {
				t.Errorf("%s, reachable %v: %v", ip, reachable, e.Addr)
			}
		}
	}
}

// endOf is a connection of which only the ends matter.
type endOf struct {
	net.Conn
	remote net.Addr
}

func (e endOf) RemoteAddr() net.Addr { return e.remote }
func (e endOf) LocalAddr() net.Addr  { return &net.TCPAddr{} }
