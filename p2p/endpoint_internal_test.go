package p2p

import (
	"net"
	"net/netip"
	"testing"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// addressed is a connection whose ends are said to be at an address.
type addressed struct {
	net.Conn
	at net.Addr
}

func (c addressed) RemoteAddr() net.Addr { return c.at }
func (c addressed) LocalAddr() net.Addr  { return c.at }

// What is granted to addresses is for who comes from them and for manual peers, not for
// who comes through an onion service, nor for whom we chose.
func TestWhoIsGrantedWhat(t *testing.T) {
	s := &Service{cfg: Config{Whitelist: func(ip netip.Addr, inbound bool) peer.Permissions {
		switch {
		case !ip.IsLoopback():
			return 0
		case inbound:
			return peer.Addr
		default:
			return peer.Mempool
		}
	}}}
	nc := addressed{at: net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:5"))}
	for name, c := range map[string]struct {
		got, want peer.Permissions
	}{
		"inbound":       {s.inboundFrom(Listener{}, nc).Permissions, peer.Addr},
		"by its socket": {s.inboundFrom(Listener{Permissions: peer.Relay}, nc).Permissions, peer.Addr | peer.Relay},
		"onion":         {s.inboundFrom(Listener{Network: wire.NetTorV3, Permissions: peer.Relay}, nc).Permissions, peer.Relay},
		"manual":        {s.outboundTo(Dial{Kind: peer.Manual}, nc).Permissions, peer.Mempool},
		"full relay":    {s.outboundTo(Dial{Kind: peer.FullRelay}, nc).Permissions, 0},
		"feeler":        {s.outboundTo(Dial{Kind: peer.Feeler}, nc).Permissions, 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}
