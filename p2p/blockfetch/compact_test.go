package blockfetch

import (
	"slices"
	"testing"

	"grapevine/p2p/peer"
)

// A block that peers announced by compact blocks is asked of nobody else, until none
// of them is waited for.
func TestAskedByCompactBlock(t *testing.T) {
	b := newBench(t, Config{})
	b.v.syncing = false
	n := b.v.grow(b.v.tree.Genesis(), 1, 1)[0]
	for id := range peer.ID(5) {
		b.f.AddPeer(id, full)
	}
	if b.f.Ask(b.now, 9, n) {
		t.Error("a stranger owes a block")
	}
	b.f.Has(0, n)
	for id := range peer.ID(5) {
		if got, want := b.f.Ask(b.now, id, n), id < MaxHolders; got != want {
			t.Errorf("peer %d owes it: %v", id, got)
		}
		b.check()
	}
	if b.f.Ask(b.now, 1, n) {
		t.Error("owes it twice")
	}
	if d, _ := b.next(); !d.empty() {
		t.Errorf("asked for while it is under way: %v", d)
	}
	if got := b.f.Holders(n); !slices.Equal(got, []peer.ID{0, 1, 2}) || b.f.Underway() != 1 || !b.f.Owes(2, n) || b.f.Load(2) != 1 {
		t.Errorf("holders %v, %d under way", got, b.f.Underway())
	}
	b.f.Cancel(0, n)
	b.check()
	if got := b.f.Holders(n); !slices.Equal(got, []peer.ID{1, 2}) {
		t.Errorf("holders %v", got)
	}
	b.f.Cancel(1, n)
	b.f.Cancel(2, n)
	b.f.Cancel(2, n)
	if _, asked := b.next(); !slices.Equal(asked[0], []int32{1}) {
		t.Errorf("asked %v", asked)
	}
}

// A peer owes no more than sixteen.
func TestAskedForSixteen(t *testing.T) {
	b := newBench(t, Config{})
	b.f.AddPeer(1, full)
	for i, n := range b.v.grow(b.v.tree.Genesis(), 20, 1) {
		if got := b.f.Ask(b.now, 1, n); got != (i < 16) {
			t.Errorf("block %d: %v", i, got)
		}
		b.check()
	}
}

// A block that was put together says nothing of its peer's pace; once it is taken in,
// the others who owe it do so until they answer.
func TestRebuilt(t *testing.T) {
	b := newBench(t, Config{})
	b.v.syncing = false
	n := b.v.grow(b.v.tree.Genesis(), 1, 1)[0]
	b.peer(1, full, n)
	b.peer(2, full, n)
	b.peer(3, full, n)
	before := b.f.byID[1].pace
	b.f.Ask(b.now, 1, n)
	b.f.Ask(b.now, 2, n)
	if !b.f.Rebuilt(b.now, 1, n.Hash(), 1_000_000) || b.f.byID[1].pace != before || !b.f.Arrived(n.Hash()) {
		t.Errorf("pace %+v", b.f.byID[1].pace)
	}
	if b.f.Rebuilt(b.now, 3, n.Hash(), 1_000_000) {
		t.Error("the third was not asked")
	}
	b.check()
	if b.f.Late(2, n); !b.f.Owes(2, n) {
		t.Error("forgotten while it is needed")
	}
	b.v.store(n)
	b.f.Judged(n.Hash())
	b.f.Judged(n.Hash())
	b.check()
	if !b.f.Owes(2, n) || b.f.Underway() != 0 || b.f.Arrived(n.Hash()) {
		t.Errorf("%d under way", b.f.Underway())
	}
	if b.f.Late(2, n); b.f.Owes(2, n) {
		t.Error("owes it still")
	}
	b.check()
}
