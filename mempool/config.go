package mempool

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"grapevine/chain/consensus"
	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/chain/sigverify"
	"grapevine/mempool/graph"
	"grapevine/mempool/policy"
	"grapevine/wire"
)

// Ledger is what the pool reads of the chain. No method may wait for the
// chain's owner.
type Ledger interface {
	Params() *params.Params
	Active() *headers.Chain
	Tree() *headers.Tree
	// Coins returns the unspent coins among the outpoints, and the tip at which
	// they are unspent.
	Coins(ops []wire.OutPoint) (coins []consensus.Coin, found []bool, tip *headers.Node, err error)
	Block(n *headers.Node) (*wire.Block, error)
	Events() *event.Ring
}

// Config says how a [Pool] works. [DefaultConfig] has the usual values; a field
// means what it says, zero included, unless its comment says otherwise.
type Config struct {
	// Chain is the ledger that the pool stands on; required.
	Chain Ledger
	// MaxBytes bounds the memory for transactions and their indexes
	// (`-maxmempool`).
	MaxBytes int64
	// MinRelay is the feerate below which nothing is taken (`-minrelaytxfee`).
	MinRelay wire.FeeRate
	// Incremental is what a feerate has to exceed that of an evicted transaction
	// by (`-incrementalrelayfee`).
	Incremental wire.FeeRate
	// Expiry is how long a transaction may wait (`-mempoolexpiry`).
	Expiry time.Duration
	// ClusterCount and ClusterVBytes bound the transactions that are connected
	// with each other (`-limitclustercount`, `-limitclustersize`): at most 64.
	ClusterCount  int
	ClusterVBytes int
	// DustRate, DataCarrierBytes and PermitBareMultisig are the operator's part of
	// what is standard (`-dustrelayfee`, `-datacarriersize`, `-permitbaremultisig`).
	DustRate           wire.FeeRate
	DataCarrierBytes   int
	PermitBareMultisig bool
	// AcceptNonStandard takes what only consensus accepts (`-acceptnonstdtxn`).
	AcceptNonStandard bool
	// Workers is how many goroutines check scripts; 0 means one a core.
	Workers int
	// SigCache keeps checked signatures, best the one that blocks are checked
	// with; nil means one of the pool's own.
	SigCache *sigverify.Cache
	// Now is the node's clock; nil means time.Now.
	Now func() time.Time
	// Logger receives what happens; nil discards it.
	Logger *slog.Logger
}

// DefaultConfig returns the values that nodes use by default, without a chain.
func DefaultConfig() Config {
	return Config{
		MaxBytes: 300_000_000, MinRelay: 100, Incremental: 100, Expiry: 336 * time.Hour,
		ClusterCount: graph.MaxCount, ClusterVBytes: 101_000,
		DustRate: 3000, DataCarrierBytes: 100_000, PermitBareMultisig: true,
	}
}

// clusterRoom is how many times the largest cluster the pool holds at least,
// so that one cluster cannot displace all else.
const clusterRoom = 40

func (c *Config) validate() error {
	switch {
	case c.Chain == nil:
		return errors.New("mempool: no chain")
	case c.ClusterCount < 1 || c.ClusterCount > graph.MaxCount:
		return fmt.Errorf("mempool: cluster count %d is not between 1 and %d", c.ClusterCount, graph.MaxCount)
	case c.ClusterVBytes < 1 || c.ClusterVBytes > 1_000_000_000:
		return fmt.Errorf("mempool: cluster size of %d virtual bytes", c.ClusterVBytes)
	case c.MinRelay < 0 || c.Incremental < 0 || c.DustRate < 0 || c.DataCarrierBytes < 0 || c.Expiry < 0:
		return errors.New("mempool: a limit is negative")
	}
	if least := int64(c.ClusterVBytes) * clusterRoom; c.MaxBytes < 0 || c.MaxBytes > 0 && c.MaxBytes < least {
		return fmt.Errorf("-maxmempool must be at least %d MB", (least+999_999)/1_000_000)
	}
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if c.SigCache == nil {
		c.SigCache = sigverify.NewCache(0)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

func (c *Config) rules() policy.Rules {
	return policy.Rules{
		DustRate: c.DustRate, DataCarrierBytes: c.DataCarrierBytes, PermitBareMultisig: c.PermitBareMultisig,
	}
}
