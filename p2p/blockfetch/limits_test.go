package blockfetch

import (
	"slices"
	"testing"
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

func TestNearlyFullPeerIsAskedInBatches(t *testing.T) {
	b := newBench(t, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 100, 1)
	b.peer(1, full, line[99])
	b.next()
	for i := range 3 {
		b.deliver(1, line[i], 1<<20)
		if d, _ := b.next(); !d.empty() {
			t.Fatalf("asked for more when %d came: %s", i+1, show(d))
		}
	}
	b.deliver(1, line[3], 1<<20)
	if _, asked := b.next(); !slices.Equal(asked[1], span(17, 20, 1)) {
		t.Fatalf("asked for %v", asked)
	}
}

func TestBlockIsAskedOfThreePeersAtMost(t *testing.T) {
	b := newBench(t, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 1, 1)
	for id := range peer.ID(5) {
		b.peer(id, full, line[0])
	}
	var asked []peer.ID
	for b.now.Sub(epoch) < 10*time.Minute {
		d, _ := b.next()
		for _, r := range d.Requests {
			asked = append(asked, r.Peer)
		}
		b.now, _ = b.f.Wake()
	}
	if !slices.Equal(asked, []peer.ID{0, 1, 2}) {
		t.Fatalf("asked %v", asked)
	}
}

func TestVerdictOnAnUnknownBlock(t *testing.T) {
	b := newBench(t, Config{})
	b.f.AddPeer(1, full)
	for _, verdict := range []func(wire.BlockHash){b.f.Judged, b.f.Refused} {
		if b.f.Received(b.now, 1, wire.BlockHash{1}, 1000) {
			t.Error("it was asked for")
		}
		if !b.f.Asked(wire.BlockHash{1}) {
			t.Error("it is not under way")
		}
		verdict(wire.BlockHash{1})
		b.check()
		if b.f.Asked(wire.BlockHash{1}) || b.f.credits.bytes != 0 {
			t.Error("it is under way still")
		}
		verdict(wire.BlockHash{1}) // one too many
		b.check()
	}
}

func TestPeerThatRefusesTooMuch(t *testing.T) {
	b := newBench(t, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 200, 1)
	b.peer(1, full, line[98])
	refused := 0
	for range 100 {
		d, _ := b.next()
		for _, r := range d.Requests {
			for _, n := range r.Nodes {
				b.f.NotFound(1, n.Hash())
				refused++
			}
		}
	}
	if refused < maxRefused || refused > maxRefused+defaultPerPeer {
		t.Fatalf("asked for %d blocks that it has not", refused)
	}
	b.f.Has(1, line[99])
	if _, asked := b.next(); !slices.Equal(asked[1], span(1, 16, 1)) {
		t.Fatalf("with a better chain, asked for %v", asked)
	}
}

func TestRequestsThatWaitForTheQueueOfOthers(t *testing.T) {
	b := newBench(t, Config{})
	line := b.v.grow(b.v.tree.Genesis(), 100, 1)
	b.peer(1, full, line[99])
	b.v.queued = 100 << 20
	b.next()
	if at, ok := b.f.Wake(); !ok || at.Sub(b.now) != heldPoll {
		t.Fatalf("wakes after %v", at.Sub(b.now))
	}
}

func TestOverdrawn(t *testing.T) {
	b := newBench(t, Config{Credits: 2 << 20})
	line := b.v.grow(b.v.tree.Genesis(), 3, 1)
	b.f.AddPeer(1, full)
	for i, want := range []bool{false, false, true} {
		b.f.Received(b.now, 1, line[i].Hash(), 1<<20)
		if got := b.f.Overdrawn(); got != want {
			t.Errorf("%d MiB: %v", i+1, got)
		}
	}
	b.f.Refused(line[0].Hash())
	if b.f.Overdrawn() {
		t.Error("after a verdict")
	}
}

// What is here without a verdict stays within the credits and one block of each
// peer when blocks keep their size, and is what was asked for when they grow.
func TestBlocksThatGrow(t *testing.T) {
	s := newSim(t, Config{}, 0)
	s.size = func(n *headers.Node) int {
		if n.Height() < 3000 {
			return 250
		}
		return 1_000_000
	}
	s.cpu = 50e6
	line := s.v.grow(s.v.tree.Genesis(), 3300, 1)
	for id := range peer.ID(4) {
		s.add(id, time.Millisecond, 1e9, line[3299], honest)
	}
	over := int64(0)
	s.run(time.Minute, func() bool {
		if s.f.Overdrawn() {
			over = max(over, s.f.credits.bytes)
		}
		return s.v.active.Tip() == line[3299]
	})
	t.Logf("at most %d MB here without a verdict when all is read at once", over/1e6)
	if over == 0 {
		t.Error("it was never told")
	}
	if over > (1024+1)*1_000_000 {
		t.Errorf("%d bytes", over)
	}
}

// What is kept for a peer, its blocks apart, is what the package comment says.
func TestFootprint(t *testing.T) {
	b := newBench(t, Config{})
	chain := b.v.grow(b.v.tree.Genesis(), 5000, 0)
	b.peer(1, full, chain[len(chain)-1])
	before := b.f.Footprint(1)
	for _, n := range chain[:maxRefused] {
		b.f.byID[1].refuse(n)
	}
	b.f.byID[1].refused = nil
	for range 40 { // at most 256 blocks owed, and the window filled
		b.next()
		for _, n := range b.f.InFlight(1) {
			b.f.Received(b.now, 1, n.Hash(), 250)
			b.v.mark(n)
			b.f.Judged(n.Hash())
		}
	}
	for i := range maxRefused {
		b.f.byID[1].refuse(chain[4000+i])
	}
	if got := b.f.Footprint(1); got > 30_000 || got < before+8*1024 {
		t.Errorf("%d bytes are kept for a peer, %d at first; the doc says 30 kB", got, before)
	}
	if b.f.Footprint(2) != 0 {
		t.Error("something is kept for nobody")
	}
}
