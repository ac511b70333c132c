package p2ptest

import (
	"slices"
	"testing"
	"time"

	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

func TestHandshakeMessages(t *testing.T) {
	for _, inbound := range []bool{true, false} {
		s := newStage(t, Config{}, 3)
		a := s.join(inbound, func(a *Actor) { a.Chain = s.loaded })
		s.Run(time.Second)
		want := []string{"version", "wtxidrelay", "sendaddrv2", "verack"}
		got := a.Commands()
		if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
			t.Errorf("inbound %v: the node says %v, want %v first", inbound, got, want)
		}
		for _, command := range []string{"ping", "getheaders", "sendheaders", "feefilter"} {
			if i := slices.Index(got, command); i < 0 {
				t.Errorf("inbound %v: no %s in %v", inbound, command, got)
			}
		}
		hello := HeardOf[*wire.MsgVersion](a)[0]
		if hello.Version != wire.ProtocolVersion || hello.StartHeight != 3 || !hello.Services.Has(wire.NodeNetwork|wire.NodeWitness) ||
			hello.Time != s.World.Start.Unix() || !hello.Relay || hello.Nonce == 0 || hello.UserAgent == "" {
			t.Errorf("inbound %v: version %+v", inbound, hello)
		}
	}
}

// An inbound peer introduces itself first.
func TestInboundSpeaksFirst(t *testing.T) {
	s := newStage(t, Config{}, 3)
	a := s.join(true, func(a *Actor) { a.Mute = true })
	s.Run(10 * time.Second)
	if len(a.Heard) != 0 {
		t.Errorf("the node spoke first: %v", a.Commands())
	}
}

// Each row says what a peer says and what becomes of it.
func TestHandshakeRules(t *testing.T) {
	verack := &wire.MsgVerack{}
	rows := []struct {
		name    string
		hello   func(h *wire.MsgVersion)
		before  []wire.Message // after version, before verack
		after   []wire.Message // after verack
		outOnly bool
		kind    peer.Kind
		closed  bool
	}{
		{name: "plain"},
		{name: "obsolete version", hello: func(h *wire.MsgVersion) { h.Version = 31799 }, closed: true},
		{name: "oldest version", hello: func(h *wire.MsgVersion) { h.Version = 31800 }},
		{name: "no services of an inbound peer", hello: func(h *wire.MsgVersion) { h.Services = 0 }},
		{name: "no services of a manual peer", hello: func(h *wire.MsgVersion) { h.Services = 0 }, outOnly: true, kind: peer.Manual},
		{name: "no services of a chosen peer", hello: func(h *wire.MsgVersion) { h.Services = 0 }, outOnly: true, kind: peer.FullRelay, closed: true},
		{name: "no witness of a chosen peer", hello: func(h *wire.MsgVersion) { h.Services = wire.NodeNetwork }, outOnly: true, kind: peer.FullRelay, closed: true},
		{name: "all services of a chosen peer", outOnly: true, kind: peer.FullRelay},
		{name: "version twice before verack", before: []wire.Message{&wire.MsgVersion{Version: 209, Nonce: 5}}},
		{name: "version twice after verack", after: []wire.Message{&wire.MsgVersion{Version: 209, Nonce: 5}}},
		{name: "verack twice", after: []wire.Message{verack}},
		{name: "wtxidrelay twice", before: []wire.Message{&wire.MsgWtxidRelay{}, &wire.MsgWtxidRelay{}}},
		{name: "wtxidrelay after verack", after: []wire.Message{&wire.MsgWtxidRelay{}}, closed: true},
		{name: "sendaddrv2 before verack", before: []wire.Message{&wire.MsgSendAddrV2{}}},
		{name: "sendaddrv2 after verack", after: []wire.Message{&wire.MsgSendAddrV2{}}, closed: true},
		{name: "feature before verack", before: []wire.Message{&wire.MsgFeature{ID: "unheard", Data: []byte{1}}}},
		{name: "feature after verack", after: []wire.Message{&wire.MsgFeature{ID: "unheard", Data: []byte{1}}}, closed: true},
		{
			name: "feature of an old version", hello: func(h *wire.MsgVersion) { h.Version = 70016 },
			before: []wire.Message{&wire.MsgFeature{ID: "unheard"}}, closed: true,
		},
		{name: "sendtxrcncl", before: []wire.Message{&wire.MsgSendTxRcncl{Version: 1}}, after: []wire.Message{&wire.MsgSendTxRcncl{Version: 1}}},
		{name: "unknown messages", before: []wire.Message{&wire.MsgUnknown{Name: "xyzzy"}}, after: []wire.Message{&wire.MsgUnknown{Name: "plugh", Data: make([]byte, 100)}}},
		{name: "data before verack", before: []wire.Message{&wire.MsgInv{}, &wire.MsgPing{Nonce: 3}, &wire.MsgGetHeaders{}}},
		{name: "sendheaders and sendcmpct", after: []wire.Message{&wire.MsgSendHeaders{}, &wire.MsgSendCmpct{Version: 2}, &wire.MsgSendCmpct{Version: 9}}},
		{name: "inv of nothing", after: []wire.Message{&wire.MsgInv{}, &wire.MsgGetData{}, &wire.MsgNotFound{}}},
	}
	for _, r := range rows {
		for _, inbound := range []bool{true, false} {
			if inbound && r.outOnly {
				continue
			}
			t.Run(r.name+map[bool]string{true: ", inbound", false: ", outbound"}[inbound], func(t *testing.T) {
				s := newStage(t, Config{}, 3)
				s.kind = peer.Manual
				if r.outOnly {
					s.kind = r.kind
				}
				a := s.join(inbound, func(a *Actor) {
					if r.hello != nil {
						r.hello(&a.Hello)
					}
					a.Before = append(a.Before, r.before...)
				})
				s.Run(time.Second)
				a.Say(r.after...)
				s.Run(time.Second)
				if a.Connected() == r.closed {
					t.Fatalf("connected %v, want %v; heard %v", a.Connected(), !r.closed, a.Commands())
				}
				if !r.closed {
					s.wantAlive(a)
				}
				for _, command := range []string{"version", "verack", "ping"} {
					if n := a.Count(command); n > 1 {
						t.Errorf("%d times %s", n, command)
					}
				}
			})
		}
	}
}

