package txrequest

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"grapevine/internal/siphash"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Config configures a [Tracker].
type Config struct {
	// Rand is the source of the key of the random order; it is drawn from once.
	// Nil means the key zero, which peers could compute: for tests only.
	Rand *rand.Rand
}

// Expired names a request that was not answered in time.
type Expired struct {
	Peer peer.ID
	ID   wire.GenTxid
}

// Tracker schedules requests for transactions. The zero value is not usable:
// [New] makes one.
type Tracker struct {
	key   siphash.Key
	clock clock

	announcements slab[announcement]
	groups        slab[group]
	peers         slab[owner]

	byPair map[pair]int32     // (hash, peer) -> announcement
	byHash map[[32]byte]int32 // hash -> group
	byPeer map[peer.ID]int32  // peer -> owner
	due    []int32            // owners that have a best announcement, in no order
	queue  []waiting          // the waiting heap
	picked []int32            // scratch of Requestable
	lapsed []Expired          // not handed out yet
	count  uint64             // announcements made so far: the next sequence number
}

// New returns an empty tracker.
func New(cfg Config) *Tracker {
	t := &Tracker{
		clock:  clock{now: math.MinInt64},
		byPair: make(map[pair]int32),
		byHash: make(map[[32]byte]int32),
		byPeer: make(map[peer.ID]int32),
	}
	if cfg.Rand != nil {
		t.key = siphash.Key{K0: cfg.Rand.Uint64(), K1: cfg.Rand.Uint64()}
	}
	return t
}

// Announce records that a peer has a transaction, which may be asked of it from
// the given time on; the zero time means at once. It changes nothing when the peer has announced the same
// hash before and that is still remembered. There is no bound here; see
// [Tracker.Offer].
func (t *Tracker) Announce(p peer.ID, id wire.GenTxid, preferred bool, at time.Time) {
	g, o := t.groupOf(id.Hash()), t.ownerOf(p)
	key := pair{group: g, owner: o}
	if _, known := t.byPair[key]; known {
		return
	}
	i := t.announcements.take()
	t.byPair[key] = i
	*t.announcements.at(i) = announcement{
		at: t.clock.ticks(at), sequence: t.count, priority: priority(t.key, id.Hash(), p, preferred),
		group: g, owner: o, witness: id.IsWtxid(), state: delayed,
		groupLinks: noLinks, ownerLinks: noLinks, heap: noHeap, slot: none,
	}
	t.count++
	t.linkGroup(i)
	t.linkOwner(i)
	t.push(i)
	if t.announcements.at(i).at <= t.clock.now {
		t.promote(i)
	}
}

// Requestable returns what to ask of a peer now, in the order in which it
// announced, and the requests of all peers that have expired since the last
// call, in the order of their times. What is returned is to be given to
// [Tracker.Requested] or [Tracker.Forget]; otherwise it is returned again.
// Both slices are the caller's.
func (t *Tracker) Requestable(p peer.ID, now time.Time) (ids []wire.GenTxid, expired []Expired) {
	t.move(now)
	expired, t.lapsed = t.lapsed, nil
	o, known := t.byPeer[p]
	if !known || t.peers.at(o).best.count == 0 {
		return nil, expired
	}
	t.picked = t.picked[:0]
	for i := t.peers.at(o).best.first; i != none; i = t.announcements.at(i).ownerLinks.next {
		t.picked = append(t.picked, i)
	}
	slices.SortFunc(t.picked, func(a, b int32) int {
		return cmp.Compare(t.announcements.at(a).sequence, t.announcements.at(b).sequence)
	})
	ids = make([]wire.GenTxid, len(t.picked))
	for n, i := range t.picked {
		ids[n] = t.name(i)
	}
	return ids, expired
}

// Requested records that a transaction was asked of a peer, which has until
// expiry to answer. Without a candidate of that peer and hash it changes nothing.
// A request for the hash that another peer was asked before is completed: there is
// at most one, even when the caller asks out of turn.
func (t *Tracker) Requested(p peer.ID, id wire.GenTxid, expiry time.Time) {
	i, ok := t.find(p, id)
	if !ok {
		return
	}
	a := t.announcements.at(i)
	switch a.state {
	case requested, completed:
		return
	case delayed, ready:
		if old := t.groups.at(a.group).selected; old != none {
			t.unseat(old)
		}
	}
	t.setState(i, requested)
	a.at = t.clock.ticks(expiry)
	t.push(i)
}

