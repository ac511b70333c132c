package blockfetch

import (
	"testing"
	"time"
)

// stalled has a peer hold up the chain when patience is so long already; it returns
// after how long the peer is dropped, and how long the next one would have.
func stalled(t *testing.T, patience time.Duration) (dropped, next time.Duration) {
	t.Helper()
	b := newBench(t, Config{Window: 32})
	line := b.v.grow(b.v.tree.Genesis(), 100, 1)
	b.peer(1, full, line[99])
	b.peer(2, full, line[99])
	b.next()
	b.f.byID[2].pace, b.f.byID[1].pace = pace{}, pace{} // nobody is overtaken
	b.f.patience.stall, b.f.patience.hedge = patience, time.Hour
	for _, n := range b.f.InFlight(2) {
		b.deliver(2, n, 1000)
	}
	b.next()
	for from := b.now; b.now.Sub(from) < time.Hour; {
		at, ok := b.f.Wake()
		if !ok {
			t.Fatal("nothing is to happen any more")
		}
		b.now = at
		if d, _ := b.next(); len(d.Drop) > 0 {
			if d.Drop[0].Peer != 1 || d.Drop[0].Reason != ReasonStalling {
				t.Fatalf("dropped %v", d.Drop)
			}
			return b.now.Sub(from).Truncate(time.Millisecond), b.f.patience.stall
		}
	}
	t.Fatal("nobody is dropped")
	return 0, 0
}

// Each peer that is dropped for holding up the chain gives the next one twice as
// long, for the reason may be our own connection: from two seconds to 64.
func TestStallingLimitDoubles(t *testing.T) {
	for limit := stallMin; limit <= stallMax; limit *= 2 {
		dropped, next := stalled(t, limit)
		if want := min(2*limit, 64*time.Second); dropped != limit || next != want {
			t.Errorf("with %v it is dropped after %v, and the next one has %v, not %v", limit, dropped, next, want)
		}
	}
}

// With each block that connects the limit goes back by 15 %, in whole seconds.
func TestStallingLimitRecovers(t *testing.T) {
	b := newBench(t, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 100, 1)
	b.peer(1, full, line[99])
	b.next()
	b.f.patience.stall = stallMax
	for i, want := range []time.Duration{54, 45, 38, 32, 27, 22, 18, 15, 12, 10, 8, 6, 5, 4, 3, 2, 2, 2} {
		b.deliver(1, line[i], 1000)
		b.next()
		if got := b.f.patience.stall; got != want*time.Second {
			t.Fatalf("after %d blocks %v, not %v", i+1, got, want*time.Second)
		}
	}
}
