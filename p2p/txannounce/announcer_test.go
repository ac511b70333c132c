package txannounce

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

var start = time.Unix(1_700_000_000, 0)

// pool is a transaction pool for tests.
type pool struct {
	entries map[wire.Wtxid]pooled
	lookups int
	made    uint64
}

type pooled struct {
	tx   *wire.Tx
	rate wire.FeeRate
}

func newPool() *pool { return &pool{entries: make(map[wire.Wtxid]pooled)} }

func (p *pool) lookup(id wire.Wtxid) (*wire.Tx, wire.FeeRate, bool) {
	p.lookups++
	e, ok := p.entries[id]
	return e.tx, e.rate, ok
}

// make returns a new transaction with a witness that spends the parents, and
// puts it into the pool.
func (p *pool) make(rate wire.FeeRate, parents ...*wire.Tx) *wire.Tx {
	p.made++
	tx := &wire.Tx{Version: 2, Out: []wire.TxOut{{Value: wire.Amount(p.made), PkScript: []byte{0x51}}}}
	for _, parent := range parents {
		tx.In = append(tx.In, wire.TxIn{PrevOut: wire.OutPoint{Txid: parent.Txid()}, Witness: [][]byte{{1}}})
	}
	if len(parents) == 0 {
		var id wire.Txid
		binary.BigEndian.PutUint64(id[:], math.MaxUint64-p.made)
		tx.In = []wire.TxIn{{PrevOut: wire.OutPoint{Txid: id}, Witness: [][]byte{{1}}}}
	}
	tx.Seal()
	p.entries[tx.Wtxid()] = pooled{tx: tx, rate: rate}
	return tx
}

// bench is an announcer under test with its pool and clock.
type bench struct {
	*testing.T
	*Announcer
	pool *pool
	now  time.Time
}

func newBench(t *testing.T, seed uint64) *bench {
	return &bench{T: t, Announcer: New(Config{Rand: rand.New(rand.NewPCG(seed, 0))}), pool: newPool(), now: start}
}

// firstRounds passes the rounds of peers that are new.
func (b *bench) firstRounds() {
	b.Helper()
	for {
		next, ok := b.Next()
		if !ok {
			return
		}
		if next.After(b.now) {
			b.now = next
		}
		b.Due(b.now, b.pool.lookup)
	}
}

func (b *bench) sound() {
	b.Helper()
	if err := b.check(); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) add(txs ...*wire.Tx) {
	for _, tx := range txs {
		b.Add(tx.Txid(), tx.Wtxid())
	}
	b.sound()
}

// wait goes to the next time at which something is announced and returns it.
func (b *bench) wait() []Batch {
	b.Helper()
	for range 1000 {
		next, ok := b.Next()
		if !ok {
			return nil
		}
		if next.After(b.now) {
			b.now = next
		}
		batches := b.Due(b.now, b.pool.lookup)
		b.sound()
		if err := b.checkTold(b.now); err != nil {
			b.Fatal(err)
		}
		if len(batches) > 0 {
			return batches
		}
	}
	b.Fatal("nothing is announced though something waits")
	return nil
}

// drain waits until nothing waits and returns what each peer was told.
func (b *bench) drain() map[peer.ID][]wire.GenTxid {
	b.Helper()
	told := make(map[peer.ID][]wire.GenTxid)
	for {
		batches := b.wait()
		if batches == nil {
			return told
		}
		for _, batch := range batches {
			told[batch.Peer] = append(told[batch.Peer], batch.Items...)
		}
	}
}

func byWtxid(txs ...*wire.Tx) (names []wire.GenTxid) {
	for _, tx := range txs {
		names = append(names, wire.ByWtxid(tx.Wtxid()))
	}
	return names
}

func byTxid(txs ...*wire.Tx) (names []wire.GenTxid) {
	for _, tx := range txs {
		names = append(names, wire.ByTxid(tx.Txid()))
	}
	return names
}

func (b *bench) tells(p peer.ID, got, want []wire.GenTxid) {
	b.Helper()
	if !slices.Equal(got, want) {
		b.Errorf("peer %v is told of %v, want %v", p, got, want)
	}
}