// unseat takes the place of the selected one from an announcement without
// choosing another: a best one is a candidate like others again, a requested
// one has had its turn.
func (t *Tracker) unseat(i int32) {
	if t.announcements.at(i).state == best {
		t.setState(i, ready)
	} else {
		t.setState(i, completed)
	}
}

// Response records that a peer answered, with the transaction or with notfound,
// whether or not it was asked. If the transaction is not needed any more, call
// [Tracker.Forget] as well.
func (t *Tracker) Response(p peer.ID, id wire.GenTxid) {
	if i, ok := t.find(p, id); ok {
		t.complete(i)
	}
}

// Forget removes all announcements of a hash, by either of its names. The
// caller sees to it that new ones do not arrive at once.
func (t *Tracker) Forget(id wire.GenTxid) {
	if g, ok := t.byHash[id.Hash()]; ok {
		t.dropGroup(g)
	}
}

// Disconnect removes all announcements of a peer; others are asked for what it
// was asked for.
func (t *Tracker) Disconnect(p peer.ID) {
	o, ok := t.byPeer[p]
	if !ok {
		return
	}
	// The owner is gone with its last announcement; its slot is not used again
	// before this returns, because nothing is announced here.
	for n := t.peers.at(o).total; n > 0; n-- {
		i := t.peers.at(o).best.first
		if i == none {
			i = t.peers.at(o).rest.first
		}
		if t.complete(i) {
			t.remove(i)
		}
	}
}

// Next returns the earliest time at which [Tracker.Due] may name a peer, or
// Requestable report an expired request; false when nothing is awaited. While
// some peer is due already it is a time that has passed: ask what is due first.
func (t *Tracker) Next() (time.Time, bool) {
	switch {
	case len(t.due) > 0:
		return t.clock.time(t.clock.now), true
	case len(t.queue) > 0:
		return t.clock.time(max(t.queue[0].at, t.clock.now)), true
	default:
		return time.Time{}, false
	}
}

// Due returns the peers for which [Tracker.Requestable] has something, in
// ascending order. The slice is the caller's.
func (t *Tracker) Due(now time.Time) []peer.ID {
	t.move(now)
	ids := make([]peer.ID, len(t.due))
	for n, o := range t.due {
		ids[n] = t.peers.at(o).id
	}
	slices.Sort(ids)
	return ids
}

// Announcers appends to dst the peers that have announced the hash and have not
// answered for it, in the order in which they announced.
func (t *Tracker) Announcers(dst []peer.ID, id wire.GenTxid) []peer.ID {
	g, ok := t.byHash[id.Hash()]
	if !ok {
		return dst
	}
	for i := t.groups.at(g).all.first; i != none; i = t.announcements.at(i).groupLinks.next {
		if a := t.announcements.at(i); a.state != completed {
			dst = append(dst, t.peers.at(a.owner).id)
		}
	}
	return dst
}

// Count returns how many announcements of a peer are remembered, in all states.
func (t *Tracker) Count(p peer.ID) int {
	if o, ok := t.byPeer[p]; ok {
		return t.peers.at(o).total
	}
	return 0
}

// announcementBytes is what an announcement takes, with the hash that it may be the
// first of: see the package doc.
const announcementBytes = 260

// Footprint returns the bytes that a peer's announcements take at most.
func (t *Tracker) Footprint(p peer.ID) int { return t.Count(p) * announcementBytes }

// InFlight returns how many requests a peer has yet to answer.
func (t *Tracker) InFlight(p peer.ID) int {
	if o, ok := t.byPeer[p]; ok {
		return t.peers.at(o).requested
	}
	return 0
}

// Candidates returns how many announcements of a peer have not been asked for.
func (t *Tracker) Candidates(p peer.ID) int {
	if o, ok := t.byPeer[p]; ok {
		s := t.peers.at(o)
		return s.total - s.requested - s.completed
	}
	return 0
}

// Size returns how many announcements of all peers are remembered.
func (t *Tracker) Size() int { return len(t.byPair) }
