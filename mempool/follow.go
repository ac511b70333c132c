package mempool

import (
	"context"
	"fmt"
	"slices"
	"time"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/mempool/graph"
	"grapevine/wire"
)

// maxReturning bounds the transactions of disconnected blocks that are judged
// again, in bytes: those of some ten full blocks. Of a longer reorganisation
// the youngest are forgotten, on which the others do not depend.
const maxReturning = 20_000_000

// follow moves the pool to another tip of the chain. What has to be judged with
// the coins of the new tip is left to settle.
func (o *owner) follow(ctx context.Context, to *headers.Node) error {
	fork := headers.LastCommonAncestor(o.tip, to)
	if fork != o.tip {
		if err := o.disconnect(ctx, fork); err != nil {
			return err
		}
	}
	for h := fork.Height() + 1; h <= to.Height(); h++ {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := o.connect(to.Ancestor(h)); err != nil {
			return err
		}
	}
	return nil
}

// disconnect takes the blocks above fork off. Their transactions are to come
// back; what depends on them in the pool is set aside, since it can only be
// judged after these.
func (o *owner) disconnect(ctx context.Context, fork *headers.Node) error {
	o.mu.Lock()
	o.settled = false
	o.mu.Unlock()
	var jobs []*job
	size := 0
	for n := o.tip; n != fork; n = n.Parent() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b, err := o.cfg.Chain.Block(n)
		if err != nil {
			return fmt.Errorf("mempool: block %s is to be disconnected: %w", n.Hash(), err)
		}
		o.setAside(b)
		// Going down, so each block goes before what is there; within the bound
		// the lowest blocks win.
		for i := len(b.Txs) - 1; i > 0; i-- {
			size += b.Txs[i].TotalSize()
			jobs = append(jobs, &job{tx: ownCopy(&b.Txs[i]), keep: true, back: true})
		}
		for size > maxReturning {
			size -= jobs[0].tx.TotalSize()
			jobs = jobs[1:]
		}
	}
	slices.Reverse(jobs)
	o.bringBack(jobs)
	o.mu.Lock()
	o.tip, o.recheck = fork, true
	o.publish()
	return nil
}

// ownCopy returns a transaction that does not hold on to its block.
func ownCopy(tx *wire.Tx) *wire.Tx {
	own, err := wire.DecodeTx(tx.AppendTo(make([]byte, 0, tx.TotalSize())))
	if err != nil {
		panic("mempool: transaction does not decode again: " + err.Error())
	}
	return own
}

// bringBack puts transactions before those that wait to come back: what was
// confirmed last depends on what was confirmed before.
func (o *owner) bringBack(jobs []*job) {
	o.returning = append(jobs, o.returning...)
	size := 0
	for i, j := range o.returning {
		if size += j.tx.TotalSize(); size > maxReturning {
			clear(o.returning[i:])
			o.returning = o.returning[:i]
			return
		}
	}
}

// setAside takes out what depends on transactions of a block, without a word to
// those who listen: most of it will be back in a moment.
func (o *owner) setAside(b *wire.Block) {
	var first []*entry
	for i := range b.Txs {
		first = o.spenders(&b.Txs[i], first)
	}
	if len(first) == 0 {
		return
	}
	all := o.family(first)
	slices.SortFunc(all, func(a, b *entry) int { return graph.Compare(a.node, b.node) })
	o.mu.Lock()
	o.remove(all)
	o.mu.Unlock()
	// What was set aside before has none of these among its descendants, which
	// would have gone with it, but it may have them among its parents.
	jobs := make([]*job, 0, len(all)+len(o.aside))
	for _, e := range all {
		jobs = append(jobs, &job{tx: e.tx, keep: true, back: true, old: e})
	}
	o.aside = append(jobs, o.aside...)
}

// connect takes in a block on top of the tip: what is in it leaves, and what
// conflicts with that.
func (o *owner) connect(n *headers.Node) error {
	now := o.cfg.Now()
	if len(o.byTxid) == 0 && len(o.deltas) == 0 && o.nothingWaits() {
		o.mu.Lock()
		o.tip = n
		o.blockCame(now)
		o.publish()
		return nil
	}
	b, err := o.cfg.Chain.Block(n)
	if err != nil {
		return fmt.Errorf("mempool: block %s was connected: %w", n.Hash(), err)
	}
	confirmed := make(map[wire.Txid]struct{}, len(b.Txs))
	for i := range b.Txs {
		confirmed[b.Txs[i].Txid()] = struct{}{}
	}
	o.returning = slices.DeleteFunc(o.returning, func(j *job) bool { return contains(confirmed, j.tx.Txid()) })
	o.mu.Lock()
	for _, j := range o.aside {
		if contains(confirmed, j.tx.Txid()) {
			o.gone(j.old, ReasonBlock)
		}
	}
	o.aside = slices.DeleteFunc(o.aside, func(j *job) bool { return contains(confirmed, j.tx.Txid()) })
	o.confirm(b)
	o.tip = n
	o.blockCame(now)
	o.limit(now)
	o.publish()
	return nil
}

