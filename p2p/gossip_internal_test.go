package p2p

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// addressed connects a peer from an address of its own and shakes hands; it returns
// what the node sent.
func (r *rig) addressed(id peer.ID, kind peer.Kind, a wire.NetAddr, set ...func(*Connected)) (out []Action) {
	r.t.Helper()
	ev := Connected{Peer: id, Kind: kind, Name: a.String(), Addr: a, Network: a.Addr.Network()}
	if kind != peer.Inbound {
		ev.Target = a.String()
	}
	for _, f := range set {
		f(&ev)
	}
	out = r.step(ev)
	for _, m := range []wire.Message{
		&wire.MsgVersion{Version: ProtocolVersion, Services: wire.NodeNetwork | wire.NodeWitness, Nonce: uint64(id) + 1, Relay: true, To: wire.NetAddr{Port: 8333}},
		&wire.MsgSendAddrV2{}, &wire.MsgWtxidRelay{}, &wire.MsgVerack{},
	} {
		out = append(out, r.say(id, m)...)
	}
	return out
}

func somewhere(b byte) wire.NetAddr {
	return wire.AddrOf(netip.AddrPortFrom(netip.AddrFrom4([4]byte{60, b, 1, 1}), 8333), wire.NodeNetwork|wire.NodeWitness)
}

func told(now time.Time, list ...wire.NetAddr) *wire.MsgAddrV2 {
	m := &wire.MsgAddrV2{}
	for _, a := range list {
		m.Addrs = append(m.Addrs, wire.TimedAddr{Time: uint32(now.Unix()), NetAddr: a})
	}
	return m
}

func TestWhoIsAskedForAddresses(t *testing.T) {
	for kind, want := range map[peer.Kind]bool{
		peer.Inbound: false, peer.Manual: true, peer.FullRelay: true, peer.BlockRelay: false, peer.AddrFetch: true,
	} {
		r := newRig(t, withAddresses(newFakeAddresses(3)))
		if got := len(sent[*wire.MsgGetAddr](r.addressed(1, kind, somewhere(1)), 1)) == 1; got != want {
			t.Errorf("%v: asked %v", kind, got)
		}
	}
	r := newRig(t) // addresses are not kept
	if sent[*wire.MsgGetAddr](r.addressed(1, peer.FullRelay, somewhere(1)), 1) != nil {
		t.Error("asked for addresses that are not kept")
	}
}

func TestAddressesAreKept(t *testing.T) {
	bans := newFakeBans()
	bans.discouraged[somewhere(9).Addr] = true
	for kind, want := range map[peer.Kind]int{peer.FullRelay: 2, peer.AddrFetch: 2, peer.BlockRelay: 0} {
		f := newFakeAddresses(3)
		r := newRig(t, withAddresses(f), func(cfg *CoreConfig) { cfg.Bans = bans })
		r.addressed(1, kind, somewhere(1))
		onion, _ := wire.AddressOf(wire.NetTorV3, make([]byte, 32))
		m := told(r.now, somewhere(2), somewhere(3), somewhere(9), wire.NetAddr{Services: 9, Addr: onion, Port: 1})
		before := slices.Clone(m.Addrs)
		list := r.say(1, m)
		if len(f.added) != want {
			t.Errorf("%v: %d addresses kept, want %d: not the discouraged one, nor what cannot be reached", kind, len(f.added), want)
		}
		if !slices.Equal(m.Addrs, before) {
			t.Errorf("%v: the message was changed", kind)
		}
		if gone := len(ofType[Disconnect](list)) == 1; gone != (kind == peer.AddrFetch) {
			t.Errorf("%v: disconnected %v", kind, gone)
		}
	}
}

func TestAddrFetchEnds(t *testing.T) {
	r := newRig(t, withAddresses(newFakeAddresses(3)))
	r.addressed(1, peer.AddrFetch, somewhere(1))
	r.say(1, told(r.now, somewhere(1))) // itself alone does not count
	r.now = r.now.Add(addrFetchTime - time.Second)
	if len(ofType[Disconnect](r.step(Tick{}))) != 0 {
		t.Error("ended too early")
	}
	r.now = r.now.Add(time.Second)
	if len(ofType[Disconnect](r.step(Tick{}))) != 1 {
		t.Error("not ended after five minutes")
	}
}

