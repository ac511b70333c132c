package privatebroadcast

import (
	"slices"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// open reports whether one more connection is wanted and may be made.
func (q *Queue) open() bool {
	return q.wanted > q.dialled && len(q.conns)+q.dialled < MaxOpen
}

// Dial reports whether a connection is to be made now, and counts it as under way:
// [Queue.Connected] or [Queue.Failed] follows.
func (q *Queue) Dial(now time.Time) bool {
	if !q.open() || now.Before(q.pause) {
		return false
	}
	q.dialled++
	return true
}

// Failed notes that a connection did not come about; the next one is made after a
// pause.
func (q *Queue) Failed(now time.Time, pause time.Duration) {
	q.dialled = max(0, q.dialled-1)
	q.pause = now.Add(pause)
}

// Connected notes a connection that is open.
func (q *Queue) Connected(now time.Time, id peer.ID) {
	q.dialled, q.wanted = max(0, q.dialled-1), max(0, q.wanted-1)
	q.conns[id] = &conn{at: now}
}

// Pick chooses the transaction that a connection is to carry: false when there is none
// left, or it had one.
func (q *Queue) Pick(now time.Time, id peer.ID, to wire.NetAddr) (*wire.Tx, bool) {
	c := q.conns[id]
	if c == nil || c.of != nil || len(q.txs) == 0 {
		return nil, false
	}
	c.of = slices.MinFunc(q.txs, urgency)
	c.of.picked++
	c.of.lastPicked, c.at = now, now
	if len(c.of.Sends) == MaxSends {
		c.of.Sends = slices.Delete(c.of.Sends, 0, 1)
	}
	c.of.Sends = append(c.of.Sends, Send{Addr: to, Sent: now})
	return c.of.Tx, true
}

// urgency puts what was sent least first; of equals, what was added first.
func urgency(a, b *item) int {
	switch {
	case a.picked != b.picked:
		return a.picked - b.picked
	case a.confirmed != b.confirmed:
		return a.confirmed - b.confirmed
	case !a.lastPicked.Equal(b.lastPicked):
		return a.lastPicked.Compare(b.lastPicked)
	}
	return a.lastConfirmed.Compare(b.lastConfirmed)
}

// Carries returns the transaction that a connection carries.
func (q *Queue) Carries(id peer.ID) (*wire.Tx, bool) {
	if c := q.conns[id]; c != nil && c.of != nil {
		return c.of.Tx, true
	}
	return nil, false
}

// Confirmed notes that a peer has read the transaction that it was sent.
func (q *Queue) Confirmed(now time.Time, id peer.ID, to wire.NetAddr) {
	c := q.conns[id]
	if c == nil || c.of == nil || c.confirmed {
		return
	}
	c.confirmed = true
	c.of.confirmed++
	c.of.lastConfirmed = now
	for n := len(c.of.Sends) - 1; n >= 0; n-- {
		if s := &c.of.Sends[n]; s.Addr == to && s.Sent.Equal(c.at) && s.Confirmed.IsZero() {
			s.Confirmed = now
			return
		}
	}
}

// Disconnected notes the end of a connection. Another one makes up for it if it has
// brought nothing to its end and anything is left to be sent.
func (q *Queue) Disconnected(id peer.ID) {
	c := q.conns[id]
	if c == nil {
		return
	}
	delete(q.conns, id)
	if !c.confirmed && len(q.txs) > 0 {
		q.wanted++
	}
}
