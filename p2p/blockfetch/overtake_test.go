package blockfetch

import (
	"slices"
	"testing"
	"time"

	"grapevine/p2p/peer"
)

func TestPace(t *testing.T) {
	type block struct{ bytes, asked, came int64 } // bytes and milliseconds
	for _, c := range []struct {
		name   string
		blocks []block
		known  bool
		takes  time.Duration // a block of 50 kB
		within int           // of them in four seconds
	}{
		{"none", nil, false, 0, 0},
		{"the first tells the way only", []block{{50_000, 0, 2000}}, false, 0, 0},
		{"one by one over a long link", []block{{50_000, 0, 2000}, {50_000, 2000, 4000}, {50_000, 4000, 6000}}, false, 0, 0},
		{"one after the other", []block{{50_000, 0, 2000}, {50_000, 0, 3000}, {50_000, 0, 4000}}, true, time.Second, 4},
		{"asked in time", []block{{50_000, 0, 1000}, {50_000, 0, 2000}, {50_000, 1000, 3000}, {50_000, 2000, 4000}}, true, time.Second, 4},
		{"at once", []block{{50_000, 0, 100}, {50_000, 0, 100}, {50_000, 0, 100}}, true, 0, 20},
		{"a pause without questions", []block{{50_000, 0, 500}, {50_000, 0, 1000}, {50_000, 9000, 9500}}, true, 500 * time.Millisecond, 8},
		{"faster than it is asked for", []block{{50_000, 0, 100}, {5_000_000, 0, 200}}, true, time.Millisecond, 20},
		{"next to nothing", []block{{100, 0, 10}, {100, 0, 20}, {100, 0, 100_000_000}}, true, longest, 0},
		{"of late", []block{{50_000, 0, 10}, {50_000, 0, 20}, {50_000, 0, 10_020}}, true, 5005 * time.Millisecond, 0},
	} {
		var p pace
		var before time.Time
		for _, b := range c.blocks {
			now := epoch.Add(time.Duration(b.came) * time.Millisecond)
			p.sent(b.bytes, epoch.Add(time.Duration(b.asked)*time.Millisecond), before, now)
			before = now
		}
		if p.known() != c.known || p.takes(1, 50_000).Round(10*time.Microsecond) != c.takes || p.within(ahead, 50_000, 20) != c.within {
			t.Errorf("%s: known %v, a block takes %v, %d in time; not %v, %v, %d", c.name,
				p.known(), p.takes(1, 50_000), p.within(ahead, 50_000, 20), c.known, c.takes, c.within)
		}
	}
	p := pace{bytes: 1, busy: ahead}
	if got := p.takes(1000, 4_000_000); got != longest {
		t.Errorf("four gigabytes at a byte in four seconds take %v", got)
	}
}

func TestPeerIsAskedForWhatItSendsInTime(t *testing.T) {
	for _, c := range []struct {
		name string
		pace pace
		size int64
		want int
	}{
		{"unknown", pace{}, 50_000, 4},
		{"unknown, small blocks", pace{}, 1000, 65},
		{"slow", pace{bytes: 30_000, busy: time.Second, trip: 1}, 50_000, 2},
		{"slow, small blocks", pace{bytes: 1000, busy: time.Second, trip: 1}, 1000, 65},
		{"better", pace{bytes: 100_000, busy: time.Second, trip: 1}, 50_000, 8},
		{"quick", pace{bytes: 3_000_000, busy: time.Second, trip: 1}, 50_000, 20},
		{"quick, large blocks", pace{bytes: 30_000_000, busy: time.Second, trip: 1}, 2_000_000, 16},
		{"quick, small blocks", pace{bytes: 3_000_000, busy: time.Second, trip: 1}, 250, 256},
	} {
		b := newBench(t, Config{})
		line := b.v.grow(b.v.tree.Genesis(), 400, 1)
		b.peer(1, full, line[399])
		b.f.byID[1].pace = c.pace
		for i := range b.f.credits.sizes {
			b.f.credits.sizes[i] = c.size
		}
		b.f.credits.count = recentSizes
		if _, asked := b.next(); len(asked[1]) != c.want {
			t.Errorf("%s: asked for %d, not %d", c.name, len(asked[1]), c.want)
		}
	}
}

