package p2p

import (
	"errors"
	"slices"
	"time"

	"grapevine/p2p/peer"
	"grapevine/p2p/privatebroadcast"
	"grapevine/wire"
)

// ErrPrivateOff: transactions are not sent privately (-privatebroadcast).
var ErrPrivateOff = errors.New("p2p: private broadcast is off")

// What a connection says of us that is to carry one transaction and nothing else: what
// Bitcoin Core says on such, so that all of them are alike.
const (
	privateVersion = wtxidVersion
	privateAgent   = "/pynode:0.0.1/"
)

const (
	// pauses after a connection failed, and after no address was found.
	privateRetry     = time.Second / 10
	privateNoAddress = time.Second / 2
	privateNoNetwork = 5 * time.Second
)

// privateState is nil where transactions are not sent privately.
type privateState struct {
	*privatebroadcast.Queue
	// torWorked: a connection through Tor has worked, so that it may be trusted to lead
	// to addresses of IPv4 and IPv6 as well.
	torWorked bool
}

// openPrivate makes the connections that own transactions wait for, and has stale ones
// judged.
func (c *Core) openPrivate(now time.Time) {
	if c.private == nil {
		return
	}
	for _, tx := range c.private.Stale(now) {
		c.do(CheckTx{Tx: tx})
	}
	for c.plan.Active() && c.private.Dial(now) {
		nets := c.privateNetworks()
		if len(nets) == 0 {
			c.log.Warn("own transactions cannot be sent: neither Tor nor I2P is reachable")
			c.private.Failed(now, privateNoNetwork)
			return
		}
		net := nets[c.cfg.Rand.IntN(len(nets))]
		a, _, ok := c.cfg.Addresses.Select(now, false, []wire.Network{net})
		if !ok || c.avoid(now, a) {
			c.private.Failed(now, privateNoAddress)
			return
		}
		c.do(Dial{Target: a.String(), Addr: a, Kind: peer.PrivateBroadcast, V2: c.cfg.V2 && a.Services.Has(wire.NodeP2PV2)})
	}
}

// privateNetworks returns where private connections may lead.
func (c *Core) privateNetworks() (nets []wire.Network) {
	reach := c.cfg.Private()
	if c.cfg.Addresses == nil {
		return nil
	}
	if slices.Contains(reach, wire.NetTorV3) {
		nets = append(nets, wire.NetTorV3)
		for _, n := range []wire.Network{wire.NetIPv4, wire.NetIPv6} {
			if c.private.torWorked && slices.Contains(reach, n) {
				nets = append(nets, n) // through Tor's proxy
			}
		}
	}
	if slices.Contains(reach, wire.NetI2P) {
		nets = append(nets, wire.NetI2P)
	}
	return nets
}

// privateConnected greets over a private connection.
func (c *Core) privateConnected(now time.Time, p *peerState) {
	if c.private == nil {
		c.drop(p, "private broadcast is off")
		return
	}
	c.private.Connected(now, p.id)
	// Not among the nonces by which a connection to ourselves is seen: whoever knows
	// that we see it knows who we are.
	p.hello.nonce, p.hello.versionSent = c.cfg.Rand.Uint64(), true
	c.send(p, &wire.MsgVersion{Version: privateVersion, Nonce: p.hello.nonce, UserAgent: privateAgent})
}

// privateFailed notes that a private connection did not come about.
func (c *Core) privateFailed(now time.Time, ev DialFailed) {
	c.log.Debug("private connection failed", "address", ev.Target, "error", ev.Err)
	if !ev.Ours && c.cfg.Addresses != nil {
		c.cfg.Addresses.Attempt(now, ev.Addr, true)
	}
	if c.private != nil {
		c.private.Failed(now, privateRetry)
	}
}

// privateRefused notes that a private connection may not stay, as it leads where another
// does.
func (c *Core) privateRefused(now time.Time, ev Connected) {
	if c.private != nil && ev.Kind == peer.PrivateBroadcast {
		c.private.Failed(now, privateRetry)
	}
}

