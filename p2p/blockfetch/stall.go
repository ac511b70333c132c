package blockfetch

import (
	"slices"
	"time"

	"grapevine/chain/headers"
)

// How long the chain may wait for one peer before it is dropped.
const (
	stallMin = 2 * time.Second
	stallMax = 64 * time.Second
)

// How long a block may be on its way before a peer that has nothing else to do
// is asked for it too.
const (
	hedgeMin = 10 * time.Second
	hedgeMax = 5 * time.Minute
)

// patience is how long slow peers are borne with. Each time that it ends the
// next one gets twice as long, since the reason may be our own connection; with
// the blocks that come it goes back.
type patience struct {
	stall time.Duration // until who holds up the chain is dropped
	hedge time.Duration // until another is asked for the same block
}

func newPatience() patience { return patience{stallMin, hedgeMin} }

// grown takes in that the active chain has grown by so many blocks.
func (w *patience) grown(blocks int32) {
	for ; blocks > 0 && (w.stall > stallMin || w.hedge > hedgeMin); blocks-- {
		w.stall = max((w.stall * 85 / 100).Truncate(time.Second), stallMin)
		w.hedge = max((w.hedge * 85 / 100).Truncate(time.Second), hedgeMin)
	}
}

// busy counts the peers that owe us blocks.
func (f *Fetcher) busy() (n int) {
	for _, p := range f.peers {
		if len(p.queue) > 0 {
			n++
		}
	}
	return n
}

// deadline returns when the head of p's queue must have come: a block's time,
// and half of one more for each other peer that shares our connection.
func (f *Fetcher) deadline(p *peerState, busy int) time.Time {
	return p.downloading.Add(f.cfg.Spacing + f.cfg.Spacing/2*time.Duration(busy-1))
}

// expire drops the peers that hold up the chain or do not send what they were
// asked for.
func (f *Fetcher) expire(now time.Time, d *Decision) {
	busy := f.busy()
	for _, p := range f.peers {
		if p.dropped || len(p.queue) == 0 {
			continue
		}
		switch {
		case !p.stallingSince.IsZero() && now.Sub(p.stallingSince) > f.patience.stall:
			f.drop(p, ReasonStalling, d)
			f.patience.stall = min(2*f.patience.stall, stallMax)
		case now.After(f.deadline(p, busy)):
			f.drop(p, ReasonTimeout, d)
		}
	}
}

func (f *Fetcher) drop(p *peerState, why Reason, d *Decision) {
	d.Drop = append(d.Drop, Drop{Peer: p.id, Reason: why, Block: p.queue[0].node})
	p.dropped = true
	f.abandon(p)
}

// blame finds who holds up the chain: where a peer owes us nothing and could be
// asked for more, were it not for the window or the credits, it is the one that
// was asked for the block that the chain waits for.
func (f *Fetcher) blame(now time.Time) {
	preferred := f.preferred()
	for _, p := range f.peers {
		if len(p.queue) > 0 || !f.useful(p) || !f.welcome(p, preferred) {
			continue
		}
		n, why := f.candidate(p)
		if n != nil && f.held {
			why = obstacleCredits
		}
		if why != obstacleWindow && why != obstacleCredits {
			continue
		}
		if q := f.culprit(p); q != nil && q != p && q.stallingSince.IsZero() {
			q.stallingSince = now
		}
	}
}

// culprit returns who was first asked for the block that p's chain needs to
// grow, nil when it grows yet, or lacks none that is on its way.
func (f *Fetcher) culprit(p *peerState) *peerState {
	return f.flights[f.starving(p)].holders[0]
}

// overdue returns when p will have sent nothing for so long that others may be
// asked for what it owes: half as much longer again for each other peer that
// shares our connection.
func (f *Fetcher) overdue(p *peerState, busy int) time.Time {
	return p.waited().Add(f.patience.hedge + f.patience.hedge/2*time.Duration(busy-1))
}

