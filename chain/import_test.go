package chain

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"grapevine/chain/chaintest"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/wire"
)

// record is a block as it stands in a block file.
func record(p *params.Params, raw []byte) []byte {
	b := append([]byte(nil), p.Magic[:]...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(raw)))
	return append(b, raw...)
}

// A file with its blocks in any order, with garbage between and a torn end,
// gives the same as the blocks in order.
func TestImportInAnyOrder(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	b := chaintest.New(t, p, 1)
	b.Mine(130, 2)
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 0))
		blocks := append([]*wire.Block{p.Genesis}, b.Blocks...)
		r.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
		var file []byte
		for _, x := range blocks {
			switch r.IntN(6) {
			case 0:
				file = append(file, bytes.Repeat([]byte{byte(r.Uint32())}, r.IntN(300))...)
			case 1:
				file = append(file, p.Magic[:]...)
			}
			file = append(file, record(p, x.Raw())...)
		}
		file = append(file, record(p, b.Blocks[0].Raw())[:100]...)
		path := filepath.Join(t.TempDir(), "bootstrap.dat")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		c := start(t, regtest(t))
		if err := c.Import(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		wantCoins(t, c.Chain, b)
		c.close(t)
	}
}

// Our own blocks folder is in the form that Bitcoin Core writes, xor.dat
// included, so another node imports from it in place and leaves it as it was.
func TestImportBlocksFolder(t *testing.T) {
	b := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	b.Mine(120, 2)
	cfg := regtest(t)
	c := start(t, cfg)
	submit(t, c.Chain, b.Blocks...)
	c.close(t)

	other := start(t, regtest(t))
	if err := other.Import(t.Context(), filepath.Join(cfg.Dir, "blocks")); err != nil {
		t.Fatal(err)
	}
	wantCoins(t, other.Chain, b)

	c = start(t, cfg)
	wantCoins(t, c.Chain, b)
}

