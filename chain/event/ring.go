package event

import (
	"context"
	"errors"
	"sync"
)

// ErrLagged is returned by [Cursor.Next] when events that the cursor had not
// read are no longer kept. The cursor then stands at the oldest kept event.
var ErrLagged = errors.New("event: consumer fell behind the ring")

// Ring keeps the last events for its readers.
type Ring struct {
	mu      sync.Mutex
	kept    []Event // kept[seq % len] holds event seq, for the last len(kept) ones
	last    uint64  // sequence number of the newest event; 0 while there is none
	changed chan struct{}
	holders map[*Cursor]struct{}
}

// NewRing returns a ring that keeps size events; size is at least 1.
func NewRing(size int) *Ring {
	if size < 1 {
		panic("event: ring without room")
	}
	return &Ring{
		kept:    make([]Event, size),
		changed: make(chan struct{}),
		holders: make(map[*Cursor]struct{}),
	}
}

// Publish appends e under the next sequence number, which it returns. It
// waits while a holding cursor has not read the event that e would push out;
// then the error of a cancelled ctx is the only one possible.
func (r *Ring) Publish(ctx context.Context, e Event) (uint64, error) {
	for {
		r.mu.Lock()
		if r.roomLocked() {
			r.last++
			e.Seq = r.last
			r.kept[e.Seq%uint64(len(r.kept))] = e
			r.wakeLocked()
			r.mu.Unlock()
			return e.Seq, nil
		}
		wait := r.changed
		r.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// roomLocked reports whether no holding cursor still needs the oldest slot.
func (r *Ring) roomLocked() bool {
	for c := range r.holders {
		if r.last-c.read >= uint64(len(r.kept)) {
			return false
		}
	}
	return true
}

func (r *Ring) wakeLocked() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// Last returns the sequence number of the newest event, 0 when there is none.
func (r *Ring) Last() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// Subscribe returns a cursor that reads the events after the newest one.
func (r *Ring) Subscribe() *Cursor {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &Cursor{ring: r, read: r.last}
}

// Hold returns a cursor that [Ring.Publish] waits for. Its owner must call
// [Cursor.Close] when it stops reading.
func (r *Ring) Hold() *Cursor {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &Cursor{ring: r, read: r.last}
	r.holders[c] = struct{}{}
	return c
}

// Cursor is one consumer's place in a ring. It is not safe for use by several
// goroutines at once.
type Cursor struct {
	ring *Ring
	read uint64 // newest event handed out; guarded by ring.mu
}

// Next returns the next event, waiting for one. It fails with [ErrLagged]
// once for every time that events were lost, and with ctx's error.
func (c *Cursor) Next(ctx context.Context) (Event, error) {
	r := c.ring
	for {
		r.mu.Lock()
		if c.read < r.last {
			if missed := r.last - c.read; missed > uint64(len(r.kept)) {
				c.read = r.last - uint64(len(r.kept))
				r.mu.Unlock()
				return Event{}, ErrLagged
			}
			c.read++
			e := r.kept[c.read%uint64(len(r.kept))]
			if _, holds := r.holders[c]; holds {
				r.wakeLocked()
			}
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

// Close releases a holding cursor; on another it does nothing.
func (c *Cursor) Close() {
	r := c.ring
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, holds := r.holders[c]; holds {
		delete(r.holders, c)
		r.wakeLocked()
	}
}
