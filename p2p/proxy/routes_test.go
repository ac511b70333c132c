package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"grapevine/wire"
)

const (
	onion = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"
	eepee = "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p"
)

// anyProxy serves one connection: it accepts whatever is asked for and says what that was.
func anyProxy(t *testing.T, name string) *Server {
	t.Helper()
	l, err := net.Listen("unix", t.TempDir()+"/socks")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = accept(c, name) // its other end tells
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return &Server{Address: unixPrefix + l.Addr().String()}
}

func accept(c net.Conn, name string) error {
	head := make([]byte, 3+5)
	if _, err := io.ReadFull(c, head[:3]); err != nil {
		return err
	}
	if _, err := io.WriteString(c, "\x05\x00"); err != nil {
		return err
	}
	if _, err := io.ReadFull(c, head[3:]); err != nil {
		return err
	}
	host := make([]byte, int(head[7])+2)
	if _, err := io.ReadFull(c, host); err != nil {
		return err
	}
	n := len(host) - 2
	_, err := fmt.Fprintf(c, "%s%s to %s:%d", okReply, name, host[:n], int(host[n])<<8|int(host[n+1]))
	return err
}

type fakeI2P struct{}

func (fakeI2P) Dial(_ context.Context, to wire.NetAddr, private bool) (net.Conn, error) {
	return said(fmt.Sprintf("i2p to %s, private: %v", to, private)), nil
}

// said is a connection over which a text comes.
type saidConn struct {
	net.Conn
	*strings.Reader
}

func (s saidConn) Read(b []byte) (int, error) { return s.Reader.Read(b) }
func (saidConn) Close() error                 { return nil }

func said(text string) net.Conn { return saidConn{Reader: strings.NewReader(text)} }

type names map[string]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	text, ok := n[host]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return []netip.Addr{netip.MustParseAddr(text)}, nil
}

func TestRoutes(t *testing.T) {
	all, tor := anyProxy(t, "proxy"), anyProxy(t, "tor")
	resolver := names{"known.test": "9.9.9.9", "cj.test": "fc00::2"}
	direct := RoutesConfig{Resolver: resolver, CJDNS: true}
	proxied := RoutesConfig{
		Proxies: map[wire.Network]*Server{wire.NetIPv4: all, wire.NetIPv6: all, wire.NetTorV3: tor}, Name: all,
		Resolver: resolver, I2P: fakeI2P{},
	}
	for _, c := range []struct {
		cfg     RoutesConfig
		target  string
		private bool
		want    string // what the other end says, or the error
		peer    string // PeerAddr, "" for a connection that has none
	}{
		{direct, "1.2.3.4:5", false, "direct to 1.2.3.4:5", ""},
		{direct, "[2001:4860::1]:5", false, "direct to [2001:4860::1]:5", ""},
		{direct, "[fc00::1]:5", false, "direct to [fc00::1]:5", "[fc00::1]:5 cjdns"},
		{direct, "known.test:5", false, "direct to 9.9.9.9:5", ""},
		{direct, "cj.test:5", false, "direct to [fc00::2]:5", "[fc00::2]:5 cjdns"},
		{direct, "other.test:5", false, "no such host", ""},
		{direct, onion + ":5", false, ErrUnreachable.Error(), ""},
		{direct, eepee + ":0", false, ErrUnreachable.Error(), ""},
		{direct, "1.2.3.4:5", true, ErrUnreachable.Error(), ""},
		{direct, "known.test:5", true, ErrUnreachable.Error(), ""},
		{RoutesConfig{}, "known.test:5", false, ErrName.Error(), ""},
		{RoutesConfig{}, "[fc00::1]:5", false, "direct to [fc00::1]:5", ""},
		{direct, "0.0.0.0:5", false, "is no host's address", ""},
		{direct, "[::]:5", false, "is no host's address", ""},
		{direct, ":5", false, "names no host", ""},
		{direct, "known.test", false, "missing port", ""},
		{direct, "known.test:http", false, "names no host and port", ""},
		{direct, "known.test:65536", false, "names no host and port", ""},
		{proxied, "1.2.3.4:5", false, "proxy to 1.2.3.4:5", "1.2.3.4:5 ipv4"},
		{proxied, "[2001:4860::1]:5", false, "proxy to 2001:4860::1:5", "[2001:4860::1]:5 ipv6"},
		{proxied, "known.test:5", false, "proxy to known.test:5", "[::]:0 not_publicly_routable"},
		{proxied, onion + ":5", false, "tor to " + onion + ":5", onion + ":5 onion"},
		{proxied, "1.2.3.4:5", true, "tor to 1.2.3.4:5", "1.2.3.4:5 ipv4"},
		{proxied, "known.test:5", true, "tor to known.test:5", "[::]:0 not_publicly_routable"},
		{proxied, eepee + ":0", false, "i2p to " + eepee + ":0, private: false", eepee + ":0 i2p"},
		{proxied, eepee + ":0", true, "i2p to " + eepee + ":0, private: true", eepee + ":0 i2p"},
	} {
		r := NewRoutes(c.cfg)
		r.dial = func(_ context.Context, network, address string) (net.Conn, error) {
			return said("direct to " + address), nil
		}
		conn, err := r.Dial(context.Background(), Target{Text: c.target, Private: c.private})
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %s", c.target, err, c.want)
			}
			continue
		}
		got, err := io.ReadAll(conn)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %q, %v, want %q", c.target, got, err, c.want)
		}
		peer := ""
		if p, ok := conn.(*Conn); ok {
			peer = p.PeerAddr().String() + " " + p.PeerAddr().Addr.Network().String()
		}
		if peer != c.peer {
			t.Errorf("%s leads to %s, want %s", c.target, peer, c.peer)
		}
		_ = conn.Close() // it was read to its end
	}
}

