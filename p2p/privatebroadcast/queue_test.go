package privatebroadcast

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

type bench struct {
	*Queue
	t   testing.TB
	now time.Time
}

func newBench(t testing.TB, limit int) *bench {
	return &bench{Queue: New(Config{MaxTxs: limit, Rand: rand.New(rand.NewPCG(1, 2))}), t: t, now: time.Unix(1_700_000_000, 0)}
}

func (b *bench) sound() {
	b.t.Helper()
	if err := b.check(); err != nil {
		b.t.Fatal(err)
	}
}

// open makes a connection, which must be wanted.
func (b *bench) openConn(id peer.ID) {
	b.t.Helper()
	if !b.Dial(b.now) {
		b.t.Fatalf("connection %v is not wanted", id)
	}
	b.Connected(b.now, id)
	b.sound()
}

func (b *bench) pass(d time.Duration) { b.now = b.now.Add(d) }

func tx(n uint32) *wire.Tx {
	t := &wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: wire.OutPoint{Index: n}, Witness: [][]byte{{1}}}}, Out: []wire.TxOut{{Value: 1}}}
	return t.Seal()
}

func addr(n byte) wire.NetAddr {
	return wire.AddrOf(netip.AddrPortFrom(netip.AddrFrom4([4]byte{n, 1, 1, 1}), 8333), 0)
}

// A transaction is sent over three connections, one each, and over no more.
func TestThreeConnections(t *testing.T) {
	b := newBench(t, 0)
	if b.Dial(b.now) || b.Pending() {
		t.Fatal("something is wanted of an empty queue")
	}
	one := tx(1)
	if err := b.Add(b.now, one); err != nil || b.Add(b.now, one) != nil {
		t.Fatal(err)
	}
	for id := range peer.ID(PerTx) {
		b.openConn(id)
		got, ok := b.Pick(b.now, id, addr(byte(id)))
		if !ok || got != one {
			t.Fatalf("connection %v carries %v", id, got)
		}
		if _, again := b.Pick(b.now, id, addr(byte(id))); again {
			t.Fatal("a connection carries two")
		}
		b.pass(time.Second)
		b.Confirmed(b.now, id, addr(byte(id)))
		b.Disconnected(id)
		b.sound()
	}
	if b.Dial(b.now) {
		t.Fatal("a fourth connection is wanted")
	}
	list := b.Broadcasts()
	if len(list) != 1 || len(list[0].Sends) != PerTx {
		t.Fatalf("%+v", list)
	}
	for n, s := range list[0].Sends {
		if s.Addr != addr(byte(n)) || s.Confirmed.Sub(s.Sent) != time.Second {
			t.Errorf("attempt %d: %+v", n, s)
		}
	}
	if !b.Returned(one) || b.Returned(one) || b.Pending() {
		t.Error("it came back")
	}
	b.sound()
}

// A connection without the pong is made up for, as long as anything is to be sent.
func TestLostConnection(t *testing.T) {
	b := newBench(t, 0)
	one := tx(1)
	_ = b.Add(b.now, one)
	for id := range peer.ID(10) {
		b.openConn(id)
		b.Pick(b.now, id, addr(1))
		b.Disconnected(id)
		b.sound()
	}
	b.openConn(20)
	b.Returned(one)
	if _, ok := b.Pick(b.now, 20, addr(1)); ok {
		t.Error("a connection in vain carries something")
	}
	b.Disconnected(20)
	if b.Dial(b.now) {
		t.Error("a connection is wanted for nothing")
	}
}

// What was sent least comes first.
func TestUrgency(t *testing.T) {
	b := newBench(t, 0)
	one, two := tx(1), tx(2)
	_ = b.Add(b.now, one)
	_ = b.Add(b.now, two)
	pick := func(id peer.ID, want *wire.Tx) {
		t.Helper()
		b.pass(time.Second)
		b.openConn(id)
		if got, _ := b.Pick(b.now, id, addr(1)); got != want {
			t.Fatalf("connection %v carries another one", id)
		}
	}
	pick(1, one)
	pick(2, two)
	b.Confirmed(b.now, 1, addr(1))
	pick(3, two) // as often picked, less often confirmed
	pick(4, one)
	b.Confirmed(b.now, 3, addr(1))
	pick(5, two) // picked longer ago
}

// What does not come back is looked for every two to three minutes.
func TestStale(t *testing.T) {
	b := newBench(t, 0)
	silent, heard := tx(1), tx(2)
	start := b.now
	_ = b.Add(b.now, silent)
	_ = b.Add(b.now, heard)
	b.openConn(1)
	b.Pick(b.now, 1, addr(1)) // silent, never confirmed
	b.openConn(2)
	b.Pick(b.now, 2, addr(2))
	b.Confirmed(b.now, 2, addr(2))
	found := map[*wire.Tx]time.Duration{}
	for b.now.Sub(start) < 10*time.Minute {
		at, ok := b.Next()
		if !ok {
			t.Fatal("nobody looks any more")
		}
		if at.Before(b.now) { // connections are wanted as well
			at = b.now.Add(time.Second)
		}
		b.now = at
		for _, s := range b.Stale(b.now) {
			if _, first := found[s]; !first {
				found[s] = b.now.Sub(start)
			}
		}
		if !b.look.After(b.now) {
			t.Fatal("the next look is past")
		}
		b.sound()
	}
	if d := found[heard]; d < time.Minute || d > 6*time.Minute {
		t.Errorf("what was confirmed is stale after %v", d)
	}
	if d := found[silent]; d < 5*time.Minute || d > 9*time.Minute {
		t.Errorf("what was not is stale after %v", d)
	}
	wanted := b.wanted
	b.Again(silent)
	if b.wanted != wanted+1 {
		t.Error("it is not sent again")
	}
	b.GiveUp(heard)
	b.GiveUp(heard)
	b.Again(heard)
	if b.wanted != wanted+1 || len(b.Broadcasts()) != 1 {
		t.Error("it was given up")
	}
	b.sound()
}

