package p2p

import "fmt"

// checkCompact verifies what the core knows of compact blocks: whom we chose knows it,
// no peer has more blocks under way than it may, none twice, and what waits for a peer's
// answer is within its bound.
func (c *Core) checkCompact() error {
	asked := 0
	for _, p := range c.order {
		s := &p.compact
		if s.asked {
			asked++
		}
		if s.asked != c.compact.announcers.Has(p.id) {
			return fmt.Errorf("peer %d announces by compact blocks: %v, chosen: %v", p.id, s.asked, !s.asked)
		}
		if len(s.partials) > compactPerPeer {
			return fmt.Errorf("peer %d: %d blocks are put together", p.id, len(s.partials))
		}
		for i, b := range s.partials {
			if s.find(b.node) != i {
				return fmt.Errorf("peer %d: block %d is put together twice", p.id, b.node.Height())
			}
			if (b.stage == stageAsked) != (b.made != nil) || b.made != nil && b.made.Footprint() > partialBytes {
				return fmt.Errorf("peer %d: block %d at stage %d", p.id, b.node.Height(), b.stage)
			}
		}
	}
	if asked != c.compact.announcers.Len() {
		return fmt.Errorf("%d peers announce by compact blocks, %d were chosen", asked, c.compact.announcers.Len())
	}
	return nil
}