func TestGetAddrIsAnswered(t *testing.T) {
	f, bans := newFakeAddresses(5), newFakeBans()
	bans.banned[f.list[0].Addr] = true
	r := newRig(t, withAddresses(f), func(cfg *CoreConfig) { cfg.Bans = bans })
	r.addressed(1, peer.Inbound, somewhere(1))
	var got []wire.TimedAddr
	for range 2 {
		list := r.say(1, &wire.MsgGetAddr{})
		for range 300 {
			for _, m := range sent[*wire.MsgAddrV2](list, 1) {
				got = append(got, m.Addrs...)
			}
			r.now = r.now.Add(time.Second)
			list = r.step(Tick{})
		}
		if len(got) != 4 {
			t.Fatalf("%d addresses; want all but the banned one, once", len(got))
		}
	}
}

// A peer is told our address once the first sync is over, and where it is in the
// version message, if that is anywhere.
func TestOwnAddressIsTold(t *testing.T) {
	own := somewhere(77)
	for _, syncing := range []bool{true, false} {
		r := newRig(t, withAddresses(newFakeAddresses(3)), func(cfg *CoreConfig) { cfg.Own = ownAddress(own) })
		r.ledger.syncing = syncing
		list := r.addressed(1, peer.FullRelay, somewhere(1))
		if v := sent[*wire.MsgVersion](list, 1); len(v) != 1 || v[0].To.Addr != somewhere(1).Addr || v[0].To.Port != 8333 {
			t.Errorf("version %+v", v)
		}
		m := sent[*wire.MsgAddrV2](list, 1)
		if syncing && len(m) != 0 || !syncing && (len(m) != 1 || len(m[0].Addrs) != 1 || m[0].Addrs[0].Addr != own.Addr || m[0].Addrs[0].Services != r.cfg.Services) {
			t.Errorf("syncing %v: told %+v", syncing, m)
		}
	}
	granted := newRig(t, withAddresses(newFakeAddresses(3)), func(cfg *CoreConfig) { cfg.Own = ownAddress(own) })
	told := granted.addressed(1, peer.Manual, somewhere(1), func(ev *Connected) { ev.Permissions = peer.BloomFilter })
	if m := sent[*wire.MsgAddrV2](told, 1); len(m) != 1 || m[0].Addrs[0].Services != granted.cfg.Services|wire.NodeBloom {
		t.Errorf("a peer that may filter is told %+v", m)
	}
	r := newRig(t)
	list := r.addressed(1, peer.FullRelay, wire.AddrOf(netip.MustParseAddrPort("127.0.0.1:5"), 0))
	if v := sent[*wire.MsgVersion](list, 1); len(v) != 1 || !v[0].To.Addr.IsZero() {
		t.Errorf("an address of this machine is told: %+v", v)
	}
}

// What the version message says of transactions is what is then done with them.
func TestWhoIsToldToRelay(t *testing.T) {
	for _, c := range []struct {
		kind       peer.Kind
		may        peer.Permissions
		blocksOnly bool
		want       bool
	}{
		{peer.FullRelay, 0, false, true},
		{peer.BlockRelay, 0, false, false},
		{peer.FullRelay, 0, true, false},
		{peer.FullRelay, peer.Relay, true, true},
		{peer.BlockRelay, peer.Relay, true, false},
		{peer.Inbound, peer.Relay, true, true},
		{peer.Inbound, peer.NoBan, true, false},
	} {
		r := newRig(t, func(cfg *CoreConfig) { cfg.BlocksOnly = c.blocksOnly })
		list := r.addressed(1, c.kind, somewhere(1), func(ev *Connected) { ev.Permissions = c.may })
		if v := sent[*wire.MsgVersion](list, 1); len(v) != 1 || v[0].Relay != c.want {
			t.Errorf("%+v: %+v", c, v)
		}
		if got := c.kind != peer.Inbound || c.may.Has(peer.NoBan); r.peers[1].preferred() != got {
			t.Errorf("%+v: preferred %v", c, !got)
		}
	}
}
