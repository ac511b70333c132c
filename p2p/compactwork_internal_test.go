package p2p

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/internal/testdata"
	"grapevine/p2p/compact"
	"grapevine/wire"
)

// oneBlock is an owner with a block.
type oneBlock struct {
	Owners
	raw   []byte
	reads int
	early func(*headers.Node, *wire.Block)
}

func (o *oneBlock) RawBlock(*headers.Node) ([]byte, error) {
	if o.reads++; o.raw == nil {
		return nil, errors.New("the disk is broken")
	}
	return bytes.Clone(o.raw), nil
}

func (o *oneBlock) WatchEarly(fn func(*headers.Node, *wire.Block)) (stop func()) {
	o.early = fn
	return func() { o.early = nil }
}

// poolWithout has the transactions of a block but some.
type poolWithout struct {
	barePool
	block *wire.Block
	lacks map[int]bool
}

func (p poolWithout) Scan(fn func([]wire.Wtxid, []*wire.Tx) bool) {
	for i := range p.block.Txs[1:] {
		tx := &p.block.Txs[i+1]
		if !p.lacks[i+1] && !fn([]wire.Wtxid{tx.Wtxid()}, []*wire.Tx{tx}) {
			return
		}
	}
}

func compactShell(t *testing.T) (*Service, *oneBlock, *wire.Block) {
	b := testdata.Block(t, "testnet3-928848")
	o := &oneBlock{raw: b.Raw()}
	return &Service{
		cfg:    Config{Owners: o, Core: CoreConfig{Pool: poolWithout{block: b, lacks: map[int]bool{7: true}}}},
		events: make(chan Event, 1), done: make(chan struct{}), log: slog.New(slog.DiscardHandler),
	}, o, b
}

// What is served of a block: the whole, without witness, by names, in parts.
func TestContents(t *testing.T) {
	s, o, b := compactShell(t)
	for _, c := range []struct {
		name  string
		serve ServeBlock
		size  int
		reads int
	}{
		{"whole", ServeBlock{Witness: true}, b.TotalSize(), 1},
		{"whole, from memory", ServeBlock{Witness: true, Block: b}, b.TotalSize(), 0},
		{"without witness", ServeBlock{}, b.StrippedSize(), 1},
		{"without witness, from memory", ServeBlock{Block: b}, b.StrippedSize(), 0},
		{"by names", ServeBlock{Witness: true, Compact: true}, compact.Build(b, 0).PayloadSize(), 1},
		{"parts", ServeBlock{Witness: true, Parts: &wire.MsgGetBlockTxn{Indexes: []uint16{2}}}, 33 + b.Txs[2].TotalSize(), 1},
	} {
		o.reads = 0
		out, size, err := s.contents(c.serve)
		if err != nil || size != frameSize+c.size || o.reads != c.reads {
			t.Errorf("%s: %d bytes, want %d; %d reads, %v", c.name, size, c.size, o.reads, err)
		}
		if (out.raw == nil) == (out.msg == nil) || out.raw != nil && len(out.raw) != c.size || out.msg != nil && out.msg.PayloadSize() != c.size {
			t.Errorf("%s: %d bytes are written, %v", c.name, len(out.raw), out.msg != nil)
		}
		if len(out.raw) == b.TotalSize() && &out.raw[0] == &b.Raw()[0] {
			t.Errorf("%s: the writer gets the block that others read", c.name)
		}
	}
	if _, _, err := s.contents(ServeBlock{Parts: &wire.MsgGetBlockTxn{Indexes: []uint16{uint16(len(b.Txs))}}}); !errors.Is(err, ErrNoSuchTx) {
		t.Errorf("a part that there is not: %v", err)
	}
	o.raw = []byte{1, 2, 3}
	if _, _, err := s.contents(ServeBlock{Compact: true}); err == nil {
		t.Error("a block that cannot be decoded")
	}
	o.raw = nil
	if _, _, err := s.contents(ServeBlock{Compact: true}); err == nil {
		t.Error("a block that cannot be read")
	}
}

// The shell looks through the pool, and puts in what was missing.
func TestReconstructAndComplete(t *testing.T) {
	s, _, b := compactShell(t)
	event := func() Reconstructed {
		ev := (<-s.events).(Reconstructed)
		if ev.Peer != 3 || ev.Seq != 9 || ev.Size != 77 || ev.Hash != b.Hash() {
			t.Errorf("answers for %+v", ev)
		}
		return ev
	}
	ask := Reconstruct{Peer: 3, Seq: 9, Size: 77, Hash: b.Hash(), Msg: compact.Build(b, 5), Witness: true}
	s.reconstruct(t.Context(), ask)
	ev := event()
	if ev.Err != nil || ev.Block != nil || len(ev.Missing) != 1 || ev.Missing[0] != 7 {
		t.Fatalf("missing %v, %v", ev.Missing, ev.Err)
	}
	s.complete(t.Context(), Complete{Peer: 3, Seq: 9, Size: 77, Hash: b.Hash(), Partial: ev.Partial, Txs: b.Txs[7:8], Witness: true})
	if ev := event(); ev.Err != nil || !bytes.Equal(ev.Block.Raw(), b.Raw()) {
		t.Errorf("completed: %v", ev.Err)
	}
	ask.Extra = []*wire.Tx{&b.Txs[7]}
	s.reconstruct(t.Context(), ask)
	if ev := event(); ev.Err != nil || !bytes.Equal(ev.Block.Raw(), b.Raw()) {
		t.Errorf("with one that is not in the pool: %v", ev.Err)
	}
	ask.Msg = compact.Build(b, 5)
	ask.Msg.ShortIDs[1] = ask.Msg.ShortIDs[2]
	s.reconstruct(t.Context(), ask)
	if ev := event(); !errors.Is(ev.Err, compact.ErrCollision) {
		t.Errorf("a name twice: %v", ev.Err)
	}
}

// The chain's owner does not wait for whoever passes its blocks on, and only the last
// of those that came meanwhile is.
func TestFollowChecked(t *testing.T) { synctest.Test(t, followChecked) }

func followChecked(t *testing.T) {
	s, o, b := compactShell(t)
	n := headers.NewTree(params.Regtest(params.RegtestOptions{})).Genesis()
	s.events = make(chan Event)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.followChecked(ctx) }()
	synctest.Wait()
	other := wire.NewBlock(b.Header, b.Txs[:2])
	o.early(n, other)
	synctest.Wait() // stands before the core's door
	o.early(n, other)
	o.early(n, b)
	for _, want := range []*wire.Block{other, b} {
		ev := (<-s.events).(BlockChecked)
		if ev.Node != n || ev.Block != want || len(ev.Msg.ShortIDs) != len(want.Txs)-1 {
			t.Errorf("told of a block with %d transactions", len(ev.Block.Txs))
		}
		synctest.Wait()
	}
	cancel()
	<-ended
	if o.early != nil {
		t.Error("goes on listening")
	}
}
