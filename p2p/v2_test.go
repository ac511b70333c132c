package p2p_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/params"
	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/p2p/transport"
	"grapevine/wire"
)

// speaksV2 has a node offer and answer the encrypted transport.
func speaksV2(cfg *p2p.Config) { cfg.V2, cfg.Core.V2 = true, true }

func connectTo(targets ...string) func(*p2p.Config) {
	return func(cfg *p2p.Config) { cfg.Core.Conn.Connect = targets }
}

// with puts changes of a configuration together.
func with(set ...func(*p2p.Config)) func(*p2p.Config) {
	return func(cfg *p2p.Config) {
		for _, f := range set {
			f(cfg)
		}
	}
}

// settled waits until a node has one peer that is through the handshake.
func settled(t *testing.T, n *testNode) (p p2p.PeerInfo) {
	t.Helper()
	waitFor(t, "there is one peer", func() bool {
		list := n.Peers()
		if len(list) == 1 {
			p = list[0]
		}
		return len(list) == 1 && p.HandshakeDone
	})
	return p
}

// Who speaks what with whom: each of two nodes with and without version 2.
func TestTransportOfTwoNodes(t *testing.T) {
	for _, c := range []struct {
		name           string
		dialer, called func(*p2p.Config)
		want           string
		dials          int64
	}{
		{"both encrypt", speaksV2, speaksV2, "v2", 1},
		{"the one that dials does", speaksV2, func(*p2p.Config) {}, "v1", 2}, // it is hung up on, and comes back
		{"the one that is called does", func(*p2p.Config) {}, speaksV2, "v1", 1},
		{"neither does", func(*p2p.Config) {}, func(*p2p.Config) {}, "v1", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			network := newMemoryNet()
			var dials atomic.Int64
			counted := func(cfg *p2p.Config) {
				cfg.Dial = func(ctx context.Context, d p2p.Dial) (net.Conn, error) {
					dials.Add(1)
					return network.dial(ctx, d)
				}
			}
			a := startNodeWith(t, network, "127.0.0.1:1001", c.called)
			b := startNodeWith(t, network, "127.0.0.1:1002", with(c.dialer, counted, connectTo("127.0.0.1:1001")))
			p, q := settled(t, a), settled(t, b)
			if p.Transport != c.want || q.Transport != c.want || dials.Load() != c.dials {
				t.Errorf("%s and %s after %d dials", p.Transport, q.Transport, dials.Load())
			}
			if p.SessionID != q.SessionID || (p.SessionID != "") != (c.want == "v2") {
				t.Errorf("sessions %q and %q", p.SessionID, q.SessionID)
			}
			if p.Kind != peer.Inbound || q.Kind != peer.Manual || q.Addr.String() != "127.0.0.1:1001" {
				t.Errorf("%+v, %+v", p, q)
			}
			// What is counted passes both ends, but for what is under way.
			waitFor(t, "both ends count the same", func() bool {
				p, q := settled(t, a), settled(t, b)
				return p.BytesReceived == q.BytesSent && p.BytesSent == q.BytesReceived
			})
		})
	}
}

