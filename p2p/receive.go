package p2p

import (
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// received handles a message, or puts it behind what the peer sent before.
func (c *Core) received(now time.Time, ev Received) {
	p := c.peers[ev.Peer]
	if p == nil || p.closing {
		c.do(Release{ev.Peer, ev.Size})
		return
	}
	p.heard = now
	if p.kind == peer.PrivateBroadcast {
		c.privateMessage(now, p, ev.Msg)
		c.do(Release{p.id, ev.Size})
		return
	}
	if c.handshakeMessage(now, p, ev.Msg) {
		c.do(Release{p.id, ev.Size})
		return
	}
	if showsState(ev.Msg) {
		p.order.inbox = append(p.order.inbox, deferred{msg: ev.Msg, size: ev.Size, at: ev.At, after: p.order.last})
		c.resume(now, p)
		return
	}
	switch m := ev.Msg.(type) {
	case *wire.MsgHeaders:
		if c.cfg.Ledger.Loading() { // not asked for, and the ledger has enough to do
			break
		}
		c.headersMessage(now, p, m, ev.Size)
		return // released with the verdict
	case *wire.MsgBlock:
		if c.cfg.Ledger.Loading() {
			break
		}
		c.block(now, p, m, ev.Size)
		return
	case *wire.MsgCmpctBlock:
		if c.cfg.Ledger.Loading() {
			break
		}
		c.compactBlock(now, p, m, ev.Size)
		return
	case *wire.MsgBlockTxn:
		if c.cfg.Ledger.Loading() {
			break
		}
		c.blockTxn(now, p, m, ev.Size)
		return
	case *wire.MsgSendCmpct:
		c.sendCmpct(p, m)
	case *wire.MsgTx:
		c.tx(now, p, m, ev.Size)
		return
	case *wire.MsgInv:
		c.inv(now, p, m)
	case *wire.MsgNotFound:
		c.notFound(now, p, m)
	case *wire.MsgPong:
		c.pong(ev.At, p, m)
	case *wire.MsgSendHeaders:
		p.blocks.prefersHeaders = true
	case *wire.MsgAddr:
		c.addresses(now, p, m.Addrs)
	case *wire.MsgAddrV2:
		c.addresses(now, p, m.Addrs)
	case *wire.MsgGetAddr:
		c.getAddr(now, p)
	case *wire.MsgFeeFilter:
		c.feeFilter(p, m)
	case *wire.MsgFilterLoad, *wire.MsgFilterAdd, *wire.MsgFilterClear:
		c.bloomMessage(now, p, ev.Msg)
	}
	c.do(Release{p.id, ev.Size})
}

// showsState reports whether the answer to a message tells what we know, so
// that it has to wait for the verdicts on what the peer sent before.
func showsState(m wire.Message) bool {
	switch m.(type) {
	case *wire.MsgPing, *wire.MsgGetHeaders, *wire.MsgGetBlocks, *wire.MsgGetData, *wire.MsgMempool, *wire.MsgGetBlockTxn,
		*wire.MsgGetCFilters, *wire.MsgGetCFHeaders, *wire.MsgGetCFCheckpt:
		return true
	default:
		return false
	}
}

// resume answers deferred messages in their order, as far as verdicts are in
// and the peer reads what it is sent.
func (c *Core) resume(now time.Time, p *peerState) {
	for len(p.order.inbox) > 0 && !p.closing {
		d := &p.order.inbox[0]
		if !p.order.ready(d.after) || p.unsent >= c.cfg.SendBuffer {
			return
		}
		if !c.answer(now, p, d) {
			return // partly served; goes on with Served or Wrote
		}
		c.do(Release{p.id, d.size})
		p.order.inbox[0] = deferred{}
		p.order.inbox = p.order.inbox[1:]
	}
	if len(p.order.inbox) == 0 {
		p.order.inbox = nil
	}
	c.tellRest(p)
}

// answer replies to a message that shows state, and reports whether it is done
// with it.
func (c *Core) answer(now time.Time, p *peerState, d *deferred) bool {
	switch m := d.msg.(type) {
	case *wire.MsgPing:
		if !m.Short {
			c.send(p, &wire.MsgPong{Nonce: m.Nonce})
		}
	case *wire.MsgGetHeaders:
		c.getHeaders(p, m)
	case *wire.MsgGetBlocks:
		c.getBlocks(p, m)
	case *wire.MsgGetData:
		return c.getData(now, p, m)
	case *wire.MsgMempool:
		c.mempoolAsked(p)
	case *wire.MsgGetBlockTxn:
		return c.getBlockTxn(p, m)
	case *wire.MsgGetCFilters, *wire.MsgGetCFHeaders, *wire.MsgGetCFCheckpt:
		c.drop(p, m.Command()+" received although block filters are not offered")
	}
	return true
}
