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

// throughRouter is a connection in a network of its own.
type throughRouter struct {
	addressed
	to wire.NetAddr
}

func (c throughRouter) PeerAddr() wire.NetAddr { return c.to }

// What is granted to addresses is for who comes from them and for manual peers, not for
// who comes through an onion service, nor for whom we chose.
func TestWhoIsGrantedWhat(t *testing.T) {
	i2p, err := wire.AddressOf(wire.NetI2P, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	nc := addressed{at: net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:5"))}
	hidden := throughRouter{nc, wire.NetAddr{Addr: i2p}}
	s := &Service{cfg: Config{Whitelist: func(a wire.NetworkAddress, inbound bool) peer.Permissions {
		switch {
		case a == hidden.to.Addr:
			return peer.Download
		case !isLocal(a):
			return 0
		case inbound:
			return peer.Addr
		default:
			return peer.Mempool
		}
	}}}
	for name, c := range map[string]struct {
		got, want peer.Permissions
	}{
		"inbound":       {s.inboundFrom(Listener{}, nc).Permissions, peer.Addr},
		"by its socket": {s.inboundFrom(Listener{Permissions: peer.Relay}, nc).Permissions, peer.Addr | peer.Relay},
		"I2P":           {s.inboundFrom(Listener{Network: wire.NetI2P}, hidden).Permissions, peer.Download},
		"manual in I2P": {s.outboundTo(Dial{Kind: peer.Manual}, hidden).Permissions, peer.Download},
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
