package blockfetch

import (
	"fmt"

	"grapevine/chain/headers"
)

// check verifies the invariants of the fetcher's fields. Tests call it after
// each step.
func (f *Fetcher) check() error {
	if len(f.peers) != len(f.byID) {
		return fmt.Errorf("%d peers in order, %d by number", len(f.peers), len(f.byID))
	}
	held := 0
	for i, p := range f.peers {
		if f.byID[p.id] != p {
			return fmt.Errorf("peer %v is not found by its number", p.id)
		}
		if i > 0 && f.peers[i-1].id >= p.id {
			return fmt.Errorf("peer %v is out of order", p.id)
		}
		if err := f.checkPath(p); err != nil {
			return fmt.Errorf("peer %v: %w", p.id, err)
		}
		n, err := f.checkQueue(p)
		if err != nil {
			return fmt.Errorf("peer %v: %w", p.id, err)
		}
		held += n
	}
	if held != f.credits.inFlight {
		return fmt.Errorf("%d requests, %d counted", held, f.credits.inFlight)
	}
	return f.checkFlights(held)
}

// checkPath: the path leads from fork to best by parents; what is before have
// is complete, what is before next is not to be asked of this peer.
func (f *Fetcher) checkPath(p *peerState) error {
	if p.fork == nil {
		if len(p.path) != 0 || p.have != 0 || p.next != 0 {
			return fmt.Errorf("a path from nowhere")
		}
		return nil
	}
	if !p.best.HasAncestor(p.fork) {
		return fmt.Errorf("fork %d is not on the way to best %d", p.fork.Height(), p.best.Height())
	}
	if p.have > len(p.path) || p.next > len(p.path) {
		return fmt.Errorf("have %d, next %d of %d", p.have, p.next, len(p.path))
	}
	parent := p.fork
	for i, n := range p.path {
		if n.Parent() != parent {
			return fmt.Errorf("path[%d] at height %d does not follow %d", i, n.Height(), parent.Height())
		}
		parent = n
	}
	if !p.best.HasAncestor(parent) {
		return fmt.Errorf("the path leads past best")
	}
	for i, n := range p.path[:p.next] {
		if !n.Status().Has(headers.StatusHasData) && !f.underway(n) && f.may(p, n) {
			return fmt.Errorf("path[%d] at height %d was passed over", i, n.Height())
		}
	}
	return nil
}

// checkQueue: no block twice, each that is not late on its way from this peer,
// whose pace is of four seconds at most.
func (f *Fetcher) checkQueue(p *peerState) (held int, err error) {
	if len(p.queue) > f.cfg.PeerBurst {
		return 0, fmt.Errorf("owes %d blocks", len(p.queue))
	}
	if c := &p.pace; c.bytes < 0 || c.busy < 0 || c.busy > ahead || c.trip < 0 || c.known() && c.trip == 0 {
		return 0, fmt.Errorf("pace of %d bytes in %v, %v away", c.bytes, c.busy, c.trip)
	}
	if p.turn > f.turn || len(p.queue) > 0 && p.turn == 0 {
		return 0, fmt.Errorf("asked last in turn %d of %d", p.turn, f.turn)
	}
	if p.dropped && len(p.queue) > 0 {
		return 0, fmt.Errorf("dropped, but owes %d blocks", len(p.queue))
	}
	for i, e := range p.queue {
		if p.owes(e.node) != i {
			return 0, fmt.Errorf("owes block %d twice", e.node.Height())
		}
		if e.late {
			continue
		}
		held++
		fl, found := f.flights[e.node], false
		for _, q := range fl.holders[:fl.count] {
			found = found || q == p
		}
		if !found {
			return 0, fmt.Errorf("block %d is not on its way from it", e.node.Height())
		}
	}
	return held, nil
}

// checkFlights: each has one to three holders, all different, and there are as
// many as entries in queues. The bytes are those of the arrivals.
func (f *Fetcher) checkFlights(held int) error {
	count := 0
	for n, fl := range f.flights {
		if fl.count < 1 || fl.count > maxHolders {
			return fmt.Errorf("block %d is on its way from %d peers", n.Height(), fl.count)
		}
		count += fl.count
	}
	if count != held {
		return fmt.Errorf("%d holders, %d requests", count, held)
	}
	bytes := int64(0)
	for hash, list := range f.credits.waiting {
		if len(list) == 0 {
			return fmt.Errorf("block %s arrived without copies", hash)
		}
		for _, a := range list {
			bytes += a.size
		}
	}
	if bytes != f.credits.bytes {
		return fmt.Errorf("%d bytes without a verdict, %d counted", bytes, f.credits.bytes)
	}
	return nil
}
