package headersync

import "fmt"

// check verifies the invariants of the syncer's fields. Tests call it after
// each step.
func (s *Syncer) check() error {
	if len(s.peers) != len(s.byID) {
		return fmt.Errorf("%d peers in order, %d by number", len(s.peers), len(s.byID))
	}
	for i, p := range s.peers {
		switch {
		case s.byID[p.id] != p:
			return fmt.Errorf("peer %v is not found by its number", p.id)
		case i > 0 && s.peers[i-1].id >= p.id:
			return fmt.Errorf("peer %v is out of order", p.id)
		case p.started && !p.opts.Serves:
			return fmt.Errorf("peer %v serves nothing, but is synced from", p.id)
		case !p.timeout.IsZero() && !p.started:
			return fmt.Errorf("peer %v has a time limit for nothing", p.id)
		case p.owing.IsZero() != p.asked.IsZero() || p.asked.Before(p.owing):
			return fmt.Errorf("peer %v owes an answer since %v, asked at %v", p.id, p.owing, p.asked)
		case p.due && p.asked.IsZero():
			return fmt.Errorf("peer %v is to be asked again, and nothing was asked", p.id)
		case p.byInv && s.lastInv.IsZero():
			return fmt.Errorf("peer %v was asked because of no block", p.id)
		case p.dropped && p.low != nil:
			return fmt.Errorf("peer %v is dropped, and memory is held for it", p.id)
		}
		if p.low != nil {
			if err := p.low.check(); err != nil {
				return fmt.Errorf("peer %v: %w", p.id, err)
			}
		}
	}
	return nil
}

// check: what is held is within the bounds, and the work of a pass is below what is
// asked for until it is released.
func (s *presync) check() error {
	most := s.params.HeadersSync.RedownloadBufferSize
	switch {
	case s.commitments.len() > s.limit:
		return fmt.Errorf("%d commitments of at most %d", s.commitments.len(), s.limit)
	case s.held.len() > most:
		return fmt.Errorf("%d headers are held back of at most %d", s.held.len(), most)
	case !s.second && s.held.len() > 0:
		return fmt.Errorf("headers are held in the first pass")
	case s.release || s.work.Cmp(s.least) >= 0:
		return fmt.Errorf("it has the work, and goes on")
	case s.footprint() > s.bound():
		return fmt.Errorf("it takes %d bytes of at most %d", s.footprint(), s.bound())
	}
	return nil
}