func TestDoesNotTellWhatIsKnown(t *testing.T) {
	b := newBench(t, 1)
	b.AddPeer(1, Options{Wtxid: true})
	b.AddPeer(2, Options{})
	before, after, other := b.pool.make(1000), b.pool.make(1000), b.pool.make(1000)
	b.Known(1, wire.ByWtxid(before.Wtxid()))
	b.Known(2, wire.ByTxid(before.Txid()))
	b.Known(9, wire.ByTxid(before.Txid()))
	b.Remind(before.Txid(), before.Wtxid())
	if b.Pending(1) != 0 || b.Pending(2) != 0 {
		t.Fatalf("%d and %d wait for peers that know them", b.Pending(1), b.Pending(2))
	}
	b.add(before, after, other)
	b.Known(1, wire.ByWtxid(after.Wtxid())) // while it waits
	b.Known(2, wire.ByTxid(after.Txid()))
	b.Known(2, wire.ByWtxid(other.Wtxid())) // not a name that peer 2 is told
	told := b.drain()
	b.tells(1, told[1], byWtxid(other))
	b.tells(2, told[2], byTxid(other))
}

// Who says that he has a transaction may not fetch it before his round either, or he
// could ask until it is there, and know when it came.
func TestKnownIsNotServedBeforeTheRound(t *testing.T) {
	for _, inbound := range []bool{false, true} {
		b := newBench(t, 1)
		b.AddPeer(1, Options{Wtxid: true, Inbound: inbound})
		b.add(b.pool.make(1000))
		b.drain()
		watched := b.pool.make(1000)
		b.Known(1, wire.ByWtxid(watched.Wtxid()))
		b.add(watched)
		if b.Announced(1, watched.Wtxid()) {
			t.Errorf("inbound %v: it may be fetched at once", inbound)
		}
		b.tells(1, b.drain()[1], nil)
		if !b.Announced(1, watched.Wtxid()) {
			t.Errorf("inbound %v: it may not be fetched after the round", inbound)
		}
	}
}

// Those who came by one socket are told at the same moments, those of others at their own:
// who is connected by both cannot tell that they lead to one node.
func TestSocketsHaveTheirOwnMoments(t *testing.T) {
	b := newBench(t, 1)
	tor := Socket{Network: wire.NetTorV3, Local: netip.MustParseAddrPort("127.0.0.1:8334")}
	open, other := Socket{Network: wire.NetIPv4, Local: netip.MustParseAddrPort("1.2.3.4:8333")}, Socket{Network: wire.NetIPv4, Local: netip.MustParseAddrPort("1.2.3.5:8333")}
	sockets := []Socket{tor, tor, open, open, other, other}
	for i, s := range sockets {
		b.AddPeer(peer.ID(i), Options{Inbound: true, Socket: s})
	}
	b.drain()
	together := 0
	for range 200 {
		b.add(b.pool.make(1000))
		at := map[peer.ID]time.Time{}
		for len(at) < len(sockets) {
			for _, batch := range b.wait() {
				at[batch.Peer] = b.now
			}
		}
		for i := 0; i < len(sockets); i += 2 {
			if !at[peer.ID(i)].Equal(at[peer.ID(i+1)]) {
				t.Fatalf("peers of one socket are told at %v and %v", at[peer.ID(i)], at[peer.ID(i+1)])
			}
			if at[peer.ID(i)].Equal(at[peer.ID((i+2)%len(sockets))]) {
				together++
			}
		}
	}
	if together > 3 {
		t.Errorf("peers of two sockets were told together %d times in 600", together)
	}
	for i := range sockets {
		b.RemovePeer(peer.ID(i))
	}
	if len(b.shared) != 0 {
		t.Errorf("%d timers are kept for nobody", len(b.shared))
	}
}

// Whom the operator trusts is told at once; of a backlog, ten times a second.
func TestPromptPeersDoNotWait(t *testing.T) {
	for _, inbound := range []bool{false, true} {
		b := newBench(t, 1)
		b.AddPeer(1, Options{Inbound: inbound, Prompt: true, Wtxid: true})
		b.Due(b.now, b.pool.lookup)
		tx := b.pool.make(1000)
		b.add(tx)
		batches := b.Due(b.now, b.pool.lookup)
		if len(batches) != 1 || !slices.Equal(batches[0].Items, byWtxid(tx)) {
			t.Fatalf("inbound %v: told of %v at once", inbound, batches)
		}
		for range 2*targetBatch + 1 {
			b.add(b.pool.make(1000))
		}
		began, told := b.now, 0
		for told < 2*targetBatch+1 {
			for _, batch := range b.wait() {
				told += len(batch.Items)
			}
		}
		if took := b.now.Sub(began); took != 2*promptPause {
			t.Errorf("inbound %v: three batches took %v", inbound, took)
		}
	}
}

