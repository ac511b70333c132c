package p2p

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"grapevine/p2p/conn"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Protocol versions from which something is spoken.
const (
	// ProtocolVersion is ours.
	ProtocolVersion = 70017

	minPeerVersion     = 31800 // getheaders
	pongVersion        = 60001 // above: ping carries a nonce (BIP 31)
	sendHeadersVersion = 70012 // BIP 130
	feeFilterVersion   = 70013 // BIP 133
	wtxidVersion       = 70016 // BIP 339, and by courtesy BIP 155
	featureVersion     = 70017 // BIP 434
)

// connected takes a new connection in, or turns it away.
func (c *Core) connected(now time.Time, ev Connected) {
	if why := c.unwelcome(now, ev); why != "" {
		c.log.Debug("connection refused: "+why, "address", ev.Name)
		c.do(Disconnect{ev.Peer, why})
		c.privateRefused(now, ev)
		return
	}
	info := c.admission(now, ev)
	verdict := c.plan.Connected(now, ev.Peer, info)
	if !verdict.Admitted {
		c.log.Debug("connection refused: there are enough, or networking is off", "address", ev.Name)
		c.do(Disconnect{ev.Peer, "no room"})
		c.privateRefused(now, ev)
		return
	}
	if verdict.Evicts {
		c.drop(c.peers[verdict.Evict], "makes room for another")
	}
	p := &peerState{
		id: ev.Peer, kind: ev.Kind, name: ev.Name, remote: ev.Remote, local: ev.Local, since: now,
		addr: ev.Addr, network: ev.Network, permissions: ev.Permissions, discouraged: info.Discouraged,
	}
	p.hello.deadline = now.Add(c.cfg.PeerTimeout)
	c.peers[p.id] = p
	// Readers race each other here, so that a younger peer may come first.
	at, _ := slices.BinarySearchFunc(c.order, p.id, func(q *peerState, id peer.ID) int { return cmp.Compare(q.id, id) })
	c.order = slices.Insert(c.order, at, p)
	switch p.kind {
	case peer.Inbound:
	case peer.PrivateBroadcast:
		c.privateConnected(now, p)
	default:
		c.sendVersion(now, p)
	}
}

// dialFailed lets the target be dialled again. An operator who named it hears of
// the first failure in a row; the others are for those who look closer.
func (c *Core) dialFailed(now time.Time, ev DialFailed) {
	if ev.Kind == peer.PrivateBroadcast {
		c.privateFailed(now, ev)
		return
	}
	level := slog.LevelDebug
	if c.plan.Failed(now, conn.Dial{Target: ev.Target, Addr: ev.Addr, Kind: ev.Kind}, ev.Ours) && ev.Kind == peer.Manual {
		level = slog.LevelInfo
	}
	c.log.Log(context.Background(), level, "connection failed", "target", ev.Target, "error", ev.Err)
}

func (c *Core) sendVersion(now time.Time, p *peerState) {
	nonce := c.cfg.Rand.Uint64()
	// Not those told to whoever comes to us: he could say them at other addresses, and
	// know by our hanging up that they are ours, too.
	if p.kind != peer.Inbound {
		c.selfNonce[nonce] = struct{}{}
	}
	p.hello.nonce, p.hello.versionSent = nonce, true
	c.send(p, &wire.MsgVersion{
		Version: ProtocolVersion, Services: c.offers(p), Time: now.Unix(),
		To: toldAddr(p), From: wire.NetAddr{Services: c.offers(p)},
		Nonce: nonce, UserAgent: c.cfg.UserAgent, StartHeight: c.cfg.Ledger.Active().Height(),
		Relay: c.takesTx(p),
	})
}

