package blockfetch

import (
	"slices"
	"testing"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
)

func span(from, to, step int32) (list []int32) {
	for h := from; h <= to; h += step {
		list = append(list, h)
	}
	return list
}

func TestOnePeerIsAskedForSixteen(t *testing.T) {
	b := newBench(t, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 100, 1)
	b.peer(1, full, line[99])
	if _, asked := b.next(); !slices.Equal(asked[1], span(1, 16, 1)) {
		t.Fatalf("asked for %v", asked)
	}
	if d, _ := b.next(); !d.empty() {
		t.Fatalf("asked again: %v", d)
	}
}

func TestPeersShareTheLowest(t *testing.T) {
	b := newBench(t, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 100, 1)
	b.peer(1, full, line[99])
	b.peer(2, full, line[99])
	_, asked := b.next()
	if !slices.Equal(asked[1], span(1, 31, 2)) || !slices.Equal(asked[2], span(2, 32, 2)) {
		t.Fatalf("asked for %v", asked)
	}
}

func TestSmallBlocksAreAskedForInGreaterNumber(t *testing.T) {
	b := newBench(t, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 2000, 1)
	b.peer(1, full, line[1999])
	b.next()
	for i := range 16 {
		b.deliver(1, line[i], 250)
	}
	if _, asked := b.next(); !slices.Equal(asked[1], span(17, 272, 1)) {
		t.Fatalf("asked for %v", asked)
	}
}

func TestStallingPeerIsDropped(t *testing.T) {
	b := newBench(t, Config{Window: 32})
	line := b.v.grow(b.v.tree.Genesis(), 100, 1)
	b.peer(1, full, line[99])
	b.peer(2, full, line[99])
	b.next()
	b.f.byID[2].pace = pace{} // or it would be asked for block 1 after half a second
	for _, n := range b.f.InFlight(2) {
		b.deliver(2, n, 1000)
	}
	if d, _ := b.next(); !d.empty() {
		t.Fatalf("beyond the window: %v", d)
	}
	at, ok := b.f.Wake()
	if !ok || at.Sub(b.now) > stallMin+1 {
		t.Fatalf("wakes %v %v", at.Sub(b.now), ok)
	}
	b.now = at
	d, asked := b.next()
	if len(d.Drop) != 1 || d.Drop[0].Peer != 1 || d.Drop[0].Reason != ReasonStalling || d.Drop[0].Block != line[0] {
		t.Fatalf("dropped %v", d.Drop)
	}
	if !slices.Equal(asked[2], span(1, 31, 2)) {
		t.Fatalf("asked for %v", asked)
	}
}

func TestTimeoutDropsTheLastPeer(t *testing.T) {
	b := newBench(t, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 100, 1)
	b.peer(1, full, line[99])
	b.next()
	b.after(defaultSpacing)
	if d, _ := b.next(); len(d.Drop) != 0 {
		t.Fatalf("dropped early: %v", d)
	}
	b.after(1)
	if d, _ := b.next(); len(d.Drop) != 1 || d.Drop[0].Reason != ReasonTimeout {
		t.Fatalf("decided %v", d)
	}
}

func TestSilentPeerIsReplacedAtTheTip(t *testing.T) {
	b := newBench(t, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 3, 1)
	b.peer(1, full, line[2])
	b.next()
	b.peer(2, full, line[2])
	if d, _ := b.next(); !d.empty() {
		t.Fatalf("decided %v", d)
	}
	b.now, _ = b.f.Wake()
	_, asked := b.next()
	if !slices.Equal(asked[2], span(1, 3, 1)) || b.now.Sub(epoch) > hedgeMin+1 {
		t.Fatalf("after %v: %v", b.now.Sub(epoch), asked)
	}
	for _, n := range line {
		b.deliver(2, n, 1000)
	}
	if b.v.active.Tip() != line[2] || len(b.f.InFlight(1)) != 3 {
		t.Fatalf("tip %d, the first owes %d", b.v.active.Height(), len(b.f.InFlight(1)))
	}
	// It is still dropped when it never answers.
	b.after(2 * defaultSpacing)
	if d, _ := b.next(); len(d.Drop) != 1 || d.Drop[0].Peer != 1 {
		t.Fatalf("decided %v", d)
	}
}

