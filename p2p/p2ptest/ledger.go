package p2ptest

import (
	"bytes"
	"errors"
	"time"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

var errNoBlock = errors.New("block is not stored")

// Ledger is a node's chain: a real tree of headers, blocks that are had or
// not, and the branch of the most work of which all blocks are had. Its verdicts
// on blocks are the world's.
type Ledger struct {
	node    *Node
	tree    *headers.Tree
	active  *headers.Chain
	best    *headers.Node // the best header that was told
	syncing bool
	loading bool
	queued  int64
	free    int64                             // until when it judges what was submitted
	waiting map[*headers.Node][]*headers.Node // had, by the parent that is not
}

func newLedger(n *Node) *Ledger {
	t := headers.NewTree(n.net.World.Params)
	g := t.Genesis()
	g.SetStatus(headers.StatusHasData | headers.StatusValidTransactions | headers.StatusValidScripts)
	g.SetTxCount(1)
	g.SetChainTxCount(1)
	return &Ledger{
		node: n, tree: t, active: headers.NewChain(g), best: g, syncing: true,
		waiting: make(map[*headers.Node][]*headers.Node),
	}
}

// Tree, Active, BestHeader, Syncing, Loading and Queued are what [p2p.Ledger] asks for.
func (l *Ledger) Tree() *headers.Tree       { return l.tree }
func (l *Ledger) Active() *headers.Chain    { return l.active }
func (l *Ledger) BestHeader() *headers.Node { return l.tree.Best() }
func (l *Ledger) Queued() int64             { return l.queued }
func (l *Ledger) Loading() bool             { return l.loading }

// Syncing reports initial block download: until the tip was once less than a day
// old.
func (l *Ledger) Syncing() bool {
	if l.syncing && l.node.net.Time().Unix()-l.active.Tip().Time() < 24*60*60 {
		l.syncing = false
	}
	return l.syncing
}

// Height returns the height of the tip.
func (l *Ledger) Height() int32 { return l.active.Height() }

// Tip returns the hash of the tip.
func (l *Ledger) Tip() wire.BlockHash { return l.active.Tip().Hash() }

// Load takes in blocks before the node runs, as if they had always been there.
func (l *Ledger) Load(blocks ...*wire.Block) {
	for _, b := range blocks {
		parent := l.tree.Lookup(b.Header.PrevBlock)
		n := l.tree.Insert(b.Header, parent)
		l.store(n, b)
		n.AddStatus(headers.StatusValidScripts)
		l.active = l.active.With(n)
		for i := range b.Txs {
			l.node.Pool.confirm(&b.Txs[i])
		}
	}
	l.best = l.tree.Best()
	l.node.Pool.told = nil
}

// Mine gives the node a block of its own making, or one handed over by its
// operator; it is judged at once.
func (l *Ledger) Mine(b *wire.Block) error {
	l.node.mark(b.Hash(), -1)
	if _, err := l.takeHeader(&b.Header); err != nil {
		return err
	}
	l.early(b)
	_, _, err := l.takeBlock(b, true)
	return err
}

// judge runs f when what was submitted before has been judged, and this too.
func (l *Ledger) judge(cost time.Duration, f func()) {
	now := l.node.net.now
	l.free = max(l.free, now) + int64(cost)
	l.node.later(l.free-now, f)
}

func (l *Ledger) submitHeaders(a p2p.SubmitHeaders) {
	l.judge(l.node.verdicts.Headers, func() {
		last, err := l.takeHeaders(a.List)
		l.node.step(p2p.HeadersJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Count: len(a.List), Last: last, Err: err})
	})
}

func (l *Ledger) submitBlock(a p2p.SubmitBlock) {
	size := int64(a.Block.TotalSize())
	l.queued += size
	v := l.node.verdicts
	l.early(a.Block)
	l.judge(v.Block+time.Duration(size)*v.BlockByte, func() {
		l.queued -= size
		fresh, n, err := l.takeBlock(a.Block, a.Requested)
		if fresh {
			l.node.arrived(n.Hash(), a.Peer)
		}
		l.node.step(p2p.BlockJudged{
			Peer: a.Peer, Seq: a.Seq, Hash: a.Block.Hash(), Size: a.Size, Requested: a.Requested, Compact: a.Compact, Fresh: fresh, Err: err,
		})
	})
}

// takeHeaders inserts headers, each below the one before it.
func (l *Ledger) takeHeaders(list []wire.Header) (last *headers.Node, err error) {
	for i := range list {
		n, err := l.takeHeader(&list[i])
		if err != nil {
			l.headerMoved()
			return last, err
		}
		last = n
	}
	l.headerMoved()
	return last, nil
}

