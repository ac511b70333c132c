package addrman

import (
	"slices"

	"grapevine/wire"
)

const (
	// maxCollisions is how many entries wait for a place in the tried table.
	maxCollisions = 10
	// replacement is how fresh an answer, or the lack of one, has to be to decide
	// who has the place, testWindow how long to wait for either.
	replacement = 4 * hour
	testWindow  = 40 * minute
)

// good notes a handshake and reports whether it brought the address into the tried
// table. Where another is in the way, that is to be tested first.
func (b *book) good(now int64, ep endpoint, test bool) bool {
	b.lastGood = now
	n, e := b.find(ep)
	if e == nil {
		return false
	}
	// When it was seen stays as it is: what we tell of our peers must not say who
	// they are.
	e.lastSuccess, e.lastTry, e.attempts = now, now, 0
	b.touch(e)
	if e.tried {
		return false
	}
	if test && b.at[b.triedPlaceOf(e)] != noID {
		if len(b.collisions) < maxCollisions && !slices.Contains(b.collisions, n) {
			b.collisions = append(b.collisions, n)
		}
		return false
	}
	b.makeTried(n, e)
	return true
}

// uncollide removes an entry from those that wait.
func (b *book) uncollide(n id) {
	if i := slices.Index(b.collisions, n); i >= 0 {
		b.collisions = slices.Delete(b.collisions, i, i+1)
	}
}

// attempt notes that a connection was tried.
func (b *book) attempt(now int64, ep endpoint, counts bool) {
	_, e := b.find(ep)
	if e == nil {
		return
	}
	e.lastTry = now
	// One failure counts between two successes of any peer, so that an outage of
	// ours does not make all the world look bad.
	if counts && e.lastCounted < b.lastGood {
		e.lastCounted = now
		e.attempts++
		b.touch(e)
	}
}

// connected notes that a connection was still up when it ended.
func (b *book) connected(now int64, ep endpoint) {
	if _, e := b.find(ep); e != nil && now-e.seen > 20*minute {
		e.seen = now
		b.touch(e)
	}
}

func (b *book) setServices(ep endpoint, s wire.ServiceFlags) {
	if _, e := b.find(ep); e != nil && e.services != s {
		e.services = s
		b.touch(e)
	}
}

// collision picks an entry of the tried table that another waits for.
func (b *book) collision() *entry {
	if len(b.collisions) == 0 {
		return nil
	}
	n := b.collisions[b.rng.IntN(len(b.collisions))]
	old := b.at[b.triedPlaceOf(b.entry(n))]
	if old == noID {
		return nil
	}
	return b.entry(old)
}

// resolveCollisions decides those that can be decided.
func (b *book) resolveCollisions(now int64) {
	for _, n := range slices.Clone(b.collisions) {
		if !slices.Contains(b.collisions, n) {
			continue // another one's move has dropped it
		}
		e := b.entry(n)
		if there := b.at[b.triedPlaceOf(e)]; there != noID {
			old := b.entry(there)
			switch {
			case now-old.lastSuccess < replacement: // it answered
				b.uncollide(n)
				continue
			case now-old.lastTry < replacement: // it was asked, and has a minute to answer
				if now-old.lastTry <= minute {
					continue
				}
			case now-e.lastSuccess <= testWindow: // it will be asked yet
				continue
			}
		}
		b.uncollide(n)
		b.good(now, e.endpoint, false)
	}
}
