package addrman

import "grapevine/wire"

// add takes one address from gossip and reports whether it is new in some bucket.
func (b *book) add(now int64, a wire.TimedAddr, source wire.NetworkAddress, penalty int64) bool {
	if !a.Addr.Routable() {
		return false
	}
	if a.Addr == source {
		penalty = 0 // it speaks of itself, and is up
	}
	said := int64(a.Time)
	n, e := b.find(endpoint{a.Addr, a.Port})
	if e == nil {
		n, e = b.create(endpoint{a.Addr, a.Port}, source)
		e.services = a.Services
		e.seen = max(0, said-penalty)
	} else if !b.renew(now, e, a, penalty) {
		return false
	}
	p := b.newPlaceOf(e, source)
	if b.at[p] == n {
		return false
	}
	if there := b.at[p]; there != noID {
		old := b.entry(there)
		// What is in the way stays unless it is worthless, or is in other buckets
		// besides and this one in none.
		if !old.terrible(now) && (old.refs <= 1 || e.refs > 0) {
			if e.refs == 0 {
				b.drop(n)
			}
			return false
		}
		b.release(p)
	}
	b.refer(n, e, p)
	return true
}

// renew takes over what is new about an entry, and reports whether it may be entered
// into one more bucket.
func (b *book) renew(now int64, e *entry, a wire.TimedAddr, penalty int64) bool {
	said := int64(a.Time)
	interval := int64(day)
	if now-said < day {
		interval = hour // it seems to be up
	}
	if e.seen < said-interval-penalty {
		e.seen = max(0, said-penalty)
		b.touch(e)
	}
	if s := e.services | a.Services; s != e.services {
		e.services = s
		b.touch(e)
	}
	if said <= e.seen || e.tried || e.refs == maxRefs {
		return false
	}
	// Each further bucket is twice as hard to get into as the one before, so that
	// repeating an address a thousand times does not put it everywhere.
	return b.rng.Uint64N(1<<e.refs) == 0
}
