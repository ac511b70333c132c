package p2p_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"grapevine/chain/params"
	"grapevine/p2p"
	"grapevine/p2p/conn"
	"grapevine/p2p/peer"
	"grapevine/p2p/transport"
	"grapevine/wire"
)

// stranger is a peer that a test plays by hand over a connection in memory.
type stranger struct {
	t *testing.T
	net.Conn
	r     transport.Reader
	magic [4]byte
}

// dialIn connects to a node and introduces itself.
func dialIn(t *testing.T, network *memoryNet, addr string) *stranger {
	t.Helper()
	nc, err := network.connect(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() }) // it may be closed already
	magic := params.Regtest(params.RegtestOptions{}).Magic
	s := &stranger{t: t, Conn: nc, r: transport.NewV1Reader(nc, magic), magic: magic}
	s.send(&wire.MsgVersion{Version: 70016, Services: wire.NodeNetwork | wire.NodeWitness, Relay: true, Nonce: 1})
	s.expect("verack")
	s.send(&wire.MsgVerack{})
	s.expect("ping")
	return s
}

func (s *stranger) send(m wire.Message) {
	s.t.Helper()
	if err := s.write(transport.AppendV1(nil, s.magic, m)); err != nil {
		s.t.Fatal(err)
	}
}

// write fails after half a minute in which the node does not read.
func (s *stranger) write(b []byte) error {
	_ = s.SetWriteDeadline(time.Now().Add(30 * time.Second)) // pipes take any
	_, err := s.Write(b)
	return err
}

// expect reads until a message of that name.
func (s *stranger) expect(command string) wire.Message {
	s.t.Helper()
	for {
		f, err := s.r.Next()
		if err != nil {
			s.t.Fatalf("waiting for %s: %v", command, err)
		}
		if f.Command == command {
			m, err := wire.DecodeMessage(f.Command, f.Payload)
			if err != nil {
				s.t.Fatal(err)
			}
			return m
		}
	}
}

// closed reports whether the node ends the connection.
func (s *stranger) closed() bool {
	_ = s.SetReadDeadline(time.Now().Add(30 * time.Second)) // pipes take any
	for {
		if _, err := s.r.Next(); err != nil {
			return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe)
		}
	}
}

// What breaks the framing, or no honest peer sends, ends the connection; what is
// merely not understood does not, as in Bitcoin Core.
func TestMalformedBytes(t *testing.T) {
	network := newMemoryNet()
	n := startNode(t, network, "127.0.0.1:1001")
	frame := func(command string, payload []byte) []byte {
		return transport.AppendV1Raw(nil, n.chain.Params().Magic, command, payload)
	}
	badSum := frame("ping", make([]byte, 8))
	badSum[20] ^= 1
	foreign := frame("ping", make([]byte, 8))
	foreign[0] ^= 1
	large := frame("block", nil)
	large[18] = 0xff // 16 MB and more
	list := func(count uint64, size int) []byte {
		return append(wire.AppendCompactSize(nil, count), make([]byte, int(count)*size)...)
	}
	locator := append([]byte{1, 0, 0, 0}, append(list(102, 32), make([]byte, 32)...)...)
	passed := 0
	for name, c := range map[string]struct {
		bytes []byte
		ends  bool
	}{
		"another network's magic":      {foreign, true},
		"more than any message has":    {large, true},
		"a locator beyond its limit":   {frame("getheaders", locator), true},
		"an inv beyond its limit":      {frame("inv", list(50_001, 36)), true},
		"addresses beyond their limit": {frame("addr", list(1001, 30)), true},
		"headers beyond their limit":   {frame("headers", list(2001, 81)), true},
		"sendcmpct of no known mode":   {frame("sendcmpct", []byte{2, 2, 0, 0, 0, 0, 0, 0, 0}), true},
		"wrong checksum":               {badSum, false},
		"cut inside a list":            {frame("inv", []byte{2, 1, 0, 0, 0}), false},
		"no transaction":               {frame("tx", []byte{1, 2, 3}), false},
		"no block":                     {frame("block", make([]byte, 79)), false},
		"an unprintable command":       {frame("pi\x01ng", nil), false},
		"headers cut in their count":   {frame("headers", []byte{0xfd, 1}), false},
	} {
		s := dialIn(t, network, "127.0.0.1:1001")
		if err := s.write(c.bytes); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: %v", name, err)
		}
		if c.ends {
			if !s.closed() {
				t.Errorf("%s: the connection goes on", name)
			}
			continue
		}
		passed++
		s.send(&wire.MsgPing{Nonce: 7})
		s.expect("pong")
	}
	// The node has not suffered, and passes over what it does not know.
	s := dialIn(t, network, "127.0.0.1:1001")
	s.send(&wire.MsgUnknown{Name: "novelty", Data: []byte{1, 2, 3}})
	s.send(&wire.MsgPing{Nonce: 77})
	if m := s.expect("pong").(*wire.MsgPong); m.Nonce != 77 {
		t.Errorf("pong %d", m.Nonce)
	}
	waitFor(t, "only those are left", func() bool { return len(n.Peers()) == passed+1 })
	if p := n.Peers()[passed]; p.ReceivedByType["*other*"] != 27 || p.ReceivedByType["novelty"] != 0 {
		t.Errorf("counted as %v", p.ReceivedByType)
	}
}

