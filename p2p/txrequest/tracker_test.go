package txrequest

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// start is the time at which tests begin.
var start = time.Unix(1_700_000_000, 0)

func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

func wtx(n byte) wire.GenTxid { return wire.ByWtxid(wire.Wtxid{n}) }
func tx(n byte) wire.GenTxid  { return wire.ByTxid(wire.Txid{n}) }

// bench is a tracker under test that checks itself.
type bench struct {
	*testing.T
	*Tracker
}

func newBench(t *testing.T, seed uint64) *bench {
	b := &bench{T: t, Tracker: New(Config{Rand: rand.New(rand.NewPCG(seed, 0))})}
	t.Cleanup(b.sound)
	return b
}

func (b *bench) sound() {
	b.Helper()
	if err := b.check(); err != nil {
		b.Fatal(err)
	}
}

// asks asserts what is to be asked of a peer at a time.
func (b *bench) asks(p peer.ID, now time.Time, want ...wire.GenTxid) {
	b.Helper()
	got, _ := b.Requestable(p, now)
	b.sound()
	if !slices.Equal(got, want) {
		b.Fatalf("peer %v at %v: asks for %v, want %v", p, now.Sub(start), got, want)
	}
	if err := b.checkMoved(); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) counts(p peer.ID, candidates, inFlight, total int) {
	b.Helper()
	if c, f, n := b.Candidates(p), b.InFlight(p), b.Count(p); c != candidates || f != inFlight || n != total {
		b.Fatalf("peer %v: %d candidates, %d in flight, %d in all; want %d, %d, %d", p, c, f, n, candidates, inFlight, total)
	}
}

// whoIsNext returns the peers in the order in which they are asked for a hash
// when nobody ever answers.
func (b *bench) whoIsNext(id wire.GenTxid, now time.Time) (order []peer.ID) {
	b.Helper()
	for {
		due := b.Due(now)
		if len(due) == 0 {
			return order
		}
		if len(due) != 1 {
			b.Fatalf("%v are asked for one transaction at once", due)
		}
		b.asks(due[0], now, id)
		now = now.Add(Timeout)
		b.Requested(due[0], id, now)
		b.sound()
		order = append(order, due[0])
	}
}

func TestOneRequestAtATime(t *testing.T) {
	b := newBench(t, 1)
	b.Announce(1, wtx(7), true, at(0))
	b.Announce(2, wtx(7), true, at(0))
	first := b.Due(at(0))
	if len(first) != 1 {
		t.Fatalf("due: %v", first)
	}
	second := 3 - first[0]
	b.asks(first[0], at(0), wtx(7))
	b.asks(second, at(0))
	b.Requested(first[0], wtx(7), at(60))
	b.asks(first[0], at(59))
	b.asks(second, at(59))
	ids, expired := b.Requestable(second, at(60))
	if !slices.Equal(ids, []wire.GenTxid{wtx(7)}) || !slices.Equal(expired, []Expired{{first[0], wtx(7)}}) {
		t.Fatalf("after the timeout: %v, expired %v", ids, expired)
	}
	b.counts(first[0], 0, 0, 1)
	b.Requested(second, wtx(7), at(120))
	b.Response(second, wtx(7))
	if b.Size() != 0 {
		t.Fatalf("%d announcements left when nobody is left to be tried", b.Size())
	}
}

func TestAnswerLetsTheNextBeAsked(t *testing.T) {
	b := newBench(t, 1)
	b.Announce(1, wtx(7), true, at(0))
	b.Announce(2, wtx(7), false, at(0))
	b.asks(1, at(0), wtx(7))
	b.Requested(1, wtx(7), at(60))
	b.Response(1, wtx(7))
	if when, ok := b.Next(); !ok || when.After(at(0)) {
		t.Fatalf("next is %v %v, want now", when, ok)
	}
	b.asks(2, at(0), wtx(7))
	b.counts(1, 0, 0, 1)
	b.counts(2, 1, 0, 1)
}

func TestNoSecondTurn(t *testing.T) {
	b := newBench(t, 1)
	b.Announce(1, wtx(7), true, at(0))
	b.Announce(2, wtx(7), false, at(1000))
	b.asks(1, at(0), wtx(7))
	b.Requested(1, wtx(7), at(60))
	b.Announce(1, wtx(7), true, at(0)) // while it is asked
	b.asks(1, at(60))
	b.Announce(1, wtx(7), true, at(0)) // after it failed
	b.Announce(1, tx(7), true, at(0))  // by the other name
	b.asks(1, at(61))
	b.counts(1, 0, 0, 1)
	b.Response(2, wtx(7)) // the last one to be tried is gone: all is forgotten
	b.counts(1, 0, 0, 0)
	b.Announce(1, wtx(7), true, at(0))
	b.asks(1, at(62), wtx(7))
}