func TestBestFirstAndParentsBeforeChildren(t *testing.T) {
	b := newBench(t, 1)
	b.AddPeer(1, Options{Wtxid: true})
	poor := b.pool.make(100)
	middle := b.pool.make(3000)
	rich := b.pool.make(9000)
	parent := b.pool.make(50)
	grand := b.pool.make(60, parent)
	child := b.pool.make(5000, grand, middle)
	same := b.pool.make(3000)
	b.add(poor, child, middle, rich, same, grand, parent) // children may come first, after a reorganisation
	told := b.drain()
	b.tells(1, told[1], byWtxid(rich, parent, grand, middle, child, same, poor))
}

func TestDropsWhatLeftThePool(t *testing.T) {
	b := newBench(t, 1)
	b.AddPeer(1, Options{Wtxid: true})
	gone, stays := b.pool.make(5000), b.pool.make(1000)
	b.add(gone, stays)
	delete(b.pool.entries, gone.Wtxid())
	told := b.drain()
	b.tells(1, told[1], byWtxid(stays))
}

// What leaves the pool is found even when it is too cheap ever to be looked at.
func TestSweepsTheBacklog(t *testing.T) {
	b := newBench(t, 1)
	b.AddPeer(1, Options{Wtxid: true})
	var cheap []*wire.Tx
	for range 2000 {
		cheap = append(cheap, b.pool.make(100))
	}
	b.add(cheap...)
	b.wait()
	for _, tx := range cheap {
		delete(b.pool.entries, tx.Wtxid())
	}
	for range 20 {
		var rich []*wire.Tx
		for range 100 { // more than go out at a time, so that the cheap are never due
			rich = append(rich, b.pool.make(5000))
		}
		b.add(rich...)
		b.wait()
	}
	if n := b.Pending(1); n > 100*20 {
		t.Fatalf("%d wait, of which 2000 left the pool", n)
	}
	for _, tx := range cheap {
		if _, ok := b.byWtxid[tx.Wtxid()]; ok {
			t.Fatal("a transaction that left the pool still waits")
		}
	}
}

func TestForgetsAFlood(t *testing.T) {
	b := newBench(t, 1)
	b.AddPeer(1, Options{Wtxid: true})
	for range 3000 {
		tx := b.pool.make(1000)
		b.Add(tx.Txid(), tx.Wtxid())
	}
	clear(b.pool.entries)
	last := b.pool.make(100)
	b.add(last)
	b.tells(1, b.drain()[1], byWtxid(last))
	if n := len(b.entries); n > slabFloor {
		t.Errorf("%d entries are kept for nothing", n)
	}
}

func TestBatchSizes(t *testing.T) {
	for _, c := range []struct{ waiting, want int }{
		{1, 1}, {70, 70}, {71, 70}, {999, 70}, {1000, 75}, {1999, 75}, {2000, 80},
		{187_000, 1000},
	} {
		if testing.Short() && c.waiting > 10_000 {
			continue
		}
		b := newBench(t, 1)
		b.AddPeer(1, Options{Wtxid: true})
		for range c.waiting {
			tx := b.pool.make(1000)
			b.Add(tx.Txid(), tx.Wtxid())
		}
		batches := b.wait()
		if len(batches) != 1 || len(batches[0].Items) != c.want || b.Pending(1) != c.waiting-c.want {
			t.Errorf("%d wait: %d are announced, want %d; %d left", c.waiting, len(batches[0].Items), c.want, b.Pending(1))
		}
	}
}

// What is not told does not count: a batch is filled from what follows.
func TestKnownAndFilteredDoNotFillABatch(t *testing.T) {
	b := newBench(t, 1)
	b.AddPeer(1, Options{Wtxid: true})
	for range 100 {
		tx := b.pool.make(9000)
		b.add(tx)
		b.Known(1, wire.ByWtxid(tx.Wtxid()))
	}
	for range 70 {
		b.add(b.pool.make(1000))
	}
	if batches := b.wait(); len(batches[0].Items) != 70 || b.Pending(1) != 0 {
		t.Errorf("%d announced, %d left", len(batches[0].Items), b.Pending(1))
	}
}