// A peer that asks and does not read is no longer read from, once answers of the
// size of the send buffer and requests of the size of the receive buffer wait;
// others are served meanwhile.
func TestPeerThatDoesNotReadHasToWait(t *testing.T) {
	network := newMemoryNet()
	n := startNode(t, network, "127.0.0.1:1001")
	s := dialIn(t, network, "127.0.0.1:1001")
	request := transport.AppendV1(nil, s.magic, &wire.MsgPing{Nonce: 5})
	var many []byte
	for range 2000 {
		many = append(many, request...)
	}
	sent, blocked := 0, false
	for sent < 100_000_000 && !blocked {
		_ = s.SetWriteDeadline(time.Now().Add(time.Second)) // pipes take any
		k, err := s.Write(many)
		sent += k
		blocked = err != nil
	}
	if !blocked {
		t.Fatalf("the node took %d bytes of requests without an answer being read", sent)
	}
	// Answers: 1 MB of pongs, for as many bytes of pings; then 5 MB wait.
	if bound := 1_000_000 + 5_000_000 + 2*len(many); sent > bound {
		t.Errorf("it took %d bytes; want at most %d", sent, bound)
	}
	other := dialIn(t, network, "127.0.0.1:1001")
	other.send(&wire.MsgPing{Nonce: 6})
	if m := other.expect("pong").(*wire.MsgPong); m.Nonce != 6 {
		t.Errorf("pong %d", m.Nonce)
	}
	if got := len(n.Peers()); got != 2 {
		t.Errorf("%d peers", got)
	}
}

func TestCallsAfterTheEnd(t *testing.T) {
	network := newMemoryNet()
	n := startNode(t, network, "127.0.0.1:1001")
	if err := n.AddNode("127.0.0.1:9", false); err != nil {
		t.Fatal(err)
	}
	if err := n.AddNode("127.0.0.1:9", false); !errors.Is(err, conn.ErrAlreadyAdded) {
		t.Errorf("added twice: %v", err)
	}
	if err := n.DisconnectID(99); !errors.Is(err, p2p.ErrNotConnected) {
		t.Errorf("disconnected nobody: %v", err)
	}
	n.stop()
	if err := n.AddNode("x", false); !errors.Is(err, p2p.ErrClosed) {
		t.Errorf("AddNode: %v", err)
	}
	if n.Peers() != nil || n.AddedNodes() != nil || n.Active() {
		t.Error("something is left")
	}
	n.PingAll()
	n.SetActive(true)
	n.DisconnectBanned()
	if median, warn := n.ClockOffset(); median != 0 || warn {
		t.Error("a clock is left")
	}
	for name, err := range map[string]error{"AddConnection": n.AddConnection("x", peer.FullRelay, false), "FetchAddresses": n.FetchAddresses("x")} {
		if !errors.Is(err, p2p.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := n.CountKind(peer.Inbound); !errors.Is(err, p2p.ErrClosed) {
		t.Errorf("CountKind: %v", err)
	}
	n.TryNode("x", false)
}