func TestNotBeforeItsTime(t *testing.T) {
	b := newBench(t, 1)
	b.Announce(1, wtx(7), true, at(10))
	if when, ok := b.Next(); !ok || !when.Equal(at(10)) {
		t.Fatalf("next is %v %v, want %v", when, ok, at(10))
	}
	b.asks(1, at(9))
	b.asks(1, at(10).Add(-1))
	b.asks(1, at(10), wtx(7))
	b.Announce(1, wtx(8), true, time.Time{})
	b.asks(1, at(10), wtx(7), wtx(8))
}

// The zero time is no origin for others.
func TestZeroTimeFirst(t *testing.T) {
	b := newBench(t, 1)
	b.Announce(1, wtx(8), true, time.Time{})
	b.Announce(1, wtx(9), true, at(10))
	b.asks(1, at(9), wtx(8))
	b.asks(1, at(10), wtx(8), wtx(9))
}

func TestTimeDoesNotGoBack(t *testing.T) {
	b := newBench(t, 1)
	b.Announce(1, wtx(7), true, at(10))
	b.asks(1, at(10), wtx(7))
	b.asks(1, at(0), wtx(7))
	b.Announce(1, wtx(8), true, at(5))
	b.asks(1, at(0), wtx(7), wtx(8))
}

// The first time that is told may well be one that lies ahead.
func TestFirstAnnouncementIsDelayedToo(t *testing.T) {
	b := newBench(t, 1)
	b.Offer(at(0), 1, Terms{}, wtx(7))
	b.asks(1, at(1))
	b.asks(1, at(2), wtx(7))
}

func TestBetterLateThanTaken(t *testing.T) {
	b := newBench(t, 1)
	b.Announce(1, wtx(7), false, at(0))
	b.Announce(2, wtx(7), true, at(5))
	b.asks(1, at(0), wtx(7))
	b.asks(1, at(5)) // a better one is there now, and the first was not asked
	b.asks(2, at(5), wtx(7))
	b.Requested(2, wtx(7), at(65))
	b.Announce(3, wtx(7), true, at(0))
	b.asks(3, at(6)) // a request that is out stays out
	b.asks(3, at(65), wtx(7))
}

func TestPreferredFirstThenByChance(t *testing.T) {
	const runs, outbound, inbound = 600, 3, 3
	var lead [outbound + inbound]int
	for seed := range uint64(runs) {
		b := newBench(t, seed)
		for p := range peer.ID(outbound + inbound) {
			b.Announce(p, wtx(7), p < outbound, at(0))
		}
		order := b.whoIsNext(wtx(7), at(0))
		if len(order) != outbound+inbound {
			t.Fatalf("seed %d: asked %v", seed, order)
		}
		for _, p := range order[:outbound] {
			if p >= outbound {
				t.Fatalf("seed %d: asked %v", seed, order)
			}
		}
		lead[order[0]]++
		lead[order[outbound]]++
	}
	for p, n := range lead {
		// 200 are expected; 5 standard deviations are 58.
		if n < runs/outbound-58 || n > runs/outbound+58 {
			t.Errorf("peer %d led %d of %d times", p, n, runs)
		}
	}
}

// The order for one transaction says nothing of the order for another.
func TestOrderDependsOnTheTransaction(t *testing.T) {
	b := newBench(t, 1)
	lead := make(map[peer.ID]int)
	for n := range byte(100) {
		b.Announce(1, wtx(n), true, at(0))
		b.Announce(2, wtx(n), true, at(0))
	}
	for _, p := range b.Due(at(0)) {
		ids, _ := b.Requestable(p, at(0))
		lead[p] = len(ids)
	}
	if lead[1]+lead[2] != 100 || lead[1] < 25 || lead[2] < 25 {
		t.Fatalf("of 100 transactions the peers lead %v", lead)
	}
}

func TestAnnouncementOrder(t *testing.T) {
	b := newBench(t, 1)
	want := []wire.GenTxid{wtx(9), tx(3), wtx(200), wtx(1), tx(77)}
	for n, id := range want {
		b.Announce(1, id, true, at(9-n)) // whatever their times
	}
	b.asks(1, at(9), want...)
	b.Requested(1, want[2], at(60))
	b.asks(1, at(10), want[0], want[1], want[3], want[4])
}

