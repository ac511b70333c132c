package conn

import "unsafe"

// Footprint returns how many bytes the plan holds for connections and dials: what
// others can make it hold. The targets that an operator named are left out.
func (p *Plan) Footprint() int {
	n := cap(p.links)*int(unsafe.Sizeof((*link)(nil))) + len(p.links)*int(unsafe.Sizeof(link{}))
	n += cap(p.dials)*int(unsafe.Sizeof((*dial)(nil))) + len(p.dials)*int(unsafe.Sizeof(dial{}))
	for _, l := range p.links {
		n += len(l.at.host)
	}
	for _, d := range p.dials {
		n += len(d.Target) + len(d.at.host)
	}
	return n
}

// Footprint returns how many bytes are held for the peers.
func (s *ChainSync) Footprint() int {
	const entry = 8 + 8 + 8 // number, pointer and the map's share
	return len(s.peers) * (entry + int(unsafe.Sizeof(syncState{})))
}
