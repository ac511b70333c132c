package headersync

import (
	"errors"
	"slices"
	"testing"
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

func TestOnePeerAtATime(t *testing.T) {
	b := newBench(t, Config{})
	b.s.AddPeer(3, inbound)
	b.s.AddPeer(2, outbound)
	b.s.AddPeer(1, outbound)
	d := b.next()
	if !slices.Equal(asked(d), []peer.ID{1}) {
		t.Fatalf("asked %v", asked(d))
	}
	if want := []wire.BlockHash{b.v.tree.Genesis().Hash()}; !slices.Equal(d.Requests[0].Locator, want) {
		t.Fatalf("locator %v", d.Requests[0].Locator)
	}
	// It tells all that it has, which is old: the next is asked, the inbound one
	// last.
	b.answer(1, draft(b.v.genesis(), 3, 0, 1))
	if d := b.next(); !slices.Equal(asked(d), []peer.ID{2}) {
		t.Fatalf("asked %v", asked(d))
	}
	if d := b.answer(2, nil); len(d.Requests) > 0 || d.Submit != nil {
		t.Fatalf("after an empty answer: %v", d)
	}
	if d := b.next(); !slices.Equal(asked(d), []peer.ID{3}) {
		t.Fatalf("asked %v", asked(d))
	}
}

func TestAllPeersNearThePresent(t *testing.T) {
	b := newBench(t, Config{})
	b.now = time.Unix(b.v.tree.Genesis().Time(), 0).Add(recent - time.Second)
	b.s.AddPeer(1, outbound)
	b.s.AddPeer(2, inbound)
	b.s.AddPeer(3, Options{})
	if d := b.next(); !slices.Equal(asked(d), []peer.ID{1, 2}) {
		t.Fatalf("asked %v", asked(d))
	}
	b.now = b.now.Add(time.Second)
	b.s.AddPeer(4, inbound)
	if d := b.next(); len(d.Requests) != 0 {
		t.Fatalf("a day later: asked %v", asked(d))
	}
}

func TestFullAnswerIsAskedOn(t *testing.T) {
	b := newBench(t, Config{})
	b.s.AddPeer(1, outbound)
	b.next()
	list := draft(b.v.genesis(), wire.MaxHeaders+1, 0, 1)
	d := b.answer(1, list[:wire.MaxHeaders])
	last := list[wire.MaxHeaders-1].Hash()
	if !slices.Equal(asked(d), []peer.ID{1}) || d.Requests[0].Locator[0] != last || d.Known.Hash() != last {
		t.Fatalf("decided %v", d)
	}
	if d := b.answer(1, list[wire.MaxHeaders:]); len(d.Requests) != 0 || d.Known != b.v.tree.Best() {
		t.Fatalf("decided %v", d)
	}
}

func TestLocatorBeginsBeforeTheBestHeader(t *testing.T) {
	b := newBench(t, Config{})
	nodes := b.v.take(draft(b.v.genesis(), 5, 0, 1))
	b.s.AddPeer(1, outbound)
	d := b.next()
	if d.Requests[0].Locator[0] != nodes[3].Hash() {
		t.Fatal("the locator begins elsewhere")
	}
	// The answer of a peer that has the same: no verdict is needed.
	if d := b.answer(1, []wire.Header{nodes[4].Header()}); d.Known != nodes[4] || d.Submit != nil {
		t.Fatalf("decided %v", d)
	}
}

func TestMisbehaviour(t *testing.T) {
	list := draft(newView().genesis(), wire.MaxHeaders+1, 0, 1)
	gap := slices.Clone(list[:5])
	gap = append(gap, list[6])
	weak := slices.Clone(list[:5])
	weak[4].Bits = 0x1d00ffff
	for _, c := range []struct {
		name string
		list []wire.Header
		why  Reason
	}{
		{"too many", list, ReasonTooMany},
		{"a gap", gap, ReasonGap},
		{"proof of work", weak, ReasonProofOfWork},
		{"proof of work, not connected", weak[4:], ReasonProofOfWork},
	} {
		b := newBench(t, Config{})
		b.s.AddPeer(1, outbound)
		b.next()
		d := b.check(b.s.Received(b.now, 1, c.list))
		if len(d.Drop) != 1 || d.Drop[0] != (Drop{1, c.why}) || !c.why.Misbehaving() || d.Submit != nil || len(d.Requests) > 0 {
			t.Errorf("%s: %v", c.name, d)
		}
		if d := b.check(b.s.Received(b.now, 1, list[:1])); d.Submit != nil {
			t.Errorf("%s: heard when dropped", c.name)
		}
	}
	if ReasonTimeout.Misbehaving() || ReasonLittleWork.Misbehaving() {
		t.Error("bad luck is misbehaviour")
	}
}

func TestUnconnectingHeaders(t *testing.T) {
	b := newBench(t, Config{})
	list := draft(b.v.genesis(), 5, 0, 1)
	b.v.take(list[:2])
	b.s.AddPeer(1, outbound)
	b.next()
	b.answer(1, nil)
	d := b.check(b.s.Received(b.now, 1, list[3:]))
	if d.Unknown != list[4].Hash() || d.Submit != nil || !slices.Equal(asked(d), []peer.ID{1}) || d.Requests[0].Locator[0] != list[1].Hash() {
		t.Fatalf("decided %v", d)
	}
	if d = b.check(b.s.Received(b.now, 1, list[3:])); len(d.Requests) != 0 {
		t.Fatalf("asked twice: %v", d)
	}
	// Not answered, it is asked again on new evidence, but not at once.
	b.now = b.now.Add(evidenceTime)
	if d = b.check(b.s.Received(b.now, 1, list[3:])); len(d.Requests) != 0 {
		t.Fatalf("asked too soon: %v", d)
	}
	b.now = b.now.Add(1)
	if d = b.check(b.s.Received(b.now, 1, list[3:])); len(d.Requests) != 1 {
		t.Fatalf("not asked again: %v", d)
	}
	if d = b.answer(1, list[2:]); d.Known != b.v.tree.Best() || d.Known.Height() != 5 {
		t.Fatalf("decided %v", d)
	}
}

func TestHeadersThatFollowOnWhatIsBeingJudged(t *testing.T) {
	b := newBench(t, Config{})
	list := draft(b.v.genesis(), 5, 0, 1)
	b.s.AddPeer(1, outbound)
	b.next()
	b.check(b.s.Received(b.now, 1, list[:3]))
	if d := b.check(b.s.Received(b.now, 1, list[3:])); len(d.Submit) != 2 || len(d.Requests) != 0 {
		t.Fatalf("decided %v", d)
	}
	b.v.take(list)
	b.check(b.s.Judged(b.now, 1, b.v.tree.Lookup(list[2].Hash()), nil))
	if d := b.check(b.s.Judged(b.now, 1, b.v.tree.Best(), nil)); d.Known != b.v.tree.Best() {
		t.Fatalf("decided %v", d)
	}
}

// What a peer shows on a chain that is known to be invalid is for who judges.
func TestKnownInvalidHeadersAreJudged(t *testing.T) {
	b := newBench(t, Config{})
	list := draft(b.v.genesis(), 2, 0, 1)
	b.v.take(list)[1].AddStatus(headers.StatusFailed)
	b.s.AddPeer(1, outbound)
	b.next()
	if d := b.check(b.s.Received(b.now, 1, list)); len(d.Submit) != 2 || d.Known != nil {
		t.Fatalf("decided %v", d)
	}
}

func TestRefusedHeadersAreNotAskedOn(t *testing.T) {
	b := newBench(t, Config{})
	b.s.AddPeer(1, outbound)
	b.s.AddPeer(2, outbound)
	b.next()
	list := draft(b.v.genesis(), wire.MaxHeaders, 0, 1)
	b.check(b.s.Received(b.now, 1, list))
	if d := b.check(b.s.Judged(b.now, 1, nil, errors.New("no good"))); len(d.Requests) > 0 || d.Known != nil {
		t.Fatalf("decided %v", d)
	}
	if d := b.next(); !slices.Equal(asked(d), []peer.ID{2}) {
		t.Fatalf("asked %v", asked(d))
	}
}

func TestSilentPeerIsReplaced(t *testing.T) {
	b := newBench(t, Config{})
	b.s.AddPeer(1, outbound)
	b.s.AddPeer(2, outbound)
	b.next()
	if d := b.wake(); !slices.Equal(asked(d), []peer.ID{2}) || b.now.Sub(epoch) != silence {
		t.Fatalf("asked %v after %v", asked(d), b.now.Sub(epoch))
	}
	b.answer(2, draft(b.v.genesis(), 1, 0, 1))
	// It is asked again, and dropped in the end.
	again := 0
	for {
		d := b.wake()
		if len(d.Drop) > 0 {
			if d.Drop[0] != (Drop{1, ReasonTimeout}) {
				t.Fatalf("dropped %v", d.Drop)
			}
			break
		}
		again += len(d.Requests)
	}
	missing := epoch.Sub(time.Unix(b.v.tree.Genesis().Time(), 0)) / (10 * time.Minute)
	if got, want := b.now.Sub(epoch), 15*time.Minute+missing*time.Millisecond+1; got != want {
		t.Errorf("dropped after %v, not %v", got, want)
	}
	if want := int(b.now.Sub(epoch) / (responseTime + 1)); again != want {
		t.Errorf("asked again %d times in %v, not %d", again, b.now.Sub(epoch), want)
	}
}

func TestLonePeerIsKept(t *testing.T) {
	b := newBench(t, Config{})
	b.s.AddPeer(1, outbound)
	b.s.AddPeer(2, Options{})
	b.next()
	for range 30 {
		if d := b.wake(); len(d.Drop) > 0 || len(d.Requests) != 1 {
			t.Fatalf("decided %v", d)
		}
	}
}

func TestKeptPeerIsPassedOver(t *testing.T) {
	b := newBench(t, Config{})
	kept := outbound
	kept.Kept = true
	b.s.AddPeer(1, kept)
	b.next()
	b.now = b.now.Add(time.Hour)
	b.s.AddPeer(2, outbound)
	if d := b.next(); len(d.Drop) != 0 || !slices.Equal(asked(d), []peer.ID{2}) {
		t.Fatalf("decided %v", d)
	}
}

// A node that syncs itself passes over a getheaders; the block that it shows
// soon after is not forgotten, though it may be the last for long.
func TestBlockShownTooSoon(t *testing.T) {
	for _, near := range []bool{false, true} {
		b := newBench(t, Config{})
		if near {
			b.now = time.Unix(b.v.tree.Genesis().Time(), 0).Add(time.Hour)
		}
		asked0 := b.now
		b.s.AddPeer(1, outbound)
		b.next()
		list := draft(b.v.genesis(), 2, 0, 1)
		b.now = b.now.Add(time.Second)
		for range 2 {
			if d := b.check(b.s.Announced(b.now, 1, list[0].Hash())); len(d.Requests) != 0 {
				t.Fatalf("asked at once: %v", d)
			}
		}
		b.next()
		if d := b.wake(); !slices.Equal(asked(d), []peer.ID{1}) || b.now.Sub(asked0) != evidenceTime+1 {
			t.Fatalf("near %v: asked %v after %v", near, asked(d), b.now.Sub(asked0))
		}
		// Once it has answered, nothing is due any more.
		b.check(b.s.Announced(b.now, 1, list[1].Hash()))
		b.answer(1, list)
		b.next()
		if at, ok := b.s.Wake(); ok && at.Before(b.now.Add(responseTime)) {
			t.Errorf("near %v: wakes after %v", near, at.Sub(b.now))
		}
	}
}

// A peer that shows blocks and does not answer is silent all the same.
func TestShowingBlocksIsNoAnswer(t *testing.T) {
	b := newBench(t, Config{})
	b.s.AddPeer(1, outbound)
	b.s.AddPeer(2, outbound)
	b.next()
	for i := range 3 {
		b.now = b.now.Add(evidenceTime + 1)
		if d := b.check(b.s.Announced(b.now, 1, wire.BlockHash{byte(i)})); !slices.Equal(asked(d), []peer.ID{1}) {
			t.Fatalf("asked %v", asked(d))
		}
	}
	if d := b.next(); !slices.Equal(asked(d), []peer.ID{2}) {
		t.Fatalf("asked %v", asked(d))
	}
}

func TestInvBeforeTheTurn(t *testing.T) {
	b := newBench(t, Config{})
	for id := range peer.ID(4) {
		b.s.AddPeer(id, outbound)
	}
	b.next()
	list := draft(b.v.genesis(), 3, 0, 1)
	if d := b.check(b.s.Announced(b.now, 1, list[0].Hash())); !slices.Equal(asked(d), []peer.ID{1}) || d.Unknown != list[0].Hash() {
		t.Fatalf("decided %v", d)
	}
	if d := b.check(b.s.Announced(b.now, 2, list[0].Hash())); len(d.Requests) != 0 {
		t.Fatalf("one peer a block: %v", d)
	}
	if d := b.check(b.s.Announced(b.now, 2, list[1].Hash())); !slices.Equal(asked(d), []peer.ID{2}) {
		t.Fatalf("decided %v", d)
	}
	b.now = b.now.Add(time.Hour)
	if d := b.check(b.s.Announced(b.now, 2, list[2].Hash())); len(d.Requests) != 0 {
		t.Fatalf("once a peer: %v", d)
	}
	node := b.v.take(list[:1])[0]
	if d := b.check(b.s.Announced(b.now, 3, node.Hash())); d.Known != node || len(d.Requests) != 0 || !d.Unknown.IsZero() {
		t.Fatalf("known: %v", d)
	}
}

func TestLittleWork(t *testing.T) {
	work := headers.BlockProof(newView().tree.Genesis().Bits()).Mul64(5) // four blocks and genesis
	for _, c := range []struct {
		name    string
		options Options
		syncing bool
		blocks  int
		drop    bool
	}{
		{"little", outbound, true, 3, true},
		{"enough", outbound, true, 4, false},
		{"inbound", inbound, true, 3, false},
		{"later", outbound, false, 3, false},
	} {
		b := newBench(t, Config{MinWork: work})
		b.v.syncing = c.syncing
		b.s.AddPeer(1, c.options)
		b.next()
		if d := b.answer(1, draft(b.v.genesis(), c.blocks, 0, 1)); (len(d.Drop) == 1) != c.drop {
			t.Errorf("%s: dropped %v", c.name, d.Drop)
		}
	}
}

func TestNothingNewCostsNothing(t *testing.T) {
	b := newBench(t, Config{})
	b.s.AddPeer(1, outbound)
	b.next()
	if n := testing.AllocsPerRun(100, func() { b.s.Next(b.now) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