func TestLimits(t *testing.T) {
	b := newBench(t, 30)
	for n := range uint32(30) {
		if err := b.Add(b.now, tx(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Add(b.now, tx(99)); !errors.Is(err, ErrFull) {
		t.Errorf("one too many: %v", err)
	}
	if err := b.Add(b.now, tx(3)); err != nil {
		t.Errorf("one that is there: %v", err)
	}
	for id := range peer.ID(MaxOpen) {
		b.openConn(id)
	}
	if b.Dial(b.now) {
		t.Error("too many connections")
	}
	b.Disconnected(0)
	if !b.Dial(b.now) {
		t.Error("no connection although there is room")
	}
	b.Failed(b.now, time.Second)
	if b.Dial(b.now) {
		t.Error("no pause after a failure")
	}
	if at, ok := b.Next(); !ok || !at.Equal(b.now.Add(time.Second)) {
		t.Errorf("next at %v", at)
	}
	b.sound()
}

// Two transactions with one txid are ended together by it, and one of them by its wtxid.
func TestAbort(t *testing.T) {
	b := newBench(t, 0)
	one := tx(1)
	other := one.Clone()
	other.In[0].Witness = [][]byte{{2}}
	other.Seal()
	if one.Txid() != other.Txid() || one.Wtxid() == other.Wtxid() {
		t.Fatal("not what was meant")
	}
	_ = b.Add(b.now, one)
	_ = b.Add(b.now, other)
	_ = b.Add(b.now, tx(2))
	if got := b.Abort([32]byte(other.Wtxid())); len(got) != 1 || got[0] != other {
		t.Errorf("ended %v", got)
	}
	_ = b.Add(b.now, other)
	if got := b.Abort([32]byte(one.Txid())); len(got) != 2 || got[0] != one || got[1] != other {
		t.Errorf("ended %v", got)
	}
	if got := b.Abort([32]byte{1}); got != nil {
		t.Errorf("ended %v", got)
	}
	if b.wanted != PerTx {
		t.Errorf("%d connections are wanted for one transaction", b.wanted)
	}
	b.sound()
}

// Attempts are remembered up to a bound, and counted beyond it.
func TestManySends(t *testing.T) {
	b := newBench(t, 0)
	_ = b.Add(b.now, tx(1))
	for id := range peer.ID(MaxSends + 10) {
		b.openConn(id)
		b.Pick(b.now, id, addr(byte(id)))
		b.pass(time.Second)
		b.Disconnected(id)
	}
	if got := b.Broadcasts()[0].Sends; len(got) != MaxSends || got[0].Addr != addr(10) {
		t.Errorf("%d attempts, the first to %v", len(got), got[0].Addr)
	}
	b.sound()
}

// FuzzQueue runs any history; what it wants is bounded, nothing is carried twice by a
// connection, and a naive list agrees on what is sent.
func FuzzQueue(f *testing.F) {
	f.Add([]byte{0, 1, 1, 0, 2, 0, 3, 0, 4, 0})
	f.Add([]byte{0, 1, 0, 2, 1, 1, 2, 1, 6, 1, 5, 200, 7, 2, 8, 1})
	f.Fuzz(func(t *testing.T, ops []byte) {
		b := newBench(t, 8)
		model := map[*wire.Tx]bool{}
		all := make([]*wire.Tx, 12)
		for n := range all {
			all[n] = tx(uint32(n))
		}
		carried := map[peer.ID]*wire.Tx{}
		for ; len(ops) >= 2; ops = ops[2:] {
			id, tx := peer.ID(ops[1]%70), all[int(ops[1])%len(all)]
			switch ops[0] % 9 {
			case 0:
				if err := b.Add(b.now, tx); (err == nil) != (model[tx] || len(model) < 8) {
					t.Fatalf("add: %v", err)
				} else if err == nil {
					model[tx] = true
				}
			case 1:
				if b.conns[id] == nil && b.Dial(b.now) {
					b.Connected(b.now, id)
				}
			case 2:
				got, ok := b.Pick(b.now, id, addr(byte(id)))
				if ok && (carried[id] != nil || !model[got]) {
					t.Fatalf("connection %v carries %v besides %v", id, got.Txid(), carried[id])
				}
				if ok {
					carried[id] = got
				}
			case 3:
				b.Confirmed(b.now, id, addr(byte(id)))
			case 4:
				b.Disconnected(id)
				delete(carried, id)
			case 5:
				b.pass(time.Duration(ops[1]) * time.Second)
				for _, s := range b.Stale(b.now) {
					if !model[s] {
						t.Fatal("what is stale is not sent any more")
					}
					b.Again(s)
				}
			case 6:
				if b.Returned(tx) != model[tx] {
					t.Fatal("returned")
				}
				delete(model, tx)
			case 7:
				if b.Dial(b.now) {
					b.Failed(b.now, time.Duration(ops[1])*time.Millisecond)
				}
			case 8:
				if got := b.Abort([32]byte(tx.Txid())); (len(got) == 1) != model[tx] {
					t.Fatal("abort")
				}
				delete(model, tx)
			}
			b.sound()
			if len(b.Broadcasts()) != len(model) || b.Pending() != (len(model) > 0) {
				t.Fatalf("%d are sent, want %d", len(b.Broadcasts()), len(model))
			}
		}
	})
}