// Each wait is exponential with its mean; inbound peers wait together, outbound
// ones each for itself.
func TestWaitingTimes(t *testing.T) {
	const rounds = 4000
	var outbound, inbound []float64
	b := newBench(t, 1)
	for p := range peer.ID(2) {
		b.AddPeer(p, Options{Wtxid: true})
		b.AddPeer(10+p, Options{Wtxid: true, Inbound: true})
	}
	together := 0
	for range rounds {
		b.now = b.now.Add(time.Hour)
		began := b.now
		b.add(b.pool.make(1000))
		at := make(map[peer.ID]time.Duration)
		for len(at) < 4 {
			for _, batch := range b.wait() {
				at[batch.Peer] = b.now.Sub(began)
			}
		}
		if at[10] != at[11] {
			t.Fatalf("inbound peers are told at %v and %v", at[10], at[11])
		}
		if at[0] == at[1] {
			together++
		}
		outbound = append(outbound, at[0].Seconds())
		inbound = append(inbound, at[10].Seconds())
	}
	if together > 0 {
		t.Errorf("outbound peers were told together %d times", together)
	}
	exponential(t, "outbound", outbound, OutboundInterval.Seconds())
	exponential(t, "inbound", inbound, InboundInterval.Seconds())
}

// exponential asserts mean and shape: a share of 1/e lies above the mean.
func exponential(t *testing.T, name string, sample []float64, mean float64) {
	t.Helper()
	sum, above := 0.0, 0.0
	for _, x := range sample {
		sum += x
		if x > mean {
			above++
		}
	}
	n := float64(len(sample))
	// Five standard deviations of either are 8 % of the mean and 0.038.
	if got := sum / n; math.Abs(got-mean) > 0.08*mean {
		t.Errorf("%s: mean %.3f s, want %.1f", name, got, mean)
	}
	if got := above / n; math.Abs(got-1/math.E) > 0.038 {
		t.Errorf("%s: %.3f above the mean, want %.3f", name, got, 1/math.E)
	}
}

// A backlog goes out in rounds with a wait before each, and a timer that runs is
// not drawn anew.
func TestBacklogWaits(t *testing.T) {
	for _, inbound := range []bool{false, true} {
		b := newBench(t, 1)
		b.AddPeer(1, Options{Wtxid: true, Inbound: inbound})
		for range 200 {
			b.add(b.pool.make(1000))
		}
		for _, want := range []int{70, 70, 60} {
			b.Due(b.now, b.pool.lookup) // starts the timer, the first time
			next, _ := b.Next()
			for range 3 {
				b.now = b.now.Add(next.Sub(b.now) / 2)
				if got := b.Due(b.now, b.pool.lookup); len(got) != 0 {
					t.Fatalf("announced %v early", next.Sub(b.now))
				}
				if again, _ := b.Next(); !again.Equal(next) {
					t.Fatalf("the timer was to end at %v and is to at %v", next, again)
				}
			}
			if got := b.wait(); len(got) != 1 || len(got[0].Items) != want || !b.now.Equal(next) {
				t.Fatalf("announced %d at %v, want %d at %v", len(got[0].Items), b.now, want, next)
			}
		}
	}
}

// A round looks up what it tells and a sixteenth of what waits, no more.
func TestLookups(t *testing.T) {
	b := newBench(t, 1)
	b.AddPeer(1, Options{Wtxid: true})
	b.AddPeer(2, Options{Wtxid: true, Inbound: true})
	var txs []*wire.Tx
	for n := range 8000 {
		txs = append(txs, b.pool.make(wire.FeeRate(n)))
	}
	b.add(txs...)
	b.wait() // ranks all
	for range 10 {
		b.pool.lookups = 0
		told := 0
		for _, batch := range b.wait() {
			told += len(batch.Items)
		}
		if most := told + 16 + 8000/16; b.pool.lookups > most {
			t.Errorf("%d look-ups for %d transactions", b.pool.lookups, told)
		}
	}
}