// besideSlow is a fetcher of blocks of 50 kB whose window of 32 is held by a
// peer that sends one in two seconds, and has sent block 1.
func besideSlow(t *testing.T, blocks int) (*bench, func(id peer.ID)) {
	b := newBench(t, Config{Window: 32})
	line := b.v.grow(b.v.tree.Genesis(), blocks, 1)
	b.peer(1, full, line[blocks-1])
	b.f.byID[1].pace = pace{bytes: 50_000, busy: 2 * time.Second, trip: 100 * time.Millisecond}
	b.next()
	b.deliver(1, line[0], 50_000)
	b.f.byID[1].pace = pace{bytes: 50_000, busy: 2 * time.Second, trip: 100 * time.Millisecond}
	b.next()
	b.peer(2, full, line[blocks-1])
	return b, func(id peer.ID) {
		for _, n := range b.f.InFlight(id) {
			b.deliver(id, n, 50_000)
		}
	}
}

func TestWindowHeldByASlowPeer(t *testing.T) {
	b, send := besideSlow(t, 100)
	if got := heights(b.f.InFlight(1)); !slices.Equal(got, span(2, 3, 1)) {
		t.Fatalf("the slow one owes %v", got)
	}
	if _, asked := b.next(); !slices.Equal(asked[2], span(4, 23, 1)) {
		t.Fatalf("asked for %v", asked)
	}
	send(2)
	if _, asked := b.next(); !slices.Equal(asked[2], append(span(24, 33, 1), 2, 3)) {
		t.Fatalf("before the end of the window, and what holds it: %v", asked)
	}
	send(2)
	if b.v.active.Height() < 32 {
		t.Fatalf("tip %d", b.v.active.Height())
	}
	if _, asked := b.next(); len(asked[1]) != 0 || len(asked[2]) == 0 {
		t.Fatalf("the slow one owes two yet: asked for %v", asked)
	}
	send(1)
	b.check()
}

// For what comes soon, no other is asked until it is late.
func TestNoCopyThatIsNotWorthIt(t *testing.T) {
	b, send := besideSlow(t, 100)
	b.next()
	send(2)
	b.after(1800 * time.Millisecond)
	if _, asked := b.next(); !slices.Equal(asked[2], append(span(24, 33, 1), 3)) {
		t.Fatalf("block 2 due in 0.3 s, block 3 in 2.3 s: asked for %v", asked)
	}
	at, ok := b.f.Wake()
	if wait := at.Sub(b.now); !ok || wait.Round(time.Millisecond) != 2800*time.Millisecond {
		t.Fatalf("wakes after %v", wait)
	}
	b.now = at.Add(-1)
	if d, _ := b.next(); !d.empty() {
		t.Fatalf("early: %s", show(d))
	}
	b.now = at
	if _, asked := b.next(); !slices.Equal(asked[2], []int32{2}) {
		t.Fatalf("twice its pace and half a second later: asked for %v", asked)
	}
}

func TestLastBlocksAreLeftToWhoWasAsked(t *testing.T) {
	for _, c := range []struct {
		syncing bool
		blocks  int
		copies  []int32
	}{
		{false, 9, nil},
		{false, 10, span(2, 3, 1)},
		{true, 4, span(2, 3, 1)},
	} {
		b, _ := besideSlow(t, c.blocks)
		b.v.syncing = c.syncing
		_, asked := b.next()
		if got := asked[2][c.blocks-3:]; !slices.Equal(got, c.copies) {
			t.Errorf("syncing %v, %d blocks: copies of %v, not %v", c.syncing, c.blocks, got, c.copies)
		}
	}
}

// A block that is here and waits for its verdict is not asked for again.
func TestNoCopyOfWhatIsHere(t *testing.T) {
	b, send := besideSlow(t, 100)
	b.next()
	send(2)
	b.next()
	two := b.v.active.Tip()
	for _, n := range b.f.InFlight(2) {
		if n.Height() == 2 {
			two = n
		}
	}
	b.f.Received(b.now, 2, two.Hash(), 50_000)
	if _, asked := b.next(); slices.Contains(asked[2], 2) {
		t.Fatalf("asked for %v", asked)
	}
	send(2)
	if _, asked := b.next(); slices.Contains(asked[2], 2) {
		t.Fatalf("asked for %v", asked)
	}

	// Nor is one that somebody sent without being asked.
	b, send = besideSlow(t, 100)
	b.next()
	b.f.Received(b.now, 3, two.Parent().Hash(), 50_000)
	three := b.f.InFlight(1)[1]
	b.f.Received(b.now, 3, three.Hash(), 50_000)
	send(2)
	if _, asked := b.next(); !slices.Contains(asked[2], 2) || slices.Contains(asked[2], 3) {
		t.Fatalf("asked for %v", asked)
	}
}

