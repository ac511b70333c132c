package p2p

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"time"

	"grapevine/wire"
)

// A transaction that pays too little is not refused for good: a child may pay for
// it. So it is remembered apart, by wtxid only, as nothing that others can alter may
// keep it out; when a child of it comes, it is asked for again as a parent, and both
// are judged together. The child is one that the same peer announced, the youngest
// first: were it anybody's, an attacker's children of no worth could always be tried
// before the good one.

// paysTooLittle notes that a transaction was refused for its fee, and offers it
// together with a child of the peer that sent it, where there is one: it reports that
// the verdict is still to come then. A verdict on an orphan that was judged again
// comes from no peer.
func (c *Core) paysTooLittle(ev TxJudged) (pending bool) {
	t := &c.txs
	c.log.Debug("transaction refused for its fee", "txid", ev.Tx.Txid(), "reason", ev.Err)
	c.keepLowFee(ev.Tx)
	p := c.peers[ev.Peer]
	if p == nil || ev.Seq == 0 {
		return false
	}
	child := c.payingChild(p, ev.Tx)
	if child == nil {
		return false
	}
	t.judging[ev.Tx.Wtxid()], t.judging[child.Wtxid()] = false, false
	c.do(SubmitPackage{Peer: ev.Peer, Seq: ev.Seq, Size: ev.Size, Parent: ev.Tx, Child: child})
	return true
}

// keepLowFee remembers not to judge a transaction by itself again until the tip moves.
func (c *Core) keepLowFee(tx *wire.Tx) {
	t := &c.txs
	t.lowFee.add([32]byte(tx.Wtxid()))
	t.requests.Forget(wire.ByWtxid(tx.Wtxid()))
	t.orphans.Erase(tx.Wtxid())
}

// lowFeeAgain deals with a transaction that was refused for its fee and has come
// once more, and reports whether it goes to be judged with a child.
func (c *Core) lowFeeAgain(p *peerState, tx *wire.Tx, size int) bool {
	child := c.payingChild(p, tx)
	if child == nil {
		return false
	}
	t := &c.txs
	t.judging[tx.Wtxid()], t.judging[child.Wtxid()] = false, false
	c.do(SubmitPackage{Peer: p.id, Seq: p.order.submit(), Size: size, Parent: tx, Child: child})
	return true
}

// payingChild finds a child that was not tried with this parent yet.
func (c *Core) payingChild(p *peerState, parent *wire.Tx) *wire.Tx {
	t := &c.txs
	for _, child := range t.orphans.ChildrenFrom(parent, p.id) {
		_, judging := t.judging[child.Wtxid()]
		if !judging && !t.lowFee.has(packageHash(parent, child)) && !t.rejected.has([32]byte(child.Txid())) {
			return child
		}
	}
	return nil
}

// packageHash names a parent with a child.
func packageHash(parent, child *wire.Tx) [32]byte {
	ids := []wire.Wtxid{parent.Wtxid(), child.Wtxid()}
	slices.SortFunc(ids, func(a, b wire.Wtxid) int { return bytes.Compare(a[:], b[:]) })
	return sha256.Sum256(slices.Concat(ids[0][:], ids[1][:]))
}

// packageJudged goes on from the verdict on a parent with a child.
func (c *Core) packageJudged(now time.Time, ev PackageJudged) {
	t := &c.txs
	p := c.peers[ev.Peer]
	delete(t.judging, ev.Parent.Wtxid())
	delete(t.judging, ev.Child.Wtxid())
	if ev.Err != nil {
		t.lowFee.add(packageHash(ev.Parent, ev.Child))
		c.log.Debug("package refused", "parent", ev.Parent.Txid(), "child", ev.Child.Txid(), "reason", ev.Err)
	}
	// The child first, so that it is no orphan any more when its parent looks for some.
	for i := len(ev.Verdicts) - 1; i >= 0; i-- {
		if c.memberJudged([]*wire.Tx{ev.Parent, ev.Child}[i], ev.Verdicts[i]) && p != nil {
			p.lastTx = now
		}
	}
	c.do(Release{ev.Peer, ev.Size})
	if p != nil {
		p.order.judged(ev.Seq)
		c.resume(now, p)
	}
}

// memberJudged deals with one of a package, and reports whether the pool has it.
func (c *Core) memberJudged(tx *wire.Tx, v TxVerdict) bool {
	switch {
	case v.Err == nil:
		c.txAccepted(tx)
		return true
	case len(v.Missing) > 0: // it stays an orphan
	case v.LowFee:
		c.keepLowFee(tx)
	default:
		c.txRefused(tx, v)
	}
	return false
}