// An address that is known counts, not its text.
func TestAddressBeforeText(t *testing.T) {
	r := NewRoutes(RoutesConfig{})
	r.dial = func(_ context.Context, _, address string) (net.Conn, error) { return nil, errors.New(address) }
	a, err := wire.ParseNetAddr("1.2.3.4:5", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Dial(context.Background(), Target{Text: "other.test:1", Addr: a}); err == nil || err.Error() != "1.2.3.4:5" {
		t.Error(err)
	}
}

// All addresses of a name are tried.
func TestLookUpTriesAll(t *testing.T) {
	r := NewRoutes(RoutesConfig{Resolver: several{}})
	tried := map[string]bool{}
	r.dial = func(_ context.Context, _, address string) (net.Conn, error) {
		tried[address] = true
		return nil, errors.New("refused")
	}
	if _, err := r.Dial(context.Background(), Target{Text: "x:1"}); err == nil || len(tried) != 3 {
		t.Errorf("%v, tried %v", err, tried)
	}
}

type several struct{}

func (several) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("8.1.1.1"), netip.MustParseAddr("8.1.1.2"), netip.MustParseAddr("::ffff:8.1.1.3")}, nil
}

func TestSetProxy(t *testing.T) {
	r := NewRoutes(RoutesConfig{Reachable: []wire.Network{wire.NetIPv4}, Proxies: map[wire.Network]*Server{wire.NetIPv6: nil}})
	before := r.Reachable()
	if _, ok := r.Proxy(wire.NetIPv6); ok {
		t.Error("no proxy became one")
	}
	s := &Server{Address: "127.0.0.1:9050"}
	r.SetProxy(wire.NetTorV3, s, false)
	if got, ok := r.Proxy(wire.NetTorV3); !ok || got != s || len(r.Reachable()) != 1 {
		t.Errorf("%v, reachable %v", got, r.Reachable())
	}
	for range 2 {
		r.SetProxy(wire.NetTorV3, s, true)
	}
	if got := r.Reachable(); !slices.Equal(got, []wire.Network{wire.NetIPv4, wire.NetTorV3}) || len(before) != 1 {
		t.Errorf("reachable %v, before %v", got, before)
	}
}
