package event

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func publish(t *testing.T, r *Ring, heights ...int32) {
	t.Helper()
	for _, h := range heights {
		if _, err := r.Publish(t.Context(), Event{Kind: TipMoved, Height: h}); err != nil {
			t.Fatal(err)
		}
	}
}

func next(t *testing.T, c *Cursor) int32 {
	t.Helper()
	e, err := c.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return e.Height
}

func TestCursorReadsInOrder(t *testing.T) {
	r := NewRing(4)
	publish(t, r, 1)
	c := r.Subscribe()
	publish(t, r, 2, 3)
	if a, b := next(t, c), next(t, c); a != 2 || b != 3 {
		t.Fatalf("read %d, %d; want 2, 3", a, b)
	}
	if r.Last() != 3 {
		t.Fatalf("last %d; want 3", r.Last())
	}
}

func TestCursorThatLagsIsTold(t *testing.T) {
	r := NewRing(2)
	c := r.Subscribe()
	publish(t, r, 1, 2, 3)
	if _, err := c.Next(t.Context()); !errors.Is(err, ErrLagged) {
		t.Fatalf("error %v; want ErrLagged", err)
	}
	if h := next(t, c); h != 2 {
		t.Fatalf("resumed at %d; want 2", h)
	}
}

func TestPublishWaitsForHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRing(2)
		c := r.Hold()
		publish(t, r, 1, 2)
		done := make(chan struct{})
		go func() {
			defer close(done)
			publish(t, r, 3)
		}()
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("published over an event that the holder had not read")
		default:
		}
		if h := next(t, c); h != 1 {
			t.Fatalf("read %d; want 1", h)
		}
		<-done
		if a, b := next(t, c), next(t, c); a != 2 || b != 3 {
			t.Fatalf("read %d, %d; want 2, 3", a, b)
		}
		c.Close()
		publish(t, r, 4, 5, 6) // nobody holds any more
	})
}

func TestWaitsEndWithContext(t *testing.T) {
	r := NewRing(1)
	held := r.Hold()
	publish(t, r, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Publish(ctx, Event{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("publish: %v", err)
	}
	if _, err := r.Subscribe().Next(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("next: %v", err)
	}
	held.Close()
}

func TestReorg(t *testing.T) {
	if (Event{Kind: TipMoved, OldHeight: 4, ForkHeight: 4}).Reorg() {
		t.Error("an extension is no reorganisation")
	}
	if !(Event{Kind: TipMoved, OldHeight: 4, ForkHeight: 3}).Reorg() {
		t.Error("a fork below the old tip is a reorganisation")
	}
}
