package p2p

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// torBook is a book with one address in each network.
type torBook struct {
	Addresses
	networks [][]wire.Network
	tries    int
}

func onion(n byte) wire.NetAddr {
	key := [32]byte{n, 9}
	a, err := wire.AddressOf(wire.NetTorV3, key[:])
	if err != nil {
		panic(err)
	}
	return wire.NetAddr{Services: wire.NodeNetwork | wire.NodeP2PV2, Addr: a, Port: 8333}
}

func (b *torBook) Select(_ time.Time, _ bool, nets []wire.Network) (wire.NetAddr, time.Time, bool) {
	b.networks = append(b.networks, nets)
	switch nets[0] {
	case wire.NetTorV3:
		return onion(byte(len(b.networks))), time.Time{}, true
	case wire.NetIPv4:
		return wire.AddrOf(netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(len(b.networks)), 2, 3, 4}), 8333), 0), time.Time{}, true
	}
	return wire.NetAddr{}, time.Time{}, false
}
func (b *torBook) Attempt(time.Time, wire.NetAddr, bool)                       { b.tries++ }
func (b *torBook) Good(time.Time, wire.NetAddr)                                {}
func (b *torBook) Connected(time.Time, wire.NetAddr)                           {}
func (b *torBook) SetServices(wire.NetAddr, wire.ServiceFlags)                 {}
func (b *torBook) ResolveCollisions(time.Time)                                 {}
func (b *torBook) Group(a wire.NetworkAddress) string                          { return a.String() }
func (b *torBook) Len() int                                                    { return 1 }
func (b *torBook) Collision(time.Time) (a wire.NetAddr, at time.Time, ok bool) { return }

// privateRig is a node that reaches Tor and IPv4.
func privateRig(t *testing.T) (*rig, *torBook) {
	book := &torBook{}
	return newRig(t, func(cfg *CoreConfig) {
		cfg.Addresses, cfg.V2, cfg.UserAgent = book, true, "/telltale:1/"
		cfg.Private = func() []wire.Network { return []wire.Network{wire.NetIPv4, wire.NetTorV3} }
	}), book
}

// privateDials returns the private connections that are to be made.
func privateDials(list []Action) (out []Dial) {
	for _, d := range ofType[Dial](list) {
		if d.Kind == peer.PrivateBroadcast {
			out = append(out, d)
		}
	}
	return out
}

func (r *rig) send(tx *wire.Tx) []Action {
	r.t.Helper()
	return r.step(Command{Do: func(c *Core, now time.Time) {
		if err := c.SendPrivately(now, tx); err != nil {
			r.t.Error(err)
		}
	}})
}

// A transaction goes over three connections through Tor, each of which says nothing of
// us but what all say, and carries it once it is asked for.
func TestPrivateBroadcast(t *testing.T) {
	r, book := privateRig(t)
	tx := spending(wire.Txid{1}, true)
	dials := privateDials(r.send(tx))
	if len(dials) != 3 {
		t.Fatalf("%d connections", len(dials))
	}
	for i, d := range dials {
		if d.Addr.Addr.Network() != wire.NetTorV3 || !d.V2 {
			t.Errorf("dials %+v", d)
		}
		id := peer.ID(10 + i)
		list := r.step(Connected{Peer: id, Kind: d.Kind, Name: d.Target, Target: d.Target, Addr: d.Addr, Network: wire.NetTorV3})
		v := sent[*wire.MsgVersion](list, id)
		if len(v) != 1 {
			t.Fatalf("greets with %v", list)
		}
		want := wire.MsgVersion{Version: 70016, UserAgent: "/pynode:0.0.1/", Nonce: v[0].Nonce}
		if *v[0] != want || v[0].Nonce == 0 {
			t.Errorf("says %+v; want %+v", *v[0], want)
		}
		list = r.say(id, &wire.MsgVersion{Version: ProtocolVersion, Services: wire.NodeNetwork | wire.NodeWitness, Nonce: 5, Relay: true})
		wantOnly(t, list, id, "verack")
		r.say(id, &wire.MsgWtxidRelay{})
		r.say(id, &wire.MsgSendAddrV2{})
		list = r.say(id, &wire.MsgVerack{})
		wantOnly(t, list, id, "inv")
		inv := sent[*wire.MsgInv](list, id)[0]
		if len(inv.Items) != 1 || inv.Items[0] != wire.InvOfTx(wire.ByTxid(tx.Txid())) {
			t.Errorf("announces %v", inv.Items)
		}
		for _, m := range []wire.Message{
			&wire.MsgPing{Nonce: 3}, &wire.MsgGetHeaders{}, &wire.MsgSendHeaders{}, &wire.MsgFeeFilter{Rate: 5}, &wire.MsgMempool{},
			&wire.MsgGetAddr{}, &wire.MsgVerack{},
		} {
			wantOnly(t, r.say(id, m), id)
		}
		list = r.say(id, &wire.MsgGetData{Items: []wire.Inv{inv.Items[0].WithWitness()}})
		wantOnly(t, list, id, "tx", "ping")
		if m := sent[*wire.MsgTx](list, id)[0]; m.Tx != tx || m.NoWitness {
			t.Errorf("sends %+v", m)
		}
		wantOnly(t, r.say(id, &wire.MsgPong{Nonce: 1}), id)
		r.step(Command{Do: func(c *Core, _ time.Time) { c.send(c.peers[id], &wire.MsgGetAddr{}) }})
		wantOnly(t, r.actions, id)
		ping := sent[*wire.MsgPing](list, id)[0]
		list = r.say(id, &wire.MsgPong{Nonce: ping.Nonce})
		if !dropped(list, id) {
			t.Error("the connection is kept")
		}
		if list = r.step(Disconnected{Peer: id}); len(privateDials(list)) != 0 {
			t.Errorf("one more connection: %v", list)
		}
	}
	if sends := r.private.Broadcasts()[0].Sends; len(sends) != 3 || sends[2].Confirmed.IsZero() || sends[2].Addr != dials[2].Addr {
		t.Errorf("sent %+v", sends)
	}
	if book.tries < 3 {
		t.Errorf("%d attempts are noted", book.tries)
	}
	r.join(1, peer.Inbound)
	r.say(1, &wire.MsgTx{Tx: tx})
	if r.private.Pending() {
		t.Error("it came back from the network")
	}
}

