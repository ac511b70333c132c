package rpc

import (
	"context"
	"fmt"

	"grapevine/chain/index"
	"grapevine/chain/params"
	"grapevine/mempool"
	"grapevine/wire"
)

// Waiting is what the methods about transactions and outputs read of the pool.
// As all of a pool, it may be called from any goroutine and answers at once.
type Waiting interface {
	Lookup(id wire.GenTxid) (tx *wire.Tx, rate wire.FeeRate, ok bool)
	// Coin tells an output that a transaction in the pool creates, and whether
	// one spends it.
	Coin(op wire.OutPoint) (wire.TxOut, mempool.CoinState)
	Spender(op wire.OutPoint) (wire.Txid, bool)
	Info() mempool.Info
}

// Entries describes the transactions in the pool.
type Entries interface {
	Entry(id wire.Txid) (mempool.Entry, bool)
	Entries() []mempool.Entry
	// Txids are in the order of [Entries.Entries], with the sequence number of the
	// pool's next event.
	Txids() ([]wire.Txid, uint64)
	// Compare orders two transactions as they would be mined.
	Compare(a, b wire.GenTxid) int
	// Ancestors and Descendants leave out the transaction itself.
	Ancestors(id wire.Txid) ([]wire.Txid, bool)
	Descendants(id wire.Txid) ([]wire.Txid, bool)
}

// Submitter brings transactions to the pool. A refusal is a [*mempool.Error];
// any other error is a failure of the node.
type Submitter interface {
	Submit(ctx context.Context, tx *wire.Tx, o mempool.SubmitOptions) (mempool.Accepted, error)
	// Check judges a transaction and keeps nothing.
	Check(ctx context.Context, tx *wire.Tx) (mempool.Accepted, error)
}

// Prioritiser changes the fees by which transactions are judged and chosen.
type Prioritiser interface {
	Prioritise(ctx context.Context, id wire.Txid, delta wire.Amount) error
	Priorities() []mempool.Priority
}

// Pool is the pool; a [*mempool.Pool] is one.
type Pool interface {
	Waiting
	Entries
	Submitter
	Prioritiser
}

// TxIndex finds confirmed transactions; an [*index.TxIndex] does.
type TxIndex interface {
	Find(id wire.Txid) (index.Found, bool, error)
	// CatchUp waits until the tip of now is in the index, or reports false while
	// it is being built.
	CatchUp(ctx context.Context) (bool, error)
}

// PoolConfig names what the methods about the pool and about transactions on
// their way work on. Fields without a comment are required.
type PoolConfig struct {
	Params *params.Params
	Pool   Pool
	Coins  Coins
	// Announce, when set, tells peers anew of a transaction that the pool holds.
	Announce func(id wire.Txid)
	// SendPrivately, when set, sends a transaction without the pool, so that nobody can
	// tell where it comes from; CanSendPrivately says whether that is possible just now.
	SendPrivately    func(tx *wire.Tx) error
	CanSendPrivately func() bool
}

// poolCalls is the receiver of the handlers; it has no state of its own.
type poolCalls struct {
	PoolConfig
}

// PoolCommands returns the methods about the pool, and those with which a wallet
// makes, signs and sends a transaction.
func PoolCommands(cfg PoolConfig) ([]Command, error) {
	for _, f := range []struct {
		name string
		ok   bool
	}{{"Params", cfg.Params != nil}, {"Pool", cfg.Pool != nil}, {"Coins", cfg.Coins != nil}} {
		if !f.ok {
			return nil, fmt.Errorf("rpc: PoolConfig.%s is missing", f.name)
		}
	}
	p := &poolCalls{cfg}
	raw := &rawTx{params: cfg.Params, coins: cfg.Coins, waiting: cfg.Pool}
	var all []Command
	for _, group := range [][]Command{raw.commands(), p.submitCommands(), p.entryCommands(), p.infoCommands(), p.absentCommands()} {
		all = append(all, group...)
	}
	return all, nil
}
