package p2p

import (
	"bytes"
	"slices"
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/bloom"
	"grapevine/p2p/headersync"
	"grapevine/p2p/peer"
	"grapevine/p2p/txannounce"
	"grapevine/wire"
)

// lightRelay is what a light client asked for.
type lightRelay struct {
	filter *bloom.Filter  // BIP 37; nil: everything
	wants  bool           // it has set or cleared a filter, and so asked for transactions
	rest   []wire.GenTxid // of the pool, still to be told (BIP 35): 40 bytes for each transaction there
}

// offers returns the services that a peer is told of: filters are offered to whom
// the operator grants them.
func (c *Core) offers(p *peerState) wire.ServiceFlags {
	if p.may(peer.BloomFilter) {
		return c.cfg.Services | wire.NodeBloom
	}
	return c.cfg.Services
}

// bloomMessage handles the messages of BIP 37. Who was not offered filters and sends
// one is disconnected (BIP 111).
func (c *Core) bloomMessage(now time.Time, p *peerState, msg wire.Message) {
	if !c.offers(p).Has(wire.NodeBloom) {
		c.drop(p, msg.Command()+" received although bloom filters are not offered")
		return
	}
	if !p.kind.RelaysTx() {
		return
	}
	switch m := msg.(type) {
	case *wire.MsgFilterLoad:
		p.light.filter = bloom.New(m)
		c.wantsTxs(now, p)
	case *wire.MsgFilterAdd:
		if p.light.filter == nil {
			c.misbehaved(p, "filteradd without a filter")
			return
		}
		p.light.filter.Add(m.Data)
	case *wire.MsgFilterClear:
		p.light.filter = nil
		c.wantsTxs(now, p)
	}
}

// wantsTxs begins to tell a peer of transactions that at first wanted none.
func (c *Core) wantsTxs(now time.Time, p *peerState) {
	p.light.wants = true
	c.txs.announce.AddPeer(p.id, p.hearing())
	c.txs.announce.SetFeeFilter(p.id, p.fee.theirs)
	c.maybeSendFeeFilter(now, p)
}

// hearing says how a peer is told of transactions.
func (p *peerState) hearing() txannounce.Options {
	return txannounce.Options{
		Inbound: p.kind == peer.Inbound, Socket: txannounce.Socket{Network: p.network, Local: p.local},
		Prompt: p.may(peer.NoBan), Wtxid: p.hello.wtxid,
	}
}

// concerns reports whether a transaction passes a peer's filter.
func (p *peerState) concerns(tx *wire.Tx) bool {
	return p.light.filter == nil || p.light.filter.Match(tx)
}

// mempoolAsked lets a peer be told of the whole pool, with its next round: an answer
// at once would show when each transaction came.
func (c *Core) mempoolAsked(p *peerState) {
	switch {
	case !c.offers(p).Has(wire.NodeBloom) && !p.may(peer.Mempool):
		if !p.may(peer.NoBan) {
			c.drop(p, "mempool request although bloom filters are not offered")
		}
	case c.refusesPool(c.now, p):
	case len(p.light.rest) == 0: // else it is being told
		c.txs.announce.TellAll(p.id)
	}
}

// tellAll collects what a peer is to be told of the pool besides what it is told now.
// By wtxid or txid, so that the order says nothing.
func (c *Core) tellAll(p *peerState, told []wire.GenTxid) {
	done := make(map[wire.GenTxid]struct{}, len(told))
	for _, id := range told {
		done[id] = struct{}{}
	}
	var all []*wire.Tx
	c.cfg.Pool.Scan(func(_ []wire.Wtxid, txs []*wire.Tx) bool {
		all = append(all, txs...)
		return true
	})
	p.light.rest = make([]wire.GenTxid, 0, len(all))
	for _, tx := range all {
		id := wire.ByTxid(tx.Txid())
		if p.hello.wtxid {
			id = wire.ByWtxid(tx.Wtxid())
		}
		if _, already := done[id]; already || !p.concerns(tx) {
			continue
		}
		if p.fee.theirs > 0 {
			if _, rate, ok := c.cfg.Pool.Lookup(id); !ok || rate < p.fee.theirs {
				continue
			}
		}
		p.light.rest = append(p.light.rest, id)
	}
	slices.SortFunc(p.light.rest, func(a, b wire.GenTxid) int {
		x, y := a.Hash(), b.Hash()
		return bytes.Compare(x[:], y[:])
	})
	c.tellRest(p)
}

// tellRest goes on to tell a peer of the pool, as fast as it reads.
func (c *Core) tellRest(p *peerState) {
	for len(p.light.rest) > 0 && !p.closing && p.unsent < c.cfg.SendBuffer {
		n := min(len(p.light.rest), maxTold)
		items := make([]wire.Inv, n)
		for i, id := range p.light.rest[:n] {
			items[i] = wire.InvOfTx(id)
			c.txs.announce.Known(p.id, id)
		}
		c.send(p, &wire.MsgInv{Items: items})
		if p.light.rest = p.light.rest[n:]; len(p.light.rest) == 0 {
			p.light.rest = nil
		}
	}
}

// maxTold is how many of the pool's transactions one inv names: 360 kB.
const maxTold = 10_000

// announced keeps of a batch what passes the peer's filter.
func (c *Core) announced(p *peerState, ids []wire.GenTxid) []wire.GenTxid {
	if p.light.filter == nil {
		return ids
	}
	return slices.DeleteFunc(ids, func(id wire.GenTxid) bool {
		tx, _, ok := c.cfg.Pool.Lookup(id)
		return !ok || !p.concerns(tx)
	})
}

// serveFiltered asks for what a peer's filter lets through of a block; nothing
// answers who has none.
func (c *Core) serveFiltered(p *peerState, hash wire.BlockHash) {
	if p.light.filter == nil {
		return
	}
	n := c.cfg.Ledger.Tree().Lookup(hash)
	if n == nil || !n.Status().Has(headers.StatusHasData) || !headersync.Servable(c.cfg.Ledger, n) || c.refusesHistory(c.now, p, n, true) {
		return
	}
	p.served.reading = true
	c.do(ServeBlock{Peer: p.id, Node: n, Filter: p.light.filter})
}

// serveFiltered reads a block and queues what a filter lets through: the proof, and
// then the transactions that it shows.
func (s *Service) serveFiltered(a ServeBlock) Served {
	ev := Served{Peer: a.Peer, Node: a.Node}
	raw, err := s.cfg.Owners.RawBlock(a.Node)
	var b *wire.Block
	if err == nil {
		b, err = wire.DecodeBlock(raw)
	}
	if ev.Err = err; err != nil {
		return ev
	}
	proof, found := bloom.Prove(b, a.Filter.Match)
	list := []wire.Message{proof}
	for _, i := range found {
		list = append(list, &wire.MsgTx{Tx: &b.Txs[i], NoWitness: true})
	}
	c := s.conn(a.Peer)
	for _, m := range list {
		ev.Bytes += frameSize + m.PayloadSize()
		if c != nil {
			c.out.put(outgoing{msg: m})
		}
	}
	return ev
}
