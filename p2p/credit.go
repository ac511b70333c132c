package p2p

import (
	"context"

	"grapevine/p2p/transport"
	"grapevine/wire"
)

// A message is charged for what it takes in memory once it is decoded, up to 25
// times its bytes, and waits for room before it is decoded. Room is the peer's own
// credit; one that is larger than largeMessage waits besides for a share of
// largeRoom, which all peers have in common, so that 125 peers with a block of 4 MB
// that decodes to 100 MB each have to take turns. What holds a share is judged
// without anything further from any peer, so that everybody's turn comes.
const (
	largeMessage = 2 << 20
	largeRoom    = 128 << 20 // the largest message, 4 MB and 100 MB decoded, and a bit

	// messageOverhead is what a message takes on its way besides its content, such as
	// its place in the inbox; blockOverhead the goroutine that a block is judged on.
	messageOverhead = 256
	blockOverhead   = 16 << 10
)

// costOf returns what a message is charged for.
func costOf(f transport.Frame) int {
	cost := wire.Footprint(f.Command, f.Payload) + f.Size - len(f.Payload) + messageOverhead
	if f.Command == "block" {
		cost += blockOverhead
	}
	return cost
}

// acquire waits until there is room for a message.
func (c *connection) acquire(ctx context.Context, s *Service, cost int) error {
	if err := c.credit.Acquire(ctx, int64(min(cost, c.size))); err != nil {
		return err
	}
	c.undealt.Add(int64(cost))
	if cost <= largeMessage {
		return nil
	}
	err := s.large.Acquire(ctx, int64(min(cost, largeRoom)))
	if err != nil {
		c.undealt.Add(-int64(cost))
		c.credit.Release(int64(min(cost, c.size)))
	}
	return err
}

// unshare gives back the share of a question, which waits until the peer reads the
// answers to those before it: held for so long, a few peers that read nothing would
// keep blocks from being taken in. It returns what the question is charged for from now
// on. Decoded it takes no more: 1.8 MB, of 50,000 names in a getdata.
func (s *Service) unshare(c *connection, cost int) int {
	if cost <= largeMessage {
		return cost
	}
	s.large.Release(int64(min(cost, largeRoom)))
	c.undealt.Add(largeMessage - int64(cost))
	c.credit.Release(int64(min(cost, c.size) - min(largeMessage, c.size)))
	return largeMessage
}

// release gives back the room of a message, whose connection may be gone.
func (s *Service) release(c *connection, cost int) {
	if cost > largeMessage {
		s.large.Release(int64(min(cost, largeRoom)))
	}
	if c != nil {
		c.undealt.Add(-int64(cost))
		c.credit.Release(int64(min(cost, c.size)))
	}
}

// settle waits until all that the peer sent has been dealt with, so that nobody
// has more on its way than one credit by coming back again and again.
func (c *connection) settle(ctx context.Context) {
	_ = c.credit.Acquire(ctx, int64(c.size)) // fails only when all ends
}
