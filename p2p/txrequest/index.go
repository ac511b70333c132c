package txrequest

import (
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// none is the index of nothing.
const none int32 = -1

type state uint8

const (
	delayed   state = iota // a candidate whose time has not come
	ready                  // a candidate that is not chosen
	best                   // the candidate to ask next
	requested              // asked, the answer is awaited
	completed              // answered or expired
)

func (s state) waits() bool    { return s == delayed || s == requested }
func (s state) selected() bool { return s == best || s == requested }

// announcement is what one peer said of one hash.
type announcement struct {
	at         int64 // when it may be asked for; when it expires, once requested
	sequence   uint64
	priority   uint64
	group      int32
	owner      int32
	groupLinks links // among all of the hash
	ownerLinks links // among the peer's best ones, or among its others
	heap       heapLinks
	slot       int32 // in the waiting heap
	state      state
	witness    bool
}

// group is what is known of one hash. It answers: who is asked, or next to be
// asked, and is anybody left to be tried?
type group struct {
	hash     [32]byte
	all      list
	open     int   // announcements that are not completed
	selected int32 // the best or the requested one
	ready    int32 // root of the heap of the ready ones
}

// owner is what is known of one peer. It answers: what is to be asked of it, and
// how much has it announced?
type owner struct {
	id         peer.ID
	best, rest list
	total      int
	requested  int
	completed  int
	duePos     int32 // in Tracker.due
}

type pair struct{ group, owner int32 }

type links struct{ prev, next int32 }

var noLinks = links{none, none}

// list is the ends of a list that is linked through announcements.
type list struct {
	first, last int32
	count       int
}

var emptyList = list{first: none, last: none}

// slab holds values that are named by their index, and reuses freed ones.
type slab[T any] struct {
	items []T
	free  []int32
}

func (s *slab[T]) at(i int32) *T { return &s.items[i] }

func (s *slab[T]) take() int32 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		return i
	}
	var zero T
	s.items = append(s.items, zero)
	return int32(len(s.items) - 1)
}

func (s *slab[T]) put(i int32) { s.free = append(s.free, i) }

func (t *Tracker) groupOf(hash [32]byte) int32 {
	g, ok := t.byHash[hash]
	if !ok {
		g = t.groups.take()
		*t.groups.at(g) = group{hash: hash, all: emptyList, selected: none, ready: none}
		t.byHash[hash] = g
	}
	return g
}

func (t *Tracker) ownerOf(p peer.ID) int32 {
	o, ok := t.byPeer[p]
	if !ok {
		o = t.peers.take()
		*t.peers.at(o) = owner{id: p, best: emptyList, rest: emptyList, duePos: none}
		t.byPeer[p] = o
	}
	return o
}

func (t *Tracker) find(p peer.ID, id wire.GenTxid) (int32, bool) {
	g, ok := t.byHash[id.Hash()]
	if !ok {
		return none, false
	}
	o, ok := t.byPeer[p]
	if !ok {
		return none, false
	}
	i, ok := t.byPair[pair{group: g, owner: o}]
	return i, ok
}

func (t *Tracker) name(i int32) wire.GenTxid {
	a := t.announcements.at(i)
	hash := t.groups.at(a.group).hash
	if a.witness {
		return wire.ByWtxid(hash)
	}
	return wire.ByTxid(hash)
}

// linkGroup enters a new announcement under its hash.
func (t *Tracker) linkGroup(i int32) {
	g := t.groups.at(t.announcements.at(i).group)
	t.append(&g.all, i, groupLinks)
	g.open++
}

// linkOwner enters an announcement under its peer, in the list and the counts
// of its state.
func (t *Tracker) linkOwner(i int32) {
	a := t.announcements.at(i)
	o := t.peers.at(a.owner)
	o.total++
	switch a.state {
	case requested:
		o.requested++
	case completed:
		o.completed++
	case best:
		t.append(&o.best, i, ownerLinks)
		if o.best.count == 1 {
			o.duePos = int32(len(t.due))
			t.due = append(t.due, a.owner)
		}
		return
	}
	t.append(&o.rest, i, ownerLinks)
}

// unlinkOwner undoes linkOwner. The owner stays, even with nothing left.
func (t *Tracker) unlinkOwner(i int32) {
	a := t.announcements.at(i)
	o := t.peers.at(a.owner)
	o.total--
	switch a.state {
	case requested:
		o.requested--
	case completed:
		o.completed--
	case best:
		t.cut(&o.best, i, ownerLinks)
		if o.best.count == 0 {
			t.undue(o)
		}
		return
	}
	t.cut(&o.rest, i, ownerLinks)
}

func (t *Tracker) undue(o *owner) {
	last := t.due[len(t.due)-1]
	t.due[o.duePos] = last
	t.peers.at(last).duePos = o.duePos
	t.due = t.due[:len(t.due)-1]
	o.duePos = none
}

// remove takes an announcement out of everything, and with it its hash and its
// peer when it was their last. It is completed, or all of its hash is removed.
func (t *Tracker) remove(i int32) {
	t.leaveHeaps(i)
	a := t.announcements.at(i)
	g, o := a.group, a.owner
	delete(t.byPair, pair{group: g, owner: o})
	t.unlinkOwner(i)
	if s := t.peers.at(o); s.total == 0 {
		delete(t.byPeer, s.id)
		t.peers.put(o)
	}
	s := t.groups.at(g)
	t.cut(&s.all, i, groupLinks)
	if s.all.count == 0 {
		delete(t.byHash, s.hash)
		t.groups.put(g)
	}
	t.announcements.put(i)
}

// dropGroup removes all announcements of a hash.
func (t *Tracker) dropGroup(g int32) {
	for n := t.groups.at(g).all.count; n > 0; n-- {
		t.remove(t.groups.at(g).all.first)
	}
}

func groupLinks(a *announcement) *links { return &a.groupLinks }
func ownerLinks(a *announcement) *links { return &a.ownerLinks }

func (t *Tracker) append(l *list, i int32, of func(*announcement) *links) {
	*of(t.announcements.at(i)) = links{prev: l.last, next: none}
	if l.last == none {
		l.first = i
	} else {
		of(t.announcements.at(l.last)).next = i
	}
	l.last = i
	l.count++
}

func (t *Tracker) cut(l *list, i int32, of func(*announcement) *links) {
	at := of(t.announcements.at(i))
	if at.prev == none {
		l.first = at.next
	} else {
		of(t.announcements.at(at.prev)).next = at.next
	}
	if at.next == none {
		l.last = at.prev
	} else {
		of(t.announcements.at(at.next)).prev = at.prev
	}
	l.count--
}
