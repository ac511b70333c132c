package mining

import (
	"context"
	"errors"
	"testing"
	"time"

	"grapevine/chain"
	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/wire"
)

// fakeChain takes every block that it is not told to refuse.
type fakeChain struct {
	p      *params.Params
	tree   *headers.Tree
	active *headers.Chain
	now    time.Time
	bad    error // what CheckTemplate says
	refuse error // what SubmitBlock says
	blocks []*wire.Block
}

func newFakeChain(p *params.Params) *fakeChain {
	tree := headers.NewTree(p)
	return &fakeChain{p: p, tree: tree, active: headers.NewChain(tree.Genesis()), now: time.Unix(tree.Genesis().Time()+60, 0)}
}

func (f *fakeChain) Active() *headers.Chain                           { return f.active }
func (f *fakeChain) Now() time.Time                                   { return f.now }
func (f *fakeChain) CheckTemplate(context.Context, *wire.Block) error { return f.bad }

func (f *fakeChain) SubmitBlock(_ context.Context, b *wire.Block) (chain.Outcome, error) {
	if f.refuse != nil {
		return 0, f.refuse
	}
	f.blocks = append(f.blocks, b)
	f.active = f.active.With(f.tree.Insert(b.Header, f.active.Tip()))
	return chain.Connected, nil
}

