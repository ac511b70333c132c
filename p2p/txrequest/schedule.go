package txrequest

import (
	"math"
	"time"
)

// clock turns times into ticks of a nanosecond since the first time it saw, so
// that a monotonic reading in them counts, and holds the latest that was told.
type clock struct {
	origin time.Time // zero until then
	now    int64     // ticks; the least number until it is told
}

// ticks of the zero time are the least number.
func (c *clock) ticks(at time.Time) int64 {
	if at.IsZero() {
		return math.MinInt64
	}
	if c.origin.IsZero() {
		c.origin = at
	}
	return int64(at.Sub(c.origin)) // saturates 292 years away
}

func (c *clock) time(ticks int64) time.Time { return c.origin.Add(time.Duration(ticks)) }

// move makes the tracker consistent with a point in time: what was awaited until
// then is over, delayed candidates and requests alike.
func (t *Tracker) move(now time.Time) {
	t.clock.now = max(t.clock.now, t.clock.ticks(now))
	for len(t.queue) > 0 && t.queue[0].at <= t.clock.now {
		i := t.queue[0].index
		if t.announcements.at(i).state == delayed {
			t.promote(i)
			continue
		}
		t.lapsed = append(t.lapsed, Expired{Peer: t.peers.at(t.announcements.at(i).owner).id, ID: t.name(i)})
		t.complete(i)
	}
}

// promote makes a delayed candidate ready, and the best one if it is.
func (t *Tracker) promote(i int32) {
	t.setState(i, ready)
	a := t.announcements.at(i)
	old := t.groups.at(a.group).selected
	switch {
	case old == none:
		t.setState(i, best)
	case t.announcements.at(old).state == best && t.announcements.at(old).priority < a.priority:
		t.setState(old, ready)
		t.setState(i, best)
	}
}

// complete ends an announcement's turn and chooses the next of its hash. When
// none is left to be tried, the hash is forgotten. It reports whether the
// announcement still exists.
func (t *Tracker) complete(i int32) bool {
	a := t.announcements.at(i)
	if a.state == completed {
		return true
	}
	g := t.groups.at(a.group)
	if g.open == 1 {
		t.dropGroup(a.group)
		return false
	}
	wasSelected := a.state.selected()
	t.setState(i, completed)
	if wasSelected && g.ready != none {
		t.setState(g.ready, best)
	}
	return true
}

// setState moves an announcement to a state and to the indexes of that state,
// except that the caller pushes what waits.
func (t *Tracker) setState(i int32, to state) {
	t.leaveHeaps(i)
	t.unlinkOwner(i)
	a := t.announcements.at(i)
	g := t.groups.at(a.group)
	if a.state.selected() {
		g.selected = none
	}
	if to == completed {
		g.open--
	}
	a.state = to
	if to.selected() {
		g.selected = i
	}
	if to == ready {
		g.ready = t.meld(g.ready, i)
	}
	t.linkOwner(i)
}

// leaveHeaps takes an announcement out of the heap that its state puts it in.
func (t *Tracker) leaveHeaps(i int32) {
	a := t.announcements.at(i)
	switch {
	case a.state.waits():
		t.pull(a.slot)
	case a.state == ready:
		g := t.groups.at(a.group)
		g.ready = t.extract(g.ready, i)
	}
}
