package addrrelay

import "fmt"

// check verifies the invariants of the package comment; settled says that nothing
// happened since the last Due.
func (r *Relay) check(settled bool) error {
	for i, p := range r.peers {
		if i > 0 && r.peers[i-1].id >= p.id {
			return fmt.Errorf("peer %s is out of order", p.id)
		}
		if len(p.queue) > maxQueue || len(p.queue) > 0 && !p.enabled {
			return fmt.Errorf("peer %s: %d addresses wait, enabled %v", p.id, len(p.queue), p.enabled)
		}
		for _, a := range p.queue {
			if !p.takes(a.Addr) || !a.Addr.Valid() {
				return fmt.Errorf("peer %s: %s waits", p.id, a.NetAddr)
			}
		}
		if waits := len(p.queue) > 0; waits && p.next.IsZero() || settled && !waits && !p.next.IsZero() {
			return fmt.Errorf("peer %s: %d addresses wait, timer %s", p.id, len(p.queue), p.next)
		}
		for g, t := range p.known.generations {
			if t.count > generation || g > 0 && t.count != 0 && t.count != generation {
				return fmt.Errorf("peer %s: generation %d of %d", p.id, g, t.count)
			}
		}
	}
	if len(r.answers) > maxAnswers {
		return fmt.Errorf("%d answers", len(r.answers))
	}
	return nil
}
