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
		}
	}
	return nil
}