// wantAlive checks that a peer that is connected gets pongs.
func (s *stage) wantAlive(a *Actor) {
	s.t.Helper()
	const nonce = 0xa11fe
	a.Say(&wire.MsgPing{Nonce: nonce})
	s.Run(5 * time.Second)
	for _, m := range HeardOf[*wire.MsgPong](a) {
		if m.Nonce == nonce {
			return
		}
	}
	s.t.Errorf("no pong; heard %v", a.Commands())
}

// What comes before the version is passed over.
func TestMessagesBeforeVersion(t *testing.T) {
	s := newStage(t, Config{}, 3)
	a := s.join(true, func(a *Actor) { a.Mute = true })
	s.Run(time.Second)
	a.Say(&wire.MsgVerack{}, &wire.MsgPing{Nonce: 1}, &wire.MsgGetHeaders{}, &wire.MsgWtxidRelay{}, &wire.MsgSendAddrV2{}, &wire.MsgUnknown{Name: "early"})
	s.Run(time.Second)
	if len(a.Heard) != 0 || !a.Connected() {
		t.Fatalf("connected %v, heard %v", a.Connected(), a.Commands())
	}
	a.Say(&a.Hello, &wire.MsgVerack{})
	s.Run(time.Second)
	s.wantAlive(a)
}

// What comes between version and verack and is no part of the handshake gets no
// answer.
func TestMessagesBeforeVerack(t *testing.T) {
	s := newStage(t, Config{}, 3)
	a := s.join(true, func(a *Actor) { a.Mute = true })
	s.Run(time.Second)
	a.Say(&a.Hello, &wire.MsgPing{Nonce: 1}, &wire.MsgGetHeaders{Locator: []wire.BlockHash{s.World.Genesis()}})
	s.Run(time.Second)
	if got := a.Count("pong") + a.Count("headers"); got != 0 || !a.Connected() {
		t.Fatalf("connected %v, heard %v", a.Connected(), a.Commands())
	}
	a.Say(&wire.MsgVerack{})
	s.Run(time.Second)
	s.wantAlive(a)
}

