package p2ptest

import (
	"slices"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

func invOf(tx *wire.Tx) *wire.MsgInv {
	return &wire.MsgInv{Items: []wire.Inv{wire.InvOfTx(wire.ByWtxid(tx.Wtxid()))}}
}

// holds answers getdata with transactions after it has announced them.
func (a *Actor) holds(list ...*wire.Tx) {
	a.On = func(from peer.ID, m wire.Message) bool {
		get, ok := m.(*wire.MsgGetData)
		if !ok {
			return false
		}
		for _, item := range get.Items {
			id, _ := item.GenTxid()
			for _, tx := range list {
				if id == wire.ByWtxid(tx.Wtxid()) || id == wire.ByTxid(tx.Txid()) {
					a.Reply(from, &wire.MsgTx{Tx: tx})
				}
			}
		}
		return false
	}
}

// firstAsked returns when an actor was first asked for a transaction.
func firstAsked(a *Actor, tx *wire.Tx) (time.Duration, bool) {
	for _, h := range a.Heard {
		if get, ok := h.Msg.(*wire.MsgGetData); ok {
			for _, item := range get.Items {
				if id, isTx := item.GenTxid(); isTx && (id == wire.ByWtxid(tx.Wtxid()) || id == wire.ByTxid(tx.Txid())) {
					return h.At, true
				}
			}
		}
	}
	return 0, false
}

// wantAsked checks how long after a moment an actor was asked for a transaction.
func wantAsked(t *testing.T, what string, a *Actor, tx *wire.Tx, since, from, to time.Duration) {
	t.Helper()
	at, ok := firstAsked(a, tx)
	if !ok || at-since < from || at-since > to {
		t.Errorf("%s: asked %v, after %v; want %v to %v", what, ok, at-since, from, to)
	}
}

func TestTransactionIsFetched(t *testing.T) {
	const ms = time.Millisecond
	s := newStage(t, Config{Latency: ms}, 10)
	in, out := s.join(true), s.join(false)
	s.Run(time.Second)
	one, two := s.World.Spend(1000, 0, s.World.Fund()), s.World.Spend(1000, 0, s.World.Fund())
	in.holds(one, two)
	out.holds(one, two)
	start := s.Elapsed()
	out.Say(invOf(one))
	in.Say(invOf(two))
	s.Run(10 * time.Second)
	wantAsked(t, "an outbound peer", out, one, start, 0, 50*ms)
	wantAsked(t, "an inbound peer", in, two, start, 2*time.Second, 2*time.Second+50*ms)
	if !s.node.Pool.Has(wire.ByTxid(one.Txid())) || !s.node.Pool.Has(wire.ByTxid(two.Txid())) {
		t.Error("the transactions did not arrive")
	}
	if _, asked := firstAsked(in, one); asked {
		t.Error("a peer was asked for what it did not announce")
	}
	// What is in the pool is asked for no more.
	in.Forget()
	in.Say(invOf(one))
	s.Run(time.Minute)
	if _, asked := firstAsked(in, one); asked {
		t.Error("asked for a transaction of the pool")
	}
	checkQuiet(t, s.Network)
}

func TestTransactionIsAskedOfAnotherPeer(t *testing.T) {
	for _, how := range []string{"timeout", "notfound", "gone"} {
		t.Run(how, func(t *testing.T) {
			s := newStage(t, Config{Latency: time.Millisecond}, 10)
			bad, good := s.join(false), s.join(true)
			s.Run(time.Second)
			tx := s.World.Spend(1000, 0, s.World.Fund())
			good.holds(tx)
			start := s.Elapsed()
			bad.On = func(from peer.ID, m wire.Message) bool {
				if get, ok := m.(*wire.MsgGetData); ok {
					switch how {
					case "notfound":
						bad.Reply(from, &wire.MsgNotFound{Items: get.Items})
					case "gone":
						bad.Hang()
					}
				}
				return false
			}
			bad.Say(invOf(tx))
			good.Say(invOf(tx))
			s.Run(2 * time.Minute)
			wantAsked(t, "the preferred peer", bad, tx, start, 0, 50*time.Millisecond)
			if how == "timeout" {
				wantAsked(t, "the other peer", good, tx, start, time.Minute, time.Minute+time.Second)
			} else {
				wantAsked(t, "the other peer", good, tx, start, 2*time.Second, 3*time.Second)
			}
			if !s.node.Pool.Has(wire.ByTxid(tx.Txid())) {
				t.Error("the transaction did not arrive")
			}
		})
	}
}

func TestRejectedTransactionIsNotAskedForAgain(t *testing.T) {
	s := newStage(t, Config{Latency: time.Millisecond}, 10)
	a, b := s.join(false), s.join(false)
	s.Run(time.Second)
	coin := s.World.Fund()
	if err := s.node.Pool.Submit(s.World.Spend(1000, 0, coin)); err != nil {
		t.Fatal(err)
	}
	conflict := s.World.Spend(1000, 0, coin)
	a.holds(conflict)
	a.Say(invOf(conflict))
	s.Run(time.Second)
	if _, asked := firstAsked(a, conflict); !asked {
		t.Fatal("not asked for")
	}
	b.Say(invOf(conflict))
	a.Forget()
	a.Say(invOf(conflict))
	s.Run(2 * time.Minute)
	_, again := firstAsked(a, conflict)
	_, other := firstAsked(b, conflict)
	if again || other {
		t.Errorf("asked again: %v, of another: %v", again, other)
	}
	if !a.Connected() {
		t.Error("a conflict is no crime")
	}
}

// A transaction that a block has confirmed is not fetched.
func TestConfirmedTransactionIsNotFetched(t *testing.T) {
	s := newStage(t, Config{Latency: time.Millisecond}, 10)
	a := s.join(true)
	s.Run(time.Second)
	tx := s.World.Spend(1000, 0, s.World.Fund())
	a.Say(invOf(tx)) // asked for in two seconds
	s.Run(time.Second)
	if err := s.node.Ledger.Mine(s.World.Mine(s.loaded[9].Hash(), s.Time(), 0, tx)); err != nil {
		t.Fatal(err)
	}
	s.Run(time.Minute)
	a.Say(invOf(tx))
	s.Run(time.Minute)
	if _, asked := firstAsked(a, tx); asked {
		t.Error("asked for a confirmed transaction")
	}
}

// announced returns the transactions that an actor was told of.
func announced(a *Actor) (list []wire.GenTxid) {
	for _, m := range HeardOf[*wire.MsgInv](a) {
		for _, item := range m.Items {
			if id, ok := item.GenTxid(); ok {
				list = append(list, id)
			}
		}
	}
	return list
}

func TestTransactionsAreAnnounced(t *testing.T) {
	s := newStage(t, Config{Latency: time.Millisecond}, 10)
	byWtxid, byTxid := s.join(true), s.join(true, func(a *Actor) { a.Before = nil })
	noRelay := s.join(true, func(a *Actor) { a.Hello.Relay = false })
	choosy := s.join(true)
	source := s.join(false)
	s.Run(time.Second)
	choosy.Say(&wire.MsgFeeFilter{Rate: 5000})
	cheap, dear := s.World.Spend(1000, 0, s.World.Fund()), s.World.Spend(9000, 0, s.World.Fund())
	source.holds(cheap, dear)
	source.Say(invOf(cheap), invOf(dear))
	s.Run(time.Minute)
	sorted := func(list ...wire.GenTxid) []wire.GenTxid {
		slices.SortFunc(list, wire.GenTxid.Compare)
		return list
	}
	for _, c := range []struct {
		name string
		a    *Actor
		want []wire.GenTxid
	}{
		{"by wtxid", byWtxid, sorted(wire.ByWtxid(cheap.Wtxid()), wire.ByWtxid(dear.Wtxid()))},
		{"by txid", byTxid, sorted(wire.ByTxid(cheap.Txid()), wire.ByTxid(dear.Txid()))},
		{"without relay", noRelay, nil},
		{"above a feerate", choosy, sorted(wire.ByWtxid(dear.Wtxid()))},
		{"the source", source, nil},
	} {
		if got := sorted(announced(c.a)...); !slices.Equal(got, c.want) {
			t.Errorf("%s: announced %v, want %v", c.name, got, c.want)
		}
	}

	// What was announced is served, in the form that was asked for; what is unknown is not found.
	byWtxid.Forget()
	unknown := s.World.Spend(1000, 0, s.World.Fund())
	byWtxid.Say(&wire.MsgGetData{Items: []wire.Inv{
		wire.InvOfTx(wire.ByWtxid(dear.Wtxid())), wire.InvOfTx(wire.ByTxid(cheap.Txid())).WithWitness(), wire.InvOfTx(wire.ByWtxid(unknown.Wtxid())),
	}})
	s.Run(5 * time.Second)
	var got []wire.Txid
	for _, m := range HeardOf[*wire.MsgTx](byWtxid) {
		got = append(got, m.Tx.Txid())
		if m.NoWitness {
			t.Error("served without witness")
		}
	}
	if !slices.Equal(got, []wire.Txid{dear.Txid(), cheap.Txid()}) {
		t.Errorf("served %v", got)
	}
	missing := HeardOf[*wire.MsgNotFound](byWtxid)
	if len(missing) != 1 || !slices.Equal(missing[0].Items, []wire.Inv{wire.InvOfTx(wire.ByWtxid(unknown.Wtxid()))}) {
		t.Errorf("not found: %d", len(missing))
	}
	if !s.node.Pool.Served(dear.Txid()) {
		t.Error("that the transaction was fetched is not told")
	}
	byTxid.Forget()
	byTxid.Say(&wire.MsgGetData{Items: []wire.Inv{wire.InvOfTx(wire.ByTxid(dear.Txid()))}})
	s.Run(time.Second)
	if list := HeardOf[*wire.MsgTx](byTxid); len(list) != 1 || !list[0].NoWitness {
		t.Errorf("asked for the form without witness, heard %v", byTxid.Commands())
	}
}

// Who has announced a transaction is not told of it.
func TestAnnouncerIsNotToldAgain(t *testing.T) {
	s := newStage(t, Config{Latency: time.Millisecond}, 10)
	source, other, third := s.join(false), s.join(true), s.join(true)
	s.Run(time.Second)
	tx := s.World.Spend(1000, 0, s.World.Fund())
	source.holds(tx)
	source.Say(invOf(tx))
	other.Say(invOf(tx))
	s.Run(time.Minute)
	if got := announced(other); len(got) != 0 || len(announced(third)) != 1 {
		t.Errorf("announced to one that knows it %v, to one that does not %v", got, announced(third))
	}
}

// What was refused may be good after the next block.
func TestRefusalsAreForgottenWithTheTip(t *testing.T) {
	s := newStage(t, Config{Latency: time.Millisecond}, 10)
	a := s.join(false)
	s.Run(time.Second)
	s.node.Pool.SetMinFeeRate(5000)
	tx := s.World.Spend(1000, 0, s.World.Fund())
	a.holds(tx)
	a.Say(invOf(tx))
	s.Run(time.Minute)
	if s.node.Pool.Len() != 0 {
		t.Fatal("the transaction was not refused")
	}
	s.node.Pool.SetMinFeeRate(100)
	a.Say(invOf(tx))
	s.Run(time.Minute)
	if s.node.Pool.Len() != 0 || a.Count("getdata") != 1 {
		t.Error("a transaction that was refused is asked for again")
	}
	if err := s.node.Ledger.Mine(s.World.Mine(s.loaded[9].Hash(), s.Time(), 300)); err != nil {
		t.Fatal(err)
	}
	s.Run(time.Second)
	a.Say(invOf(tx))
	s.Run(time.Minute)
	if s.node.Pool.Len() != 1 {
		t.Error("the refusal was not forgotten")
	}
}
