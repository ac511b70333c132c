package p2p

import (
	"time"

	"grapevine/p2p/peer"
)

// FullRelay counts the full-relay connections of our own choice whose peers have
// introduced themselves, and reports whether networking is on: by that is known
// whether more addresses are wanted. It fails once all has ended.
func (s *Service) FullRelay() (up int, active bool, err error) {
	err = s.ask(func(c *Core, _ time.Time) {
		active = c.Active()
		for _, p := range c.order {
			if p.kind == peer.FullRelay && p.hello.done && !p.closing {
				up++
			}
		}
	})
	return up, active, err
}
