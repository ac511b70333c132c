package chain

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"grapevine/chain/chaintest"
	"grapevine/chain/headers"
	"grapevine/chain/params"
)

// The hash of a block does not cover its witnesses. One that the disk gives
// back changed is damage, and neither the block nor what follows it is marked
// as invalid.
func TestDamagedWitnessIsNoInvalidBlock(t *testing.T) {
	b := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	b.Mine(115, 2)
	cfg := regtest(t)
	cfg.NoXOR = true
	c := start(t, cfg)
	submit(t, c.Chain, b.Blocks...)
	c.close(t)

	path := filepath.Join(cfg.Dir, "blocks", "blk00000.dat")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	item := lastWitness(t, b)
	at := bytes.LastIndex(file, item)
	file[at+len(item)/2] ^= 1
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}

	cfg.ReindexChainstate = true
	d, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Run(t.Context()); !errors.Is(err, ErrCorrupt) {
		t.Errorf("run ended with %v; want %v", err, ErrCorrupt)
	}
	for n := range d.Tree().All() {
		if n.Status()&headers.StatusFailed != 0 {
			t.Errorf("block %d is marked as invalid", n.Height())
		}
	}
}

// lastWitness returns the signature in the newest transaction that has one.
func lastWitness(t *testing.T, b *chaintest.Branch) []byte {
	for i := len(b.Blocks) - 1; i >= 0; i-- {
		for j := len(b.Blocks[i].Txs) - 1; j > 0; j-- {
			for _, in := range b.Blocks[i].Txs[j].In {
				if len(in.Witness) > 0 {
					return in.Witness[0]
				}
			}
		}
	}
	t.Fatal("no witness in the branch")
	return nil
}