// privateMessage handles what comes over a private connection: version, verack, getdata
// and pong, one after the other. The handshake never counts as done, so that the peer
// takes part in nothing else, and its deadline is that of the connection.
func (c *Core) privateMessage(now time.Time, p *peerState, msg wire.Message) {
	h := &p.hello
	switch m := msg.(type) {
	case *wire.MsgVersion:
		switch {
		case h.theirs != nil:
		case m.Version < minPeerVersion:
			c.drop(p, "obsolete version")
		case !m.Relay:
			c.drop(p, "takes no transactions")
		case !m.Services.Has(c.desirable(now, m.Services)):
			c.drop(p, "does not offer the expected services")
		default:
			h.theirs, h.common = m, min(m.Version, privateVersion)
			c.send(p, &wire.MsgVerack{})
			c.torWorks(p)
		}
	case *wire.MsgVerack:
		if _, carries := c.private.Carries(p.id); h.theirs == nil || carries {
			return
		}
		tx, ok := c.private.Pick(now, p.id, p.addr)
		if !ok {
			c.drop(p, "connected in vain: there is nothing to be sent")
			return
		}
		h.deadline = p.since.Add(privatebroadcast.Lifetime)
		c.send(p, &wire.MsgInv{Items: []wire.Inv{wire.InvOfTx(wire.ByTxid(tx.Txid()))}})
	case *wire.MsgGetData:
		tx, ok := c.private.Carries(p.id)
		if !ok || !asksFor(m, tx) {
			c.drop(p, "unexpected getdata")
			return
		}
		c.send(p, &wire.MsgTx{Tx: tx})
		if p.ping.nonce == 0 {
			c.sendPing(now, p)
		}
	case *wire.MsgPong:
		if p.ping.nonce != 0 && m.Nonce == p.ping.nonce {
			c.private.Confirmed(now, p.id, p.addr)
			c.drop(p, "it has the transaction")
		}
	}
}

// asksFor reports whether a request is for one transaction and nothing else.
func asksFor(m *wire.MsgGetData, tx *wire.Tx) bool {
	if len(m.Items) != 1 || m.Items[0].Type != wire.InvTx && m.Items[0].Type != wire.InvWitnessTx {
		return false
	}
	id, ok := m.Items[0].GenTxid()
	return ok && id.Hash() == [32]byte(tx.Txid())
}

// privateAllowed reports whether a message may be sent over a private connection.
func privateAllowed(m wire.Message) bool {
	switch m.(type) {
	case *wire.MsgVersion, *wire.MsgVerack, *wire.MsgInv, *wire.MsgTx, *wire.MsgPing:
		return true
	}
	return false
}

// torWorks notes that a peer in Tor has answered.
func (c *Core) torWorks(p *peerState) {
	if c.private != nil && p.kind != peer.Inbound && p.addr.Addr.Network() == wire.NetTorV3 {
		c.private.torWorked = true
	}
}

// returned ends the sending of a transaction that a peer has brought.
func (c *Core) returned(p *peerState, tx *wire.Tx) {
	if c.private != nil && c.private.Returned(tx) {
		c.log.Debug("own transaction has come back from the network", "txid", tx.Txid(), "peer", p.id)
	}
}

// txChecked sends a stale transaction once more, or gives it up.
func (c *Core) txChecked(ev TxChecked) {
	switch {
	case c.private == nil:
	case ev.Err == nil:
		c.private.Again(ev.Tx)
	case !ev.Failure:
		c.log.Debug("own transaction is not sent any more", "txid", ev.Tx.Txid(), "reason", ev.Err)
		c.private.GiveUp(ev.Tx)
	}
}

// SendPrivately sends a transaction of our own that the pool would take, and that it is
// not told of. [ErrPrivateOff], [privatebroadcast.ErrFull].
func (c *Core) SendPrivately(now time.Time, tx *wire.Tx) error {
	if c.private == nil {
		return ErrPrivateOff
	}
	return c.private.Add(now, tx)
}

// SendPrivately sends a transaction of our own without telling who sent it. The caller
// has made sure that the pool would take it. [ErrPrivateOff], [privatebroadcast.ErrFull].
func (s *Service) SendPrivately(tx *wire.Tx) error {
	var err error
	if end := s.ask(func(c *Core, now time.Time) { err = c.SendPrivately(now, tx) }); end != nil {
		return end
	}
	return err
}

// PrivateBroadcasts lists the transactions that are being sent privately.
func (s *Service) PrivateBroadcasts() (list []privatebroadcast.Broadcast) {
	_ = s.ask(func(c *Core, _ time.Time) { // none once all has ended
		if c.private != nil {
			list = c.private.Broadcasts()
		}
	})
	return list
}

// AbortPrivate ends the sending of the transactions with this txid or wtxid, and returns
// them.
func (s *Service) AbortPrivate(id [32]byte) (ended []*wire.Tx) {
	_ = s.ask(func(c *Core, _ time.Time) { // none once all has ended
		if c.private != nil {
			ended = c.private.Abort(id)
		}
	})
	return ended
}
