package p2p

// recentSet remembers the last hashes put into it, in two halves: when the
// young one is full, the old one is forgotten. It holds between size and twice
// size of them, 32 bytes and the map's share each (about 100).
type recentSet struct {
	size       int
	young, old map[[32]byte]struct{}
}

// What is kept: 60,000 to 120,000 rejected transactions are at most 12 MB; a
// busy day has half as many blocks' worth confirmed.
const (
	rejectedKept  = 60_000
	confirmedKept = 24_000
)

func newRecentSet(size int) *recentSet {
	return &recentSet{size: size, young: map[[32]byte]struct{}{}}
}

func (s *recentSet) add(h [32]byte) {
	if len(s.young) >= s.size {
		s.old, s.young = s.young, make(map[[32]byte]struct{}, s.size)
	}
	s.young[h] = struct{}{}
}

func (s *recentSet) has(h [32]byte) bool {
	if _, ok := s.young[h]; ok {
		return true
	}
	_, ok := s.old[h]
	return ok
}

func (s *recentSet) clear() {
	if len(s.young)+len(s.old) > 0 {
		s.young, s.old = map[[32]byte]struct{}{}, nil
	}
}
