package p2p

import (
	"net/netip"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// fakeBans remembers who was discouraged.
type fakeBans struct{ banned, discouraged map[wire.NetworkAddress]bool }

func (b *fakeBans) Banned(_ time.Time, a wire.NetworkAddress) bool { return b.banned[a] }
func (b *fakeBans) Discouraged(a wire.NetworkAddress) bool         { return b.discouraged[a] }
func (b *fakeBans) Discourage(a wire.NetworkAddress)               { b.discouraged[a] = true }

func newFakeBans() *fakeBans {
	return &fakeBans{map[wire.NetworkAddress]bool{}, map[wire.NetworkAddress]bool{}}
}

func TestWhoMisbehaves(t *testing.T) {
	addr := func(s string) wire.NetAddr { return wire.AddrOf(netip.MustParseAddrPort(s), 0) }
	for name, c := range map[string]struct {
		kind               peer.Kind
		may                peer.Permissions
		at                 string
		stays, discouraged bool
	}{
		"inbound":                {peer.Inbound, 0, "1.2.3.4:5", false, true},
		"outbound":               {peer.FullRelay, 0, "1.2.3.4:5", false, true},
		"block-relay":            {peer.BlockRelay, 0, "[2a00::1]:5", false, true},
		"manual":                 {peer.Manual, 0, "1.2.3.4:5", true, false},
		"noban":                  {peer.Inbound, peer.NoBan, "1.2.3.4:5", true, false},
		"other permissions":      {peer.Inbound, peer.AllPermissions &^ peer.NoBan, "1.2.3.4:5", false, true},
		"this machine":           {peer.Inbound, 0, "127.0.0.1:5", false, false},
		"this machine over IPv6": {peer.Inbound, 0, "[::1]:5", false, false},
		"network 0":              {peer.Inbound, 0, "0.1.2.3:5", false, false},
	} {
		bans := newFakeBans()
		c0 := newRig(t, func(cfg *CoreConfig) { cfg.Bans = bans })
		p := &peerState{id: 1, kind: c.kind, permissions: c.may, addr: addr(c.at)}
		same := &peerState{id: 2, addr: addr("1.2.3.4:99")}
		other := &peerState{id: 3, addr: addr("1.2.3.5:5")}
		c0.order = []*peerState{p, same, other}
		c0.misbehaved(p, "test")
		if p.closing == c.stays || bans.discouraged[p.addr.Addr] != c.discouraged {
			t.Errorf("%s: closing %v, discouraged %v", name, p.closing, bans.discouraged)
		}
		if want := c.discouraged && p.addr.Addr == same.addr.Addr; same.closing != want || other.closing {
			t.Errorf("%s: the same address closing %v, another %v", name, same.closing, other.closing)
		}
	}
}

func TestBannedAddresses(t *testing.T) {
	bans := newFakeBans()
	c := newRig(t, func(cfg *CoreConfig) { cfg.Bans = bans })
	ap := netip.MustParseAddrPort("1.2.3.4:5")
	bans.banned[wire.AddressOfIP(ap.Addr())] = true
	in := Connected{Peer: 1, Remote: ap, Addr: wire.AddrOf(ap, 0)}
	now := time.Unix(1e9, 0)
	c.Step(now, in)
	if len(c.peers) != 0 {
		t.Error("a banned address is admitted")
	}
	in.Peer, in.Permissions = 2, peer.NoBan
	c.Step(now, in)
	out := Connected{Peer: 3, Kind: peer.Manual, Addr: in.Addr, Remote: ap}
	c.Step(now, out)
	if len(c.peers) != 2 {
		t.Errorf("%d peers: one may not be banned, one was asked for", len(c.peers))
	}
	c.DisconnectBanned(now)
	for _, p := range c.order {
		if !p.closing {
			t.Errorf("peer %d stays after the ban", p.id)
		}
	}
}
