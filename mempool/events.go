package mempool

import (
	"context"
	"sync"

	"grapevine/wire"
)

// EventKind says what an [Event] reports.
type EventKind uint8

const (
	// Added: a transaction has entered the pool.
	Added EventKind = iota + 1
	// Removed: it has left, for the event's Reason.
	Removed
)

// Reason says why a transaction left.
type Reason uint8

// The reasons, with the names of the reference.
const (
	ReasonExpiry    Reason = iota + 1 // it waited too long
	ReasonSizeLimit                   // others pay more
	ReasonReorg                       // it is no longer valid after a reorganisation
	ReasonBlock                       // it is in a block
	ReasonConflict                    // a transaction in a block spends the same
)

// String returns the reason in lower case.
func (r Reason) String() string {
	switch r {
	case ReasonExpiry:
		return "expiry"
	case ReasonSizeLimit:
		return "sizelimit"
	case ReasonReorg:
		return "reorg"
	case ReasonBlock:
		return "block"
	case ReasonConflict:
		return "conflict"
	default:
		return "unknown"
	}
}

// Event is a change of the pool, as of after readers see it.
type Event struct {
	// Seq counts all changes of a run, from 1 on: what getrawmempool calls
	// mempool_sequence is the next one.
	Seq    uint64
	Kind   EventKind
	Reason Reason // for Removed; [ReasonReorg] for what a reorganisation has brought back
	Txid   wire.Txid
	Wtxid  wire.Wtxid
}

// eventsKept is how many events a consumer may lag behind: 16,384 of 80 bytes.
const eventsKept = 1 << 14

// Events keeps the last events of a pool for its readers. A reader that falls
// behind loses some and is told; nobody waits for it.
type Events struct {
	mu      sync.Mutex
	kept    []Event // a ring by sequence number, from the first event on
	last    uint64
	changed chan struct{} // closed and replaced when something was published
}

func newEvents() *Events {
	return &Events{changed: make(chan struct{})}
}

// publish appends events whose sequence numbers continue the last one.
func (r *Events) publish(list []Event) {
	if len(list) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		r.kept = make([]Event, eventsKept)
	}
	for _, e := range list {
		if e.Seq != r.last+1 {
			panic("mempool: events out of sequence")
		}
		r.last = e.Seq
		r.kept[e.Seq%eventsKept] = e
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// Subscribe returns a cursor that reads the events after the newest one.
func (r *Events) Subscribe() *Cursor {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &Cursor{ring: r, read: r.last}
}

// Cursor is one reader's place. It is not safe for use by several goroutines
// at once.
type Cursor struct {
	ring *Events
	read uint64
}

// Next returns the next event, waiting for one. It fails with [ErrLagged] once
// for every time that events were lost, and with ctx's error.
func (c *Cursor) Next(ctx context.Context) (Event, error) {
	r := c.ring
	for {
		r.mu.Lock()
		if c.read < r.last {
			if r.last-c.read > eventsKept {
				c.read = r.last - eventsKept
				r.mu.Unlock()
				return Event{}, ErrLagged
			}
			c.read++
			e := r.kept[c.read%eventsKept]
			r.mu.Unlock()
			return e, nil
		}
		wait := r.changed
		r.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}
