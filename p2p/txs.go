package p2p

import (
	"slices"
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
	"grapevine/p2p/txrequest"
	"grapevine/wire"
)

const (
	// maxGetData is how many ids one getdata of ours names.
	maxGetData = 1000
	// rebroadcastPause is the least time between two announcements of what
	// nobody asked for; up to half as much is added.
	rebroadcastPause = 10 * time.Minute
)

// joinRelay lets a peer take part in relaying transactions.
func (c *Core) joinRelay(now time.Time, p *peerState) {
	if p.hello.wtxid {
		c.txs.wtxPeers++
	}
	if p.relaysTx() {
		c.txs.announce.AddPeer(p.id, p.hearing())
	}
	c.maybeSendFeeFilter(now, p)
}

func (c *Core) leaveRelay(p *peerState) {
	if p.hello.wtxid {
		c.txs.wtxPeers--
	}
	c.txs.requests.Disconnect(p.id)
	c.txs.orphans.Disconnect(p.id)
	c.txs.announce.RemovePeer(p.id)
}

// takesTx reports whether transactions are accepted from the peer.
func (c *Core) takesTx(p *peerState) bool {
	return p.kind != peer.BlockRelay && p.kind != peer.Feeler && (!c.cfg.BlocksOnly || p.may(peer.Relay))
}

// inv notes what a peer has: blocks for headersync, transactions to ask for.
func (c *Core) inv(now time.Time, p *peerState, m *wire.MsgInv) {
	var block *wire.BlockHash
	for i := range m.Items {
		it := &m.Items[i]
		switch it.Type {
		case wire.InvBlock:
			h, _ := it.BlockHash()
			c.fetch.Announced(p.id, h)
			if c.cfg.Ledger.Tree().Lookup(h) == nil {
				block = &h
			}
		case wire.InvTx, wire.InvWtx:
			if (it.Type == wire.InvWtx) != p.hello.wtxid {
				continue
			}
			if !c.takesTx(p) {
				c.drop(p, "transaction inv sent in violation of protocol")
				return
			}
			id, _ := it.GenTxid()
			c.txs.announce.Known(p.id, id)
			if c.cfg.Ledger.Syncing() {
				continue
			}
			if w, ok := id.Wtxid(); ok && c.txs.orphans.Has(id) {
				c.orphanOffered(now, p, w)
			} else if !c.haveTx(id, true) {
				c.wantTx(now, p, id)
			}
		}
	}
	if block != nil {
		c.announcedBlock(now, p, *block)
	}
}

// haveTx reports whether a transaction need not be asked for. What was refused for
// its fee counts only where lowFee is set: as a parent it may be good enough.
func (c *Core) haveTx(id wire.GenTxid, lowFee bool) bool {
	t := &c.txs
	if w, ok := id.Wtxid(); ok {
		if _, judging := t.judging[w]; judging {
			return true
		}
	}
	return t.orphans.Has(id) || lowFee && t.lowFee.has(id.Hash()) || t.rejected.has(id.Hash()) || t.confirmed.has(id.Hash()) || c.cfg.Pool.Has(id)
}

// wantTx schedules a request; false when the peer has offered too much already.
func (c *Core) wantTx(now time.Time, p *peerState, ids ...wire.GenTxid) bool {
	return c.txs.requests.Offer(now, p.id, txrequest.Terms{
		Preferred: p.preferred(), Exempt: p.may(peer.Relay), WtxidPeers: c.txs.wtxPeers > 0,
	}, ids...)
}

