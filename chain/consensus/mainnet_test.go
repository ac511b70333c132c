package consensus_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/internal/testdata"
	"grapevine/wire"
)

// The first blocks of mainnet pass every rule that needs no coins, each at its
// place in the chain.
func TestFirstBlocksOfMainnet(t *testing.T) {
	p := params.Mainnet()
	raw, err := os.ReadFile(testdata.Module(t, "github.com/btcsuite/btcd", "v0.26.2", "blockchain/testdata/blk_0_to_14131.dat"))
	if err != nil {
		t.Fatal(err)
	}
	tree := headers.NewTree(p)
	tip := tree.Genesis()
	for len(raw) >= 8 && bytes.Equal(raw[:4], p.Magic[:]) {
		size := binary.LittleEndian.Uint32(raw[4:])
		b, err := wire.DecodeBlock(raw[8 : 8+size])
		if err != nil {
			t.Fatal(err)
		}
		raw = raw[8+size:]
		if b.Hash() == p.GenesisHash {
			continue
		}
		checkOne(t, p, tip, b)
		tip = tree.Insert(b.Header, tip)
	}
	if tip.Height() != 14131 || tip.Hash().String() != "00000000b3e750f37fdb42e1018799a9f44b546d393b130b369590a072430a1c" {
		t.Errorf("ended at %d, %s", tip.Height(), tip.Hash())
	}
}

func checkOne(t *testing.T, p *params.Params, prev *headers.Node, b *wire.Block) {
	t.Helper()
	ctx := consensus.HeaderContext{
		Height:       prev.Height() + 1,
		PrevTime:     prev.Time(),
		PrevMTP:      prev.MedianTimePast(),
		RequiredBits: headers.NextWorkRequired(prev, b.Header.Time, p),
		Now:          int64(b.Header.Time),
	}
	if err := consensus.CheckHeader(&b.Header, p); err != nil {
		t.Fatalf("%d: %v", ctx.Height, err)
	}
	if err := consensus.ContextualCheckHeader(&b.Header, ctx, p); err != nil {
		t.Fatalf("%d: %v", ctx.Height, err)
	}
	if err := consensus.CheckBlock(b, p, consensus.CheckAll); err != nil {
		t.Fatalf("%d: %v", ctx.Height, err)
	}
	bctx := consensus.BlockContext{Height: ctx.Height, PrevMTP: ctx.PrevMTP}
	if err := consensus.ContextualCheckBlock(b, bctx, p); err != nil {
		t.Fatalf("%d: %v", ctx.Height, err)
	}
}
