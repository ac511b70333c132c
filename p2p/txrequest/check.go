package txrequest

import (
	"fmt"
)

// check verifies the invariants that the package comment lists, in its order,
// and returns the first that does not hold.
func (t *Tracker) check() error {
	for _, part := range []func() error{t.checkLists, t.checkGroups, t.checkWaiting, t.checkDue} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// checkLists verifies that what is found by pair, hash and peer is the same, and
// the counts (1).
func (t *Tracker) checkLists() error {
	live := len(t.announcements.items) - len(t.announcements.free)
	if live != len(t.byPair) {
		return fmt.Errorf("%d announcements, %d found by pair", live, len(t.byPair))
	}
	for key, i := range t.byPair {
		if a := t.announcements.at(i); a.group != key.group || a.owner != key.owner {
			return fmt.Errorf("announcement %d is not of its pair", i)
		} else if !a.state.waits() && a.slot != none || a.state != ready && a.heap != noHeap {
			return fmt.Errorf("announcement %d is linked into a heap that it has left", i)
		}
	}
	inGroups := 0
	for hash, g := range t.byHash {
		s := t.groups.at(g)
		members := t.walk(s.all, groupLinks)
		inGroups += len(members)
		if s.hash != hash || len(members) == 0 || len(members) != s.all.count {
			return fmt.Errorf("hash %x: %d members, %d counted", hash, len(members), s.all.count)
		}
		for _, i := range members {
			if t.announcements.at(i).group != g {
				return fmt.Errorf("hash %x lists announcement %d of another", hash, i)
			}
		}
	}
	inOwners := 0
	for id, o := range t.byPeer {
		n, err := t.checkOwner(o)
		if err != nil || t.peers.at(o).id != id {
			return fmt.Errorf("peer %v: %v", id, err)
		}
		inOwners += n
	}
	if inGroups != live || inOwners != live {
		return fmt.Errorf("%d announcements, %d under hashes, %d under peers", live, inGroups, inOwners)
	}
	return nil
}

func (t *Tracker) checkOwner(o int32) (int, error) {
	s := t.peers.at(o)
	chosen, others := t.walk(s.best, ownerLinks), t.walk(s.rest, ownerLinks)
	count := make(map[state]int)
	for n, i := range append(chosen, others...) {
		a := t.announcements.at(i)
		count[a.state]++
		if a.owner != o || (a.state == best) != (n < len(chosen)) {
			return 0, fmt.Errorf("announcement %d is in the wrong list", i)
		}
	}
	total := len(chosen) + len(others)
	if total == 0 || total != s.total || count[requested] != s.requested || count[completed] != s.completed || len(chosen) != s.best.count {
		return 0, fmt.Errorf("counts %+v, found %v", *s, count)
	}
	return total, nil
}

// checkGroups verifies what holds of the states of one hash (2, 3, 4).
func (t *Tracker) checkGroups() error {
	for hash, g := range t.byHash {
		s := t.groups.at(g)
		open, selected := 0, none
		candidates := make(map[int32]bool)
		for _, i := range t.walk(s.all, groupLinks) {
			a := t.announcements.at(i)
			if a.state != completed {
				open++
			}
			if a.state == ready {
				candidates[i] = true
			}
			if a.state.selected() {
				if selected != none {
					return fmt.Errorf("hash %x: two are selected", hash)
				}
				selected = i
			}
		}
		switch {
		case open == 0 || open != s.open:
			return fmt.Errorf("hash %x: %d open, %d counted", hash, open, s.open)
		case selected != s.selected:
			return fmt.Errorf("hash %x: %d is selected, %d recorded", hash, selected, s.selected)
		case len(candidates) > 0 && selected == none:
			return fmt.Errorf("hash %x: some are ready, none is selected", hash)
		}
		for i := range candidates {
			if b := t.announcements.at(selected); b.state == best && b.priority < t.announcements.at(i).priority {
				return fmt.Errorf("hash %x: %d is better than the best", hash, i)
			}
		}
		if err := t.checkHeap(s.ready, none, candidates); err != nil {
			return fmt.Errorf("hash %x: %w", hash, err)
		}
		if len(candidates) > 0 {
			return fmt.Errorf("hash %x: %d ready ones are not in the heap", hash, len(candidates))
		}
	}
	return nil
}

// checkHeap strikes those of a heap from the ones that should be in it.
func (t *Tracker) checkHeap(i, parent int32, expect map[int32]bool) error {
	for back := parent; i != none; {
		a := t.announcements.at(i)
		if !expect[i] {
			return fmt.Errorf("announcement %d is in the heap twice or wrongly", i)
		}
		delete(expect, i)
		if a.heap.back != back {
			return fmt.Errorf("announcement %d has a wrong link back", i)
		}
		if parent != none && t.above(a, t.announcements.at(parent)) {
			return fmt.Errorf("announcement %d is above the one over it", i)
		}
		if err := t.checkHeap(a.heap.child, i, expect); err != nil {
			return err
		}
		back, i = i, a.heap.next
	}
	return nil
}

// checkWaiting verifies the waiting heap (5).
func (t *Tracker) checkWaiting() error {
	for n, w := range t.queue {
		a := t.announcements.at(w.index)
		if !a.state.waits() || int(a.slot) != n || a.at != w.at {
			return fmt.Errorf("place %d of the waiting heap holds announcement %d wrongly", n, w.index)
		}
		if n > 0 && t.earlier(w, t.queue[(n-1)/2]) {
			return fmt.Errorf("place %d of the waiting heap is before the one over it", n)
		}
	}
	waits := 0
	for _, i := range t.byPair {
		if t.announcements.at(i).state.waits() {
			waits++
		}
	}
	if waits != len(t.queue) {
		return fmt.Errorf("%d announcements wait, %d are in the waiting heap", waits, len(t.queue))
	}
	return nil
}

// checkDue verifies the list of the peers that are due (6).
func (t *Tracker) checkDue() error {
	n := 0
	for id, o := range t.byPeer {
		s := t.peers.at(o)
		if s.best.count == 0 {
			if s.duePos != none {
				return fmt.Errorf("peer %v has a place among the due", id)
			}
			continue
		}
		n++
		if s.duePos == none || t.due[s.duePos] != o {
			return fmt.Errorf("peer %v has a wrong place among the due", id)
		}
	}
	if n != len(t.due) {
		return fmt.Errorf("%d peers are due, %d listed", n, len(t.due))
	}
	return nil
}

// checkMoved verifies what holds right after the time was moved (7).
func (t *Tracker) checkMoved() error {
	for _, i := range t.byPair {
		a := t.announcements.at(i)
		if a.state.waits() && a.at <= t.clock.now {
			return fmt.Errorf("announcement %d waits for a time that is past", i)
		}
		if !a.state.waits() && a.state != completed && a.at > t.clock.now {
			return fmt.Errorf("announcement %d is a candidate before its time", i)
		}
	}
	return nil
}

func (t *Tracker) walk(l list, of func(*announcement) *links) []int32 {
	var all []int32
	for i := l.first; i != none && len(all) <= len(t.announcements.items); i = of(t.announcements.at(i)).next {
		all = append(all, i)
	}
	return all
}
