package p2p

import (
	"fmt"
	"slices"
)

// check verifies the invariants of [Core].
func (c *Core) check() error {
	if len(c.peers) != len(c.order) {
		return fmt.Errorf("%d peers by id, %d in order", len(c.peers), len(c.order))
	}
	wtx := 0
	for i, p := range c.order {
		if c.peers[p.id] != p {
			return fmt.Errorf("peer %d is not found by its id", p.id)
		}
		if i > 0 && c.order[i-1].id >= p.id {
			return fmt.Errorf("peer %d is out of order", p.id)
		}
		if !slices.IsSorted(p.order.unjudged) {
			return fmt.Errorf("peer %d: submissions out of order", p.id)
		}
		if p.hello.done && p.hello.theirs == nil {
			return fmt.Errorf("peer %d: handshake done without a version", p.id)
		}
		if !p.hello.done && len(p.order.inbox) > 0 {
			return fmt.Errorf("peer %d: messages wait before the handshake is done", p.id)
		}
		for j := 1; j < len(p.order.inbox); j++ {
			if p.order.inbox[j].after < p.order.inbox[j-1].after {
				return fmt.Errorf("peer %d: deferred messages out of order", p.id)
			}
		}
		if !p.closing && !c.timers.next.IsZero() && p.wake().Before(c.timers.next) {
			return fmt.Errorf("peer %d: a timer runs out unseen", p.id)
		}
		if p.hello.done && p.hello.wtxid {
			wtx++
		}
	}
	if err := c.checkCompact(); err != nil {
		return err
	}
	if c.gossip != nil && !c.gossiped {
		if at := c.gossip.Wake(); !at.IsZero() && (c.gossipNext.IsZero() || at.Before(c.gossipNext)) {
			return fmt.Errorf("addresses are due at %v, looked for at %v", at, c.gossipNext)
		}
	}
	if wtx != c.txs.wtxPeers {
		return fmt.Errorf("%d peers relay by wtxid, %d are counted", wtx, c.txs.wtxPeers)
	}
	return nil
}