func (f *fakeChain) miner(t *testing.T, version int32) *Miner {
	t.Helper()
	m, err := New(Config{Params: f.p, Chain: f, Versions: headers.NewVersionBits(f.p), Clock: f, BlockVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func regtest() *params.Params { return params.Regtest(params.RegtestOptions{}) }

// Every block must pass what consensus asks of it by itself and at its place.
func TestGeneratedBlocksAreValid(t *testing.T) {
	f := newFakeChain(regtest())
	hashes, err := f.miner(t, 0).Generate(t.Context(), 20, []byte{0x51}, DefaultTries)
	if err != nil || len(hashes) != 20 || len(f.blocks) != 20 {
		t.Fatalf("%d hashes, %d blocks, %v", len(hashes), len(f.blocks), err)
	}
	prev := f.tree.Genesis()
	for i, b := range f.blocks {
		height := int32(i + 1)
		if b.Hash() != hashes[i] || b.Header.PrevBlock != prev.Hash() {
			t.Fatalf("block %d is not the one that was told", height)
		}
		if err := consensus.CheckBlock(b, f.p, consensus.CheckAll); err != nil {
			t.Errorf("block %d: %v", height, err)
		}
		h := b.Header
		hc := consensus.HeaderContext{
			Height: height, PrevTime: prev.Time(), PrevMTP: prev.MedianTimePast(),
			RequiredBits: headers.NextWorkRequired(prev, h.Time, f.p), Now: f.now.Unix(),
		}
		if err := consensus.ContextualCheckHeader(&h, hc, f.p); err != nil {
			t.Errorf("block %d: %v", height, err)
		}
		if err := consensus.ContextualCheckBlock(b, consensus.BlockContext{Height: height, PrevMTP: prev.MedianTimePast()}, f.p); err != nil {
			t.Errorf("block %d: %v", height, err)
		}
		cb := &b.Txs[0]
		if cb.LockTime != uint32(height-1) || cb.In[0].Sequence != notFinal || cb.Out[0].Value != 50*wire.Coin {
			t.Errorf("block %d: coinbase %+v", height, cb)
		}
		prev = f.active.At(height)
	}
}

// The clock stands still while twenty blocks are mined: times move on by a
// second a block where the median demands it.
func TestTemplateTime(t *testing.T) {
	f := newFakeChain(regtest())
	genesis := f.tree.Genesis()
	v := headers.NewVersionBits(f.p)
	for _, c := range []struct {
		name string
		now  int64
		want int64
	}{
		{"ahead of the median", genesis.Time() + 5, genesis.Time() + 5},
		{"at the median", genesis.Time(), genesis.Time() + 1},
		{"behind the median", genesis.Time() - 5000, genesis.Time() + 1},
	} {
		tmpl := NewTemplate(genesis, time.Unix(c.now, 0), v, f.p)
		if int64(tmpl.Time) != c.want || tmpl.MinTime != uint32(genesis.Time()+1) {
			t.Errorf("%s: time %d, least %d, want %d", c.name, tmpl.Time, tmpl.MinTime, c.want)
		}
	}
}

// At the start of a period the time may not lie far before the last block's.
func TestTemplateTimewarp(t *testing.T) {
	f := newFakeChain(regtest())
	at := f.tree.Genesis()
	for at.Height()+2 < f.p.RetargetInterval() {
		at = f.tree.Insert(wire.Header{PrevBlock: at.Hash(), Bits: at.Bits(), Time: uint32(at.Time()) + 1}, at)
	}
	last := f.tree.Insert(wire.Header{PrevBlock: at.Hash(), Bits: at.Bits(), Time: uint32(at.Time()) + 7000}, at)
	v := headers.NewVersionBits(f.p)
	if tmpl := NewTemplate(last, time.Unix(0, 0), v, f.p); int64(tmpl.MinTime) != last.Time()-maxTimewarp {
		t.Errorf("at a retarget the least time is %d, the last block's %d", tmpl.MinTime, last.Time())
	}
	if tmpl := NewTemplate(at, time.Unix(0, 0), v, f.p); int64(tmpl.MinTime) != at.MedianTimePast()+1 {
		t.Errorf("before it the least time is %d, the median %d", tmpl.MinTime, at.MedianTimePast())
	}
}

func TestCoinbaseScript(t *testing.T) {
	for _, c := range []struct {
		height int32
		extra  uint64
		want   string
	}{
		{1, 0, "\x51\x00"}, {16, 0, "\x60\x00"}, {17, 0, "\x01\x11"}, {128, 0, "\x02\x80\x00"}, {500_000, 0, "\x03\x20\xa1\x07"},
		{1, 3, "\x51\x53"}, {17, 300, "\x01\x11\x02\x2c\x01"},
	} {
		tmpl := Template{Height: c.height}
		cb := tmpl.Coinbase(nil, 0, c.extra)
		if got := string(cb.In[0].ScriptSig); got != c.want {
			t.Errorf("height %d, extra nonce %d: %x, want %x", c.height, c.extra, got, c.want)
		}
	}
}

// Before segwit the commitment is there, but no witness that the rules refuse.
func TestBeforeSegwit(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{Deployments: params.DeploymentOptions{ActivationHeights: map[params.Buried]int32{params.BuriedSegwit: 3}}})
	f := newFakeChain(p)
	if _, err := f.miner(t, 0).Generate(t.Context(), 3, []byte{0x51}, DefaultTries); err != nil {
		t.Fatal(err)
	}
	for i, b := range f.blocks {
		if got, want := b.Txs[0].HasWitness(), i+1 >= 3; got != want {
			t.Errorf("block %d: witness %v", i+1, got)
		}
		if consensus.WitnessCommitmentIndex(&b.Txs[0]) != 1 {
			t.Errorf("block %d: no commitment", i+1)
		}
	}
	bare := wire.NewBlock(f.blocks[0].Header, f.blocks[0].Txs)
	if b := WithReservedValue(bare); !b.Txs[0].HasWitness() || bare.Txs[0].HasWitness() || b.Hash() != bare.Hash() {
		t.Error("the reserved value was not added to a copy")
	}
	full := f.blocks[2]
	if WithReservedValue(full) != full {
		t.Error("a whole block was copied")
	}
}

func TestMinerGivesUp(t *testing.T) {
	f := newFakeChain(params.Mainnet())
	m := f.miner(t, 5)
	hashes, err := m.Generate(t.Context(), 1, []byte{0x51}, 1000)
	if err != nil || len(hashes) != 0 || len(f.blocks) != 0 {
		t.Errorf("a thousand tries on mainnet: %v %v", hashes, err)
	}
	if v := m.TemplateOn(f.tree.Genesis()).Version; v == 5 {
		t.Error("the version was replaced on mainnet")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if hashes, err := m.Generate(ctx, 1, []byte{0x51}, 1<<62); len(hashes) != 0 || err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v %v", hashes, err)
	}
	if b, err := m.Block(ctx, []byte{0x51}, nil); b != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("one block, cancelled: %v %v", b, err)
	}
}

func TestMinerErrors(t *testing.T) {
	f := newFakeChain(regtest())
	m := f.miner(t, 0x20000005)
	f.bad = consensus.ErrCoinbaseAmount
	var bad *TemplateError
	if _, err := m.Generate(t.Context(), 1, nil, 100); !errors.As(err, &bad) || !errors.Is(err, consensus.ErrCoinbaseAmount) {
		t.Errorf("a bad template: %v", err)
	}
	f.bad, f.refuse = nil, consensus.ErrMerkleRoot
	var rejected *RejectedError
	if _, err := m.Generate(t.Context(), 1, nil, 100); !errors.As(err, &rejected) || !errors.Is(err, consensus.ErrMerkleRoot) {
		t.Errorf("a refused block: %v", err)
	}
	f.refuse = nil
	if _, err := m.Generate(t.Context(), 1, nil, 100); err != nil || f.blocks[0].Header.Version != 0x20000005 {
		t.Errorf("%v, version %x", err, f.blocks[0].Header.Version)
	}
	if _, err := New(Config{Params: f.p}); err == nil {
		t.Error("half a configuration was taken")
	}
}

// A signet's challenge is not ours to answer, unless anyone can.
func TestSignet(t *testing.T) {
	var rejected *RejectedError
	m := newFakeChain(params.Signet(nil)).miner(t, 0)
	if _, err := m.Generate(t.Context(), 1, []byte{0x51}, 100); !errors.As(err, &rejected) || !errors.Is(err, consensus.ErrSignetSolution) {
		t.Errorf("the public signet: %v", err)
	}
	m = newFakeChain(params.Signet([]byte{0x51})).miner(t, 0)
	if hashes, err := m.Generate(t.Context(), 1, []byte{0x51}, 100); err != nil || len(hashes) != 0 {
		t.Errorf("an open signet: %v %v", hashes, err)
	}
}

// When the nonces of one header are used up, another coinbase gives new ones.
func TestGrindEndsWithNonces(t *testing.T) {
	p := params.Mainnet()
	h := p.Genesis.Header
	h.Nonce = maxNonce - 2
	tries := uint64(100)
	found, err := grind(t.Context(), &h, &tries, p)
	if found || err != nil || tries != 97 {
		t.Errorf("found %v, %d tries left, %v", found, tries, err)
	}
	// The first block of mainnet, a few nonces before its own.
	h = p.Genesis.Header
	want := h.Nonce
	h.Nonce -= 10
	if found, _ := grind(t.Context(), &h, &tries, p); !found || h.Nonce != want || h.Hash() != p.GenesisHash || tries != 87 {
		t.Errorf("found %v, nonce %d, %d tries left", found, h.Nonce, tries)
	}
}

func TestExtraNonce(t *testing.T) {
	f := newFakeChain(regtest())
	m := f.miner(t, 0)
	seen := map[wire.MerkleRoot]bool{}
	m.search = func(ctx context.Context, h *wire.Header, tries *uint64, p *params.Params) (bool, error) {
		if seen[h.MerkleRoot] {
			t.Fatal("the same header was searched twice")
		}
		if seen[h.MerkleRoot] = true; len(seen) < 4 {
			return false, nil // as if all nonces had failed
		}
		return grind(ctx, h, tries, p)
	}
	if _, err := m.Generate(t.Context(), 1, []byte{0x51}, DefaultTries); err != nil {
		t.Fatal(err)
	}
	if got := f.blocks[0].Txs[0].In[0].ScriptSig; string(got) != "\x51\x53" {
		t.Errorf("the script of the coinbase is %x", got)
	}
}

func BenchmarkGrind(b *testing.B) {
	p := params.Mainnet()
	h := p.Genesis.Header
	h.PrevBlock[0]++
	tries := uint64(b.N)
	if _, err := grind(context.Background(), &h, &tries, p); err != nil {
		b.Fatal(err)
	}
}
