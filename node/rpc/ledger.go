package rpc

import (
	"context"
	"fmt"
	"log/slog"

	"grapevine/chain"
	"grapevine/chain/consensus"
	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/chain/utxo"
	"grapevine/node/mining"
	"grapevine/wire"
)

// Blocks is what the methods read of the block tree and its files. All may be
// called from any goroutine and none waits for validation.
type Blocks interface {
	// Active returns the view of the best chain at the time of the call; a
	// handler takes it once, so that its answer is of one piece.
	Active() *headers.Chain
	Tree() *headers.Tree
	BestHeader() *headers.Node
	RawBlock(n *headers.Node) ([]byte, error)
	Undo(n *headers.Node) (*utxo.BlockUndo, error)
	Status() chain.Status
}

// Coins is what the methods read of the unspent outputs.
type Coins interface {
	// Coins looks up outpoints, and says of which tip the answer holds.
	Coins(ops []wire.OutPoint) (coins []consensus.Coin, found []bool, tip *headers.Node, err error)
	// CoinStats walks over all coins: minutes on a large set.
	CoinStats(ctx context.Context, kind utxo.HashKind) (*utxo.Stats, *headers.Node, error)
}

// Acceptor takes blocks and headers in. Each call returns once the verdict has
// been reached and readers see the result. A broken rule is a
// [consensus.Error]; any other error is a failure of the node.
type Acceptor interface {
	SubmitBlock(ctx context.Context, b *wire.Block) (chain.Outcome, error)
	SubmitHeader(ctx context.Context, h wire.Header) error
}

// Operator overrides the choice of chain and checks the database.
type Operator interface {
	Invalidate(ctx context.Context, hash wire.BlockHash) error
	Reconsider(ctx context.Context, hash wire.BlockHash) error
	Precious(ctx context.Context, hash wire.BlockHash) error
	VerifyDB(ctx context.Context, level, blocks int) (chain.Verified, error)
}

// ClockWarning stands among the warnings while the clocks of peers of our choice are
// more than ten minutes from ours.
const ClockWarning = "The clock of this computer differs from those of its peers by more than 10 minutes, with which the node may fail to agree on the chain. " +
	"Once the clock is right, this goes away after a restart, or when enough new outbound peers were connected to. " +
	"See timeoffset in the answers of getpeerinfo and getnetworkinfo."

// PreReleaseWarning stands among the warnings of a build that is no release.
// Its wording is the one that operators' tools know.
const PreReleaseWarning = "This is a pre-release test build - use at your own risk - do not use for mining or merchant applications"

// LedgerConfig names what the methods about blocks, coins, transactions,
// scripts and mining work on. Fields without a comment are required.
type LedgerConfig struct {
	Params   *params.Params
	Blocks   Blocks
	Coins    Coins
	Acceptor Acceptor
	Operator Operator
	Miner    *mining.Miner
	Versions *headers.VersionBits
	Events   *event.Ring // moves of the tip
	Logger   *slog.Logger
	// Pool holds the transactions that wait for a block; nil where none do.
	Pool Waiting
	// Settled waits until the pool has taken in the moves of the tip so far; nil
	// where there is none.
	Settled func(ctx context.Context) error
	// Peers counts the connections; nil means that templates are made without any.
	Peers func() int
	// TxIndex finds confirmed transactions; nil where they are not indexed.
	TxIndex TxIndex
	// Indexes are those that there are, in the order in which they are listed.
	Indexes []Index
	// Warnings stand behind those of the chain in the answers that have a list
	// of warnings; nil for none. See [PreReleaseWarning] and [ClockWarning].
	Warnings func() []string
	// DatabaseCacheBytes and CoinsCacheBytes are the memory for the database of
	// coins and for the cache above it, as getchainstates shows them.
	DatabaseCacheBytes, CoinsCacheBytes int64
}

// ledger is the receiver of the handlers; it has no state of its own.
type ledger struct {
	LedgerConfig
	params *params.Params
	log    *slog.Logger
}

// LedgerCommands returns the methods about blocks, coins, transactions, scripts
// and mining.
func LedgerCommands(cfg LedgerConfig) ([]Command, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	l := &ledger{LedgerConfig: cfg, params: cfg.Params, log: cfg.Logger}
	var all []Command
	for _, group := range [][]Command{
		l.blockCommands(), l.chainCommands(), l.coinCommands(), l.txCommands(),
		l.scriptCommands(), l.miningCommands(), l.operatorCommands(), l.waitCommands(), newTemplates(l).commands(),
	} {
		all = append(all, group...)
	}
	return all, nil
}

func (c *LedgerConfig) validate() error {
	for _, f := range []struct {
		name string
		ok   bool
	}{
		{"Params", c.Params != nil}, {"Blocks", c.Blocks != nil}, {"Coins", c.Coins != nil},
		{"Acceptor", c.Acceptor != nil}, {"Operator", c.Operator != nil}, {"Miner", c.Miner != nil},
		{"Versions", c.Versions != nil}, {"Events", c.Events != nil}, {"Logger", c.Logger != nil},
	} {
		if !f.ok {
			return fmt.Errorf("rpc: LedgerConfig.%s is missing", f.name)
		}
	}
	return nil
}