func TestConnectionToOneself(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 3)
	s.node.act(p2p.Dial{Target: s.node.Addr.String(), Kind: peer.Manual})
	s.Run(time.Minute)
	if len(s.node.Peers()) != 0 {
		t.Error("the node stays connected to itself")
	}
}

// The nonce of one's own version makes only inbound connections suspicious.
func TestNonceOfAnother(t *testing.T) {
	s := newStage(t, Config{}, 3)
	first := s.join(false)
	s.Run(time.Second)
	nonce := HeardOf[*wire.MsgVersion](first)[0].Nonce
	echo := s.join(true, func(a *Actor) { a.Hello.Nonce = nonce })
	s.Run(time.Second)
	if first.Connected() == false {
		t.Error("the connection whose nonce was stolen is gone")
	}
	_ = echo // whether the nonce is still remembered is the node's affair
}

func TestSilentHandshake(t *testing.T) {
	for _, inbound := range []bool{true, false} {
		s := newStage(t, Config{}, 3)
		silent := s.join(inbound, func(a *Actor) { a.Mute = true })
		half := s.join(inbound, func(a *Actor) {
			a.Mute = true
			a.On = func(from peer.ID, m wire.Message) bool { return true }
		})
		s.Run(time.Second)
		half.Say(&half.Hello) // no verack follows
		s.Run(58 * time.Second)
		if !silent.Connected() || !half.Connected() {
			t.Errorf("inbound %v: closed before a minute", inbound)
		}
		s.Run(4 * time.Second)
		if silent.Connected() || half.Connected() {
			t.Errorf("inbound %v: silent peer connected %v, half-introduced one %v after a minute", inbound, silent.Connected(), half.Connected())
		}
	}
}

func TestPings(t *testing.T) {
	s := newStage(t, Config{}, 3)
	good := s.join(true)
	bad := s.join(true, func(a *Actor) { a.NoPong = true })
	old := s.join(true, func(a *Actor) { a.Hello.Version = 60000; a.Before = nil; a.NoPong = true })
	s.Run(10*time.Minute + time.Second)
	if n := good.Count("ping"); n < 4 || n > 7 {
		t.Errorf("%d pings in ten minutes", n)
	}
	if n := bad.Count("ping"); n != 1 {
		t.Errorf("%d pings to a peer that answers none", n)
	}
	if list := HeardOf[*wire.MsgPing](old); len(list) < 4 || !list[0].Short {
		t.Errorf("pings of an old peer: %d", len(list))
	}
	old.Say(&wire.MsgPing{Short: true}) // or it would be taken for dead after twenty minutes
	s.Run(8 * time.Minute)
	if !bad.Connected() {
		t.Error("a ping may take 20 minutes")
	}
	s.Run(4 * time.Minute)
	if bad.Connected() || !good.Connected() || !old.Connected() {
		t.Errorf("after 22 minutes: without pongs connected %v, with %v, old one %v", bad.Connected(), good.Connected(), old.Connected())
	}
}

// A pong with another nonce answers nothing.
func TestForeignPong(t *testing.T) {
	s := newStage(t, Config{}, 3)
	a := s.join(true, func(a *Actor) {
		a.On = func(from peer.ID, m wire.Message) bool {
			ping, ok := m.(*wire.MsgPing)
			if ok {
				a.Reply(from, &wire.MsgPong{Nonce: ping.Nonce + 1})
			}
			return ok
		}
	})
	s.Run(19 * time.Minute)
	if !a.Connected() || a.Count("ping") != 1 {
		t.Errorf("connected %v, %d pings", a.Connected(), a.Count("ping"))
	}
	s.Run(3 * time.Minute)
	if a.Connected() {
		t.Error("foreign pongs keep the connection")
	}
}