func contains(set map[wire.Txid]struct{}, id wire.Txid) bool {
	_, ok := set[id]
	return ok
}

// nothingWaits reports that no transaction is to come back.
func (o *owner) nothingWaits() bool { return len(o.returning) == 0 && len(o.aside) == 0 }

// confirm takes out the transactions of a block, and those that spend the same
// as one of them. The caller holds the lock for writing.
func (o *owner) confirm(b *wire.Block) {
	var mined []*entry
	for i := range b.Txs {
		if e := o.byTxid[b.Txs[i].Txid()]; e != nil {
			mined = append(mined, e)
		}
	}
	o.drop(mined, ReasonBlock)
	var losers []*entry
	for i := range b.Txs {
		tx := &b.Txs[i]
		delete(o.deltas, tx.Txid())
		for k := range tx.In {
			if e := o.spends[tx.In[k].PrevOut]; e != nil {
				losers = append(losers, e)
				delete(o.deltas, e.txid)
			}
		}
	}
	if len(losers) > 0 {
		o.drop(o.family(losers), ReasonConflict)
	}
}

// blockCame lets the feerate that evictions left behind fall from now on.
func (o *owner) blockCame(now time.Time) {
	o.decay(now)
	o.rolling.last, o.rolling.settled = now, true
}

// settle does what a reorganisation left to be done, once the coins are at the
// pool's tip; until then it leaves the pool unsettled, as another move is under
// way. When nothing is left, those who wait for the event are let go.
func (o *owner) settle(ctx context.Context) error {
	for len(o.returning) > 0 || len(o.aside) > 0 {
		if ctx.Err() != nil {
			return nil // the loop ends by itself
		}
		list := &o.returning
		if len(*list) == 0 {
			list = &o.aside
		}
		batch := o.independent(*list)
		judged, err := o.judge(batch)
		if err != nil || !judged {
			return err
		}
		o.reportLost(batch)
		*list = shift(*list, len(batch))
	}
	if o.recheck {
		done, err := o.recheckLocks()
		if err != nil || !done {
			return err
		}
		o.recheck = false
	}
	o.mu.Lock()
	o.limit(o.cfg.Now())
	o.settled = true
	o.publish()
	o.taken.reach(o.seq)
	return nil
}

// reportLost tells of entries that were set aside and are not valid any more.
func (o *owner) reportLost(batch []*job) {
	o.mu.Lock()
	for _, j := range batch {
		if j.err != nil && j.old != nil {
			o.gone(j.old, ReasonReorg)
		}
	}
	o.publish()
}

// recheckLocks removes what the new chain does not let into its next block: what
// has become locked again, and spends of coinbases that have become young. It
// reports false when the coins are at another tip.
func (o *owner) recheckLocks() (bool, error) {
	height, mtp := o.tip.Height()+1, o.tip.MedianTimePast()
	var stale []*job
	o.graph.Each(func(n *graph.Node) {
		e := n.Of.(*entry)
		// A lock that depends on the pool counts from the tip, which may be lower now.
		if e.spendsCoinbase || !e.lock.Passes(height, mtp) || o.tip.Ancestor(e.lockAt.Height()) != e.lockAt {
			stale = append(stale, &job{tx: e.tx, old: e})
		}
	})
	coins, tip, err := o.coinsFor(stale, nil)
	if err != nil || tip != o.tip {
		return false, err
	}
	var locked []*entry
	o.mu.Lock()
	defer o.publish()
	for _, j := range stale {
		spent := coins[:len(j.tx.In)]
		coins = coins[len(j.tx.In):]
		j.old.lock, j.old.lockAt = sequenceLock(j.tx, spent, o.tip)
		if immature(spent, height) {
			locked = append(locked, j.old)
		}
	}
	o.graph.Each(func(n *graph.Node) {
		e := n.Of.(*entry)
		if !consensus.IsFinalTx(e.tx, height, mtp) || !e.lock.Passes(height, mtp) {
			locked = append(locked, e)
		}
	})
	o.drop(o.family(locked), ReasonReorg)
	return true, nil
}

// immature reports whether a coin is a coinbase that a block of that height must
// not spend, or not there at all.
func immature(spent []consensus.Coin, height int32) bool {
	for i := range spent {
		c := &spent[i]
		if c.Missing() || c.Coinbase && height-c.Height < consensus.CoinbaseMaturity {
			return true
		}
	}
	return false
}
