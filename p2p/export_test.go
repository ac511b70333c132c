package p2p

import "time"

// Check verifies the invariants of a core.
func (c *Core) Check() error { return c.check() }

// Left counts connections of the shell, peers of the core, announcements that are
// remembered and orphans.
func (s *Service) Left() (n [4]int) {
	s.mu.Lock()
	n[0] = len(s.conns)
	s.mu.Unlock()
	_ = s.ask(func(c *Core, _ time.Time) { // nothing is left once all has ended
		n[1], n[2] = len(c.peers), c.txs.requests.Size()
		n[3], _ = c.txs.orphans.Count()
	})
	return n
}