func TestForget(t *testing.T) {
	b := newBench(t, 1)
	for p := range peer.ID(4) {
		b.Announce(p, wtx(7), true, at(0))
		b.Announce(p, wtx(8), true, at(0))
	}
	b.Requested(2, wtx(7), at(60))
	b.Forget(tx(7)) // either name will do
	b.sound()
	if b.Size() != 4 || len(b.Announcers(nil, wtx(7))) != 0 {
		t.Fatalf("%d announcements left", b.Size())
	}
	b.counts(2, 1, 0, 1)
	b.Forget(wtx(7))
}

func TestDisconnect(t *testing.T) {
	b := newBench(t, 1)
	b.Announce(1, wtx(7), true, at(0))
	b.Announce(2, wtx(7), false, at(0))
	b.Announce(1, wtx(8), true, at(0))
	b.Requested(1, wtx(7), at(60))
	b.Disconnect(1)
	b.counts(1, 0, 0, 0)
	b.asks(2, at(0), wtx(7)) // without waiting for the timeout
	b.Requested(2, wtx(7), at(60))
	b.Response(2, wtx(7))
	b.Disconnect(2)
	b.Disconnect(3)
	if b.Size() != 0 {
		t.Fatalf("%d announcements left", b.Size())
	}
	if _, ok := b.Next(); ok {
		t.Fatal("something is awaited of nobody")
	}
}

// A caller that asks out of turn is followed: the one that it asked counts.
func TestRequestedOutOfTurn(t *testing.T) {
	b := newBench(t, 1)
	b.Announce(1, wtx(7), true, at(0))
	b.Announce(2, wtx(7), false, at(0))
	b.Announce(3, wtx(7), false, at(500))
	b.asks(1, at(0), wtx(7))
	b.Requested(2, wtx(7), at(60)) // instead of the best one
	b.counts(1, 1, 0, 1)
	b.asks(1, at(1))
	b.Requested(3, wtx(7), at(70)) // a delayed one, while another is asked
	b.counts(2, 0, 0, 1)
	b.counts(3, 0, 1, 1)
	b.asks(1, at(69))
	b.Requested(3, wtx(7), at(900)) // twice: the first counts
	b.Requested(2, wtx(7), at(900)) // its turn is over
	b.Requested(9, wtx(7), at(900)) // never announced
	b.asks(1, at(70), wtx(7))
}

func TestResponseThatWasNotAskedFor(t *testing.T) {
	b := newBench(t, 1)
	b.Announce(1, wtx(7), true, at(0))
	b.Announce(2, wtx(7), false, at(50))
	b.Response(1, wtx(7))
	b.Response(1, wtx(9))
	b.Response(5, wtx(7))
	b.asks(1, at(0))
	b.asks(2, at(50), wtx(7))
	if got := b.Announcers(nil, wtx(7)); !slices.Equal(got, []peer.ID{2}) {
		t.Fatalf("left to be tried: %v", got)
	}
}

func TestExpiredAreHandedOutOnce(t *testing.T) {
	b := newBench(t, 1)
	for p := range peer.ID(3) {
		b.Announce(p, wtx(byte(p)), true, at(0))
		b.Requested(p, wtx(byte(p)), at(30-int(p)))
	}
	if due := b.Due(at(100)); len(due) != 0 { // Due moves the time as well
		t.Fatalf("due: %v", due)
	}
	want := []Expired{{2, wtx(2)}, {1, wtx(1)}, {0, wtx(0)}}
	if _, got := b.Requestable(5, at(100)); !slices.Equal(got, want) {
		t.Fatalf("expired %v, want %v", got, want)
	}
	if _, got := b.Requestable(5, at(100)); len(got) != 0 {
		t.Fatalf("expired again: %v", got)
	}
}

