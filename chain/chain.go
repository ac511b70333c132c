package chain

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"grapevine/chain/blockstore"
	"grapevine/chain/consensus"
	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/chain/sigverify"
	"grapevine/chain/utxo"
	"grapevine/internal/u256"
	"grapevine/wire"
)

// Chain is the ledger. [Open] makes one, [Chain.Run] drives it; all methods
// may be called from any goroutine while Run runs.
type Chain struct {
	cfg    Config
	params *params.Params
	log    *slog.Logger

	tree   *headers.Tree
	coins  *utxo.Set
	store  *blockstore.Store
	events *event.Ring

	// Read by anybody, written by the owner.
	active atomic.Pointer[headers.Chain]
	state  sharedState

	// How the owner is reached.
	cmds    chan func() error
	imports chan *importItem
	wakeup  chan struct{}

	// What [Chain.Queued] adds up: bytes of blocks on their way to the owner,
	// and of those that the owner holds.
	entering, held atomic.Int64

	early watchers

	fatal     atomic.Pointer[error]
	fatalOnce sync.Once
	done      chan struct{} // closed when the owner has ended

	owned
}

// owned is what only the owner goroutine touches.
type owned struct {
	candidates  candidates
	unlinked    map[*headers.Node][]*headers.Node // blocks whose parent's transactions are missing
	dirty       map[*headers.Node]struct{}        // nodes whose record is to be written
	sequence    int32
	precious    preciousState
	bestInvalid *headers.Node
	vetted      *headers.Node // the last target, whose branch is known to be usable

	pipe      pipeline
	recent    *recent
	moves     int // of the tip since recent was looked through
	reader    *blockReader
	scripts   *scriptPool
	publish   func(event.Event)
	exclusive []func() error // run, in order, when the pipeline is empty
	waiters   []*waiter
	flush     flusher
	lastSkip  string // why scripts are run or not, as last logged
}

// sharedState is what the owner tells readers besides the active chain.
type sharedState struct {
	initialDownload atomic.Bool
	reindexing      atomic.Bool
	largeInvalid    atomic.Bool // an invalid branch has much more work than ours
}

// eventsKept is how many events a consumer may lag behind: 4,096 of 100 bytes.
const eventsKept = 4096

// Params returns the rules of the network.
func (c *Chain) Params() *params.Params { return c.params }

// Active returns the active chain as it stands: an immutable view.
func (c *Chain) Active() *headers.Chain { return c.active.Load() }

// Tree returns the tree of all known headers.
func (c *Chain) Tree() *headers.Tree { return c.tree }

// BestHeader returns the header with the most work that is not known to be
// invalid.
func (c *Chain) BestHeader() *headers.Node { return c.tree.Best() }

// Events returns the ring on which moves of the tip are published.
func (c *Chain) Events() *event.Ring { return c.events }

func (c *Chain) tip() *headers.Node { return c.active.Load().Tip() }

// RawBlock returns the stored bytes of a block; the caller owns them.
func (c *Chain) RawBlock(n *headers.Node) ([]byte, error) {
	if n.Status()&headers.StatusHasData == 0 {
		return nil, ErrNoData
	}
	return c.store.ReadBlock(blockstore.Pos{File: n.File(), Offset: n.DataPos()}, n.Hash())
}

// Block returns a stored block.
func (c *Chain) Block(n *headers.Node) (*wire.Block, error) {
	raw, err := c.RawBlock(n)
	if err != nil {
		return nil, err
	}
	b, err := wire.DecodeBlock(raw)
	if err != nil {
		return nil, corrupt("block %s in blk%05d.dat at %d: %v", n.Hash(), n.File(), n.DataPos(), err)
	}
	return b, nil
}

// checkedBlock reads a block that is to be connected, and makes sure that
// the disk gave back what was stored.
func (c *Chain) checkedBlock(n *headers.Node) (*wire.Block, error) {
	b, err := c.Block(n)
	if err != nil {
		return nil, err
	}
	// The hash does not cover the witnesses: damage to them would look like an
	// invalid block.
	err = consensus.IsBlockMutated(b, n.Height() >= c.params.SegwitHeight)
	if err == nil {
		opts := consensus.CheckAll
		opts.CheckMerkle = false
		err = consensus.CheckBlock(b, c.params, opts)
	}
	if err != nil {
		return nil, corrupt("block %s in blk%05d.dat at %d: %v", n.Hash(), n.File(), n.DataPos(), err)
	}
	return b, nil
}

// Undo returns the coins that a block spent. The genesis block has none.
func (c *Chain) Undo(n *headers.Node) (*utxo.BlockUndo, error) {
	if n.Height() == 0 {
		return &utxo.BlockUndo{}, nil
	}
	if n.Status()&headers.StatusHasUndo == 0 {
		return nil, ErrNoData
	}
	raw, err := c.store.ReadUndo(n.File(), n.UndoPos(), n.Parent().Hash())
	if err != nil {
		return nil, err
	}
	u, err := utxo.DecodeBlockUndo(raw)
	if err != nil {
		return nil, corrupt("undo data of block %s in rev%05d.dat at %d: %v", n.Hash(), n.File(), n.UndoPos(), err)
	}
	return u, nil
}

// Coins returns the unspent coins among the outpoints, and the tip at which
// they are unspent. It never waits for validation or a flush.
func (c *Chain) Coins(ops []wire.OutPoint) (coins []consensus.Coin, found []bool, tip *headers.Node, err error) {
	coins, found, best, err := c.coins.Coins(ops)
	if err != nil {
		return nil, nil, nil, err
	}
	if tip = c.tree.Lookup(best); tip == nil {
		return nil, nil, nil, fmt.Errorf("coins are at unknown block %s", best)
	}
	return coins, found, tip, nil
}

// SigCache returns the cache of signatures that are known to be valid. What is
// added to it before a block comes need not be verified then.
func (c *Chain) SigCache() *sigverify.Cache { return c.scripts.cache }

// MinimumChainWork returns the work that the valid chain is known to have, by
// the configuration or the network.
func (c *Chain) MinimumChainWork() u256.Int { return *c.cfg.MinimumChainWork }

// Syncing reports initial block download, as [Chain.Status] does.
func (c *Chain) Syncing() bool { return c.state.initialDownload.Load() }
