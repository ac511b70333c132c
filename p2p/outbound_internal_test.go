package p2p

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// fakeAddresses hands its addresses out in turn, and notes what it is told.
type fakeAddresses struct {
	list  []wire.NetAddr
	next  int
	heard []string
	added []wire.TimedAddr
}

func newFakeAddresses(n int) *fakeAddresses {
	f := &fakeAddresses{}
	for i := range n {
		f.list = append(f.list, wire.AddrOf(netip.AddrPortFrom(netip.AddrFrom4([4]byte{20, byte(i), 3, 4}), 18444), wire.NodeNetwork|wire.NodeWitness))
	}
	return f
}

func (f *fakeAddresses) note(format string, args ...any) {
	f.heard = append(f.heard, fmt.Sprintf(format, args...))
}

func (f *fakeAddresses) Add(_ time.Time, list []wire.TimedAddr, source wire.NetworkAddress, penalty time.Duration) int {
	f.note("add %d from %s %v", len(list), source, penalty)
	f.added = append(f.added, list...)
	return len(list)
}
func (f *fakeAddresses) Attempt(_ time.Time, a wire.NetAddr, count bool) {
	f.note("attempt %s %v", a, count)
}
func (f *fakeAddresses) Connected(_ time.Time, a wire.NetAddr) { f.note("connected %s", a) }
func (f *fakeAddresses) Good(_ time.Time, a wire.NetAddr)      { f.note("good %s", a) }
func (f *fakeAddresses) SetServices(a wire.NetAddr, s wire.ServiceFlags) {
	f.note("services %s %d", a, s)
}

func (f *fakeAddresses) Select(_ time.Time, _ bool, networks []wire.Network) (wire.NetAddr, time.Time, bool) {
	for range f.list {
		a := f.list[f.next%len(f.list)]
		f.next++
		if len(networks) == 0 || slices.Contains(networks, a.Addr.Network()) {
			return a, time.Time{}, true
		}
	}
	return wire.NetAddr{}, time.Time{}, false
}

func (f *fakeAddresses) Collision(time.Time) (a wire.NetAddr, last time.Time, ok bool) {
	return a, last, false
}
func (f *fakeAddresses) ResolveCollisions(time.Time) {}
func (f *fakeAddresses) Sample(_ time.Time, _, _ int, _ wire.Network, _ bool) []wire.TimedAddr {
	out := make([]wire.TimedAddr, len(f.list))
	for i, a := range f.list {
		out[i].NetAddr = a
	}
	return out
}
func (f *fakeAddresses) Group(a wire.NetworkAddress) string  { return string(a.Bytes()[:2]) }
func (f *fakeAddresses) MappedAS(wire.NetworkAddress) uint32 { return 0 }
func (f *fakeAddresses) Len() int                            { return len(f.list) }

// settleDials lets a minute pass and returns what is dialled, answering with connect.
func (r *rig) settleDials(d time.Duration, connect func(Dial)) {
	r.t.Helper()
	for end := r.now.Add(d); r.now.Before(end); r.now = r.now.Add(250 * time.Millisecond) {
		for _, a := range ofType[Dial](r.step(Tick{})) {
			connect(a)
		}
	}
}

// extend puts blocks on the chain.
func (r *rig) extend(n int) {
	r.t.Helper()
	r.connect(chaintest.New(r.t, r.cfg.Params, 1).Mine(n, 0)...)
}

func withAddresses(f *fakeAddresses) func(*CoreConfig) {
	return func(cfg *CoreConfig) {
		cfg.Addresses = f
		cfg.Conn.SetMax(125)
	}
}

// The node connects to eight peers for all and to two for blocks, none of them
// itself, banned or discouraged, and tells its addresses what came of it.
func TestOutboundConnections(t *testing.T) {
	addresses, bans := newFakeAddresses(40), newFakeBans()
	bans.banned[addresses.list[0].Addr] = true
	bans.discouraged[addresses.list[1].Addr] = true
	r := newRig(t, withAddresses(addresses), func(cfg *CoreConfig) {
		cfg.Bans, cfg.Own, cfg.V2 = bans, ownAddress(addresses.list[2]), true
	})
	var dialled []Dial
	r.settleDials(time.Minute, func(d Dial) { dialled = append(dialled, d) })
	kinds := map[peer.Kind]int{}
	for _, d := range dialled {
		kinds[d.Kind]++
		if slices.Contains(addresses.list[:3], d.Addr) {
			t.Errorf("%s is dialled", d.Target)
		}
		if d.Target != d.Addr.String() || d.V2 {
			t.Errorf("%+v", d)
		}
	}
	if kinds[peer.FullRelay] != 8 || kinds[peer.BlockRelay] != 2 {
		t.Errorf("dialled %v", kinds)
	}
	addresses.heard = nil
	first := dialled[0]
	r.step(Connected{Peer: 1, Kind: first.Kind, Target: first.Target, Addr: first.Addr, Name: first.Target})
	r.say(1, &wire.MsgVersion{Version: ProtocolVersion, Services: wire.NodeNetwork | wire.NodeWitness, Nonce: 5, Relay: true})
	r.say(1, &wire.MsgVerack{})
	r.step(Disconnected{Peer: 1})
	r.step(DialFailed{Target: dialled[1].Target, Addr: dialled[1].Addr, Kind: dialled[1].Kind})
	want := []string{
		"attempt " + first.Target + " false", "services " + first.Target + " 9", "good " + first.Target,
		"connected " + first.Target, "attempt " + dialled[1].Target + " false",
	}
	if !slices.Equal(addresses.heard, want) {
		t.Errorf("heard %q\nwant  %q", addresses.heard, want)
	}
}

