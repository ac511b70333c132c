package node

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"grapevine/node/config"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

func TestListen(t *testing.T) {
	busy, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	n, err := New(configure(t, "-regtest", "-datadir="+t.TempDir()), Console{})
	if err != nil {
		t.Fatal(err)
	}
	at := func(addr string) config.Bind { return config.Bind{Address: netip.MustParseAddrPort(addr)} }
	n.cfg.Net = config.Net{Bind: []config.Bind{at("127.0.0.1:0"), at(busy.Addr().String())}}
	if _, err := n.listen(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "Unable to bind to "+busy.Addr().String()+" on this computer.") {
		t.Errorf("an address that is taken: %v", err)
	}
	onion := at("127.0.0.1:0")
	onion.Onion = true
	implied := at(busy.Addr().String())
	implied.Onion, implied.Implied = true, true
	white := at("127.0.0.1:0")
	white.White, white.Permissions = true, peer.Implicit
	n.cfg.Net = config.Net{Bind: []config.Bind{white, onion, implied}, Grants: peer.Grants{Relay: true}}
	named, err := n.listen(t.Context())
	if err != nil || len(named) != 2 || named[0].Network != wire.NetNone || named[1].Network != wire.NetTorV3 ||
		named[0].Permissions != peer.NoBan|peer.Mempool|peer.Relay || named[1].Permissions != 0 {
		t.Errorf("%v, %v", named, err)
	}
	for _, l := range named {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	taken, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	port := taken.Addr().(*net.TCPAddr).Port
	n.cfg.Net = config.Net{Port: uint16(port)}
	if _, err := n.listen(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "Unable to bind to 0.0.0.0:") {
		t.Errorf("a port that is taken: %v", err)
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	all, err := n.listen(t.Context())
	if err != nil || len(all) == 0 || all[0].Addr().(*net.TCPAddr).Port != port {
		t.Errorf("%v, %v", all, err)
	}
	for _, l := range all {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
