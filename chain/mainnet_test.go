package chain

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"grapevine/chain/params"
	"grapevine/chain/utxo"
	"grapevine/internal/testdata"
	"grapevine/internal/u256"
)

// running is a chain under test with the goroutine that drives it.
type running struct {
	*Chain
	stop context.CancelFunc
	end  chan error
}

func start(tb testing.TB, cfg Config) *running {
	tb.Helper()
	c, err := Open(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return run(tb, c)
}

// run drives an open chain.
func run(tb testing.TB, c *Chain) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{Chain: c, stop: cancel, end: make(chan error, 1)}
	go func() { r.end <- c.Run(ctx) }()
	tb.Cleanup(func() { r.close(tb) })
	return r
}

// close stops the chain and reports an unclean end. It may be called twice.
func (r *running) close(tb testing.TB) {
	tb.Helper()
	r.stop()
	if err, ok := <-r.end; ok {
		close(r.end)
		if err != nil && !errors.Is(err, context.Canceled) {
			tb.Errorf("chain ended with: %v", err)
		}
	}
}

// What Bitcoin Core answers for mainnet's first 14,131 blocks.
const (
	mainnetTip        = "00000000b3e750f37fdb42e1018799a9f44b546d393b130b369590a072430a1c"
	mainnetSerialized = "74c5a654587d4eaac9248b73889453e0b2fbc918bbc7bb8d8e6301d4d8c98db3"
	mainnetMuHash     = "859e27f17a6cce9768b75dd0dbd969890157d29a152b0f4a0afa6c67cbcd5975"
)

func mainnetFile(tb testing.TB) string {
	return testdata.Module(tb, "github.com/btcsuite/btcd", "v0.26.2", "blockchain/testdata/blk_0_to_14131.dat")
}

func TestImportMainnet(t *testing.T) {
	c := start(t, Config{Params: params.Mainnet(), Dir: t.TempDir(), MinimumChainWork: new(u256.Int),
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err := c.Import(t.Context(), mainnetFile(t)); err != nil {
		t.Fatal(err)
	}
	checkMainnet(t, c.Chain)
}

func checkMainnet(t *testing.T, c *Chain) {
	t.Helper()
	tip := c.Active().Tip()
	if tip.Height() != 14131 || tip.Hash().String() != mainnetTip {
		t.Fatalf("tip %d %s; want 14131 %s", tip.Height(), tip.Hash(), mainnetTip)
	}
	for kind, want := range map[utxo.HashKind]string{utxo.HashSerialized: mainnetSerialized, utxo.HashMuHash: mainnetMuHash} {
		stats, _, err := c.CoinStats(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		if stats.Hash.String() != want {
			t.Errorf("%v %s; want %s", kind, stats.Hash, want)
		}
	}
}
