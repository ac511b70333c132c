package p2ptest

import (
	"slices"
	"testing"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// A pong, as an answer that shows state, waits for the verdicts on what the same peer
// sent before; other peers wait for nothing.
func TestPongsWaitForVerdicts(t *testing.T) {
	const ms = time.Millisecond
	s := newStage(t, Config{Latency: ms, Verdicts: Verdicts{Headers: 300 * ms, Block: 5 * time.Second, Tx: 2 * time.Second}}, 10)
	a := s.join(true, func(a *Actor) { a.Chain = s.loaded })
	other := s.join(true)
	s.Run(20 * time.Second)
	b := s.World.Mine(s.loaded[9].Hash(), s.Time(), 1000)
	chain := append(slices.Clone(s.loaded), b)
	tx := s.World.Spend(1000, 0, s.World.Fund())

	// What the node had taken in when each pong came.
	type state struct {
		header, block, tx bool
		at                time.Duration
	}
	pongs := make(map[uint64]state)
	a.On = func(_ peer.ID, m wire.Message) bool {
		if pong, ok := m.(*wire.MsgPong); ok {
			pongs[pong.Nonce] = state{
				s.node.Ledger.Tree().Lookup(b.Hash()) != nil, s.node.Ledger.Tip() == b.Hash(), s.node.Pool.Has(wire.ByTxid(tx.Txid())), s.Elapsed(),
			}
		}
		return false
	}
	start := s.Elapsed()
	a.Chain = chain
	a.Say(
		&wire.MsgPing{Nonce: 1}, &wire.MsgHeaders{Headers: []wire.Header{b.Header}}, &wire.MsgPing{Nonce: 2},
		&wire.MsgTx{Tx: tx}, &wire.MsgPing{Nonce: 3},
	)
	a.Forget()
	s.wantWithin(time.Second, "the request of the block", func() bool { return len(a.Asked()) > 0 })
	a.Say(&wire.MsgPing{Nonce: 4}, &wire.MsgGetHeaders{Locator: []wire.BlockHash{s.loaded[9].Hash()}})
	other.Say(&wire.MsgPing{Nonce: 99})
	s.Run(20 * time.Second)

	if p := pongs[1]; p.at-start > 10*ms || p.header {
		t.Errorf("a ping before everything was answered after %v", p.at-start)
	}
	if p := pongs[2]; !p.header {
		t.Errorf("a pong came %v after the header's ping, before the header was judged", p.at-start)
	}
	if p := pongs[3]; !p.tx {
		t.Errorf("a pong came %v after the transaction's ping, before it was judged", p.at-start)
	}
	if p := pongs[4]; !p.block {
		t.Errorf("a pong came %v after the block's ping, before the block was judged", p.at-start)
	}
	if len(pongs) != 4 {
		t.Fatalf("%d pongs", len(pongs))
	}
	list := HeardOf[*wire.MsgHeaders](a)
	if len(list) == 0 || !slices.Contains(list[len(list)-1].Headers, b.Header) {
		t.Errorf("headers that were asked for behind the block do not show it: %v", a.Commands())
	}
	for _, h := range other.Heard {
		if pong, ok := h.Msg.(*wire.MsgPong); ok && pong.Nonce == 99 && h.At-start > 2*time.Second {
			t.Errorf("another peer's pong took %v", h.At-start)
		}
	}
	if !slices.ContainsFunc(HeardOf[*wire.MsgPong](other), func(m *wire.MsgPong) bool { return m.Nonce == 99 }) {
		t.Error("another peer got no pong")
	}
}

// Pongs keep the order of their pings, whatever lies between them.
func TestPongsKeepTheirOrder(t *testing.T) {
	Seeds(t, 5, func(t *testing.T, seed uint64) {
		s := newStage(t, Config{
			Seed: seed, Latency: time.Millisecond,
			Verdicts: Verdicts{Headers: 20 * time.Millisecond, Block: 50 * time.Millisecond, Tx: 30 * time.Millisecond, Event: 10 * time.Millisecond},
		}, 10)
		a := s.join(seed%2 == 0, func(a *Actor) { a.Chain = s.loaded })
		s.Run(time.Second)
		tip := s.loaded[9].Hash()
		a.Forget()
		const count = 60
		for i := range count {
			switch s.Rand().IntN(4) {
			case 0:
				b := s.World.Mine(tip, s.Time(), 300)
				tip = b.Hash()
				a.Chain = append(slices.Clone(a.Chain), b)
				a.Say(&wire.MsgHeaders{Headers: []wire.Header{b.Header}})
			case 1:
				a.Say(&wire.MsgTx{Tx: s.World.Spend(1000, 0, s.World.Fund())})
			case 2:
				a.Say(&wire.MsgBlock{Block: s.World.Mine(tip, s.Time(), 500)})
			}
			a.Say(&wire.MsgPing{Nonce: uint64(i + 1)})
			s.Run(time.Duration(s.Rand().IntN(30)) * time.Millisecond)
		}
		s.Run(20 * time.Second)
		var got []uint64
		for _, m := range HeardOf[*wire.MsgPong](a) {
			got = append(got, m.Nonce)
		}
		if len(got) != count || !slices.IsSorted(got) {
			t.Errorf("pongs %v", got)
		}
		checkQuiet(t, s.Network)
	})
}

// A peer that sends faster than the ledger judges is not read from: what waits for a
// verdict stays within its credit.
func TestFloodIsNotRead(t *testing.T) {
	const credit = 1_000_000
	s := newStage(t, Config{Latency: time.Millisecond, Credit: credit, Window: 1 << 20, Verdicts: Verdicts{Block: time.Second, Tx: time.Second}}, 10)
	a := s.join(true, func(a *Actor) { a.Chain = s.loaded })
	other := s.join(true)
	s.Run(time.Second)
	parent := s.loaded[9].Hash()
	for range 40 {
		b := s.World.Mine(parent, s.Time(), 250_000)
		parent = b.Hash()
		a.Say(&wire.MsgBlock{Block: b})
	}
	for range 100 {
		s.Run(100 * time.Millisecond)
		if most := s.node.Ledger.Queued(); most > credit {
			t.Fatalf("%d bytes of blocks wait for a verdict with a credit of %d", most, credit)
		}
	}
	other.Say(&wire.MsgPing{Nonce: 7})
	s.Run(100 * time.Millisecond)
	if other.Count("pong") == 0 {
		t.Error("another peer waits behind the flood")
	}
	s.Run(5 * time.Minute)
	checkQuiet(t, s.Network)
}
