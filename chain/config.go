package chain

import (
	"errors"
	"log/slog"
	"runtime"
	"time"

	"grapevine/chain/params"
	"grapevine/internal/u256"
	"grapevine/internal/vfs"
	"grapevine/wire"
)

// Config says how a [Chain] works. The zero value of a field means what its
// comment says.
type Config struct {
	// Params are the network's rules; required.
	Params *params.Params
	// Dir is the network's data directory; required. The chain keeps
	// `blocks` and `chainstate` below it.
	Dir string
	// FS is where Dir lies; nil is the operating system's file system.
	FS vfs.FS
	// CacheBytes bounds the memory for coins, LevelDB's buffers included
	// (`-dbcache`); 0 means 450 MiB.
	CacheBytes int64
	// SigCacheBytes bounds the signature cache; 0 means 16 MiB.
	SigCacheBytes int
	// Workers is how many goroutines check scripts (`-par`); 0 means one a core.
	Workers int
	// AssumeValid is the block up to which scripts are not run; nil means the
	// network's own, the zero hash that all scripts are run.
	AssumeValid *wire.BlockHash
	// MinimumChainWork replaces the network's own; nil keeps that.
	MinimumChainWork *u256.Int
	// StopAtHeight ends [Chain.Run] with [ErrStopHeight] once the tip is
	// there; 0 means never.
	StopAtHeight int32
	// CheckBlocks and CheckLevel say how much of the newest blocks [Open]
	// verifies; CheckBlocks 0 means none, a negative one means all.
	CheckBlocks, CheckLevel int
	// Reindex rebuilds the block index and the coins from the block files;
	// ReindexChainstate only the coins, from the block index.
	Reindex, ReindexChainstate bool
	// NoXOR writes new block files without obfuscation (`-blocksxor=0`).
	NoXOR bool
	// MaxTipAge is how old the tip may be when initial block download ends;
	// 0 means 24 hours.
	MaxTipAge time.Duration
	// Now is the node's clock; nil means time.Now.
	Now func() time.Time
	// Logger receives what happens; nil discards it.
	Logger *slog.Logger
	// Progress, when set, is told what a long start-up step is doing, for
	// people who wait: a phrase and a share done between 0 and 1.
	Progress func(what string, done float64)

	// tune makes files, buffers and flushes small, so that a short test meets
	// many of them. Zero fields mean the usual.
	tune tuning
}

// tuning is what tests of this package change; nothing of it is a user's.
type tuning struct {
	maxFileSize, blockChunk, undoChunk uint32 // see blockstore.Config
	indexBuffer                        int
	minFree                            uint64
	flushEvery                         int // blocks after which coins are written, besides a full cache
	flushStep                          int // bytes
	indexEvery                         int // changed headers after which they are written
}

const (
	defaultCacheBytes    = 450 << 20
	defaultSigCacheBytes = 16 << 20
	defaultMaxTipAge     = 24 * time.Hour
)

// validate fills in the defaults and refuses what cannot work.
func (c *Config) validate() error {
	if c.Params == nil {
		return errors.New("chain: no network parameters")
	}
	if c.Dir == "" {
		return errors.New("chain: no data directory")
	}
	if c.FS == nil {
		c.FS = vfs.OS()
	}
	if c.CacheBytes <= 0 {
		c.CacheBytes = defaultCacheBytes
	}
	if c.SigCacheBytes <= 0 {
		c.SigCacheBytes = defaultSigCacheBytes
	}
	if c.Workers <= 0 {
		c.Workers = runtime.NumCPU()
	}
	if c.AssumeValid == nil {
		c.AssumeValid = &c.Params.AssumeValid
	}
	if c.MinimumChainWork == nil {
		c.MinimumChainWork = &c.Params.MinimumChainWork
	}
	if c.MaxTipAge <= 0 {
		c.MaxTipAge = defaultMaxTipAge
	}
	if c.tune.flushStep == 0 {
		c.tune.flushStep = flushStepBytes
	}
	if c.tune.indexEvery == 0 {
		c.tune.indexEvery = indexFlush
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Progress == nil {
		c.Progress = func(string, float64) {}
	}
	return nil
}
