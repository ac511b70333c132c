package conn

import (
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
)

// How long an outbound peer may be behind on work.
const (
	// chainSyncTimeout is for catching up by itself, headersResponse for the answer
	// to getheaders after that.
	chainSyncTimeout = 20 * time.Minute
	headersResponse  = 2 * time.Minute
	// MaxProtected is how many full-relay peers that once had our work are not given
	// up when they are behind later: else whoever mines a chain of his own that only
	// he shows us could have us drop all others.
	MaxProtected = 4
)

// SyncVerdict is what to do about a peer that is behind.
type SyncVerdict uint8

const (
	// SyncFine: nothing.
	SyncFine SyncVerdict = iota
	// SyncAsk: ask it for headers, from the parent of the node on.
	SyncAsk
	// SyncBehind: disconnect it.
	SyncBehind
)

// ChainSync gives up outbound peers that do not show a chain with as much work as
// ours: within 20 minutes of our tip, and 2 more minutes after getheaders. A peer that
// reaches what our tip was when it was found behind gets as long again.
//
// It is a pure core with one owner. Invariants: at most [MaxProtected] peers are
// protected, and those are full-relay; only full-relay and block-relay peers are known.
type ChainSync struct {
	peers     map[peer.ID]*syncState
	protected int
}

type syncState struct {
	full      bool
	protected bool
	asked     bool
	deadline  time.Time     // zero while it has shown enough
	mark      *headers.Node // our tip when it was found behind
}

// NewChainSync returns a ChainSync without peers.
func NewChainSync() *ChainSync { return &ChainSync{peers: map[peer.ID]*syncState{}} }

// Add begins to look after a peer, if it is of a kind that is.
func (s *ChainSync) Add(id peer.ID, k peer.Kind) {
	if (k == peer.FullRelay || k == peer.BlockRelay) && s.peers[id] == nil {
		s.peers[id] = &syncState{full: k == peer.FullRelay}
	}
}

// Remove forgets a peer.
func (s *ChainSync) Remove(id peer.ID) {
	if st := s.peers[id]; st != nil && st.protected {
		s.protected--
	}
	delete(s.peers, id)
}

// Shown notes that headers have come from a peer whose best known one is best now.
// With as much work as our tip has it is protected, if there is room.
func (s *ChainSync) Shown(id peer.ID, best, tip *headers.Node) {
	st := s.peers[id]
	if st == nil || !st.full || st.protected || s.protected >= MaxProtected || !reaches(best, tip) {
		return
	}
	st.protected = true
	s.protected++
}

// Protected reports whether a peer is not to be given up.
func (s *ChainSync) Protected(id peer.ID) bool {
	st := s.peers[id]
	return st != nil && st.protected
}

// Consider looks at a peer that headers were asked of: best is the best that it has
// shown, nil when none, tip ours. With [SyncAsk] the node is the one from whose parent on headers
// are to be asked for.
func (s *ChainSync) Consider(now time.Time, id peer.ID, best, tip *headers.Node) (SyncVerdict, *headers.Node) {
	st := s.peers[id]
	switch {
	case st == nil || st.protected:
	case reaches(best, tip):
		st.deadline, st.mark, st.asked = time.Time{}, nil, false
	case st.deadline.IsZero() || reaches(best, st.mark):
		st.deadline, st.mark, st.asked = now.Add(chainSyncTimeout), tip, false
	case !now.After(st.deadline):
	case st.asked:
		return SyncBehind, nil
	default:
		st.asked, st.deadline = true, now.Add(headersResponse)
		return SyncAsk, st.mark
	}
	return SyncFine, nil
}

// Next returns when [ChainSync.Consider] says something new of a peer by itself.
func (s *ChainSync) Next(id peer.ID) (time.Time, bool) {
	st := s.peers[id]
	if st == nil || st.protected || st.deadline.IsZero() {
		return time.Time{}, false
	}
	return st.deadline.Add(1), true
}

// reaches reports whether a chain has at least the work of another.
func reaches(best, other *headers.Node) bool {
	return best != nil && best.ChainWork().Cmp(other.ChainWork()) >= 0
}
