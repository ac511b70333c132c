package blockfetch

import (
	"time"

	"grapevine/chain/headers"
)

// headStart is by how much, at least, a block must be expected sooner from
// another peer to be asked of it too.
const headStart = 500 * time.Millisecond

// lastFew is how many blocks at the end of a chain are left to who was asked,
// when the initial download is over: new ones come by ones and twos, and one
// that comes a little late is not worth two copies.
const lastFew = 8

// lack is a block for want of which a chain stands still, and the quickest of
// the peers that wait for it with nothing else to ask of them.
type lack struct {
	node  *headers.Node
	peer  *peerState
	takes time.Duration // until it would have sent the block
}

// offer takes in a peer that cannot be asked for more, for the reason given, as
// one that may be asked for the block that its chain waits for.
func (f *Fetcher) offer(p *peerState, why obstacle) {
	n := f.starving(p)
	if f.flights[n].count == 0 || f.credits.has(n.Hash()) || !p.pace.known() || !f.may(p, n) || p.owes(n) >= 0 {
		return
	}
	if why == obstacleEnd && !f.syncing && p.best.Height()-n.Height() < lastFew {
		return
	}
	takes := f.takes(p)
	for i := range f.lacking {
		if l := &f.lacking[i]; l.node == n {
			if takes < l.takes {
				l.peer, l.takes = p, takes
			}
			return
		}
	}
	f.lacking = append(f.lacking, lack{n, p, takes})
}

// takes returns how long the peer would take to send one more block.
func (f *Fetcher) takes(p *peerState) time.Duration {
	return p.pace.trip + p.pace.takes(len(p.queue)+1, f.credits.blockSize())
}

// relieve asks for a block once more, when those who owe it are slower than the
// peer found by far, or notes when they will have turned out to be. So it does
// for what else they owe: it would hold up the chain next.
func (f *Fetcher) relieve(l *lack, now time.Time, d *Decision) {
	fl := f.flights[l.node]
	from := now
	for _, q := range fl.holders[:fl.count] {
		if at := f.outrun(q, q.owes(l.node), l.takes, now); at.After(from) {
			from = at
		}
	}
	switch {
	case fl.count == maxHolders || len(l.peer.queue) >= f.allowance(l.peer):
	case !from.After(now):
		f.load(l.peer, l.node, now)
		d.request(l.peer.id, l.node)
	case f.overtake.IsZero() || from.Before(f.overtake):
		f.overtake = from
	}
	for _, q := range fl.holders[:fl.count] {
		f.unburden(q, l.peer, now, d)
	}
}

// unburden asks p for what q owes alone, where p is quicker by far.
func (f *Fetcher) unburden(q, p *peerState, now time.Time, d *Decision) {
	if last := len(q.queue) - 1; last < 0 || f.outrun(q, last, f.takes(p), now).After(now) {
		return // the last one is due last
	}
	for i, e := range q.queue {
		if len(p.queue) >= f.allowance(p) {
			return
		}
		n := e.node
		if e.late || f.flights[n].count > 1 || f.outrun(q, i, f.takes(p), now).After(now) {
			continue
		}
		switch {
		case f.credits.has(n.Hash()) || !f.may(p, n) || p.owes(n) >= 0 || !p.best.HasAncestor(n):
		case !f.affords(p, n):
			f.short = true
			return
		default:
			f.load(p, n, now)
			d.request(p.id, n)
		}
	}
}

// outrun returns from when on another peer, that takes so long, outruns q with
// entry i of its queue: now, if that is expected well after the other would have
// sent it; else once q has sent nothing for well more than its pace lets expect.
func (f *Fetcher) outrun(q *peerState, i int, takes time.Duration, now time.Time) time.Time {
	size := f.credits.blockSize()
	margin := 2*takes + headStart
	if q.slow || q.ready().Add(q.pace.takes(i+1, size)).After(now.Add(margin)) {
		return now
	}
	return q.ready().Add(2*q.pace.takes(1, size) + margin)
}