// hedge asks others for blocks that a peer owes us for too long: any for the
// block that its chain waits for, and those that have nothing else to do for the
// rest. Of these, quick ones are asked as well for what a slow one holds up the
// chain with. A block is asked of three peers at most; of peers that have shown a pace
// first, since three that never sent anything could keep it from the others.
func (f *Fetcher) hedge(now time.Time, d *Decision) {
	f.overtake = time.Time{}
	if len(f.flights) == 0 {
		return
	}
	if f.oweSlowly() {
		f.askForNext(true, now, d)
		f.askForNext(false, now, d)
	}
	f.spare, f.lacking = f.spare[:0], f.lacking[:0]
	for _, p := range f.peers {
		if p.slow || !f.useful(p) || len(p.queue) >= f.allowance(p) {
			continue
		}
		p.complete()
		next, why := f.candidate(p)
		if next == nil || f.held {
			f.spare = append(f.spare, p)
			f.offer(p, why)
		}
	}
	for i := range f.lacking {
		f.relieve(&f.lacking[i], now, d)
	}
	for _, q := range f.peers {
		if q.slow && len(f.spare) > 0 {
			f.share(q, now, d)
		}
	}
}

// askForNext asks those that have shown a pace, or those that have not, for the block
// that their chain waits for.
func (f *Fetcher) askForNext(paced bool, now time.Time, d *Decision) {
	for _, p := range f.peers {
		if p.slow || p.pace.known() != paced || !f.useful(p) || len(p.queue) >= f.allowance(p) {
			continue
		}
		p.complete()
		f.ask(p, f.starving(p), now, d)
	}
}

// markSlow marks the peers that owe us blocks for too long.
func (f *Fetcher) markSlow(now time.Time) {
	busy := f.busy()
	for _, p := range f.peers {
		if len(p.queue) > 0 && !p.slow && now.After(f.overdue(p, busy)) {
			p.slow = true
			f.patience.hedge = min(2*f.patience.hedge, hedgeMax)
		}
	}
}

// oweSlowly reports whether any slow peer owes us a block.
func (f *Fetcher) oweSlowly() bool {
	return slices.ContainsFunc(f.peers, func(p *peerState) bool { return p.slow && len(p.queue) > 0 })
}

// share asks spare peers for what q owes, each block of the one that owes least, and
// of one that has shown a pace if there is any.
func (f *Fetcher) share(q *peerState, now time.Time, d *Decision) {
	for i := range q.queue {
		n := q.queue[i].node
		var best *peerState
		for _, p := range f.spare {
			if len(p.queue) < f.allowance(p) && (best == nil || p.rather(best)) && p.owes(n) < 0 && p.best.HasAncestor(n) && f.may(p, n) {
				best = p
			}
		}
		if best != nil {
			f.ask(best, n, now, d)
		}
	}
}

// rather reports whether a spare peer is asked sooner than another.
func (p *peerState) rather(q *peerState) bool {
	if known := p.pace.known(); known != q.pace.known() {
		return known
	}
	return len(p.queue) < len(q.queue)
}

// ask asks p for a block that only slow peers owe us. A second one that does not send it is slow
// in turn, after the present patience.
func (f *Fetcher) ask(p *peerState, n *headers.Node, now time.Time, d *Decision) {
	fl := f.flights[n]
	if fl.count == 0 || fl.count == maxHolders || f.credits.has(n.Hash()) {
		return
	}
	for _, q := range fl.holders[:fl.count] {
		if !q.slow {
			return
		}
	}
	switch {
	case !f.may(p, n):
	case !f.affords(p, n):
		f.short = true
	default:
		f.load(p, n, now)
		d.request(p.id, n)
	}
}

// plan finds when time alone will change something.
func (f *Fetcher) plan(now time.Time) {
	f.wake = time.Time{}
	at := func(t time.Time) {
		if f.wake.IsZero() || t.Before(f.wake) {
			f.wake = t
		}
	}
	busy := f.busy()
	for _, p := range f.peers {
		if !p.retry.IsZero() {
			at(p.retry)
		}
		if p.dropped || len(p.queue) == 0 {
			continue
		}
		at(f.deadline(p, busy).Add(1))
		if !p.stallingSince.IsZero() {
			at(p.stallingSince.Add(f.patience.stall + 1))
		}
		if !p.slow {
			at(f.overdue(p, busy).Add(1))
		}
	}
	if !f.overtake.IsZero() {
		at(f.overtake)
	}
	if f.short && f.view.Queued() > f.credits.bytes {
		at(now.Add(heldPoll))
	}
}

// heldPoll is how often the view's queue is looked at while requests wait for it
// to shrink and no verdict of ours will tell.
const heldPoll = 100 * time.Millisecond