// Blocks are served over the encrypted transport, and a node follows another.
func TestSyncOverV2(t *testing.T) {
	network := newMemoryNet()
	branch := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	branch.Mine(150, 3)
	a := startNodeWith(t, network, "127.0.0.1:1001", speaksV2)
	for _, b := range branch.Blocks {
		if _, err := a.chain.SubmitBlock(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	b := startNodeWith(t, network, "127.0.0.1:1002", with(speaksV2, connectTo("127.0.0.1:1001")))
	waitFor(t, "the second node has the chain", func() bool { return b.chain.Active().Tip().Hash() == branch.Tip.Hash() })
	if p := settled(t, b); p.Transport != "v2" || p.ReceivedByType["block"] == 0 {
		t.Errorf("%+v", p)
	}
}

// stubborn is a peer that a test plays: it accepts one connection after the other
// and does with it what the test wants.
func stubborn(t *testing.T, network *memoryNet, addr string, do func(nth int, nc net.Conn)) {
	t.Helper()
	l := network.listen(addr)
	var wait sync.WaitGroup
	wait.Go(func() {
		for i := 1; ; i++ {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				defer nc.Close()
				do(i, nc)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close() // in memory
		wait.Wait()
	})
}

// A peer that answers the handshake byte by byte is given up on in time, and is not
// taken for one of version 1; one that never answers is.
func TestSlowHandshakesAreCutOff(t *testing.T) {
	const limit = 300 * time.Millisecond
	for _, c := range []struct {
		name string
		do   func(nc net.Conn)
		want string // what the second connection begins with
	}{
		{"one byte at a time", func(nc net.Conn) {
			go io.Copy(io.Discard, nc) // what we are sent
			for {
				if _, err := nc.Write([]byte{7}); err != nil {
					return
				}
				time.Sleep(limit / 20) // the pace of the attack, and not something waited for
			}
		}, "a key"},
		{"silence", func(nc net.Conn) { _, _ = io.Copy(io.Discard, nc) }, "version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			network := newMemoryNet()
			begins := make(chan string, 10)
			stubborn(t, network, "127.0.0.1:1001", func(nth int, nc net.Conn) {
				if nth == 1 {
					c.do(nc)
					return
				}
				head := make([]byte, 16)
				if _, err := io.ReadFull(nc, head); err != nil {
					return // the node ends
				}
				if bytes.Contains(head, []byte("version")) {
					begins <- "version"
				} else {
					begins <- "a key"
				}
			})
			n := startNodeWith(t, network, "127.0.0.1:1002", with(speaksV2, connectTo("127.0.0.1:1001"), func(cfg *p2p.Config) {
				cfg.Core.PeerTimeout = limit
			}))
			select {
			case got := <-begins:
				if got != c.want {
					t.Errorf("the next connection begins with %s", got)
				}
			case <-time.After(time.Minute):
				t.Error("it waits for ever")
			}
			n.stop()
		})
	}
}

// An end that is called holds nobody's place for longer than the handshake may
// take, and tells that it does not know yet what is spoken.
func TestSilentCallerIsCutOff(t *testing.T) {
	network := newMemoryNet()
	n := startNodeWith(t, network, "127.0.0.1:1001", with(speaksV2, func(cfg *p2p.Config) { cfg.Core.PeerTimeout = 300 * time.Millisecond }))
	nc, err := network.connect(t.Context(), "127.0.0.1:1001")
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := nc.Write(n.chain.Params().Magic[:1]); err != nil { // it may be either
		t.Fatal(err)
	}
	list := n.Peers()
	if len(list) != 1 || list[0].Transport != "detecting" || list[0].SessionID != "" || list[0].BytesReceived != 1 {
		t.Errorf("%+v", list)
	}
	_ = nc.SetReadDeadline(time.Now().Add(time.Minute)) // pipes take any
	if got, err := nc.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("%d bytes, %v", got, err)
	}
	waitFor(t, "the peer is gone", func() bool { return len(n.Peers()) == 0 })
}

// A proxy's fault is told apart from that of the address, and a dialer learns of
// all that is wanted.
func TestDialersOfOurOwn(t *testing.T) {
	network := newMemoryNet()
	asked := make(chan p2p.Dial, 10)
	n := startNodeWith(t, network, "127.0.0.1:1001", with(speaksV2, connectTo("somewhere"), func(cfg *p2p.Config) {
		cfg.Dial = func(_ context.Context, d p2p.Dial) (net.Conn, error) {
			select {
			case asked <- d:
			default: // it tries again and again
			}
			return nil, p2p.ErrProxy
		}
	}))
	if d := <-asked; d.Target != "somewhere:18444" || d.Kind != peer.Manual || !d.V2 {
		t.Errorf("asked for %+v", d)
	}
	n.stop()
}

// viaProxy is a connection that leads somewhere else than it seems.
type viaProxy struct {
	net.Conn
	to wire.NetAddr
}

func (c viaProxy) PeerAddr() wire.NetAddr { return c.to }

func TestPeersThroughProxies(t *testing.T) {
	onion, err := wire.AddressOf(wire.NetTorV3, bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	network := newMemoryNet()
	a := startNodeWith(t, network, "127.0.0.1:1001", func(cfg *p2p.Config) {
		cfg.Listeners[0].Network, cfg.Listeners[0].Permissions = wire.NetTorV3, peer.Addr
		cfg.Whitelist = func(wire.NetworkAddress, bool) peer.Permissions { return peer.Download } // the proxy's
	})
	to := wire.NetAddr{Addr: onion, Port: 8333}
	b := startNodeWith(t, network, "127.0.0.1:1002", with(connectTo("peer"), func(cfg *p2p.Config) {
		cfg.Dial = func(ctx context.Context, _ p2p.Dial) (net.Conn, error) {
			nc, err := network.connect(ctx, "127.0.0.1:1001")
			return viaProxy{nc, to}, err
		}
	}))
	p, q := settled(t, a), settled(t, b)
	if p.Network != wire.NetTorV3 || p.Permissions != peer.Addr { // nothing for the address of the proxy
		t.Errorf("who came in is in %v, with %v", p.Network, p.Permissions)
	}
	if q.Network != wire.NetTorV3 || q.Addr != to || q.Remote.IsValid() || q.Name != "peer" {
		t.Errorf("whom we reached: %+v", q)
	}
}

// What is granted to addresses is granted both ways, to whom an operator named, in
// addition to what the socket grants.
func TestWhitelist(t *testing.T) {
	network := newMemoryNet()
	whitelist := func(a wire.NetworkAddress, inbound bool) peer.Permissions {
		switch {
		case a != wire.AddressOfIP(netip.MustParseAddr("127.0.0.1")):
			return 0
		case inbound:
			return peer.Download
		default:
			return peer.Mempool
		}
	}
	a := startNodeWith(t, network, "127.0.0.1:1001", func(cfg *p2p.Config) {
		cfg.Listeners[0].Permissions, cfg.Whitelist = peer.Addr, whitelist
	})
	b := startNodeWith(t, network, "127.0.0.1:1002", with(connectTo("127.0.0.1:1001"), func(cfg *p2p.Config) { cfg.Whitelist = whitelist }))
	if p, q := settled(t, a), settled(t, b); p.Permissions != peer.Addr|peer.Download || q.Permissions != peer.Mempool {
		t.Errorf("%v and %v", p.Permissions, q.Permissions)
	}
}

// Operators send what they like, and what a connection holds is told.
func TestSendRawAndHeld(t *testing.T) {
	network := newMemoryNet()
	n, pool := startSlowNode(t, network)
	s := dialIn(t, network, "127.0.0.1:1001")
	id := n.Peers()[0].ID
	if err := n.SendRaw(id, "novelty", []byte{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if m := s.expect("novelty").(*wire.MsgUnknown); !bytes.Equal(m.Data, []byte{1, 2, 3}) {
		t.Errorf("%x", m.Data)
	}
	if err := n.SendRaw(id, "thirteenbytes", nil); err == nil {
		t.Error("a command of thirteen bytes is sent")
	}
	if err := n.SendRaw(id+1, "novelty", nil); !errors.Is(err, p2p.ErrNotConnected) {
		t.Errorf("to nobody: %v", err)
	}
	if _, err := n.Held(id + 1); !errors.Is(err, p2p.ErrNotConnected) {
		t.Errorf("held for nobody: %v", err)
	}
	idle, err := n.Held(id)
	if err != nil || idle.Reading != 32<<10 || idle.Undealt != 0 || idle.Unsent > 1000 { // the pipe takes what is read
		t.Errorf("%+v are held for nothing, %v", idle, err)
	}
	s.send(&wire.MsgTx{Tx: bloated(1)}) // the pool takes its time
	waitFor(t, "the transaction is charged for", func() bool {
		h, err := n.Held(id)
		return err == nil && h.Undealt > 2_400_000 && h.Undealt < 3_000_000
	})
	close(pool.judge)
	waitFor(t, "all is dealt with", func() bool {
		h, err := n.Held(id)
		return err == nil && h.Undealt == 0 && h.Reading == idle.Reading
	})
	for range 2 { // more than the pipe takes: nobody reads it
		if err := n.SendRaw(id, "novelty", make([]byte, 100_000)); err != nil {
			t.Fatal(err)
		}
	}
	if h, err := n.Held(id); err != nil || h.Unsent < 100_000 || h.Unsent > 201_048 {
		t.Errorf("%+v, %v", h, err)
	}
	s.expect("novelty")
	s.expect("novelty")
	go io.Copy(io.Discard, s) // whatever comes besides
	waitFor(t, "all is sent", func() bool { h, err := n.Held(id); return err == nil && h.Unsent == 0 })
}

// What frames of version 2 take is not what the core reckons with, but it comes out
// even.
func TestSendBufferComesOutEvenOverV2(t *testing.T) {
	network := newMemoryNet()
	a := startNodeWith(t, network, "127.0.0.1:1001", speaksV2)
	b := startNodeWith(t, network, "127.0.0.1:1002", with(speaksV2, connectTo("127.0.0.1:1001")))
	id := settled(t, b).ID
	settled(t, a)
	for _, command := range []string{"novelty", "ping", "alert"} {
		if err := b.SendRaw(id, command, make([]byte, 8)); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "all is sent", func() bool { h, err := b.Held(id); return err == nil && h.Unsent == 0 })
	if p := b.Peers()[0]; p.SentByType["novelty"] != 33+8 {
		t.Errorf("counted as %v", p.SentByType)
	}
}

// dialInV2 is dialIn over the encrypted transport; it returns how frames are made.
func dialInV2(t *testing.T, network *memoryNet, addr string) (*stranger, transport.Writer) {
	t.Helper()
	nc, err := network.connect(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() }) // it may be closed already
	magic := params.Regtest(params.RegtestOptions{}).Magic
	l, err := transport.Initiate(nc, magic)
	if err != nil {
		t.Fatal(err)
	}
	agreed := make(chan error, 1)
	go func() { agreed <- l.Negotiate() }()
	w, err := l.Open(t.Context(), nc)
	if err == nil {
		err = <-agreed
	}
	if err != nil {
		t.Fatal(err)
	}
	s := &stranger{t: t, Conn: nc, r: l, magic: magic}
	say := func(m wire.Message) {
		if err := s.write(w.Append(nil, m)); err != nil {
			t.Fatal(err)
		}
	}
	say(&wire.MsgVersion{Version: 70016, Services: wire.NodeNetwork | wire.NodeWitness, Relay: true, Nonce: 1})
	s.expect("verack")
	say(&wire.MsgVerack{})
	s.expect("ping")
	return s, w
}

// The bounds on what a peer may send without reading hold for encrypted frames as for
// others.
func TestPeerThatDoesNotReadHasToWaitOverV2(t *testing.T) {
	network := newMemoryNet()
	n := startNodeWith(t, network, "127.0.0.1:1001", speaksV2)
	s, w := dialInV2(t, network, "127.0.0.1:1001")
	id := n.Peers()[0].ID
	sent, blocked := 0, false
	for sent < 100_000_000 && !blocked {
		var many []byte
		for range 2000 {
			many = w.Append(many, &wire.MsgPing{Nonce: 5})
		}
		_ = s.SetWriteDeadline(time.Now().Add(time.Second)) // pipes take any
		k, err := s.Write(many)
		sent += k
		blocked = err != nil
	}
	if !blocked {
		t.Fatalf("the node took %d bytes of requests without an answer being read", sent)
	}
	h, err := n.Held(id)
	if err != nil || h.Undealt < 4_900_000 || h.Undealt > 5_000_000+1000 || h.Unsent < 1_000_000 || h.Unsent > 1_001_000 || h.Reading > 64<<10 {
		t.Errorf("%+v are held, %v", h, err)
	}
	other, _ := dialInV2(t, network, "127.0.0.1:1001")
	if got := len(n.Peers()); got != 2 {
		t.Errorf("%d peers", got)
	}
	_ = other.Close() // a pipe closes without error
}