func TestOffer(t *testing.T) {
	for _, c := range []struct {
		name     string
		terms    Terms
		id       wire.GenTxid
		inFlight int
		delay    time.Duration
	}{
		{"preferred by wtxid", Terms{Preferred: true, WtxidPeers: true}, wtx(250), 0, 0},
		{"preferred by txid, nobody knows wtxids", Terms{Preferred: true}, tx(250), 0, 0},
		{"preferred by txid", Terms{Preferred: true, WtxidPeers: true}, tx(250), 0, TxidDelay},
		{"inbound", Terms{WtxidPeers: true}, wtx(250), 0, NonPreferredDelay},
		{"inbound by txid", Terms{WtxidPeers: true}, tx(250), 0, NonPreferredDelay + TxidDelay},
		{"nearly overloaded", Terms{Preferred: true}, wtx(250), MaxInFlight - 1, 0},
		{"overloaded", Terms{Preferred: true}, wtx(250), MaxInFlight, OverloadedDelay},
		{"overloaded but exempt", Terms{Preferred: true, Exempt: true}, wtx(250), MaxInFlight, 0},
		{"all three", Terms{WtxidPeers: true}, tx(250), MaxInFlight, 6 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, 1)
			for n := range c.inFlight {
				b.Announce(1, wtx(byte(n)), true, at(0))
				b.Requested(1, wtx(byte(n)), at(600))
			}
			if !b.Offer(at(0), 1, c.terms, c.id) {
				t.Fatal("refused")
			}
			if c.delay > 0 {
				b.asks(1, at(0).Add(c.delay-1))
			}
			b.asks(1, at(0).Add(c.delay), c.id)
		})
	}
}

func TestOfferIsBounded(t *testing.T) {
	b := newBench(t, 1)
	id := func(n int) wire.GenTxid { return wire.ByWtxid(wire.Wtxid{0, byte(n), byte(n >> 8), 1}) }
	for n := range MaxAnnouncements - 1 {
		if !b.Offer(at(0), 1, Terms{}, id(n)) {
			t.Fatalf("refused number %d", n)
		}
	}
	if b.Offer(at(0), 1, Terms{}, tx(1), tx(2)) || b.Count(1) != MaxAnnouncements-1 {
		t.Fatal("took two with room for one, or half of them")
	}
	if !b.Offer(at(0), 1, Terms{}, tx(1)) || b.Offer(at(0), 1, Terms{}, tx(2)) {
		t.Fatalf("the bound is not %d", MaxAnnouncements)
	}
	if !b.Offer(at(0), 1, Terms{Exempt: true}, tx(2)) || !b.Offer(at(0), 2, Terms{}, tx(2)) {
		t.Fatal("the bound of one peer holds for others")
	}
}

// The heap of one hash holds when candidates leave it from anywhere.
func TestManyAnnouncersOfOneHash(t *testing.T) {
	const peers = 300
	r := rand.New(rand.NewPCG(3, 3))
	b := newBench(t, 1)
	for p := range peer.ID(peers) {
		b.Announce(p, wtx(7), r.IntN(4) == 0, at(0))
	}
	left := make(map[peer.ID]bool)
	for p := range peer.ID(peers) {
		left[p] = true
	}
	for _, p := range r.Perm(peers)[:peers/2] {
		if r.IntN(2) == 0 {
			b.Disconnect(peer.ID(p))
		} else {
			b.Response(peer.ID(p), wtx(7))
		}
		delete(left, peer.ID(p))
		b.Due(at(1))
		b.sound()
	}
	for _, p := range b.whoIsNext(wtx(7), at(2)) {
		if !left[p] {
			t.Fatalf("peer %v is asked after it left, or twice", p)
		}
		delete(left, p)
	}
	if len(left) != 0 {
		t.Fatalf("%d peers are never asked", len(left))
	}
}

// What is freed is used again.
func TestSlabsDoNotGrow(t *testing.T) {
	b := newBench(t, 1)
	for n := range 1000 {
		p := peer.ID(n)
		b.Announce(p, wtx(byte(n)), true, at(n))
		b.Announce(p, wtx(byte(n+1)), true, at(n))
		b.Disconnect(p)
	}
	if len(b.announcements.items) > 2 || len(b.groups.items) > 2 || len(b.peers.items) > 1 {
		t.Errorf("%d announcements, %d groups, %d peers are held", len(b.announcements.items), len(b.groups.items), len(b.peers.items))
	}
}

func TestAllocations(t *testing.T) {
	tracker := New(Config{})
	var n int
	step := func() {
		now := at(n)
		n++
		for p := range peer.ID(8) {
			tracker.Announce(p, wtx(byte(n)), p < 4, now)
		}
		for _, p := range tracker.Due(now) {
			ids, _ := tracker.Requestable(p, now)
			for _, id := range ids {
				tracker.Requested(p, id, now.Add(Timeout))
				tracker.Response(p, id)
			}
		}
		tracker.Forget(wtx(byte(n)))
	}
	for range 1000 {
		step()
	}
	// One for what Due returns, one for what Requestable returns.
	if got := testing.AllocsPerRun(1000, step); got > 2 {
		t.Fatalf("%v allocations for 8 announcements and a request", got)
	}
}