// ownAddress is the only one that we have.
type ownAddress wire.NetAddr

func (o ownAddress) For(Vantage) (wire.NetAddr, bool) { return wire.NetAddr(o), true }
func (o ownAddress) Seen(wire.NetAddr)                {}
func (o ownAddress) Has(a wire.NetAddr) bool          { return a == wire.NetAddr(o) }

// Peers of our choice that show no chain as good as ours are replaced, but not one
// that a manual connection leads to.
func TestPeersBehindAreDropped(t *testing.T) {
	r := newRig(t, func(cfg *CoreConfig) { cfg.Conn.SetMax(125) })
	r.now = time.Unix(int64(r.ledger.tree.Best().Time()), 0).Add(time.Hour) // headers are asked of all
	r.extend(3)
	r.join(1, peer.FullRelay)
	r.join(2, peer.BlockRelay)
	r.join(3, peer.Manual)
	asked := map[peer.ID]int{}
	gone := map[peer.ID]time.Duration{}
	start := r.now
	for ; r.now.Before(start.Add(30 * time.Minute)); r.now = r.now.Add(10 * time.Second) {
		list := r.step(Tick{})
		for _, a := range ofType[Send](list) {
			if _, ok := a.Msg.(*wire.MsgGetHeaders); ok {
				asked[a.Peer]++
			}
		}
		for _, p := range slices.Clone(r.order) {
			if p.ping.nonce != 0 {
				r.say(p.id, &wire.MsgPong{Nonce: p.ping.nonce})
			}
		}
		for _, d := range ofType[Disconnect](list) {
			gone[d.Peer] = r.now.Sub(start)
			r.step(Disconnected{Peer: d.Peer})
		}
	}
	for _, id := range []peer.ID{1, 2} {
		if d := gone[id]; d < 22*time.Minute || d > 24*time.Minute || asked[id] == 0 {
			t.Errorf("peer %d: gone after %v, asked for headers %d times", id, d, asked[id])
		}
	}
	if gone[3] != 0 {
		t.Errorf("the manual peer is gone after %v", gone[3])
	}
}

// Anchors may be pruned nodes while the tip is near. They are looked at once, at the
// start.
func TestPrunedAnchors(t *testing.T) {
	for age, want := range map[time.Duration]bool{23 * time.Hour: true, 25 * time.Hour: false} {
		anchor := wire.AddrOf(netip.MustParseAddrPort("90.1.1.1:8333"), wire.NodeNetworkLimited|wire.NodeWitness)
		r := newRig(t, withAddresses(newFakeAddresses(0)), func(cfg *CoreConfig) { cfg.Conn.Anchors = []wire.NetAddr{anchor} })
		r.now = time.Unix(int64(r.ledger.tree.Best().Time()), 0).Add(age)
		dialled := ofType[Dial](r.step(Tick{}))
		if got := len(dialled) == 1 && dialled[0].Addr == anchor; got != want {
			t.Errorf("with a tip of %v ago: dialled %v", age, dialled)
		}
	}
}

// When no block has come for half an hour, one more peer is sought, by a node that chooses
// its peers.
func TestStaleTip(t *testing.T) {
	named := newRig(t)
	for range 60 {
		named.step(Tick{})
		named.now = named.now.Add(time.Minute)
	}
	if named.plan.Stale() {
		t.Error("a peer is sought by a node that chooses none")
	}
	for minutes, want := range map[time.Duration]bool{25: false, 45: true} {
		fresh := newRig(t, withAddresses(newFakeAddresses(0)))
		fresh.step(Tick{})
		start := fresh.now
		for ; fresh.now.Before(start.Add(minutes * time.Minute)); fresh.now = fresh.now.Add(time.Minute) {
			fresh.step(Tick{})
		}
		if fresh.plan.Stale() != want {
			t.Errorf("after %d minutes: stale %v", minutes, fresh.plan.Stale())
		}
		fresh.extend(1)
		fresh.now = fresh.now.Add(11 * time.Minute)
		fresh.step(Tick{})
		if fresh.plan.Stale() {
			t.Error("stale after a new block")
		}
	}
}

// Of as many inbound peers as there may be, one is given up for the next, but a
// discouraged address is not let in for it.
func TestInboundEviction(t *testing.T) {
	bans := newFakeBans()
	r := newRig(t, func(cfg *CoreConfig) { cfg.Bans, cfg.Conn.MaxInbound = bans, 60 })
	in := func(id peer.ID, a, b byte) []Action {
		r.now = r.now.Add(time.Second / 10)
		ap := netip.AddrPortFrom(netip.AddrFrom4([4]byte{a, b, 1, byte(id)}), 1000)
		return r.step(Connected{Peer: id, Remote: ap, Addr: wire.AddrOf(ap, 0), Network: wire.NetIPv4, Name: ap.String()})
	}
	for id := range peer.ID(60) {
		if gone := ofType[Disconnect](in(id, 30, byte(id))); len(gone) > 0 {
			t.Fatalf("peer %d: %v", id, gone)
		}
	}
	gone := ofType[Disconnect](in(60, 40, 1))
	if len(gone) != 1 || gone[0].Peer == 60 || gone[0].Peer < 30 {
		t.Errorf("for the 61st: %v", gone)
	}
	bans.discouraged[wire.AddressOfIP(netip.AddrFrom4([4]byte{50, 1, 1, 61}))] = true
	if gone := ofType[Disconnect](in(61, 50, 1)); len(gone) != 1 || gone[0].Peer != 61 {
		t.Errorf("for one that misbehaved: %v", gone)
	}
}
