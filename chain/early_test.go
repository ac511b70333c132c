package chain

import (
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/headers"
	"grapevine/wire"
)

// A block on the tip is told of before it is stored and connected, even one whose
// transactions are invalid; no other block is, and none during the initial download.
func TestEarly(t *testing.T) {
	cfg := regtest(t)
	b := chaintest.New(t, cfg.Params, 1)
	b.Mine(10, 0)
	side := b.Fork(2)
	side.Mine(1, 0)
	b.Mine(1, 0)
	greedy := b.Draft()
	greedy.Txs[0].Out[0].Value += 100 * wire.Coin
	invalid := greedy.Block()
	b.Mine(1, 0)
	now := time.Unix(int64(b.Blocks[9].Header.Time), 0).Add(24 * time.Hour) // the tenth ends the download
	cfg.Now = func() time.Time { return now }
	r := start(t, cfg)
	var told []wire.BlockHash
	stop := r.WatchEarly(func(n *headers.Node, b *wire.Block) {
		told = append(told, b.Hash())
		if n.Hash() != b.Hash() || r.Active().Tip() != n.Parent() || n.Status().Has(headers.StatusHasData) {
			t.Errorf("told of block %d when the tip is %d, stored: %v", n.Height(), r.Active().Height(), n.Status().Has(headers.StatusHasData))
		}
	})
	want := func(what string, blocks ...*wire.Block) {
		t.Helper()
		if len(told) != len(blocks) {
			t.Fatalf("%s: told of %d blocks; want %d", what, len(told), len(blocks))
		}
		for i := range blocks {
			if told[i] != blocks[i].Hash() {
				t.Errorf("%s: told of %s", what, told[i])
			}
		}
		told = nil
	}
	submit(t, r.Chain, b.Blocks[:10]...)
	want("download")
	submit(t, r.Chain, b.Blocks[10])
	want("on the tip", b.Blocks[10])
	submit(t, r.Chain, side.Blocks[10])
	want("beside the tip")

	if _, err := r.SubmitBlock(t.Context(), invalid); err == nil {
		t.Fatal("an invalid block was taken")
	}
	want("invalid", invalid)

	stop()
	submit(t, r.Chain, b.Blocks[11])
	want("stopped")
}
