package blockfetch

import "time"

const (
	// ahead is for how long what a peer is asked for at a time keeps it busy, and so
	// for how long a slow one holds up its blocks. It must exceed a round trip, or a
	// quick peer far away would have nothing to do half of the time.
	ahead = 4 * time.Second
	// firstAsked is how many blocks a peer is asked for before its pace is known.
	firstAsked = 4
	// leastAsked is how many blocks a peer is asked for at a time however slow it
	// is, one on its way and one to follow, or as many small ones as make
	// leastBytes, so that the first steps over a long link are not all too small.
	leastAsked = 2
	leastBytes = 64 << 10
	// longest bounds what is foretold, so that it can be added to a time.
	longest = 24 * time.Hour
)

// pace is how fast a peer sends. Only blocks that followed others without a
// pause tell: what is asked for one by one over a long link comes at the pace of
// our questions. The zero value is of a peer of which nothing is known.
type pace struct {
	bytes int64 // that came in the last two to four seconds of busy time
	busy  time.Duration
	trip  time.Duration // the shortest time from a question to its answer, 0 for none
}

// sent takes in a block of that many bytes, asked for and sent at these times,
// and when the peer had sent the block before it.
func (c *pace) sent(bytes int64, asked, before, now time.Time) {
	if c.trip > 0 && !before.Before(asked.Add(c.trip)) {
		c.bytes += bytes
		c.busy += max(now.Sub(before), 0)
		for c.busy > ahead {
			c.bytes, c.busy = max(c.bytes/2, 1), c.busy/2
		}
	}
	if trip := max(now.Sub(asked), 1); c.trip == 0 || trip < c.trip {
		c.trip = trip
	}
}

// known reports whether the peer has sent enough to tell its pace.
func (c *pace) known() bool { return c.bytes > 0 }

// within returns how many blocks of a size come in the time, at most limit.
func (c *pace) within(d time.Duration, size int64, limit int) int {
	if !c.known() {
		return 0
	}
	if c.busy == 0 {
		return limit
	}
	return int(min(float64(c.bytes)/float64(size)*float64(d)/float64(c.busy), float64(limit)))
}

// takes returns how long so many blocks of a size take once they come, zero where
// the pace is not known.
func (c *pace) takes(blocks int, size int64) time.Duration {
	if !c.known() {
		return 0
	}
	d := float64(blocks) * float64(size) * float64(c.busy) / float64(c.bytes)
	return time.Duration(min(d, float64(longest)))
}
