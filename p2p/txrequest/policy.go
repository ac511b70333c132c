package txrequest

import (
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

const (
	// MaxAnnouncements bounds what is remembered of one peer: six minutes of
	// announcements at the highest rate of honest relay, 14 a second.
	MaxAnnouncements = 5000
	// MaxInFlight is how many requests a peer may have open before it counts as
	// overloaded. It is no bound: an overloaded peer is only asked later.
	MaxInFlight = 100
	// NonPreferredDelay gives the peers that we chose the time to announce first.
	NonPreferredDelay = 2 * time.Second
	// TxidDelay gives a peer that announces by wtxid the time to do so, since
	// only then can the same transaction under two names be told.
	TxidDelay = 2 * time.Second
	// OverloadedDelay sends requests to peers with fewer open ones.
	OverloadedDelay = 2 * time.Second
	// Timeout is how long a peer has to answer before another is asked.
	Timeout = 60 * time.Second
)

// Terms says what an offer's time depends on.
type Terms struct {
	// Preferred marks a peer that we chose to connect to, or that the operator
	// trusts.
	Preferred bool
	// Exempt marks a peer that the operator lets relay without bounds.
	Exempt bool
	// WtxidPeers says that some connected peer announces by wtxid.
	WtxidPeers bool
}

// Offer announces what a peer says it has, delayed as its terms ask. It reports
// false, and takes none of them, when that would exceed [MaxAnnouncements].
// The missing parents of an orphan are offered in one call in the name of the
// peer that sent it: by txid, as its inputs name them.
func (t *Tracker) Offer(now time.Time, p peer.ID, terms Terms, ids ...wire.GenTxid) bool {
	if !terms.Exempt && t.Count(p)+len(ids) > MaxAnnouncements {
		return false
	}
	at := now
	if !terms.Preferred {
		at = at.Add(NonPreferredDelay)
	}
	if !terms.Exempt && t.InFlight(p) >= MaxInFlight {
		at = at.Add(OverloadedDelay)
	}
	for _, id := range ids {
		if terms.WtxidPeers && !id.IsWtxid() {
			t.Announce(p, id, terms.Preferred, at.Add(TxidDelay))
		} else {
			t.Announce(p, id, terms.Preferred, at)
		}
	}
	return true
}
