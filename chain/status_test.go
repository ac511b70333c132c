package chain

import (
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/params"
	"grapevine/internal/u256"
)

// The initial download ends with the first tip that is recent and has the
// minimum of work, and for good.
func TestInitialDownload(t *testing.T) {
	b := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	b.Mine(5, 0)
	tip := int64(b.Blocks[4].Header.Time)
	for _, c := range []struct {
		name  string
		after time.Duration // the tip's age
		work  uint64
		want  bool
	}{
		{"recent", 24 * time.Hour, 0, false},
		{"old", 24*time.Hour + time.Second, 0, true},
		{"enough work", 0, 12, false},
		{"little work", 0, 13, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := regtest(t)
			now, least := time.Unix(tip, 0).Add(c.after), u256.FromUint64(c.work)
			cfg.Now, cfg.MinimumChainWork = func() time.Time { return now }, &least
			r := start(t, cfg)
			if !r.Status().InitialBlockDownload {
				t.Error("ended with the genesis block")
			}
			submit(t, r.Chain, b.Blocks...)
			if got := r.Status().InitialBlockDownload; got != c.want {
				t.Errorf("download goes on: %v", got)
			}
		})
	}
}

// A tip says nothing while there may be more in the block files.
func TestReindexIsInitialDownload(t *testing.T) {
	cfg := regtest(t)
	cfg.MaxTipAge = 100 * 365 * 24 * time.Hour
	r := start(t, cfg)
	if r.Status().InitialBlockDownload {
		t.Error("goes on with a recent tip")
	}
	submit(t, r.Chain, chaintest.New(t, cfg.Params, 1).Mine(3, 0)...)
	r.close(t)

	cfg.Reindex = true
	r = start(t, cfg)
	if !r.Status().InitialBlockDownload {
		t.Error("ended before the files were indexed")
	}
	if err := r.Reindex(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r.Status().InitialBlockDownload || r.Active().Height() != 3 {
		t.Errorf("goes on at height %d after the files were indexed", r.Active().Height())
	}
}