func TestTimersRunOnlyWhileSomethingWaits(t *testing.T) {
	b := newBench(t, 1)
	b.AddPeer(1, Options{Wtxid: true})
	b.AddPeer(2, Options{Wtxid: true, Inbound: true})
	b.firstRounds()
	if _, ok := b.Next(); ok {
		t.Fatal("a timer runs and nothing waits")
	}
	b.add(b.pool.make(1000))
	if next, ok := b.Next(); !ok || !next.IsZero() {
		t.Fatalf("next is %v %v, want at once, to start timers", next, ok)
	}
	if batches := b.Due(b.now, b.pool.lookup); len(batches) != 0 {
		t.Fatal("a transaction is announced on arrival")
	}
	if next, ok := b.Next(); !ok || !next.After(b.now) {
		t.Fatalf("next is %v %v", next, ok)
	}
	if batches := b.Due(b.now, b.pool.lookup); len(batches) != 0 {
		t.Fatal("a transaction is announced before its time")
	}
	b.drain()
	// A long pause must not count as waiting.
	b.now = b.now.Add(time.Hour)
	b.add(b.pool.make(1000))
	if batches := b.Due(b.now, b.pool.lookup); len(batches) != 0 {
		t.Fatal("a transaction is announced on arrival after a pause")
	}
}

func TestPeersComeAndGo(t *testing.T) {
	b := newBench(t, 1)
	first, second := b.pool.make(1000), b.pool.make(2000)
	b.add(first)
	b.AddPeer(1, Options{Wtxid: true})
	b.AddPeer(1, Options{}) // again, which changes nothing
	b.AddPeer(2, Options{Wtxid: true, Inbound: true})
	b.add(second)
	b.Due(b.now, b.pool.lookup)
	b.RemovePeer(2)
	b.RemovePeer(2)
	b.sound()
	b.AddPeer(3, Options{Wtxid: true}) // in the place of 2
	told := b.drain()
	b.tells(1, told[1], byWtxid(second))
	if len(told) != 1 || b.Pending(2) != 0 {
		t.Errorf("told %v", told)
	}
	b.RemovePeer(1)
	b.RemovePeer(3)
	b.add(first)
	if len(b.byWtxid) != 0 {
		t.Error("something waits for nobody")
	}
}

func TestPlacesAreUsedAgain(t *testing.T) {
	b := newBench(t, 1)
	for p := range peer.ID(64) {
		b.AddPeer(p, Options{})
	}
	for p := range peer.ID(1000) {
		b.RemovePeer(p)
		b.AddPeer(p+64, Options{})
	}
	b.sound()
	if len(b.peers) != 64 || b.words != 1 {
		t.Errorf("64 peers take %d places and %d words", len(b.peers), b.words)
	}
}

// Without a source of randomness an announcer works, in the same way each time.
func TestZeroConfig(t *testing.T) {
	var at [2]time.Time
	for n := range at {
		b := &bench{T: t, Announcer: New(Config{}), pool: newPool(), now: start}
		b.AddPeer(1, Options{Wtxid: true})
		b.add(b.pool.make(1000))
		b.wait()
		at[n] = b.now
	}
	if !at[0].Equal(at[1]) || at[0].Equal(start) {
		t.Errorf("announced at %v and %v", at[0], at[1])
	}
}

func TestMoreThan64Peers(t *testing.T) {
	b := newBench(t, 1)
	tx, late := b.pool.make(1000), b.pool.make(1000)
	for p := range peer.ID(60) {
		b.AddPeer(p, Options{Wtxid: true})
	}
	b.add(tx)
	for p := range peer.ID(140) {
		b.AddPeer(60+p, Options{Wtxid: true})
	}
	b.add(late)
	told := b.drain()
	for p := range peer.ID(200) {
		want := byWtxid(tx, late)
		if p >= 60 {
			want = byWtxid(late)
		}
		slices.SortFunc(told[p], wire.GenTxid.Compare)
		slices.SortFunc(want, wire.GenTxid.Compare)
		b.tells(p, told[p], want)
	}
}

