package chain

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"grapevine/chain/chaintest"
	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/internal/vfs/crash"
	"grapevine/wire"
)

// ownedBy runs fn where the owner's state may be looked at.
func ownedBy(t *testing.T, c *Chain, fn func()) {
	t.Helper()
	if err := c.alone(t.Context(), func() error { fn(); return nil }); err != nil {
		t.Fatal(err)
	}
}

// A header that comes without its block is held to the same rules.
func TestHeaderRules(t *testing.T) {
	c, b := trunk(t)
	refused := func(what string, h wire.Header, kind consensus.ErrorKind) {
		t.Helper()
		if err := c.SubmitHeader(t.Context(), h); !errors.Is(err, kind) {
			t.Errorf("%s: %v; want %s", what, err, kind)
		}
	}
	good := b.Draft().Block()

	weak := good.Header
	for c.Params().CheckProofOfWork(weak.Hash(), weak.Bits) {
		weak.Nonce++
	}
	refused("without proof of work", weak, consensus.ErrHighHash)
	for _, tc := range []struct {
		what   string
		change func(h *wire.Header)
		kind   consensus.ErrorKind
	}{
		{"other difficulty", func(h *wire.Header) { h.Bits-- }, consensus.ErrBadDiffBits},
		{"not after the median time", func(h *wire.Header) { h.Time = b.MedianTimePast() }, consensus.ErrTimeTooOld},
		{"unknown parent", func(h *wire.Header) { h.PrevBlock[0] ^= 1 }, consensus.ErrPrevNotFound},
		{"retired version", func(h *wire.Header) { h.Version = 3 }, consensus.ErrBadVersion},
	} {
		h := good.Header
		tc.change(&h)
		chaintest.Grind(&h)
		refused(tc.what, h, tc.kind)
		if c.Tree().Lookup(h.Hash()) != nil {
			t.Errorf("%s: the header was kept", tc.what)
		}
	}

	// Known already: no error, unless it was found invalid.
	for range 2 {
		if err := c.SubmitHeader(t.Context(), good.Header); err != nil {
			t.Error(err)
		}
	}
	if err := c.Invalidate(t.Context(), good.Hash()); err != nil {
		t.Fatal(err)
	}
	refused("invalidated", good.Header, consensus.ErrDuplicateHeader)
}

// A block that is here already is not stored a second time, whoever brings it.
func TestKnownBlockIsNotStoredAgain(t *testing.T) {
	c, b := trunk(t)
	before := c.Status().SizeOnDisk
	ownedBy(t, c.Chain, func() {
		if _, fresh, err := c.acceptBlock(b.Blocks[50], arrival{}); fresh || err != nil {
			t.Errorf("fresh %v, error %v", fresh, err)
		}
	})
	if after := c.Status().SizeOnDisk; after != before {
		t.Errorf("%d bytes on disk, before %d", after, before)
	}
}

// While the block files are being indexed, no block from elsewhere is taken:
// it would be written behind those that are not indexed yet.
func TestNoBlockWhileReindexing(t *testing.T) {
	c, b := trunk(t)
	block := b.Draft().Block()
	c.state.reindexing.Store(true)
	if _, err := c.SubmitBlock(t.Context(), block); !errors.Is(err, ErrReindexing) {
		t.Errorf("error %v; want %v", err, ErrReindexing)
	}
	wantCoins(t, c.Chain, b)
	c.state.reindexing.Store(false)
	submit(t, c.Chain, block)
	b.Add(block)
	wantCoins(t, c.Chain, b)
}

// A block that cannot be written ends the ledger with the disk's error, and
// counts neither as stored nor as invalid.
func TestBlockThatCannotBeWritten(t *testing.T) {
	cfg := regtest(t)
	disk := crash.New()
	cfg.FS, cfg.Dir = disk, "/node"
	b := chaintest.New(t, cfg.Params, 1)
	c, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	end := make(chan error, 1)
	go func() { end <- c.Run(t.Context()) }()
	submit(t, c, b.Mine(1, 0)...)
	errDisk := errors.New("no room")
	disk.Inject(func(call crash.Call) error {
		if call.Kind == crash.Write && strings.Contains(call.Name, "blk") {
			return errDisk
		}
		return nil
	})
	block := b.Draft().Block()
	if _, err := c.SubmitBlock(t.Context(), block); !errors.Is(err, errDisk) {
		t.Errorf("error %v; want %v", err, errDisk)
	}
	if n := c.Tree().Lookup(block.Hash()); n == nil || n.Status()&(headers.StatusHasData|headers.StatusFailed) != 0 {
		t.Errorf("node %v", n)
	}
	if err := <-end; !errors.Is(err, errDisk) {
		t.Errorf("the ledger ended with %v", err)
	}
}

// The count of transactions up to a block adds up whatever the order in which
// the blocks came.
func TestTransactionsAreCounted(t *testing.T) {
	b := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	b.Mine(102, 0)
	b.Mine(5, 3)
	c := start(t, regtest(t))
	var list []wire.Header
	for _, x := range b.Blocks {
		list = append(list, x.Header)
	}
	if _, err := c.SubmitHeaders(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	for _, x := range slices.Backward(b.Blocks) {
		submit(t, c.Chain, x)
	}
	wantCoins(t, c.Chain, b)
	want := uint64(1) // genesis
	for i, x := range b.Blocks {
		want += uint64(len(x.Txs))
		if n := c.Active().At(int32(i) + 1); n.ChainTxCount() != want {
			t.Fatalf("height %d: %d transactions; want %d", i+1, n.ChainTxCount(), want)
		}
	}
}

// A block with less work than the tip is kept but is no candidate for it.
func TestWeakBlocksAreNoCandidates(t *testing.T) {
	c, b := trunk(t)
	side := b.Fork(5)
	submit(t, c.Chain, b.Mine(3, 0)...)
	submit(t, c.Chain, side.Mine(2, 0)...)
	ownedBy(t, c.Chain, func() {
		if len(c.candidates.list) != 1 || c.candidates.list[0] != c.tip() {
			t.Errorf("%d candidates; want the tip alone", len(c.candidates.list))
		}
	})
	wantCoins(t, c.Chain, b)
}

// People are told of an invalid branch with much more work than ours, be it
// not the first that was found.
func TestWarningOfInvalidWork(t *testing.T) {
	c, b := trunk(t)
	side := b.Fork(5)
	side.Mine(8, 0)
	var list []wire.Header
	for _, x := range side.Blocks[trunkHeight:] {
		list = append(list, x.Header)
	}
	if _, err := c.SubmitHeaders(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	invalidate := func(i int, warned bool) {
		t.Helper()
		if err := c.Invalidate(t.Context(), side.Blocks[trunkHeight+i].Hash()); err != nil {
			t.Fatal(err)
		}
		if got := len(c.Status().Warnings) > 0; got != warned {
			t.Errorf("warned %v with an invalid block %d above the tip", got, i+1)
		}
	}
	invalidate(7, true)
	if err := c.Reconsider(t.Context(), side.Blocks[trunkHeight+7].Hash()); err != nil {
		t.Fatal(err)
	}
	invalidate(5, false) // the bound is more than six
	invalidate(6, true)

}
