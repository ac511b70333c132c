package node

import (
	"sync/atomic"
	"time"
)

// Clock is the node's time: the system's, or one at which a test stopped it. Any goroutine may read and set it.
type Clock struct {
	mock atomic.Int64 // seconds since 1970; 0 means the system's clock
}

// Now returns the node's time.
func (c *Clock) Now() time.Time {
	if m := c.mock.Load(); m != 0 {
		return time.Unix(m, 0)
	}
	return time.Now()
}

// Set stops the clock at t; the zero time lets it go with the system's again.
func (c *Clock) Set(t time.Time) {
	if t.IsZero() {
		c.mock.Store(0)
		return
	}
	c.mock.Store(t.Unix())
}

// Mock returns where the clock was stopped, the zero time when it was not.
func (c *Clock) Mock() time.Time {
	if m := c.mock.Load(); m != 0 {
		return time.Unix(m, 0)
	}
	return time.Time{}
}