func TestAnnounced(t *testing.T) {
	b := newBench(t, 1)
	old := b.pool.make(1000)
	b.add(old)
	b.AddPeer(1, Options{Wtxid: true})
	b.firstRounds()
	if !b.Announced(1, old.Wtxid()) || b.Announced(2, old.Wtxid()) {
		t.Error("what was there before the peer is denied, or a stranger is served")
	}
	fresh := b.pool.make(1000)
	b.add(fresh)
	if b.Announced(1, fresh.Wtxid()) {
		t.Error("a transaction is served before it is announced")
	}
	if seq := b.LastSequence(1); seq != 1 {
		t.Errorf("last sequence %d, want 1", seq)
	}
	b.drain()
	if !b.Announced(1, fresh.Wtxid()) || b.LastSequence(1) != 2 {
		t.Errorf("a transaction is denied after it was announced; sequence %d", b.LastSequence(1))
	}
	var backlog []*wire.Tx
	for range 100 {
		backlog = append(backlog, b.pool.make(1000))
	}
	b.add(backlog...)
	b.wait()
	if b.Pending(1) != 30 || !b.Announced(1, backlog[99].Wtxid()) {
		t.Error("what waits because of the bound alone is denied")
	}
}

// A peer that has just come is answered after a time of chance only, even if there
// is nothing to tell it: otherwise, who comes anew and asks would learn what is in
// the pool now. Inbound ones share that time, so that coming often gains nothing.
func TestNewPeersWaitForTheirFirstRound(t *testing.T) {
	b := newBench(t, 1)
	old := b.pool.make(1000)
	b.add(old)
	for p := range peer.ID(4) {
		b.AddPeer(p, Options{Wtxid: true, Inbound: p > 0})
	}
	if next, ok := b.Next(); !ok || !next.IsZero() {
		t.Fatalf("next is %v %v, want at once, to start timers", next, ok)
	}
	b.Due(b.now, b.pool.lookup)
	first := map[time.Time]bool{}
	for answered := 0; answered < 4; {
		next, ok := b.Next()
		if !ok || !next.After(b.now) {
			t.Fatalf("next is %v %v with %d peers answered", next, ok, answered)
		}
		b.now = next
		if batches := b.Due(b.now, b.pool.lookup); len(batches) != 0 {
			t.Fatalf("told %v of what was there before", batches)
		}
		b.sound()
		answered = 0
		for p := range peer.ID(4) {
			if b.Announced(p, old.Wtxid()) {
				answered++
			}
		}
		first[next] = true
	}
	if len(first) != 2 {
		t.Errorf("first rounds at %d times, want one of the outbound peer and one of the others", len(first))
	}
	if _, ok := b.Next(); ok {
		t.Error("a timer runs and nothing is to come")
	}
	b.AddPeer(9, Options{Wtxid: true, Inbound: true})
	b.Due(b.now, b.pool.lookup)
	b.RemovePeer(9)
	b.sound()
	if _, ok := b.Next(); ok {
		t.Error("a timer runs for who has gone")
	}
}

func TestRecentRemembersEnough(t *testing.T) {
	var r recent
	for n := uint64(1); n <= 200_000; n++ {
		r.add(n * 0x9e3779b97f4a7c15)
		if n > 2*generation && !r.has((n-2*generation)*0x9e3779b97f4a7c15) {
			t.Fatalf("number %d is forgotten after %d more", n-2*generation, 2*generation)
		}
	}
	if r.has(1 * 0x9e3779b97f4a7c15) {
		t.Error("nothing is ever forgotten")
	}
	bytes := 0
	for _, g := range r.generations {
		bytes += 8 * len(g.slots)
	}
	if bytes != 3*8*32768 {
		t.Errorf("%d bytes, the package comment says 790 kB", bytes)
	}
}

// What a peer knows is bounded, however much it announces.
func TestFootprint(t *testing.T) {
	b := newBench(t, 1)
	b.AddPeer(1, Options{})
	if n := b.Footprint(1); n > 500 {
		t.Errorf("%d bytes for a peer that knows nothing", n)
	}
	for i := range 200_000 {
		b.Known(1, wire.ByTxid(wire.Txid{byte(i), byte(i >> 8), byte(i >> 16)}))
	}
	if n := b.Footprint(1); n > 790_000 || n < 780_000 {
		t.Errorf("%d bytes, the doc says 790 kB", n)
	}
	if b.Footprint(2) != 0 {
		t.Error("something is kept for nobody")
	}
}
