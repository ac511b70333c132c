package p2p

import (
	"slices"
	"time"
)

const (
	// offsetsKept is how many peers' clocks are remembered, offsetsNeeded how many
	// it takes to say anything of ours.
	offsetsKept   = 50
	offsetsNeeded = 5
	// offsetTolerated is how far our clock may be from the others'.
	offsetTolerated = 10 * time.Minute
)

// clockOffsets are how far the clocks of peers of our choice were from ours when
// they introduced themselves. Those who come to us are not asked: they could agree on
// making us doubt our clock.
type clockOffsets struct {
	last []time.Duration // the newest last
	warn bool
}

// add notes one peer's clock less ours, and reports whether a warning is due that
// was not before.
func (o *clockOffsets) add(d time.Duration) bool {
	if len(o.last) == offsetsKept {
		o.last = append(o.last[:0], o.last[1:]...)
	}
	o.last = append(o.last, d)
	before := o.warn
	o.warn = o.median().Abs() > offsetTolerated
	return o.warn && !before
}

// median is 0 while too few are known.
func (o *clockOffsets) median() time.Duration {
	if len(o.last) < offsetsNeeded {
		return 0
	}
	sorted := slices.Clone(o.last)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// ClockOffset returns the median of how far the clocks of peers of our choice are
// from ours, 0 while fewer than five are known, and whether that is more than ten
// minutes: then either this machine's clock is wrong, or theirs.
func (c *Core) ClockOffset() (median time.Duration, warn bool) {
	return c.clocks.median(), c.clocks.warn
}
