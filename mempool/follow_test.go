package mempool

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/wire"
)

// collect returns the events after a cursor's place that are there.
func collect(tb testing.TB, p *Pool, c *Cursor) []Event {
	tb.Helper()
	p.events.mu.Lock()
	last := p.events.last
	p.events.mu.Unlock()
	var list []Event
	for c.read < last {
		e, err := c.Next(tb.Context())
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

func removed(tx *wire.Tx, r Reason) Event {
	return Event{Kind: Removed, Reason: r, Txid: tx.Txid(), Wtxid: tx.Wtxid()}
}

func added(tx *wire.Tx) Event { return Event{Kind: Added, Txid: tx.Txid(), Wtxid: tx.Wtxid()} }

func back(tx *wire.Tx) Event {
	e := added(tx)
	e.Reason = ReasonReorg
	return e
}

// wantEvents compares events but for their order within the same kind, and
// checks that their numbers follow each other.
func wantEvents(tb testing.TB, got []Event, want ...Event) {
	tb.Helper()
	for i := range got {
		if i > 0 && got[i].Seq != got[i-1].Seq+1 {
			tb.Errorf("event %d after %d", got[i].Seq, got[i-1].Seq)
		}
		e := got[i]
		e.Seq = 0
		at := slices.Index(want, e)
		if at < 0 {
			tb.Errorf("unexpected event: kind %d, %s, %s", e.Kind, e.Reason, e.Txid)
			continue
		}
		want = slices.Delete(slices.Clone(want), at, at+1)
	}
	for _, e := range want {
		tb.Errorf("no event: kind %d, %s, %s", e.Kind, e.Reason, e.Txid)
	}
}

// A block takes its transactions out, with what conflicts with them, and leaves
// their children.
func TestBlockConfirms(t *testing.T) {
	b := branch(t, 115, 0)
	w := build(t, b, nil)
	a := coin(b, 0, 2, 1000)
	a1, a2 := child(a, 2, 1000, 0), child(a, 1, 1000, 1)
	loser := coin(b, 1, 2, 1000)
	loser1 := child(loser, 1, 1000, 0)
	other := coin(b, 2, 1, 1000)
	w.add(a, a1, a2, loser, loser1, other)
	seen := w.Events().Subscribe()
	winner := coin(b, 1, 1, 9000)
	w.extend(block(b, a, a1, winner))
	w.holds(a2, other)
	wantEvents(t, collect(t, w.Pool, seen), removed(a, ReasonBlock), removed(a1, ReasonBlock),
		removed(loser, ReasonConflict), removed(loser1, ReasonConflict))
	if e, _ := w.Entry(a2.Txid()); e.AncestorCount != 1 || len(e.Depends) != 0 {
		t.Fatalf("%+v", e)
	}
	w.refused(loser, ErrMissingInputs)
}

// A reorganisation gives back what the old branch had confirmed and the new
// one has not, with what depended on it.
func TestReorganisation(t *testing.T) {
	b := branch(t, 115, 0)
	w := build(t, b, nil)
	fork := b.Fork(7)
	a := coin(b, 0, 2, 1000)
	a1 := child(a, 2, 1000, 0)
	a2 := child(a1, 2, 1000, 0)
	shared, lost := coin(b, 1, 1, 1000), coin(b, 2, 1, 1000)
	lost1 := child(lost, 1, 1000, 0)
	w.extend(block(b, a, shared), block(b, a1, lost))
	w.add(a2, lost1)
	before, _ := w.Entry(a2.Txid())
	seen := w.Events().Subscribe()
	instead := coin(fork, 2, 1, 5000)
	w.clock.forward(time.Hour)
	w.extend(block(fork, shared), block(fork, instead), block(fork))
	if w.Tip().Hash() != fork.Tip.Hash() {
		t.Fatal("not on the new branch")
	}
	w.holds(a, a1, a2)
	wantEvents(t, collect(t, w.Pool, seen), back(a), back(a1), removed(lost1, ReasonReorg))
	after, _ := w.Entry(a2.Txid())
	if after.Time != before.Time || after.Seq != before.Seq || after.Height != before.Height || after.AncestorCount != 3 {
		t.Fatalf("%+v; was %+v", after, before)
	}
	if e, _ := w.Entry(a.Txid()); e.Seq != 0 || e.Height != w.Tip().Height() {
		t.Fatalf("%+v", e)
	}
	if e := w.Select(4_000_000, 80_000, 0); e.Tip != w.Tip() || len(e.Txs) != 3 {
		t.Fatalf("selected %d on %v", len(e.Txs), e.Tip)
	}
}

// What spends a coinbase that has become young again leaves, and so does what
// has become locked again.
func TestReorganisationLocks(t *testing.T) {
	b := branch(t, 115, 0)
	fork := b.Fork(7)
	b.Mine(3, 0)
	w := build(t, b, nil)
	ripe := b.Ripe()
	last := ripe[len(ripe)-1] // of a height that a tip of 116 is too low for
	young := spend(1, 1000, []wire.OutPoint{last}, []wire.TxOut{b.Coins[last].Out})
	youngChild := child(young, 1, 1000, 0)
	late := resigned(b, 0, func(tx *wire.Tx) { tx.LockTime = uint32(b.Height) })
	timed := resigned(b, 1, func(tx *wire.Tx) { tx.LockTime = b.MedianTimePast() - 1 })
	relative := resigned(b, 2, func(tx *wire.Tx) {
		tx.In[0].Sequence = uint32(b.Height + 1 - b.Coins[tx.In[0].PrevOut].Height)
	})
	free := resigned(b, 3, func(tx *wire.Tx) { tx.LockTime = 50 })
	w.add(young, youngChild, late, timed, relative, free)
	seen := w.Events().Subscribe()
	// The new branch is as long, but for one block at the end that is taken
	// away again: the pool ends on a tip that is two blocks lower.
	fork.Mine(4, 0)
	w.extend(fork.Blocks[115:]...)
	w.holds(young, youngChild, late, timed, relative, free)
	if got := collect(t, w.Pool, seen); len(got) != 0 {
		t.Fatalf("%d events: a longer branch locks nothing", len(got))
	}
	if err := w.chain.Invalidate(t.Context(), b.Blocks[115].Hash()); err != nil {
		t.Fatal(err)
	}
	if err := w.chain.Invalidate(t.Context(), fork.Blocks[115].Hash()); err != nil {
		t.Fatal(err)
	}
	w.sync()
	if w.Tip().Height() != 115 {
		t.Fatalf("tip at %d", w.Tip().Height())
	}
	w.holds(free)
	wantEvents(t, collect(t, w.Pool, seen), removed(young, ReasonReorg), removed(youngChild, ReasonReorg),
		removed(late, ReasonReorg), removed(timed, ReasonReorg), removed(relative, ReasonReorg))
}

// What comes back from blocks is asked for no fee, yet must fit into a cluster,
// and what it leaves no room for goes.
func TestReorganisationKeepsClusters(t *testing.T) {
	b := branch(t, 115, 0)
	w := build(t, b, func(c *Config) { c.ClusterCount = 5 })
	list := []*wire.Tx{coin(b, 0, 2, 0)}
	for len(list) < 8 {
		list = append(list, child(list[len(list)-1], 2, 0, 0))
	}
	bl := block(b, list...)
	w.extend(bl)
	tail := child(list[7], 1, 1000, 0)
	w.add(tail)
	if err := w.chain.Invalidate(t.Context(), bl.Hash()); err != nil {
		t.Fatal(err)
	}
	w.sync()
	w.holds(list[:5]...)
	w.refused(list[5], ErrMinRelayFee)
}

// A spend of a disconnected block's coinbase goes with it.
func TestReorganisationOfCoinbase(t *testing.T) {
	b := branch(t, 102, 0)
	first := b.Blocks[0]
	w := build(t, b, nil)
	op := wire.OutPoint{Txid: first.Txs[0].Txid()}
	tx := spend(2, 1000, []wire.OutPoint{op}, []wire.TxOut{b.Coins[op].Out})
	next := child(tx, 1, 1000, 0)
	w.add(tx, next)
	fork := chaintest.New(t, regtest(), 99)
	fork.Mine(104, 0)
	w.extend(fork.Blocks...)
	if w.Tip().Hash() != fork.Tip.Hash() {
		t.Fatal("not on the new branch")
	}
	w.holds()
}

// A relative lock of nothing on a transaction in the pool holds on any tip, also
// on one lower than where it was computed.
func TestReorganisationKeepsFreeLocks(t *testing.T) {
	w := onStub(t, 104, nil)
	l := w.ledger
	low := l.tip
	l.move(l.mine(l.mine(low, 1), 1))
	w.sync()
	parent := anyoneTx(wire.OutPoint{Txid: l.base(1).block.Txs[0].Txid()}, wire.Coin, 2)
	kid := anyoneTx(wire.OutPoint{Txid: parent.Txid()}, parent.Out[0].Value, 2).Clone()
	kid.In[0].Sequence = 0
	for _, tx := range []*wire.Tx{parent, kid.Seal()} {
		if _, err := w.Submit(t.Context(), tx, SubmitOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	l.move(low)
	w.sync()
	if list, _ := w.Txids(); len(list) != 2 {
		t.Fatalf("%d left", len(list))
	}
}

// Several moves may pass before the pool gets its turn: what is given back is
// then judged at the last tip.
func TestManyReorganisations(t *testing.T) {
	b := branch(t, 112, 0)
	w := build(t, b, nil)
	tx := coin(b, 0, 2, 1000)
	other := coin(b, 1, 1, 1000)
	bl := block(b, tx)
	w.extend(bl)
	w.add(child(tx, 1, 1000, 1), other)
	for range 20 {
		if err := w.chain.Invalidate(t.Context(), bl.Hash()); err != nil {
			t.Fatal(err)
		}
		if err := w.chain.Reconsider(t.Context(), bl.Hash()); err != nil {
			t.Fatal(err)
		}
	}
	w.sync()
	w.holds(child(tx, 1, 1000, 1), other)
	if err := w.chain.Invalidate(t.Context(), bl.Hash()); err != nil {
		t.Fatal(err)
	}
	w.sync()
	w.holds(tx, child(tx, 1, 1000, 1), other)
}

// What was sent by us is remembered until a peer has asked for it or it leaves.
func TestUnbroadcast(t *testing.T) {
	b := branch(t, 112, 0)
	w := build(t, b, nil)
	var list []*wire.Tx
	for i := range 3 {
		tx := coin(b, i, 2, 1000)
		list = append(list, tx)
		if _, err := w.Submit(t.Context(), tx, SubmitOptions{Local: i < 2}); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.Unbroadcast(); len(got) != 2 || w.Info().Unbroadcast != 2 {
		t.Fatalf("%v", got)
	}
	if e, _ := w.Entry(list[0].Txid()); !e.Unbroadcast {
		t.Fatal("not marked")
	}
	w.Broadcasted(list[0].Txid())
	w.Broadcasted(list[2].Txid())
	if got := w.Unbroadcast(); !slices.Equal(got, []wire.Txid{list[1].Txid()}) {
		t.Fatalf("%v", got)
	}
	w.extend(block(b, list[1]))
	if got := w.Unbroadcast(); len(got) != 0 {
		t.Fatalf("%v", got)
	}
}

// What was sent by us and set aside in a reorganisation is in the end confirmed
// by the new branch: nobody has to hear of it any more.
func TestUnbroadcastIsConfirmedAside(t *testing.T) {
	b := branch(t, 115, 0)
	w := build(t, b, nil)
	fork := b.Fork(7)
	parent := coin(b, 0, 2, 1000)
	ours := child(parent, 1, 1000, 0)
	w.extend(block(b, parent))
	if _, err := w.Submit(t.Context(), ours, SubmitOptions{Local: true}); err != nil {
		t.Fatal(err)
	}
	w.extend(block(fork, parent), block(fork, ours))
	w.holds()
	if got := w.Unbroadcast(); len(got) != 0 {
		t.Fatalf("%v", got)
	}
}

// A reader that lags is told, and goes on with what is kept.
func TestEventsLag(t *testing.T) {
	r := newEvents()
	c := r.Subscribe()
	var list []Event
	for i := range eventsKept + 5 {
		list = append(list, Event{Seq: uint64(i) + 1})
	}
	r.publish(list)
	if _, err := c.Next(t.Context()); !errors.Is(err, ErrLagged) {
		t.Fatal(err)
	}
	if e, err := c.Next(t.Context()); err != nil || e.Seq != 6 {
		t.Fatalf("%+v, %v", e, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Subscribe().Next(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
