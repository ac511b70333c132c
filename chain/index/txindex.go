package index

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/syndtr/goleveldb/leveldb"

	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/internal/vfs"
	"grapevine/internal/vfs/ldbstorage"
	"grapevine/wire"
)

// Ledger is what an index reads of the chain. All calls may be made from any
// goroutine, and none waits for validation.
type Ledger interface {
	Active() *headers.Chain
	Tree() *headers.Tree
	Block(n *headers.Node) (*wire.Block, error)
	Events() *event.Ring
}

// Config says what is indexed, and where.
type Config struct {
	// Chain is followed; required. It has to run, or at least be open, until Run
	// has returned.
	Chain Ledger
	// Dir is the directory of the database, made when missing; required.
	Dir string
	// FS is where Dir lies; nil is the operating system's file system.
	FS vfs.FS
	// Logger receives what happens; nil discards it.
	Logger *slog.Logger

	// batch is how many bytes of entries are written at once; 0 means
	// batchBytes. Tests make it small.
	batch int
}

// batchBytes is one write: the entries of 100,000 transactions.
const batchBytes = 2 << 20

// TxIndex finds transactions. [Open] makes one, [TxIndex.Run] fills it; the other
// methods may be called from any goroutine.
type TxIndex struct {
	cfg   Config
	log   *slog.Logger
	files *ldbstorage.Storage
	db    *leveldb.DB

	state atomic.Pointer[state]
	done  chan struct{} // closed when Run has ended

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when state changes; guarded by mu

	// Of Run's goroutine.
	next  uint32 // number of the next block
	batch leveldb.Batch
	at    *headers.Node // the last block that batch leads to, nil before genesis
}

// state is what was written.
type state struct {
	tip    *headers.Node // nil before genesis
	synced bool          // the index has been at the chain's tip in this run
}

// Open opens the index in cfg.Dir, or begins one there. The caller runs
// [TxIndex.Run] afterwards, or [TxIndex.Close].
func Open(cfg Config) (*TxIndex, error) {
	if cfg.Chain == nil || cfg.Dir == "" {
		return nil, errors.New("index: no chain or no directory")
	}
	if cfg.batch == 0 {
		cfg.batch = batchBytes
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	x := &TxIndex{cfg: cfg, log: cfg.Logger, done: make(chan struct{}), changed: make(chan struct{})}
	err := x.open()
	if err == nil {
		err = x.loadPosition()
	}
	if err != nil {
		_ = x.close() // the error that led here says more
		return nil, err
	}
	return x, nil
}

// Close closes an index that is not run.
func (x *TxIndex) Close() error { return x.close() }

// loadPosition finds where the index is. A block that the chain does not know, as
// after a crash or while it indexes its files anew, is no position: the chain
// is followed from genesis on, past what is here already.
func (x *TxIndex) loadPosition() error {
	h, ok, err := x.hash([]byte(keyPosition))
	if err != nil {
		return err
	}
	if ok {
		if x.at = x.cfg.Chain.Tree().Lookup(h); x.at == nil {
			x.log.Info("txindex is at a block that the chain does not have, it is compared from the start", "hash", h)
		}
	}
	x.state.Store(&state{tip: x.at})
	return nil
}

// Found is a transaction in a block.
type Found struct {
	Node  *headers.Node
	Block *wire.Block
	Index int // of the transaction in the block
}

// Find returns where a transaction is: in the active chain if it is there, else
// in a block that was in it and is no more. It does not wait for the index;
// see [TxIndex.CatchUp].
func (x *TxIndex) Find(id wire.Txid) (Found, bool, error) {
	list, err := x.entries(id)
	if err != nil {
		return Found{}, false, err
	}
	active, tree := x.cfg.Chain.Active(), x.cfg.Chain.Tree()
	type candidate struct {
		node  *headers.Node
		place int
	}
	var candidates []candidate
	for _, e := range list {
		if n := tree.Lookup(e.block); n != nil { // else the chain has forgotten it, in a crash
			candidates = append(candidates, candidate{n, e.place})
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return rank(active, a.node) - rank(active, b.node) })
	for _, c := range candidates {
		b, err := x.cfg.Chain.Block(c.node)
		if err != nil {
			return Found{}, false, err
		}
		if c.place >= len(b.Txs) {
			return Found{}, false, x.corrupt("transaction %d of block %s, which has %d", c.place, c.node.Hash(), len(b.Txs))
		}
		if b.Txs[c.place].Txid() == id {
			return Found{Node: c.node, Block: b, Index: c.place}, true, nil
		}
	}
	return Found{}, false, nil
}

func rank(active *headers.Chain, n *headers.Node) int {
	if active.Contains(n) {
		return 0
	}
	return 1
}

// CatchUp waits until the index has taken in the tip as it is now, and reports
// true; or false at once while it is being built. It fails with ctx's error
// and with [ErrClosed].
func (x *TxIndex) CatchUp(ctx context.Context) (bool, error) {
	want := x.cfg.Chain.Active().Tip()
	for {
		x.mu.Lock()
		changed := x.changed
		x.mu.Unlock()
		s := x.state.Load()
		if !s.synced {
			return false, nil
		}
		if active := x.cfg.Chain.Active(); !active.Contains(want) {
			want = active.Tip() // the index need not ever be there
		}
		if s.tip != nil && s.tip.Ancestor(want.Height()) == want {
			return true, nil
		}
		select {
		case <-changed:
		case <-x.done:
			return false, &Error{Kind: ErrClosed}
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// Summary is what to tell about an index.
type Summary struct {
	Name   string
	Synced bool  // it has been at the tip, and follows it
	Height int32 // of the last block taken in; 0 before
}

// Summary returns the state of the index.
func (x *TxIndex) Summary() Summary {
	s := x.state.Load()
	out := Summary{Name: "txindex", Synced: s.synced}
	if s.tip != nil {
		out.Height = s.tip.Height()
	}
	return out
}