// The quickest of those who are idle is asked, if it is quicker by far: each of
// them owes one block, and block 2 is due in 2.1 seconds.
func TestQuickestOvertakes(t *testing.T) {
	for _, c := range []struct {
		second, third time.Duration // for a block
		who           peer.ID       // 0 for nobody
	}{
		{10 * time.Millisecond, 20 * time.Millisecond, 2},
		{20 * time.Millisecond, 10 * time.Millisecond, 3},
		{400 * time.Millisecond, 420 * time.Millisecond, 0},
		{420 * time.Millisecond, 380 * time.Millisecond, 3},
	} {
		b, _ := besideSlow(t, 5)
		b.peer(3, full, b.v.tree.Best())
		b.f.byID[2].pace = pace{bytes: 50_000, busy: c.second, trip: 1}
		b.f.byID[3].pace = pace{bytes: 50_000, busy: c.third, trip: 1}
		_, asked := b.next()
		for id := range peer.ID(4) {
			if got := slices.Contains(asked[id], 2); got != (id == c.who && id != 0) {
				t.Errorf("%v and %v a block: asked for %v", c.second, c.third, asked)
			}
		}
	}
}

// What a slow peer owes besides what holds the chain costs credits like all else.
func TestCopiesTakeCredits(t *testing.T) {
	b, _ := besideSlow(t, 100)
	b.v.queued = defaultCredits
	if _, asked := b.next(); !slices.Equal(asked[2], []int32{2}) {
		t.Fatalf("asked for %v", asked)
	}
	b.v.queued = 0
	if _, asked := b.next(); !slices.Contains(asked[2], 4) {
		t.Fatalf("asked for %v", asked)
	}
}

// When there is only ever room for one block, peers take turns.
func TestRequestsAreSpread(t *testing.T) {
	b := newBench(t, Config{Credits: 64 << 10, Window: 64})
	line := b.v.grow(b.v.tree.Genesis(), 40, 1)
	for id := range peer.ID(4) {
		b.peer(id, full, line[39])
	}
	b.f.credits.sizes[0], b.f.credits.count = 50_000, 1
	count := make(map[peer.ID]int)
	for range 40 {
		d, _ := b.next()
		if len(d.Requests) != 1 || len(d.Requests[0].Nodes) != 1 {
			t.Fatalf("decided %s", show(d))
		}
		count[d.Requests[0].Peer]++
		b.deliver(d.Requests[0].Peer, d.Requests[0].Nodes[0], 50_000)
	}
	for id, n := range count {
		if n != 10 {
			t.Errorf("%v was asked for %d of 40", id, n)
		}
	}
}

// Who has been silent for so long that all others are asked is outrun by any,
// however slow it was known to be.
func TestSilentPeerIsOutrun(t *testing.T) {
	b, _ := besideSlow(t, 100)
	b.after(1800 * time.Millisecond)
	q := b.f.byID[1]
	if from := b.f.outrun(q, 0, 0, b.now); !from.After(b.now) {
		t.Fatal("outrun although its block is due in 0.3 s")
	}
	q.slow = true
	if from := b.f.outrun(q, 0, 0, b.now); from != b.now {
		t.Fatalf("outrun in %v", from.Sub(b.now))
	}
}

// Of peers that may be asked for what a silent one owes, such come first as have sent
// something, though they owe more: three that never do could keep a block from us.
func TestSilentPeersComeAfterThoseWithAPace(t *testing.T) {
	b := newBench(t, Config{})
	chain := b.v.grow(b.v.tree.Genesis(), 7, 1)
	b.v.syncing = false
	for _, id := range []peer.ID{1, 2} {
		b.f.AddPeer(id, full) // never sent anything
	}
	b.f.Has(1, chain[3])
	b.next()
	b.f.Has(2, chain[3])
	b.peer(3, full, chain[6])
	if _, asked := b.next(); !slices.Equal(asked[3], []int32{5, 6, 7}) {
		t.Fatalf("asked %v", asked)
	}
	b.after(14 * time.Second)
	b.deliver(3, chain[4], 300)
	b.after(2 * time.Second) // ten, and five for the other that owes us blocks
	_, asked := b.next()
	if !slices.Equal(asked[3], []int32{1, 2, 3, 4}) || len(asked[2]) > 0 {
		t.Errorf("asked %v", asked)
	}
}
