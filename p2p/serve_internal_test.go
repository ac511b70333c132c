package p2p

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
	"grapevine/p2p/transport"
)

// rawOwner has a few bytes for every block.
type rawOwner struct{ Owners }

func (rawOwner) RawBlock(*headers.Node) ([]byte, error) { return []byte{1, 2, 3}, nil }

// When the core hears that a block was handed to the writer, it was.
func TestServedAfterItIsQueued(t *testing.T) { synctest.Test(t, servedAfterItIsQueued) }

func servedAfterItIsQueued(t *testing.T) {
	s := &Service{
		cfg: Config{Owners: rawOwner{}}, events: make(chan Event), done: make(chan struct{}),
		conns: map[peer.ID]*connection{}, blocks: newQueue[ServeBlock](),
	}
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c, _, err := s.newConnection(ctx, a, func(r io.Reader) (*transport.Link, error) { return transport.Plain(r, [4]byte{}), nil })
	if err != nil {
		t.Fatal(err)
	}
	s.conns[1] = c
	ended := make(chan error, 1)
	go func() { ended <- s.serve(ctx) }()
	for range 20 {
		s.blocks.put(ServeBlock{Peer: 1, Witness: true})
		synctest.Wait() // the reader stands before the core's door
		ev := (<-s.events).(Served)
		c.out.s.mu.Lock()
		queued := len(c.out.s.items)
		c.out.s.items = nil
		c.out.s.mu.Unlock()
		if queued != 1 || ev.Bytes != frameSize+3 {
			t.Fatalf("%d blocks are queued as the core hears of one of %d bytes", queued, ev.Bytes)
		}
	}
	cancel()
	<-ended
}
