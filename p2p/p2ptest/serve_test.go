package p2ptest

import (
	"slices"
	"testing"
	"time"

	"grapevine/wire"
)

// The node announces a block by its header to those who asked for that, and by its
// hash to others, and to nobody who has it.
func TestAnnouncingBlocks(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 10)
	byHeader := s.join(true, func(a *Actor) { a.Chain = s.loaded })
	byHash := s.join(true)
	source := s.join(true, func(a *Actor) { a.Chain = s.loaded })
	s.Run(time.Second)
	byHeader.Say(&wire.MsgSendHeaders{})
	source.Say(&wire.MsgSendHeaders{})
	s.Run(time.Second)
	for _, a := range []*Actor{byHeader, byHash, source} {
		a.Say(&wire.MsgHeaders{Headers: []wire.Header{s.loaded[9].Header}}) // they are where we are
	}
	s.Run(time.Second)
	for _, a := range []*Actor{byHeader, byHash, source} {
		a.Forget()
	}
	b := s.World.Mine(s.loaded[9].Hash(), s.Time(), 1000)
	source.Chain = append(slices.Clone(s.loaded), b)
	source.Say(&wire.MsgHeaders{Headers: []wire.Header{b.Header}})
	s.Run(5 * time.Second)
	if list := HeardOf[*wire.MsgHeaders](byHeader); len(list) != 1 || len(list[0].Headers) != 1 || list[0].Headers[0] != b.Header || byHeader.Count("inv") != 0 {
		t.Errorf("the one that wants headers heard %v", byHeader.Commands())
	}
	if list := HeardOf[*wire.MsgInv](byHash); len(list) != 1 || !slices.Equal(list[0].Items, []wire.Inv{wire.InvOfBlock(b.Hash())}) || byHash.Count("headers") != 0 {
		t.Errorf("the one that wants hashes heard %v", byHash.Commands())
	}
	if source.Count("inv")+source.Count("headers") != 0 {
		t.Errorf("the source of the block heard %v", source.Commands())
	}
}

// A peer of which nothing is known is told of a block by its hash, since its header
// may not connect to what it has.
func TestAnnouncingToUnknownPeer(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 10)
	a := s.join(true)
	s.Run(time.Second)
	a.Say(&wire.MsgSendHeaders{})
	s.Run(time.Second)
	a.Forget()
	if err := s.node.Ledger.Mine(s.World.Mine(s.loaded[9].Hash(), s.Time(), 300)); err != nil {
		t.Fatal(err)
	}
	s.Run(time.Second)
	if a.Count("inv") != 1 || a.Count("headers") != 0 {
		t.Errorf("heard %v", a.Commands())
	}
}

// Blocks beside the chain are served while they are young, and not to whom they
// would tell that we are a node it has met before.
func TestServingStaleBlocks(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond}, 0)
	const day = 24 * time.Hour
	at := func(parent wire.BlockHash, ago time.Duration) *wire.Block {
		b := s.World.Mine(parent, s.World.Start.Add(-ago), 300)
		if err := s.node.Ledger.Mine(b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	oldStale := at(s.World.Genesis(), 41*day)
	tip := at(at(s.World.Genesis(), 41*day).Hash(), 40*day).Hash()
	young := at(tip, day)
	at(at(tip, day).Hash(), time.Hour)
	a := s.join(true)
	s.Run(time.Second)
	if s.node.Ledger.Height() != 4 {
		t.Fatalf("height %d", s.node.Ledger.Height())
	}
	a.Say(&wire.MsgGetData{Items: []wire.Inv{wire.InvOfBlock(oldStale.Hash()), wire.InvOfBlock(young.Hash()), wire.InvOfBlock(tip)}})
	s.Run(time.Second)
	var served []wire.BlockHash
	for _, m := range HeardOf[*wire.MsgBlock](a) {
		served = append(served, m.Block.Hash())
	}
	if !slices.Equal(served, []wire.BlockHash{young.Hash(), tip}) {
		t.Errorf("served %v", served)
	}
}

// Neither pings nor requests of one large transaction fill the queue of a peer that
// takes its time to read: what it asks is left unread.
func TestQuestionsWaitForSlowReader(t *testing.T) {
	for name, ask := range map[string]func(s *stage, a *Actor){
		"pings": func(s *stage, a *Actor) {
			for i := range 150_000 {
				a.Say(&wire.MsgPing{Nonce: uint64(i)})
			}
		},
		"transactions": func(s *stage, a *Actor) {
			tx := s.World.Spend(1000, 90_000, s.World.Fund())
			if err := s.node.Pool.Submit(tx); err != nil {
				t.Fatal(err)
			}
			s.wantWithin(time.Minute, "announcement", func() bool { return len(announced(a)) == 1 })
			m := new(wire.MsgGetData)
			for range 1000 {
				m.Items = append(m.Items, wire.InvOfTx(wire.ByWtxid(tx.Wtxid())))
			}
			a.Say(m)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, Config{Latency: time.Millisecond}, 10)
			s.node.uplink.rate = 10_000
			a := s.join(true)
			s.Run(time.Second)
			ask(s, a)
			s.Run(2 * time.Minute)
			if most := s.node.MaxQueued; most > 1_200_000 || most < 900_000 {
				t.Errorf("%d bytes were queued; the send buffer is 1,000,000", most)
			}
			if !a.Connected() {
				t.Error("the slow reader is gone")
			}
		})
	}
}

