package p2p

import (
	"context"
	"errors"
	"slices"
	"sync"

	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/p2p/transport"
	"grapevine/wire"
)

// queue holds work in order. It has no bound of its own: what is put there is
// bounded by the peers' credits (headers, transactions), by one block at a time
// a peer (blocks to serve), and by the core, which ends a connection that does
// not read (outgoing).
type queue[T any] struct {
	s *queueState[T]
}

type queueState[T any] struct {
	mu    sync.Mutex
	items []T
	ready chan struct{} // holds one token when there may be items
}

func newQueue[T any]() queue[T] {
	return queue[T]{&queueState[T]{ready: make(chan struct{}, 1)}}
}

func (q queue[T]) put(item T) {
	q.s.mu.Lock()
	q.s.items = append(q.s.items, item)
	q.s.mu.Unlock()
	select {
	case q.s.ready <- struct{}{}:
	default: // the token is there
	}
}

// take waits for items and returns them all.
func (q queue[T]) take(ctx context.Context) ([]T, error) {
	for {
		q.s.mu.Lock()
		items := q.s.items
		q.s.items = nil
		q.s.mu.Unlock()
		if len(items) > 0 {
			return items, nil
		}
		select {
		case <-q.s.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// one waits for an item and returns the first.
func (q queue[T]) one(ctx context.Context) (item T, err error) {
	for {
		q.s.mu.Lock()
		if len(q.s.items) > 0 {
			item = q.s.items[0]
			var zero T
			q.s.items[0] = zero
			q.s.items = q.s.items[1:]
			more := len(q.s.items) > 0
			q.s.mu.Unlock()
			if more {
				select {
				case q.s.ready <- struct{}{}:
				default: // the token is there
				}
			}
			return item, nil
		}
		q.s.mu.Unlock()
		select {
		case <-q.s.ready:
		case <-ctx.Done():
			return item, ctx.Err()
		}
	}
}

func (s *Service) judgeHeaders(ctx context.Context) error {
	for {
		a, err := s.headers.one(ctx)
		if err != nil {
			return err
		}
		last, err := s.cfg.Owners.SubmitHeaders(ctx, a.List)
		if !s.post(ctx, HeadersJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Count: len(a.List), Last: last, Err: err}) {
			return ctx.Err()
		}
	}
}

// judgedAtOnce is how many transactions the pool is offered together: enough for
// all cores, and little for one that comes behind them to wait for.
const judgedAtOnce = 64

func (s *Service) judgeTxs(ctx context.Context) error {
	for {
		waiting, err := s.txs.take(ctx)
		if err != nil {
			return err
		}
		for some := range slices.Chunk(waiting, judgedAtOnce) {
			txs := make([]*wire.Tx, len(some))
			for i := range some {
				txs[i] = some[i].Tx
			}
			for i, v := range s.cfg.Owners.SubmitTxs(ctx, txs) {
				a := &some[i]
				if !s.post(ctx, TxJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Tx: a.Tx, TxVerdict: v}) {
					return ctx.Err()
				}
			}
		}
	}
}

func (s *Service) judgePackages(ctx context.Context) error {
	for {
		a, err := s.packs.one(ctx)
		if err != nil {
			return err
		}
		ev := PackageJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Parent: a.Parent, Child: a.Child}
		ev.Verdicts, ev.Err = s.cfg.Owners.SubmitPackage(ctx, a.Parent, a.Child)
		if !s.post(ctx, ev) {
			return ctx.Err()
		}
	}
}

// checkTx runs on a goroutine of its own: it is asked every few minutes, for own
// transactions only.
func (s *Service) checkTx(ctx context.Context, tx *wire.Tx) {
	err, failure := s.cfg.Owners.CheckTx(ctx, tx)
	s.post(ctx, TxChecked{Tx: tx, Err: err, Failure: failure})
}

// judgeBlock runs on a goroutine of its own for each block, so that they are
// checked on all cores; the fetcher's credits bound how many there are.
func (s *Service) judgeBlock(ctx context.Context, a SubmitBlock) {
	fresh, err := s.cfg.Owners.SubmitBlock(ctx, a.Block, a.Requested)
	s.post(ctx, BlockJudged{Peer: a.Peer, Seq: a.Seq, Hash: a.Block.Hash(), Size: a.Size, Requested: a.Requested, Compact: a.Compact, Fresh: fresh, Err: err})
}

// serve reads blocks for peers.
func (s *Service) serve(ctx context.Context) error {
	for {
		a, err := s.blocks.one(ctx)
		if err != nil {
			return err
		}
		if a.Filter != nil {
			if !s.post(ctx, s.serveFiltered(a)) {
				return ctx.Err()
			}
			continue
		}
		ev := Served{Peer: a.Peer, Node: a.Node}
		out, size, err := s.contents(a)
		ev.Bytes, ev.Err = size, err
		// Queued before the core hears of it: what it says next must not overtake the
		// block. That the writer may report it sooner than the core knows of it does
		// no harm.
		if c := s.conn(a.Peer); c != nil && err == nil {
			c.out.put(out)
		}
		if !s.post(ctx, ev) {
			return ctx.Err()
		}
	}
}

func stripWitness(raw []byte) ([]byte, error) {
	b, err := wire.DecodeBlock(raw)
	if err != nil {
		return nil, err
	}
	m := &wire.MsgBlock{Block: b, NoWitness: true}
	return m.AppendPayload(make([]byte, 0, m.PayloadSize()+transport.MaxOverhead)), nil
}

// maxPassed is how many blocks of one move of the tip the core is told of: two days of
// them.
const maxPassed = 288

// followChain tells the core of the chain's events, after the pool took them in.
func (s *Service) followChain(ctx context.Context) error {
	cursor := s.cfg.Owners.Events().Subscribe()
	ledger := s.cfg.Core.Ledger
	last := ledger.Active().Tip()
	for {
		ev, err := cursor.Next(ctx)
		if errors.Is(err, event.ErrLagged) {
			continue // the next event names the tip
		}
		if err != nil {
			return err
		}
		if ev.Kind == event.HeaderTip {
			if !s.post(ctx, HeaderTip{}) {
				return ctx.Err()
			}
			continue
		}
		if err := s.cfg.Owners.TakenIn(ctx, ev.Seq); err != nil {
			return err
		}
		tip := ledger.Tree().Lookup(ev.Hash)
		if !ledger.Syncing() {
			if err := s.passBlocks(ctx, last, tip); err != nil {
				return err
			}
		}
		if !s.post(ctx, TipMoved{Old: last, New: tip}) {
			return ctx.Err()
		}
		last = tip
	}
}

// passBlocks tells the core of the blocks between two tips, one after the other, up to
// the depth to which what they confirm may still be offered.
func (s *Service) passBlocks(ctx context.Context, old, tip *headers.Node) error {
	for _, n := range branch(old, tip, maxPassed) {
		raw, err := s.cfg.Owners.RawBlock(n)
		var b *wire.Block
		if err == nil {
			b, err = wire.DecodeBlock(raw)
		}
		if err != nil {
			s.log.Warn("cannot read a new block", "hash", n.Hash(), "error", err)
			continue
		}
		if !s.post(ctx, BlockConnected{Block: b}) {
			return ctx.Err()
		}
	}
	return nil
}

func (s *Service) followPool(ctx context.Context) error {
	return s.cfg.Owners.WatchPool(ctx, func(txid wire.Txid, wtxid wire.Wtxid) {
		s.post(ctx, PoolAdded{Txid: txid, Wtxid: wtxid})
	})
}