// wantOnly checks that a peer is sent exactly these messages.
func wantOnly(t *testing.T, list []Action, id peer.ID, commands ...string) {
	t.Helper()
	var got []string
	for _, a := range ofType[Send](list) {
		if a.Peer == id {
			got = append(got, a.Msg.Command())
		}
	}
	if len(got) != len(commands) {
		t.Fatalf("sends %v; want %v", got, commands)
	}
	for i := range got {
		if got[i] != commands[i] {
			t.Fatalf("sends %v; want %v", got, commands)
		}
	}
}

// Other addresses are connected to through Tor once that is known to work.
func TestPrivateNetworks(t *testing.T) {
	r, book := privateRig(t)
	count := func() (onions, others int) {
		book.networks = nil
		for i := range byte(9) {
			r.send(spending(wire.Txid{i + 1, byte(len(r.private.Broadcasts()))}, true))
		}
		for _, n := range book.networks {
			if n[0] == wire.NetTorV3 {
				onions++
			} else {
				others++
			}
		}
		return onions, others
	}
	if onions, others := count(); onions == 0 || others != 0 {
		t.Errorf("before: %d onions, %d others", onions, others)
	}
	r.step(Connected{Peer: 1, Kind: peer.FullRelay, Name: "x", Target: "x", Addr: onion(99), Network: wire.NetTorV3})
	r.say(1, &wire.MsgVersion{Version: ProtocolVersion, Services: wire.NodeNetwork | wire.NodeWitness, Nonce: 5, Relay: true})
	if onions, others := count(); onions == 0 || others == 0 {
		t.Errorf("after: %d onions, %d others", onions, others)
	}
}

