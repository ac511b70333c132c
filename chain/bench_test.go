package chain

import (
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"golang.org/x/sync/semaphore"

	"grapevine/chain/blockstore"
	"grapevine/chain/params"
	"grapevine/internal/u256"
	"grapevine/internal/vfs"
	"grapevine/wire"
)

// benchChain is a chain to be brought in.
type benchChain struct {
	path   string
	params *params.Params
	raw    [][]byte // its blocks, without genesis
	list   []wire.Header
}

// signatureChain is what `grapevine bench chain` wrote to the file that
// GRAPEVINE_BENCH_CHAIN names.
func signatureChain(b *testing.B) *benchChain {
	path := os.Getenv("GRAPEVINE_BENCH_CHAIN")
	if path == "" {
		b.Skip("GRAPEVINE_BENCH_CHAIN names no chain of `grapevine bench chain`")
	}
	return readChain(b, path, params.Regtest(params.RegtestOptions{}))
}

// smallBlocks are mainnet's first 14,131.
func smallBlocks(b *testing.B) *benchChain { return readChain(b, mainnetFile(b), params.Mainnet()) }

func readChain(b *testing.B, path string, p *params.Params) *benchChain {
	src, err := blockstore.OpenSource(vfs.OS(), path)
	if err != nil {
		b.Fatal(err)
	}
	c := &benchChain{path: path, params: p}
	for i := range src.Files() {
		err = src.Scan(b.Context(), i, p.Magic, func(raw []byte, _ blockstore.SourcePos) error {
			h, err := wire.DecodeHeader(raw[:wire.HeaderSize])
			if err == nil && h.Hash() != p.GenesisHash {
				c.raw = append(c.raw, raw)
				c.list = append(c.list, h)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return c
}

func (bc *benchChain) open(b *testing.B) *running {
	zero := wire.BlockHash{}
	return start(b, Config{Params: bc.params, Dir: b.TempDir(), AssumeValid: &zero, MinimumChainWork: new(u256.Int)})
}

func (bc *benchChain) check(b *testing.B, c *running) {
	b.Helper()
	if tip := c.Active().Tip(); int(tip.Height()) != len(bc.raw) {
		b.Fatalf("tip at %d; want %d", tip.Height(), len(bc.raw))
	}
}

// importing brings the chain in from its file.
func (bc *benchChain) importing(b *testing.B) {
	for b.Loop() {
		c := bc.open(b)
		if err := c.Import(b.Context(), bc.path); err != nil {
			b.Fatal(err)
		}
		bc.check(b, c)
		c.close(b)
	}
}

// submitting brings the chain in as a sync from peers does: the headers first,
// then blocks that change places with those up to 16 away, each from a
// goroutine of its own, with at most so many bytes without a verdict.
func (bc *benchChain) submitting(b *testing.B, credits int64) {
	for b.Loop() {
		c := bc.open(b)
		for list := bc.list; len(list) > 0; list = list[min(len(list), 2000):] {
			if _, err := c.SubmitHeaders(b.Context(), list[:min(len(list), 2000)]); err != nil {
				b.Fatal(err)
			}
		}
		r := rand.New(rand.NewPCG(1, 0))
		room := semaphore.NewWeighted(credits)
		var wg sync.WaitGroup
		for _, i := range nearly(len(bc.raw), 16, r) {
			raw := bc.raw[i]
			size := min(int64(len(raw)), credits)
			if err := room.Acquire(b.Context(), size); err != nil {
				b.Fatal(err)
			}
			block, err := wire.DecodeBlock(append([]byte(nil), raw...)) // a reader's work, one peer at a time
			if err != nil {
				b.Fatal(err)
			}
			wg.Go(func() {
				defer room.Release(size)
				if _, err := c.SubmitBlockWith(b.Context(), block, BlockOptions{Requested: true}); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
		bc.check(b, c)
		c.close(b)
	}
}

// nearly returns the numbers below n, shuffled in runs of so many.
func nearly(n, run int, r *rand.Rand) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	for i := 0; i < n; i += run {
		part := list[i:min(i+run, n)]
		r.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
	}
	return list
}

// A sync must not be slower than an import of the same blocks.
func BenchmarkTakingIn(b *testing.B) {
	for _, tc := range []struct {
		name string
		open func(*testing.B) *benchChain
	}{{"signatures", signatureChain}, {"small", smallBlocks}} {
		b.Run(tc.name, func(b *testing.B) {
			bc := tc.open(b)
			b.Run("import", bc.importing)
			b.Run("submit", func(b *testing.B) { bc.submitting(b, 48<<20) })
		})
	}
}
