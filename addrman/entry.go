package addrman

import (
	"math"

	"grapevine/wire"
)

// Seconds.
const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
)

const (
	// horizon is how old the last word of an address may be.
	horizon = 30 * day
	// retries is how many attempts an address that was never reached has,
	// maxFailures how many one that was, if that is longer ago than minFail.
	retries     = 3
	maxFailures = 10
	minFail     = 7 * day
)

// id names an entry, from 1 on; noID stands for none.
type id int32

const noID id = 0

// endpoint is what entries are found by.
type endpoint struct {
	addr wire.NetworkAddress
	port uint16
}

// entry is what is known of an address. Times are seconds since 1970, 0 for never.
type entry struct {
	endpoint
	tried    bool
	refs     uint8 // buckets of the new table that it is in
	attempts uint32
	services wire.ServiceFlags
	source   wire.NetworkAddress // who told of it first
	seen     int64               // when it is said to have been up last

	lastTry     int64 // when we tried last; not kept on disk
	lastCounted int64 // the last attempt that counted; not kept on disk
	lastSuccess int64

	places [maxRefs]place // the first refs of them
	random int32          // its position in book.random
}

// terrible reports whether an entry may go: unless tried just now, when it claims to be
// from the future, was not seen for long, or did not answer too often.
func (e *entry) terrible(now int64) bool {
	switch {
	case now-e.lastTry <= minute:
		return false
	case e.seen > now+10*minute:
		return true
	case now-e.seen > horizon:
		return true
	case e.lastSuccess == 0 && e.attempts >= retries:
		return true
	}
	return now-e.lastSuccess > minFail && e.attempts >= maxFailures
}

// chance is the weight of an entry when one is chosen: less by a third for each failure,
// up to eight of them so that an outage of ours is not the end of it, and a hundredth
// of that if it was tried just now.
func (e *entry) chance(now int64) float64 {
	c := math.Pow(0.66, float64(min(e.attempts, 8)))
	if now-e.lastTry < 10*minute {
		c *= 0.01
	}
	return c
}