// What goes wrong on a private connection ends it, and another one is made.
func TestPrivateFailures(t *testing.T) {
	hello := &wire.MsgVersion{Version: ProtocolVersion, Services: wire.NodeNetwork | wire.NodeWitness, Nonce: 5, Relay: true}
	other := spending(wire.Txid{8}, true)
	cases := map[string]func(r *rig){
		"takes no transactions": func(r *rig) {
			r.say(9, &wire.MsgVersion{Version: ProtocolVersion, Nonce: 5})
		},
		"has no witnesses": func(r *rig) {
			r.say(9, &wire.MsgVersion{Version: ProtocolVersion, Services: wire.NodeNetwork, Relay: true})
		},
		"is too old": func(r *rig) { r.say(9, &wire.MsgVersion{Version: 31799, Relay: true}) },
		"asks for another": func(r *rig) {
			r.say(9, hello)
			r.say(9, &wire.MsgVerack{})
			r.say(9, &wire.MsgGetData{Items: []wire.Inv{wire.InvOfTx(wire.ByTxid(other.Txid()))}})
		},
		"asks too early": func(r *rig) {
			r.say(9, hello)
			r.say(9, &wire.MsgGetData{Items: []wire.Inv{wire.InvOfTx(wire.ByTxid(other.Txid()))}})
		},
		"asks for two": func(r *rig) {
			r.say(9, hello)
			r.say(9, &wire.MsgVerack{})
			it := wire.InvOfTx(wire.ByTxid(spending(wire.Txid{1}, true).Txid()))
			r.say(9, &wire.MsgGetData{Items: []wire.Inv{it, it}})
		},
		"says nothing": func(r *rig) {
			r.now = r.now.Add(61 * time.Second)
			r.step(Tick{})
		},
		"never asks": func(r *rig) {
			r.say(9, hello)
			r.say(9, &wire.MsgVerack{})
			r.now = r.now.Add(179 * time.Second)
			if r.step(Tick{}); r.peers[9].closing {
				r.t.Error("ended too early")
			}
			r.now = r.now.Add(2 * time.Second)
			r.step(Tick{})
		},
		"hangs up": func(*rig) {},
	}
	for name, fails := range cases {
		t.Run(name, func(t *testing.T) {
			r, _ := privateRig(t)
			d := privateDials(r.send(spending(wire.Txid{1}, true)))[0]
			r.step(Connected{Peer: 9, Kind: d.Kind, Name: d.Target, Target: d.Target, Addr: d.Addr})
			fails(r)
			if p := r.peers[9]; !p.closing && name != "hangs up" {
				t.Error("the connection is kept")
			}
			if again := privateDials(r.step(Disconnected{Peer: 9})); len(again) != 1 {
				t.Errorf("%d connections in its place", len(again))
			}
		})
	}
}

// An address that does not answer is followed by another one, after a pause; without
// any network nothing is tried.
func TestPrivateDialFails(t *testing.T) {
	r, book := privateRig(t)
	d := privateDials(r.send(spending(wire.Txid{1}, true)))
	tried := book.tries
	list := r.step(DialFailed{Target: d[0].Target, Addr: d[0].Addr, Kind: d[0].Kind, Err: errors.New("no")})
	if len(privateDials(list)) != 0 || book.tries != tried+1 {
		t.Errorf("at once: %v", list)
	}
	r.now = r.now.Add(privateRetry)
	if again := privateDials(r.step(Tick{})); len(again) != 1 {
		t.Errorf("after a pause: %v", again)
	}
	r, book = privateRig(t)
	r.cfg.Private = func() []wire.Network { return []wire.Network{wire.NetIPv4} }
	if list := privateDials(r.send(spending(wire.Txid{1}, true))); len(list) != 0 || len(book.networks) != 0 {
		t.Errorf("without Tor: %v", list)
	}
	r, _ = privateRig(t)
	r.SetActive(false)
	if list := privateDials(r.send(spending(wire.Txid{1}, true))); len(list) != 0 {
		t.Errorf("with networking off: %v", list)
	}
}

// What does not come back is judged once more, and sent again or given up.
func TestPrivateStale(t *testing.T) {
	r, _ := privateRig(t)
	good, bad, unknown := spending(wire.Txid{1}, true), spending(wire.Txid{2}, true), spending(wire.Txid{3}, true)
	for _, tx := range []*wire.Tx{good, bad, unknown} {
		r.send(tx)
	}
	asked := map[*wire.Tx]bool{}
	for range 10 {
		r.now = r.now.Add(time.Minute)
		for _, a := range ofType[CheckTx](r.step(Tick{})) {
			asked[a.Tx] = true
		}
	}
	if len(asked) != 3 {
		t.Fatalf("%d are judged again", len(asked))
	}
	r.step(TxChecked{Tx: good})
	r.step(TxChecked{Tx: bad, Err: errors.New("in a block")})
	r.step(TxChecked{Tx: unknown, Err: errors.New("disk"), Failure: true})
	if list := r.private.Broadcasts(); len(list) != 2 || list[0].Tx != good || list[1].Tx != unknown {
		t.Errorf("left: %v", list)
	}
}

func TestPrivateOff(t *testing.T) {
	r := newRig(t)
	if err := r.SendPrivately(r.now, spending(wire.Txid{1}, true)); !errors.Is(err, ErrPrivateOff) {
		t.Error(err)
	}
	if list := r.step(Connected{Peer: 9, Kind: peer.PrivateBroadcast, Name: "x"}); !dropped(list, 9) {
		t.Errorf("kept: %v", list)
	}
}
