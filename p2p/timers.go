package p2p

import (
	"time"

	"grapevine/p2p/peer"
)

// peerTimers knows when the first of all peers' timers runs out, so that the many
// events that move none of them do not have to look at every peer.
//
// Invariant: no timer of a peer that is not closing runs out before next, unless next
// is zero, which means that it has to be looked for.
type peerTimers struct{ next time.Time }

// moved notes that an event may have changed timers: those of the peer that it is of, or
// of all.
func (t *peerTimers) moved(peers map[peer.ID]*peerState, ev Event) {
	var id peer.ID
	switch ev := ev.(type) {
	case Wrote, PoolAdded, BlockConnected, Served, Malformed:
		return
	case Received:
		id = ev.Peer
	case HeadersJudged:
		id = ev.Peer
	case BlockJudged:
		id = ev.Peer
	case TxJudged:
		id = ev.Peer
	default:
		t.next = time.Time{}
		return
	}
	if p := peers[id]; p != nil && !p.closing && !t.next.IsZero() {
		if at := p.wake(); at.Before(t.next) {
			t.next = at
		}
	}
}

// due returns the peers with a timer that has run out; it is known again afterwards
// when the next one does.
func (t *peerTimers) due(now time.Time, order []*peerState) []*peerState {
	if !t.next.IsZero() && now.Before(t.next) {
		return nil
	}
	t.next = time.Time{}
	var list []*peerState
	for _, p := range order {
		if !p.closing && !p.wake().After(now) {
			list = append(list, p)
		}
	}
	return list
}

// soonest returns when the first timer runs out, false when there is no peer.
func (t *peerTimers) soonest(order []*peerState) (at time.Time, ok bool) {
	if t.next.IsZero() {
		for _, p := range order {
			if at := p.wake(); !p.closing && (t.next.IsZero() || at.Before(t.next)) {
				t.next = at
			}
		}
	}
	return t.next, !t.next.IsZero()
}