// requestTxs asks for what has become due.
func (c *Core) requestTxs(now time.Time) {
	r := c.txs.requests
	for _, id := range r.Due(now) {
		p := c.peers[id]
		if p == nil || p.closing {
			r.Disconnect(id) // others are asked; left in, it would be due for ever
			continue
		}
		ids, _ := r.Requestable(id, now)
		var items []wire.Inv
		for _, tx := range ids {
			if c.haveTx(tx, false) {
				r.Forget(tx)
				continue
			}
			items = append(items, p.wanted(wire.InvOfTx(tx)))
			r.Requested(id, tx, now.Add(txrequest.Timeout))
			if len(items) == maxGetData {
				c.send(p, &wire.MsgGetData{Items: items})
				items = nil
			}
		}
		if len(items) > 0 {
			c.send(p, &wire.MsgGetData{Items: items})
		}
	}
}

// notFound lets another peer be asked.
func (c *Core) notFound(now time.Time, p *peerState, m *wire.MsgNotFound) {
	if len(m.Items) > txrequest.MaxAnnouncements+maxGetData {
		return // more than was ever asked for
	}
	for i := range m.Items {
		if id, ok := m.Items[i].GenTxid(); ok {
			c.txs.requests.Response(p.id, id)
		}
		if hash, ok := m.Items[i].BlockHash(); ok {
			c.fetch.NotFound(p.id, hash)
		}
	}
}

// tx hands a transaction on to be judged.
func (c *Core) tx(now time.Time, p *peerState, m *wire.MsgTx, size int) {
	if !c.takesTx(p) {
		c.drop(p, "transaction sent in violation of protocol")
		c.do(Release{p.id, size})
		return
	}
	tx := m.Tx
	c.returned(p, tx)
	byTxid, byWtxid := wire.ByTxid(tx.Txid()), wire.ByWtxid(tx.Wtxid())
	t := &c.txs
	t.announce.Known(p.id, byTxid)
	t.announce.Known(p.id, byWtxid)
	t.requests.Response(p.id, byTxid)
	t.requests.Response(p.id, byWtxid)
	switch {
	case c.cfg.Ledger.Syncing():
	case t.orphans.Has(byWtxid):
		c.orphanOffered(now, p, tx.Wtxid())
	case c.haveTx(byWtxid, false):
		if p.may(peer.ForceRelay) && c.cfg.Pool.Has(byTxid) {
			t.announce.Remind(tx.Txid(), tx.Wtxid())
		}
	case t.lowFee.has(byWtxid.Hash()):
		if c.lowFeeAgain(p, tx, size) {
			return
		}
	default:
		c.submitTx(p.id, p.order.submit(), tx, size)
		return
	}
	c.do(Release{p.id, size})
}

func (c *Core) submitTx(from peer.ID, seq uint64, tx *wire.Tx, size int) {
	c.txs.judging[tx.Wtxid()] = false
	c.do(SubmitTx{Peer: from, Seq: seq, Tx: tx, Size: size})
}

// txJudged goes on from the pool's verdict: children that waited, parents that
// are missing, or never again.
func (c *Core) txJudged(now time.Time, ev TxJudged) {
	t := &c.txs
	delete(t.judging, ev.Tx.Wtxid())
	c.keepExtra(ev)
	p := c.peers[ev.Peer]
	switch {
	case ev.Err == nil:
		if p != nil {
			p.lastTx = now
		}
		c.txAccepted(ev.Tx)
	case len(ev.Missing) > 0:
		c.orphan(now, p, ev.Tx, ev.Missing)
	case ev.LowFee:
		if c.paysTooLittle(ev) {
			return // released with the verdict on both
		}
	default:
		c.txRefused(ev.Tx, ev.TxVerdict)
	}
	if ev.Seq != 0 {
		c.do(Release{ev.Peer, ev.Size})
	}
	if p != nil && ev.Seq != 0 {
		p.order.judged(ev.Seq)
		c.resume(now, p)
	}
}

// txAccepted has the orphans judged again that waited for tx.
func (c *Core) txAccepted(tx *wire.Tx) {
	t := &c.txs
	t.requests.Forget(wire.ByTxid(tx.Txid()))
	t.requests.Forget(wire.ByWtxid(tx.Wtxid()))
	t.orphans.Erase(tx.Wtxid())
	for _, child := range t.orphans.Children(tx) {
		if _, already := t.judging[child.Wtxid()]; already {
			continue
		}
		c.submitTx(-1, 0, child, 0)
	}
}