func TestRemovedPeersBlocksAreAskedOfOthers(t *testing.T) {
	b := newBench(t, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 20, 1)
	b.peer(1, full, line[19])
	b.peer(2, full, line[19])
	b.next()
	b.f.RemovePeer(1)
	b.check()
	for _, n := range line {
		if b.f.byID[peer.ID(2)].owes(n) >= 0 {
			b.deliver(2, n, 1000)
		}
	}
	if _, asked := b.next(); !slices.Equal(asked[2], span(1, 19, 2)) {
		t.Fatalf("asked for %v", asked)
	}
}

func TestRefusedBlockIsAskedOfAnother(t *testing.T) {
	b := newBench(t, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 1, 1)
	b.peer(1, full, line[0])
	b.next()
	b.f.Received(b.now, 1, line[0].Hash(), 1000)
	if d, _ := b.next(); !d.empty() {
		t.Fatalf("asked while it is judged: %v", d)
	}
	b.f.Refused(line[0].Hash())
	if d, _ := b.next(); !d.empty() {
		t.Fatalf("asked the same: %v", d)
	}
	b.peer(2, full, line[0])
	if _, asked := b.next(); !slices.Equal(asked[2], []int32{1}) {
		t.Fatalf("asked for %v", asked)
	}
}

func TestNotFoundIsRetriedLater(t *testing.T) {
	b := newBench(t, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 1, 1)
	b.peer(1, full, line[0])
	b.next()
	b.f.NotFound(1, line[0].Hash())
	if d, _ := b.next(); !d.empty() {
		t.Fatalf("decided %v", d)
	}
	at, ok := b.f.Wake()
	if !ok || at != b.now.Add(retryAfter) {
		t.Fatalf("wakes at %v", at)
	}
	b.now = at
	if _, asked := b.next(); !slices.Equal(asked[1], []int32{1}) {
		t.Fatalf("asked for %v", asked)
	}
}

func TestCredits(t *testing.T) {
	b := newBench(t, Config{Credits: 5 << 20})
	line := b.v.grow(b.v.tree.Genesis(), 100, 1)
	b.peer(1, full, line[99])
	if _, asked := b.next(); !slices.Equal(asked[1], span(1, 5, 1)) {
		t.Fatalf("asked for %v", asked)
	}
	// Four megabytes that wait for their verdict leave one for what is on its way.
	for i := range 4 {
		b.f.Received(b.now, 1, line[i].Hash(), 1<<20)
	}
	if d, _ := b.next(); !d.empty() {
		t.Fatalf("decided %v", d)
	}
	b.v.store(line[0])
	b.f.Judged(line[0].Hash())
	if _, asked := b.next(); !slices.Equal(asked[1], []int32{6}) {
		t.Fatalf("asked for %v", asked)
	}
}

func TestWhatTheChainWaitsForIsLetThrough(t *testing.T) {
	b := newBench(t, Config{Credits: 5 << 20})
	line := b.v.grow(b.v.tree.Genesis(), 100, 1)
	b.peer(1, full, line[99])
	b.v.queued = 100 << 20
	if _, asked := b.next(); !slices.Equal(asked[1], []int32{1}) {
		t.Fatalf("asked for %v", asked)
	}
	b.v.queued = 0
	if _, asked := b.next(); !slices.Equal(asked[1], span(2, 5, 1)) {
		t.Fatalf("the queue is empty again: %v", asked)
	}
}

func TestWhoIsAsked(t *testing.T) {
	inbound := full
	inbound.Preferred = false
	for _, c := range []struct {
		name    string
		options Options
		syncing bool
		blocks  int
		asked   []int32
	}{
		{"preferred", full, true, 3, span(1, 3, 1)},
		{"inbound when there is no other", inbound, true, 3, span(1, 3, 1)},
		{"serves nothing", Options{Preferred: true, Witness: true}, false, 3, nil},
		{"no witness", Options{Preferred: true, Network: true}, false, 3, nil},
		{"pruned during the initial download", Options{Preferred: true, Limited: true, Witness: true}, true, 3, nil},
		{"pruned", Options{Preferred: true, Limited: true, Witness: true}, false, 3, span(1, 3, 1)},
		{"pruned, too deep", Options{Preferred: true, Limited: true, Witness: true}, false, 290, span(5, 20, 1)},
	} {
		b := newBench(t, Config{})
		b.v.syncing = c.syncing
		line := b.v.grow(b.v.tree.Genesis(), c.blocks, 1)
		b.peer(1, c.options, line[c.blocks-1])
		if _, asked := b.next(); !slices.Equal(asked[1], c.asked) {
			t.Errorf("%s: asked for %v, not %v", c.name, asked[1], c.asked)
		}
	}
}