func TestServing(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond, Verdicts: Verdicts{Read: time.Millisecond}}, 2500)
	a := s.join(true)
	s.Run(time.Second)
	a.Forget()
	ask := func(m wire.Message) []Heard {
		a.Forget()
		a.Say(m)
		s.Run(2 * time.Second)
		return a.Heard
	}
	headers := func(m *wire.MsgGetHeaders, first, count int) {
		t.Helper()
		got := ask(m)
		if len(got) != 1 {
			t.Fatalf("answers: %v", a.Commands())
		}
		list := got[0].Msg.(*wire.MsgHeaders).Headers
		if len(list) != count || count > 0 && (list[0] != s.loaded[first-1].Header || list[count-1] != s.loaded[first+count-2].Header) {
			t.Errorf("%d headers, want %d from %d on", len(list), count, first)
		}
	}
	at := func(h int) wire.BlockHash { return s.loaded[h-1].Hash() }
	headers(&wire.MsgGetHeaders{Locator: []wire.BlockHash{s.World.Genesis()}}, 1, 2000)
	headers(&wire.MsgGetHeaders{Locator: []wire.BlockHash{{1}, at(2000), at(1)}}, 2001, 500)
	headers(&wire.MsgGetHeaders{Locator: []wire.BlockHash{{1}}}, 1, 2000)
	headers(&wire.MsgGetHeaders{Locator: []wire.BlockHash{at(10)}, Stop: at(20)}, 11, 10)
	headers(&wire.MsgGetHeaders{Stop: at(17)}, 17, 1)
	headers(&wire.MsgGetHeaders{Locator: []wire.BlockHash{at(2500)}}, 0, 0)
	if got := ask(&wire.MsgGetHeaders{Stop: wire.BlockHash{9}}); len(got) != 0 {
		t.Errorf("headers up to an unknown block: %v", a.Commands())
	}

	// getblocks: 500 hashes.
	got := ask(&wire.MsgGetBlocks{Locator: []wire.BlockHash{at(10)}})
	if len(got) != 1 || len(got[0].Msg.(*wire.MsgInv).Items) != 500 || got[0].Msg.(*wire.MsgInv).Items[0] != wire.InvOfBlock(at(11)) {
		t.Errorf("getblocks: %v", a.Commands())
	}

	// Blocks, in order, with witness or without, and nothing for the unknown.
	got = ask(&wire.MsgGetData{Items: []wire.Inv{
		wire.InvOfBlock(at(5)).WithWitness(), wire.InvOfBlock(at(4)), wire.InvOfBlock(wire.BlockHash{7}), wire.InvOfBlock(at(6)).WithWitness(),
	}})
	var served []wire.BlockHash
	for _, h := range got {
		if m, ok := h.Msg.(*wire.MsgBlock); ok {
			served = append(served, m.Block.Hash())
			if m.NoWitness != (m.Block.Hash() == at(4)) {
				t.Errorf("block %v without witness: %v", m.Block.Hash(), m.NoWitness)
			}
		}
	}
	if !slices.Equal(served, []wire.BlockHash{at(5), at(4), at(6)}) {
		t.Errorf("served %v", served)
	}
	s.wantAlive(a)
}

// A peer that asks for many blocks and reads slowly does not fill our memory, and
// others are served meanwhile.
func TestServingIsBounded(t *testing.T) {
	s := newStage(t, Config{Latency: 10 * time.Millisecond, Up: 1_000_000}, 0)
	blocks := s.chain(400, 100_000)
	s.node.Ledger.Load(blocks...)
	slow := s.join(true, func(a *Actor) { a.Hoard = true })
	quick := s.join(true)
	s.Run(time.Second)
	var items []wire.Inv
	for _, b := range blocks {
		items = append(items, wire.InvOfBlock(b.Hash()).WithWitness())
	}
	slow.Say(&wire.MsgGetData{Items: items})
	s.Run(time.Second)
	quick.Say(&wire.MsgGetData{Items: items[:20]})
	s.wantWithin(10*time.Second, "2 MB beside a peer that does not read", func() bool { return quick.Count("block") == 20 })
	s.Run(time.Minute)
	if most := s.node.MaxQueued; most > 8<<20 {
		t.Errorf("%d bytes were queued for peers", most)
	}
	s.wantAlive(quick)
}