// version answers the first message of a peer.
func (c *Core) version(now time.Time, p *peerState, m *wire.MsgVersion) {
	h := &p.hello
	if h.theirs != nil {
		c.log.Debug("redundant version message", "peer", p.id)
		return
	}
	c.learnServices(p, m.Services)
	if want := c.desirable(now, m.Services); p.kind.Automatic() && !m.Services.Has(want) {
		c.drop(p, fmt.Sprintf("does not offer the expected services (%#x, %#x expected)", uint64(m.Services), uint64(want)))
		return
	}
	if m.Version < minPeerVersion {
		c.drop(p, fmt.Sprintf("obsolete version %d", m.Version))
		return
	}
	if _, ours := c.selfNonce[m.Nonce]; ours && p.kind == peer.Inbound {
		c.drop(p, "connected to self")
		return
	}
	h.theirs, h.common = m, min(m.Version, ProtocolVersion)
	h.offset = time.Unix(max(m.Time, 0), 0).Sub(now.Truncate(time.Second))
	if p.kind == peer.Inbound && c.cfg.Own != nil && m.To.Addr.Routable() {
		c.cfg.Own.Seen(m.To)
	}
	if !h.versionSent {
		c.sendVersion(now, p)
	}
	if h.common >= wtxidVersion {
		c.send(p, &wire.MsgWtxidRelay{})
		c.send(p, &wire.MsgSendAddrV2{})
	}
	c.offerReconciling(p)
	c.send(p, &wire.MsgVerack{})
	c.torWorks(p)
	c.reached(now, p)
	if p.kind == peer.Feeler {
		c.drop(p, "feeler connection completed")
	}
}

// verack ends the handshake: from now on the peer takes part.
func (c *Core) verack(now time.Time, p *peerState) {
	h := &p.hello
	if h.done {
		return
	}
	h.done = true
	p.settleReconciling()
	c.plan.HandshakeDone(p.id)
	delete(c.selfNonce, h.nonce)
	p.ping.next = now
	if p.kind != peer.Inbound {
		c.log.Info("New peer connected", "peer", p.id, "type", p.kind, "address", p.name, "version", h.theirs.Version,
			"agent", sanitize(h.theirs.UserAgent), "height", h.theirs.StartHeight)
	} else {
		c.log.Debug("New peer connected", "peer", p.id, "type", p.kind, "address", p.name, "version", h.theirs.Version)
	}
	c.outbound.sync.Add(p.id, p.kind)
	c.offerCompact(p)
	c.joinGossip(now, p)
	c.joinSync(p)
	c.joinRelay(now, p)
}

// handshakeMessage handles what belongs to the introduction, and reports
// whether the message did.
func (c *Core) handshakeMessage(now time.Time, p *peerState, msg wire.Message) bool {
	h := &p.hello
	if m, ok := msg.(*wire.MsgVersion); ok {
		c.version(now, p, m)
		return true
	}
	if h.theirs == nil {
		c.log.Debug("message before version", "peer", p.id, "message", msg.Command())
		return true
	}
	switch m := msg.(type) {
	case *wire.MsgVerack:
		c.verack(now, p)
	case *wire.MsgWtxidRelay:
		if h.done {
			c.drop(p, "wtxidrelay received after verack")
		} else if h.common >= wtxidVersion {
			h.wtxid = true
		}
	case *wire.MsgSendAddrV2:
		if h.done {
			c.drop(p, "sendaddrv2 received after verack")
		}
		h.addrV2 = true
	case *wire.MsgFeature:
		switch {
		case h.done:
			c.drop(p, "feature received after verack")
		case h.common < featureVersion:
			c.drop(p, fmt.Sprintf("feature received with incompatible version %d", h.common))
		case len(m.ID) < 4:
			c.drop(p, "invalid feature payload")
		}
	case *wire.MsgSendTxRcncl:
		c.reconciles(p, m)
	default:
		if !h.done {
			c.log.Debug("message before verack", "peer", p.id, "message", msg.Command())
			return true
		}
		return false
	}
	return true
}

// disconnected forgets a peer.
func (c *Core) disconnected(now time.Time, ev Disconnected) {
	c.plan.Disconnected(now, ev.Peer)
	p := c.peers[ev.Peer]
	if p == nil {
		return
	}
	delete(c.peers, p.id)
	if c.private != nil {
		c.private.Disconnected(p.id)
	}
	for i, o := range c.order {
		if o == p {
			c.order = append(c.order[:i], c.order[i+1:]...)
			break
		}
	}
	delete(c.selfNonce, p.hello.nonce)
	c.left(now, p)
	for i := range p.order.inbox {
		c.do(Release{p.id, p.order.inbox[i].size})
	}
	c.outbound.sync.Remove(p.id)
	if p.hello.done {
		c.leaveSync(p)
		c.leaveCompact(p)
		c.leaveRelay(p)
		if c.gossip != nil {
			c.gossip.RemovePeer(p.id)
		}
	}
	if ev.Err != nil {
		c.log.Debug("connection lost", "peer", p.id, "address", p.name, "error", ev.Err)
	}
}

// sanitize keeps the characters of a user agent that are safe to show.
func sanitize(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune(" .,;-_/:?@()", r):
			return r
		default:
			return -1
		}
	}, s)
}