// orphan keeps a transaction until its parents are there, and asks whoever has
// it for them.
func (c *Core) orphan(now time.Time, p *peerState, tx *wire.Tx, missing []wire.Txid) {
	t := &c.txs
	if c.hopeless(missing) {
		t.rejected.add([32]byte(tx.Wtxid()))
		t.rejected.add([32]byte(tx.Txid()))
		t.orphans.Erase(tx.Wtxid())
		t.requests.Forget(wire.ByWtxid(tx.Wtxid()))
		t.requests.Forget(wire.ByTxid(tx.Txid()))
		return
	}
	if p != nil { // who has the child has what it spends
		for _, parent := range missing {
			t.announce.Known(p.id, wire.ByTxid(parent))
		}
	}
	// Whoever offered it besides may know the parents too.
	var others []peer.ID
	for _, id := range []wire.GenTxid{wire.ByWtxid(tx.Wtxid()), wire.ByTxid(tx.Txid())} {
		others = t.requests.Announcers(others, id)
		t.requests.Forget(id)
	}
	if p != nil {
		others = slices.Insert(others, 0, p.id)
	}
	for _, id := range others {
		if o := c.peers[id]; o != nil && !o.closing && c.wantParents(now, o, missing) {
			t.orphans.Add(tx, id)
		}
	}
	// The verdict may be older than what has told of the parents: it comes together with
	// others, and packages and blocks by ways of their own. Once only, as they may be there
	// and be spent.
	if p != nil && c.arrived(missing) && t.orphans.Has(wire.ByWtxid(tx.Wtxid())) {
		c.submitTx(-1, 0, tx, 0)
	}
}

// arrived reports whether all of these transactions are here by now.
func (c *Core) arrived(parents []wire.Txid) bool {
	return !slices.ContainsFunc(parents, func(id wire.Txid) bool {
		return !c.cfg.Pool.Has(wire.ByTxid(id)) && !c.txs.confirmed.has([32]byte(id))
	})
}

// hopeless reports whether parents were refused in such a way that a child cannot
// help: with whatever witness, or two of them for their fees, as one child is tried
// with one parent.
func (c *Core) hopeless(parents []wire.Txid) bool {
	t := &c.txs
	low := 0
	for _, id := range parents {
		if t.rejected.has([32]byte(id)) {
			return true
		}
		if t.lowFee.has([32]byte(id)) && !c.cfg.Pool.Has(wire.ByTxid(id)) {
			low++
		}
	}
	return low > 1
}

// wantParents asks a peer that has an orphan for what the orphan spends; false when
// it has offered too much already.
func (c *Core) wantParents(now time.Time, p *peerState, missing []wire.Txid) bool {
	var parents []wire.GenTxid
	for _, parent := range missing {
		if id := wire.ByTxid(parent); !c.haveTx(id, false) {
			parents = append(parents, id)
		}
	}
	return c.wantTx(now, p, parents...)
}

// orphanOffered notes that one more peer has an orphan, and may have its parents.
func (c *Core) orphanOffered(now time.Time, p *peerState, wtxid wire.Wtxid) {
	tx, _ := c.txs.orphans.Lookup(wtxid)
	if c.txs.orphans.Announced(wtxid, p.id) {
		return
	}
	missing := make([]wire.Txid, 0, len(tx.In))
	for i := range tx.In {
		if id := tx.In[i].PrevOut.Txid; !slices.Contains(missing, id) {
			missing = append(missing, id)
		}
	}
	if c.wantParents(now, p, missing) {
		c.txs.orphans.AddAnnouncer(wtxid, p.id)
	}
}