func TestInboundIsLeftAloneWhileOthersServe(t *testing.T) {
	b := newBench(t, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 100, 1)
	inbound := full
	inbound.Preferred = false
	b.peer(1, inbound, line[99])
	b.peer(2, full, line[99])
	_, asked := b.next()
	if len(asked[1]) > 0 && len(asked[2]) > 0 {
		t.Fatalf("asked for %v", asked)
	}
}

func TestChainsThatAreNotFetched(t *testing.T) {
	b := newBench(t, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 10, 1)
	for _, n := range line {
		b.v.store(n)
	}
	weak := b.v.grow(line[2], 5, 2)
	b.peer(1, full, weak[4])
	if d, _ := b.next(); !d.empty() {
		t.Fatalf("less work than the tip: %v", d)
	}
	strong := b.v.grow(line[2], 9, 3)
	strong[4].AddStatus(headers.StatusFailed)
	b.f.Has(1, strong[8])
	if _, asked := b.next(); !slices.Equal(asked[1], span(4, 7, 1)) {
		t.Fatalf("up to the invalid block: %v", asked)
	}

	minimum := newBench(t, Config{MinWork: line[9].ChainWork()})
	minimum.v.grow(minimum.v.tree.Genesis(), 10, 1)
	minimum.peer(1, full, minimum.v.tree.Best().Parent())
	if d, _ := minimum.next(); !d.empty() {
		t.Fatalf("less than the minimum: %v", d)
	}
	minimum.f.Has(1, minimum.v.tree.Best())
	if d, _ := minimum.next(); len(d.Requests) != 1 {
		t.Fatalf("at the minimum: %v", d)
	}
}

func TestAnnouncedBeforeItsHeaderCame(t *testing.T) {
	b := newBench(t, Config{})
	other := newView().grow(b.v.tree.Genesis(), 1, 1)
	b.f.AddPeer(1, full)
	b.f.Announced(1, other[0].Hash())
	if d, _ := b.next(); !d.empty() || b.f.Best(1) != nil {
		t.Fatalf("decided %v", d)
	}
	line := b.v.grow(b.v.tree.Genesis(), 1, 1)
	if _, asked := b.next(); !slices.Equal(asked[1], []int32{1}) || b.f.Best(1) != line[0] {
		t.Fatalf("asked for %v", asked)
	}
}

// At the tip a block is asked of who announces it, at once, whoever that is and
// however many preferred peers there are that do not have it yet.
func TestAnnouncedAtTheTip(t *testing.T) {
	inbound := full
	inbound.Preferred = false
	b := newBench(t, Config{})
	b.v.syncing = false
	line := b.v.grow(b.v.tree.Genesis(), 11, 1)
	for _, n := range line[:9] {
		b.v.store(n)
	}
	b.peer(1, full, line[8])
	b.peer(2, inbound, line[8])
	b.next()
	b.f.Has(2, line[9])
	if _, asked := b.next(); !slices.Equal(asked[2], []int32{10}) {
		t.Fatalf("asked for %v", asked)
	}
	// A sibling of the tip, with no more work than it.
	b.deliver(2, line[9], 1000)
	sibling := b.v.grow(line[8], 1, 2)[0]
	b.f.Has(2, sibling)
	if _, asked := b.next(); !slices.Equal(asked[2], []int32{10}) {
		t.Fatalf("a sibling: asked for %v", asked)
	}
}

func TestReorganisation(t *testing.T) {
	b := newBench(t, Config{Window: 8})
	line := b.v.grow(b.v.tree.Genesis(), 20, 1)
	for _, n := range line {
		b.v.store(n)
	}
	// A branch longer than the window, of which the last block alone has more
	// work: it comes in nevertheless.
	branch := b.v.grow(line[1], 19, 2)
	b.peer(1, full, branch[18])
	for range 100 {
		d, _ := b.next()
		for _, r := range d.Requests {
			for _, n := range r.Nodes {
				b.deliver(r.Peer, n, 1000)
			}
		}
	}
	if b.v.active.Tip() != branch[18] || b.f.Common(1) != branch[18] {
		t.Fatalf("tip %d", b.v.active.Height())
	}
}