func (l *Ledger) takeHeader(h *wire.Header) (*headers.Node, error) {
	hash := h.Hash()
	if n := l.tree.Lookup(hash); n != nil {
		if n.Status().Invalid() {
			return nil, &consensus.Error{Kind: consensus.ErrDuplicateHeader, Result: consensus.ResultCachedInvalid}
		}
		return n, nil
	}
	if err := consensus.CheckHeader(h, l.tree.Params()); err != nil {
		return nil, err
	}
	parent := l.tree.Lookup(h.PrevBlock)
	if parent == nil {
		return nil, &consensus.Error{Kind: consensus.ErrPrevNotFound, Result: consensus.ResultMissingPrev}
	}
	if parent.Status().Invalid() {
		return nil, &consensus.Error{Kind: consensus.ErrPrevInvalid, Result: consensus.ResultInvalidPrev}
	}
	c := consensus.HeaderContext{
		Height: parent.Height() + 1, PrevTime: parent.Time(), PrevMTP: parent.MedianTimePast(),
		RequiredBits: headers.NextWorkRequired(parent, h.Time, l.tree.Params()), Now: l.node.net.Time().Unix(),
	}
	if err := consensus.ContextualCheckHeader(h, c, l.tree.Params()); err != nil {
		return nil, err
	}
	return l.tree.InsertHashed(*h, hash, parent), nil
}

// takeBlock stores a block and connects what can be connected. One that nobody
// asked for is left alone unless it leads to more work soon.
func (l *Ledger) takeBlock(b *wire.Block, requested bool) (fresh bool, n *headers.Node, err error) {
	n, err = l.takeHeader(&b.Header)
	if err != nil {
		return false, nil, err
	}
	l.headerMoved()
	if l.has(n) {
		return false, n, nil
	}
	tip := l.active.Tip()
	if !requested && (n.ChainWork().Cmp(tip.ChainWork()) <= 0 || n.Height() > tip.Height()+288) {
		return false, n, nil
	}
	switch m := l.node.net.World.blocks[b.Hash()]; {
	case m == nil:
		return false, n, errNoBlock
	case m.block != b && !bytes.Equal(m.block.Raw(), b.Raw()):
		return false, n, &consensus.Error{Kind: consensus.ErrMerkleRoot, Result: consensus.ResultMutated}
	case m.err != nil:
		var broken *consensus.Error
		if errors.As(m.err, &broken) && broken.Result.MarksHeader() {
			l.condemn(n)
		}
		return false, n, m.err
	}
	l.connect(l.store(n, b))
	return true, n, nil
}

// condemn marks an invalid block and what stands on it.
func (l *Ledger) condemn(bad *headers.Node) {
	bad.AddStatus(headers.StatusFailed)
	for n := range l.tree.All() {
		if n != bad && n.HasAncestor(bad) {
			n.AddStatus(headers.StatusFailedChild)
		}
	}
	l.tree.RecomputeBest()
	l.headerMoved()
}

func (l *Ledger) has(n *headers.Node) bool { return n.Status().Has(headers.StatusHasData) }

// store marks a block as had, and returns the best block whose ancestors are all
// had now because of it; nil when some are not.
func (l *Ledger) store(n *headers.Node, b *wire.Block) (best *headers.Node) {
	n.SetTxCount(uint32(len(b.Txs)))
	n.AddStatus(headers.StatusHasData | headers.StatusValidTransactions | headers.StatusOptWitness)
	if n.Parent().ChainTxCount() == 0 {
		l.waiting[n.Parent()] = append(l.waiting[n.Parent()], n)
		return nil
	}
	for whole := []*headers.Node{n}; len(whole) > 0; whole = whole[1:] {
		at := whole[0]
		at.SetChainTxCount(at.Parent().ChainTxCount() + uint64(at.TxCount()))
		if best == nil || at.ChainWork().Cmp(best.ChainWork()) > 0 {
			best = at
		}
		whole = append(whole, l.waiting[at]...)
		delete(l.waiting, at)
	}
	return best
}

// connect makes a block the tip if its branch has more work. The pool follows.
func (l *Ledger) connect(to *headers.Node) {
	old := l.active.Tip()
	if to == nil || to.Status().Invalid() || to.ChainWork().Cmp(old.ChainWork()) <= 0 {
		return
	}
	world, pool := l.node.net.World, l.node.Pool
	fork := l.active.Fork(to)
	for n := old; n != fork; n = n.Parent() {
		txs := world.blocks[n.Hash()].block.Txs[1:]
		for i := range txs {
			pool.unconfirm(&txs[i])
		}
	}
	l.active = l.active.With(to)
	var events []p2p.Event
	for h := fork.Height() + 1; h <= to.Height(); h++ {
		n := l.active.At(h)
		n.AddStatus(headers.StatusValidScripts)
		m := world.blocks[n.Hash()]
		for i := range m.block.Txs {
			pool.confirm(&m.block.Txs[i])
		}
		if !l.Syncing() {
			events = append(events, p2p.BlockConnected{Block: m.block})
		}
	}
	pool.settle()
	events = append(events, p2p.TipMoved{Old: old, New: to})
	l.node.tell(events...)
}

func (l *Ledger) headerMoved() {
	if best := l.tree.Best(); best != l.best {
		l.best = best
		l.node.tell(p2p.HeaderTip{})
	}
}

// tell hands events to the core in order, after a moment.
func (n *Node) tell(events ...p2p.Event) {
	delay := int64(0)
	if n.verdicts.Event > 0 {
		delay = n.net.rand.Int64N(int64(n.verdicts.Event))
	}
	n.told = max(n.told, n.net.now+delay)
	n.later(n.told-n.net.now, func() {
		for _, e := range events {
			n.step(e)
		}
	})
}

// arrived notes that a peer was the first to bring something.
func (n *Node) arrived(what [32]byte, from peer.ID) {
	source := -1
	if e := n.end(from); e != nil {
		source = e.other.node.ID
	}
	n.mark(what, source)
}
