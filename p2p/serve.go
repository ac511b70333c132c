package p2p

import (
	"errors"
	"time"

	"grapevine/internal/u256"
	"grapevine/p2p/headersync"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// getData serves what was asked for, one block at a time and as fast as the
// peer reads. It reports whether the whole message is served.
func (c *Core) getData(now time.Time, p *peerState, m *wire.MsgGetData) bool {
	s := &p.served
	for s.at < len(m.Items) {
		if p.closing {
			return true
		}
		if s.reading || p.unsent >= c.cfg.SendBuffer {
			return false
		}
		it := &m.Items[s.at]
		s.at++
		if id, ok := it.GenTxid(); ok {
			c.serveTx(p, it, id)
		} else if hash, ok := it.BlockHash(); ok {
			switch it.Type {
			case wire.InvCmpctBlock:
				c.serveCompact(now, p, hash)
			case wire.InvFilteredBlock:
				c.serveFiltered(p, hash)
			default:
				c.serveBlock(p, hash, it.Type != wire.InvBlock)
			}
		}
	}
	if s.reading {
		return false
	}
	if len(s.notFound) > 0 {
		c.send(p, &wire.MsgNotFound{Items: s.notFound})
	}
	s.at, s.notFound = 0, nil
	return true
}

func (c *Core) serveTx(p *peerState, it *wire.Inv, id wire.GenTxid) {
	if !p.relaysTx() {
		return
	}
	tx, _, ok := c.cfg.Pool.Lookup(id)
	if ok && (c.justTaken(tx.Wtxid()) || !c.txs.announce.Announced(p.id, tx.Wtxid())) {
		ok = false // whoever asks too early wants to know where it came from
	} else if !ok {
		tx, ok = c.justMined(id) // it was announced, and then there came a block
	}
	if !ok {
		p.served.notFound = append(p.served.notFound, *it)
		return
	}
	c.send(p, &wire.MsgTx{Tx: tx, NoWitness: it.Type == wire.InvTx})
	c.txs.announce.Known(p.id, wire.ByTxid(tx.Txid()))
	c.txs.announce.Known(p.id, wire.ByWtxid(tx.Wtxid()))
	c.do(TxServed{Txid: tx.Txid()})
}

// justTaken reports whether the pool has a transaction and has not told of it yet, so that
// it does not wait for anybody's round.
func (c *Core) justTaken(id wire.Wtxid) bool {
	told, judging := c.txs.judging[id]
	return judging && !told
}

// justMined looks for a transaction in the newest block, which the pool has given up.
func (c *Core) justMined(id wire.GenTxid) (*wire.Tx, bool) {
	m, b := &c.txs.mined, c.compact.recent.block
	if b == nil {
		return nil, false
	}
	if m.block != b {
		m.block, m.txs = b, make(map[wire.GenTxid]*wire.Tx, 2*len(b.Txs))
		for i := range b.Txs {
			tx := &b.Txs[i]
			m.txs[wire.ByTxid(tx.Txid())], m.txs[wire.ByWtxid(tx.Wtxid())] = tx, tx
		}
	}
	tx, ok := m.txs[id]
	return tx, ok
}

// minedTxs is what the newest block holds, from when it was first asked for on: some 100
// bytes for each transaction.
type minedTxs struct {
	block *wire.Block
	txs   map[wire.GenTxid]*wire.Tx
}

// serveBlock asks for a block to be read for the peer. One that we do not serve
// gets no answer.
func (c *Core) serveBlock(p *peerState, hash wire.BlockHash, witness bool) {
	n := c.cfg.Ledger.Tree().Lookup(hash)
	if !c.servedBlock(n) || c.refusesHistory(c.now, p, n, false) {
		return
	}
	p.served.reading = true
	c.do(ServeBlock{Peer: p.id, Node: n, Witness: witness, Block: c.recentBlock(hash)})
}

// served goes on after a block was read and queued.
func (c *Core) served(now time.Time, ev Served) {
	p := c.peers[ev.Peer]
	if p == nil || p.closing {
		return
	}
	p.served.reading = false
	if errors.Is(ev.Err, ErrNoSuchTx) {
		c.misbehaved(p, outOfBounds)
		return
	}
	if ev.Err != nil {
		c.log.Error("cannot read a block to serve", "hash", ev.Node.Hash(), "error", ev.Err)
		c.drop(p, "a block that it asked for cannot be read")
		return
	}
	p.unsent += ev.Bytes
	c.goOn(p, ev.Node.Hash())
	c.resume(now, p)
}

// goOn tells a peer of the tip when it was served the last block of those that it asks for
// by getblocks.
func (c *Core) goOn(p *peerState, served wire.BlockHash) {
	if served == p.served.goOn {
		p.served.goOn = wire.BlockHash{}
		c.send(p, &wire.MsgInv{Items: []wire.Inv{wire.InvOfBlock(c.cfg.Ledger.Active().Tip().Hash())}})
	}
}

// getHeaders answers with the headers after the last common one.
func (c *Core) getHeaders(p *peerState, m *wire.MsgGetHeaders) {
	if c.cfg.Ledger.Loading() {
		return
	}
	least := c.cfg.MinimumChainWork
	if p.may(peer.Download) {
		least = u256.Int{}
	}
	list, shown, ok := headersync.Answer(c.cfg.Ledger, least, m.Locator, m.Stop)
	if !ok {
		return
	}
	if shown != nil {
		p.blocks.announced = shown
	}
	c.send(p, &wire.MsgHeaders{Headers: list})
}

// getBlocks answers with the hashes after the last common block.
func (c *Core) getBlocks(p *peerState, m *wire.MsgGetBlocks) {
	nodes, next := headersync.AnswerBlocks(c.cfg.Ledger, m.Locator, m.Stop)
	if len(nodes) == 0 {
		return
	}
	items := make([]wire.Inv, len(nodes))
	for i, n := range nodes {
		items[i] = wire.InvOfBlock(n.Hash())
	}
	if next != nil {
		p.served.goOn = next.Hash()
	}
	c.send(p, &wire.MsgInv{Items: items})
}