// txRefused remembers not to ask again until the tip moves.
func (c *Core) txRefused(tx *wire.Tx, v TxVerdict) {
	t := &c.txs
	t.orphans.Erase(tx.Wtxid())
	c.log.Debug("transaction refused", "txid", tx.Txid(), "reason", v.Err)
	if v.Unsettled {
		return // others are asked still: the wtxid of a copy without witness is the txid of all
	}
	t.requests.Forget(wire.ByWtxid(tx.Wtxid()))
	t.rejected.add([32]byte(tx.Wtxid()))
	if v.Outright || !tx.HasWitness() {
		t.rejected.add([32]byte(tx.Txid()))
		t.requests.Forget(wire.ByTxid(tx.Txid()))
	}
}

// blockConnected forgets transactions that a block confirmed or made
// impossible, and has orphans judged again whose parents it holds.
func (c *Core) blockConnected(ev BlockConnected) {
	t := &c.txs
	c.confirmedUpTo(c.cfg.Ledger.Tree().Lookup(ev.Block.Hash()))
	for i := range ev.Block.Txs {
		tx := &ev.Block.Txs[i]
		byTxid, byWtxid := wire.ByTxid(tx.Txid()), wire.ByWtxid(tx.Wtxid())
		t.confirmed.add(byTxid.Hash())
		t.confirmed.add(byWtxid.Hash())
		t.requests.Forget(byTxid)
		t.requests.Forget(byWtxid)
	}
	t.orphans.ForBlock(ev.Block)
	for i := range ev.Block.Txs {
		c.txAccepted(&ev.Block.Txs[i])
	}
}

// confirmedUpTo notes the last block whose transactions count as confirmed. When
// it does not follow on the one before, blocks have left the chain, and what they
// confirmed may be relayed once more: all is forgotten then.
func (c *Core) confirmedUpTo(n *headers.Node) {
	t := &c.txs
	if t.last != nil && n != nil && !n.HasAncestor(t.last) {
		t.confirmed.clear()
	}
	if n != nil {
		t.last = n
	}
}

// rebroadcast announces what no peer has asked for once more, to those who have
// not heard of it: whoever is connected by then. The pauses are random, so that
// they do not tell whose transaction it is.
func (c *Core) rebroadcast(now time.Time) {
	if c.cfg.Unbroadcast == nil || now.Before(c.retry) {
		return
	}
	if !c.retry.IsZero() {
		for _, txid := range c.cfg.Unbroadcast() {
			if tx, _, ok := c.cfg.Pool.Lookup(wire.ByTxid(txid)); ok {
				c.txs.announce.Remind(txid, tx.Wtxid())
			}
		}
	}
	c.retry = now.Add(rebroadcastPause + time.Duration(c.cfg.Rand.Int64N(int64(rebroadcastPause/2))))
}

// poolAdded announces a transaction to everyone who does not know it.
func (c *Core) poolAdded(ev PoolAdded) {
	c.txs.requests.Forget(wire.ByTxid(ev.Txid))
	c.txs.requests.Forget(wire.ByWtxid(ev.Wtxid))
	if _, judging := c.txs.judging[ev.Wtxid]; judging {
		c.txs.judging[ev.Wtxid] = true
	}
	if c.cfg.Ledger.Syncing() {
		return
	}
	c.txs.announce.Add(ev.Txid, ev.Wtxid)
}

// announceTxs sends the invs that are due.
func (c *Core) announceTxs(now time.Time) {
	for _, b := range c.txs.announce.Due(now, c.lookup) {
		p := c.peers[b.Peer]
		if p == nil || p.closing {
			continue
		}
		for items := range slices.Chunk(c.announced(p, b.Items), wire.MaxInv) {
			list := make([]wire.Inv, len(items))
			for i, id := range items {
				list[i] = wire.InvOfTx(id)
			}
			c.send(p, &wire.MsgInv{Items: list})
		}
		if b.All {
			c.tellAll(p, b.Items)
		}
	}
}
