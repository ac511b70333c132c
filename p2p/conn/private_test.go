package conn

import (
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

func TestPrivateConnections(t *testing.T) {
	addrs := spread(t, 200)
	addrs[7].Services |= wire.NodeP2PV2
	tor := netAddr(t, "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333")
	b := newBook(append(addrs, tor)...)
	avoided := func(a wire.NetAddr) bool { return a.Addr.Bytes()[1]%2 == 0 && a != addrs[7] }
	p := planFor(b, func(cfg *Config) {
		cfg.SetMax(1) // they have places of their own
		cfg.ConnectOnly, cfg.V2 = true, true
		cfg.Networks = []wire.Network{wire.NetIPv4}
		cfg.Avoid = func(_ time.Time, a wire.NetAddr) bool { return avoided(a) }
	})
	var dials []Dial
	for range 2 * MaxPrivate {
		d, ok := p.Private(start, wire.NetIPv4)
		if !ok {
			break
		}
		if d.Kind != peer.PrivateBroadcast || d.V2 != (d.Addr == addrs[7]) || avoided(d.Addr) {
			t.Errorf("%+v", d)
		}
		dials = append(dials, d)
		verify(t, p)
	}
	if len(dials) != MaxPrivate {
		t.Fatalf("%d at a time", len(dials))
	}
	hosts := map[wire.NetworkAddress]bool{}
	for _, d := range dials {
		hosts[d.Addr.Addr] = true
	}
	if len(hosts) != MaxPrivate {
		t.Error("two lead to one host")
	}
	p.Failed(start, dials[0], false)
	if b.failures[dials[0].Addr] != 1 {
		t.Error("a failure is not counted")
	}
	if !p.Connected(start, 1, Info{Kind: dials[1].Kind, Target: dials[1].Target, Addr: dials[1].Addr}).Admitted {
		t.Error("not admitted")
	}
	if _, ok := p.Private(start, wire.NetIPv4); !ok {
		t.Error("a place that is free again is not used")
	}
	if _, ok := p.Private(start, wire.NetTorV3); ok {
		t.Error("into a network that cannot be reached")
	}
	p.Disconnected(start, 1)
	p.SetActive(false)
	if _, ok := p.Private(start, wire.NetIPv4); ok {
		t.Error("made while networking is off")
	}
	alone := addrs[7:8]
	for _, v2 := range []bool{true, false} {
		p := planFor(newBook(alone...), func(cfg *Config) { cfg.V2 = v2 })
		if d, ok := p.Private(start, wire.NetIPv4); !ok || d.V2 != v2 {
			t.Errorf("%+v, %v", d, ok)
		}
		if _, ok := p.Private(start, wire.NetIPv4); ok {
			t.Error("a second connection to one host")
		}
	}
	if _, ok := New(Config{}).Private(start, wire.NetIPv4); ok {
		t.Error("made without addresses")
	}
}
