package p2p_test

import (
	"errors"
	"testing"

	"grapevine/p2p"
	"grapevine/p2p/peer"
)

// Only peers of our own choice that have introduced themselves are counted.
func TestFullRelay(t *testing.T) {
	network := newMemoryNet()
	startNode(t, network, "127.0.0.1:1001")
	startNode(t, network, "127.0.0.1:1002")
	mute := network.listen("127.0.0.1:1003")
	defer mute.Close()
	go func() {
		for { // accepts, and says nothing
			if c, err := mute.Accept(); err == nil {
				defer c.Close()
			} else {
				return
			}
		}
	}()
	n := startNodeWith(t, network, "127.0.0.1:1004", func(cfg *p2p.Config) {
		cfg.Core.Conn.Connect = []string{"127.0.0.1:1001"}
		cfg.Core.Conn.FullRelay = 2
	})
	waitFor(t, "the named peer is there", func() bool { return len(n.Peers()) == 1 && n.Peers()[0].HandshakeDone })
	count := func(want int, wantActive bool) {
		t.Helper()
		if up, active, err := n.FullRelay(); up != want || active != wantActive || err != nil {
			t.Errorf("%d connections, active %v, %v", up, active, err)
		}
	}
	count(0, true)
	for _, target := range []string{"127.0.0.1:1002", "127.0.0.1:1003"} {
		if err := n.AddConnection(target, peer.FullRelay, false); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "both are connected", func() bool { return len(n.Peers()) == 3 })
	waitFor(t, "one is a peer", func() bool { up, _, _ := n.FullRelay(); return up > 0 })
	count(1, true)
	n.SetActive(false)
	waitFor(t, "nobody is", func() bool { up, _, _ := n.FullRelay(); return up == 0 })
	count(0, false)
	n.stop()
	if _, _, err := n.FullRelay(); !errors.Is(err, p2p.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}