// Blocks that break a rule are passed over; those that do not build on them
// are taken.
func TestImportPassesOverInvalidBlocks(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	b := chaintest.New(t, p, 1)
	b.Mine(5, 0)
	bad := b.Draft()
	bad.Txs[0].Out[0].Value++
	file := record(p, bad.Block().Raw()) // before its parent
	b.Mine(3, 0)
	for _, x := range b.Blocks {
		file = append(file, record(p, x.Raw())...)
	}
	noRoot := b.Draft()
	noRoot.NoRoot = true
	file = append(file, record(p, noRoot.Block().Raw())...)
	path := filepath.Join(t.TempDir(), "blocks.dat")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	c := start(t, regtest(t))
	if err := c.Import(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	wantCoins(t, c.Chain, b)
}

// Blocks of a branch that loses do not fill the memory for those that wait
// for their turn.
func TestLosingBlocksMakeRoom(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	winner := chaintest.New(t, p, 1)
	loser := winner.Fork(2)
	winner.Mine(60, 0)
	loser.Mine(50, 0)
	var file []byte
	for _, x := range append(winner.Blocks[:55:55], loser.Blocks...) {
		file = append(file, record(p, x.Raw())...)
	}
	for _, x := range winner.Blocks[55:] {
		file = append(file, record(p, x.Raw())...)
	}
	path := filepath.Join(t.TempDir(), "blocks.dat")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	c := start(t, regtest(t))
	if err := c.alone(t.Context(), func() error { c.recent.limit = 2000; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := c.Import(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	wantCoins(t, c.Chain, winner)
}

func TestImportOfNothing(t *testing.T) {
	c := start(t, regtest(t))
	if err := c.Import(t.Context(), filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if err := c.Import(t.Context(), t.TempDir()); err == nil {
		t.Error("a folder without block files was taken")
	}
	submit(t, c.Chain, chaintest.New(t, c.Params(), 1).Mine(1, 0)...)
}

func TestStopAtHeight(t *testing.T) {
	cfg := regtest(t)
	cfg.StopAtHeight = 20
	b := chaintest.New(t, cfg.Params, 1)
	b.Mine(40, 0)
	c, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	end := make(chan error, 1)
	go func() { end <- c.Run(t.Context()) }()
	for _, x := range b.Blocks {
		if _, err := c.SubmitBlock(t.Context(), x); err != nil {
			if !errors.Is(err, ErrClosed) {
				t.Error(err)
			}
			break
		}
	}
	if err := <-end; !errors.Is(err, ErrStopHeight) {
		t.Fatalf("run ended with %v", err)
	}
	if h := c.Active().Height(); h != 20 {
		t.Errorf("stopped at %d", h)
	}
}

// A stop in the middle of an import loses nothing that was connected, and
// leaves nothing that the next start cannot use.
func TestStopInTheMiddle(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	b := chaintest.New(t, p, 1)
	b.Mine(150, 3)
	var file []byte
	for _, x := range b.Blocks {
		file = append(file, record(p, x.Raw())...)
	}
	path := filepath.Join(t.TempDir(), "blocks.dat")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := regtest(t)
	for height := int32(10); ; height += 40 {
		c := start(t, cfg)
		cursor := c.Events().Subscribe()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Import(ctx, path) }()
		for c.Active().Height() < min(height, 150) {
			if _, err := cursor.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if height > 150 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			cancel()
			wantCoins(t, c.Chain, b)
			return
		}
		c.close(t)
		cancel()
		if err := <-done; err == nil && c.Active().Height() < 150 {
			t.Error("an import that was cut short reported success")
		}
	}
}

// assumeValidChain returns blocks of which one, in the middle, has a script
// that fails.
func assumeValidChain(t *testing.T, p *params.Params, after int) (*chaintest.Branch, int) {
	b := chaintest.New(t, p, 1)
	b.Mine(110, 0)
	tx := spend(b, 0, func(*wire.Tx) {})
	bent := tx.Clone()
	bent.Out[0].Value--
	bad := b.Draft(*bent.Seal()).Block()
	b.Add(bad)
	at := len(b.Blocks)
	b.Mine(after, 0)
	return b, at
}

// Scripts are skipped only below the assumed-valid block, on the best chain,
// with the minimum of work, and two weeks of equivalent work behind.
func TestAssumeValid(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	const enough = 14*24*6 + 10 // blocks of ten minutes
	b, at := assumeValidChain(t, p, enough)
	badHash := b.Blocks[at-1].Hash()
	above := b.Blocks[at].Hash()
	var list []wire.Header
	for _, x := range b.Blocks {
		list = append(list, x.Header)
	}
	side := b.Fork(9)
	side.Mine(1, 0)
	cases := []struct {
		name   string
		change func(cfg *Config)
		known  int // headers
		skip   bool
	}{
		{"all conditions", func(*Config) {}, len(list), true},
		{"the block itself", func(cfg *Config) { cfg.AssumeValid = &badHash }, len(list), true},
		{"disabled", func(cfg *Config) { cfg.AssumeValid = new(wire.BlockHash) }, len(list), false},
		{"unknown block", func(cfg *Config) { cfg.AssumeValid = &wire.BlockHash{1} }, len(list), false},
		{"above it", func(cfg *Config) { h := b.Blocks[at-2].Hash(); cfg.AssumeValid = &h }, len(list), false},
		{"too recent", func(*Config) {}, at + enough - 40, false},
		{"less than the minimum work", func(cfg *Config) {
			w := headers.BlockProof(p.Genesis.Header.Bits).Mul64(uint64(len(list) + 2))
			cfg.MinimumChainWork = &w
		}, len(list), false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			cfg := regtest(t)
			cfg.AssumeValid = &above
			tc.change(&cfg)
			c := start(t, cfg)
			if _, err := c.SubmitHeaders(t.Context(), list[:tc.known]); err != nil {
				t.Fatal(err)
			}
			submit(t, c.Chain, b.Blocks[:at-1]...)
			_, err := c.SubmitBlock(t.Context(), b.Blocks[at-1])
			if skipped := err == nil; skipped != tc.skip {
				t.Errorf("scripts skipped: %v (%v); want %v", skipped, err, tc.skip)
			}
		})
	}
}

// An assumed-valid block on another branch than the best header says nothing.
func TestAssumeValidOffTheBestChain(t *testing.T) {
	p := params.Regtest(params.RegtestOptions{})
	const enough = 14*24*6 + 10
	b, at := assumeValidChain(t, p, enough)
	rival := chaintest.New(t, p, 77)
	rival.Mine(len(b.Blocks)+1, 0)
	cfg := regtest(t)
	above := b.Blocks[at].Hash()
	cfg.AssumeValid = &above
	c := start(t, cfg)
	for _, branch := range []*chaintest.Branch{b, rival} {
		var list []wire.Header
		for _, x := range branch.Blocks {
			list = append(list, x.Header)
		}
		if _, err := c.SubmitHeaders(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	submit(t, c.Chain, b.Blocks[:at-1]...)
	if _, err := c.SubmitBlock(t.Context(), b.Blocks[at-1]); err == nil {
		t.Error("scripts were skipped off the best header chain")
	}
}
