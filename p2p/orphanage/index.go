package orphanage

import (
	"slices"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

func (o *orphan) announcedBy(p peer.ID) bool { return o.announcedAt(p) >= 0 }

// announcedAt returns the place of a peer among the announcers, -1 when it is none.
func (o *orphan) announcedAt(p peer.ID) int {
	return slices.IndexFunc(o.announcers, func(a *announcement) bool { return a.owner.id == p })
}

// link enters an orphan that nobody has announced yet.
func (o *Orphanage) link(child *orphan) {
	child.spends = make([]spend, len(child.tx.In))
	for n := range child.spends {
		s := &child.spends[n]
		*s = spend{by: child, out: child.tx.In[n].PrevOut}
		s.next = o.spenders[s.out]
		if s.next != nil {
			s.next.prev = s
		}
		o.spenders[s.out] = s
	}
	o.orphans[child.wtxid] = child
	o.weight += child.weight
	o.inputs += child.inputs()
}

// unlink undoes link.
func (o *Orphanage) unlink(child *orphan) {
	for n := range child.spends {
		s := &child.spends[n]
		if s.next != nil {
			s.next.prev = s.prev
		}
		switch {
		case s.prev != nil:
			s.prev.next = s.next
		case s.next != nil:
			o.spenders[s.out] = s.next
		default:
			delete(o.spenders, s.out)
		}
	}
	delete(o.orphans, child.wtxid)
	o.weight -= child.weight
	o.inputs -= child.inputs()
}

// spendersOf appends the orphans that spend an output. One that spends it twice,
// which no valid one does, comes twice.
func (o *Orphanage) spendersOf(dst []*orphan, out wire.OutPoint) []*orphan {
	for s := o.spenders[out]; s != nil; s = s.next {
		dst = append(dst, s.by)
	}
	return dst
}

// announce adds an announcement of an orphan by a peer that has not made it.
func (o *Orphanage) announce(child *orphan, p peer.ID) {
	who, there := o.peers[p]
	if !there {
		who = &account{id: p}
		o.peers[p] = who
	}
	o.sequence++
	a := &announcement{orphan: child, owner: who, sequence: o.sequence, prev: who.newest}
	if who.newest == nil {
		who.oldest = a
	} else {
		who.newest.next = a
	}
	who.newest = a
	child.announcers = append(child.announcers, a)
	who.announcements++
	who.weight += child.weight
	who.latency += 1 + child.inputs()
	o.announcements++
}

// withdraw removes an announcement, with its orphan and its peer when it was their
// last.
func (o *Orphanage) withdraw(a *announcement) {
	child, who := a.orphan, a.owner
	if a.prev == nil {
		who.oldest = a.next
	} else {
		a.prev.next = a.next
	}
	if a.next == nil {
		who.newest = a.prev
	} else {
		a.next.prev = a.prev
	}
	who.announcements--
	who.weight -= child.weight
	who.latency -= 1 + child.inputs()
	if who.announcements == 0 {
		delete(o.peers, who.id)
	}
	o.announcements--
	n := slices.Index(child.announcers, a)
	child.announcers = slices.Delete(child.announcers, n, n+1)
	if len(child.announcers) == 0 {
		o.unlink(child)
	}
}

// remove removes an orphan with all its announcements.
func (o *Orphanage) remove(child *orphan) {
	for n := len(child.announcers); n > 0; n-- {
		o.withdraw(child.announcers[n-1])
	}
}
