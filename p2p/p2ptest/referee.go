package p2ptest

import (
	"fmt"
	"time"

	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// referee stands between a node and its core, and looks for what no core may do:
//
//   - send to a peer that it does not have, or wants to be rid of,
//   - say anything but its introduction before the peer has ended its own,
//   - answer pings out of order, twice, or that were never sent,
//   - number what it submits out of order,
//   - hand on a block as put together that it did not have put together,
//   - send what a decoder on the other side refuses,
//   - ask a second peer for a transaction while the first one may still answer,
//   - ask for a time to wake up that is past, again and again.
type referee struct {
	core  Stepper
	node  *Node
	peers map[peer.ID]*seen
	// asked says of whom and when a transaction was asked for, by either id.
	asked map[wire.GenTxid]request
	// idle counts steps at one moment that were ticks only.
	idle   int
	idleAt time.Time
}

// seen is what a referee knows of a connection.
type seen struct {
	version bool
	verack  bool // after its version
	closing bool
	pings   []uint64
	seq     uint64
	sought  map[uint64]bool // numbers of blocks that are being put together
}

type request struct {
	of peer.ID
	at time.Time
}

// requestTimeout is how long a peer has to send a transaction.
const requestTimeout = 60 * time.Second

func newReferee(n *Node, core Stepper) *referee {
	return &referee{core: core, node: n, peers: make(map[peer.ID]*seen), asked: make(map[wire.GenTxid]request)}
}

// Step implements [Stepper].
func (r *referee) Step(now time.Time, e p2p.Event) []p2p.Action {
	r.before(now, e)
	list := r.core.Step(now, e)
	for _, a := range list {
		if err := r.judge(now, a); err != nil {
			r.node.net.fail("node %d, after %s: %w", r.node.ID, describe(e), err)
		}
	}
	if d, ok := e.(p2p.Disconnected); ok {
		delete(r.peers, d.Peer)
	}
	return list
}

// before notes what the core is about to learn.
func (r *referee) before(now time.Time, e p2p.Event) {
	switch e := e.(type) {
	case p2p.Connected:
		r.peers[e.Peer] = new(seen)
	case p2p.Disconnected:
		if p := r.peers[e.Peer]; p != nil {
			p.closing = true
		}
	case p2p.Received:
		p := r.peers[e.Peer]
		switch m := e.Msg.(type) {
		case *wire.MsgVersion:
			p.version = true
		case *wire.MsgVerack:
			p.verack = p.version
		case *wire.MsgPing:
			if p.verack && !m.Short {
				p.pings = append(p.pings, m.Nonce)
			}
		case *wire.MsgTx:
			r.answered(e.Peer, wire.ByTxid(m.Tx.Txid()))
			r.answered(e.Peer, wire.ByWtxid(m.Tx.Wtxid()))
		case *wire.MsgNotFound:
			for _, item := range m.Items {
				if id, ok := item.GenTxid(); ok {
					r.answered(e.Peer, id)
				}
			}
		}
	case p2p.Tick:
		if r.idleAt.Equal(now) {
			if r.idle++; r.idle > 100 {
				r.node.net.fail("node %d wakes up again and again", r.node.ID)
			}
		} else {
			r.idle, r.idleAt = 0, now
		}
	}
}

func (r *referee) answered(p peer.ID, id wire.GenTxid) {
	if r.asked[id].of == p {
		delete(r.asked, id)
	}
}

func (r *referee) judge(now time.Time, a p2p.Action) error {
	switch a := a.(type) {
	case p2p.Send:
		return r.sends(now, a)
	case p2p.ServeBlock:
		if p := r.peers[a.Peer]; p == nil || p.closing {
			return fmt.Errorf("a block is served to peer %d, which is gone", a.Peer)
		}
	case p2p.Disconnect:
		p := r.peers[a.Peer]
		if p == nil || p.closing {
			return fmt.Errorf("peer %d is disconnected, but gone", a.Peer)
		}
		p.closing = true
	case p2p.SubmitHeaders:
		return r.submits(a.Peer, a.Seq)
	case p2p.SubmitBlock:
		if a.Compact {
			return r.goesOn(a.Peer, a.Seq)
		}
		return r.submits(a.Peer, a.Seq)
	case p2p.Reconstruct:
		return r.seeks(a.Peer, a.Seq)
	case p2p.Complete:
		return r.seeks(a.Peer, a.Seq)
	case p2p.SubmitTx:
		return r.submits(a.Peer, a.Seq)
	case p2p.SubmitPackage:
		if p := r.peers[a.Peer]; p != nil && a.Seq == p.seq {
			return nil // the parent was submitted by itself before
		}
		return r.submits(a.Peer, a.Seq)
	}
	return nil
}

func (r *referee) submits(id peer.ID, seq uint64) error {
	p := r.peers[id]
	if p == nil {
		return nil // the core's own: an orphan that is judged again
	}
	if seq <= p.seq {
		return fmt.Errorf("submission %d of peer %d follows %d", seq, id, p.seq)
	}
	p.seq = seq
	return nil
}

// seeks notes a block that is put together, under a number of its own or that of the
// header which was judged before.
func (r *referee) seeks(id peer.ID, seq uint64) error {
	p := r.peers[id]
	if p == nil {
		return fmt.Errorf("a block of peer %d is put together, which is gone", id)
	}
	if p.sought == nil {
		p.sought = make(map[uint64]bool)
	}
	p.sought[seq] = true
	p.seq = max(p.seq, seq)
	return nil
}

// goesOn: a block that was put together is submitted under the same number.
func (r *referee) goesOn(id peer.ID, seq uint64) error {
	p := r.peers[id]
	if p == nil {
		return nil // it has gone meanwhile
	}
	if !p.sought[seq] {
		return fmt.Errorf("submission %d of peer %d was never sought", seq, id)
	}
	delete(p.sought, seq)
	return nil
}

func (r *referee) sends(now time.Time, a p2p.Send) error {
	p := r.peers[a.Peer]
	command := a.Msg.Command()
	if p == nil || p.closing {
		return fmt.Errorf("%s to peer %d, which is gone", command, a.Peer)
	}
	if _, err := wire.DecodeMessage(command, a.Msg.AppendPayload(nil)); err != nil {
		return fmt.Errorf("%s to peer %d: %w", command, a.Peer, err)
	}
	if !p.verack {
		switch command {
		case "version", "verack", "wtxidrelay", "sendaddrv2", "feature":
		default:
			return fmt.Errorf("%s to peer %d before its verack", command, a.Peer)
		}
	}
	switch m := a.Msg.(type) {
	case *wire.MsgPong:
		if len(p.pings) == 0 || p.pings[0] != m.Nonce {
			return fmt.Errorf("pong %d to peer %d, whose pings are %d", m.Nonce, a.Peer, p.pings)
		}
		p.pings = p.pings[1:]
	case *wire.MsgGetData:
		for _, item := range m.Items {
			if id, ok := item.GenTxid(); ok {
				if err := r.asks(now, a.Peer, id); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// asks notes a request for a transaction.
func (r *referee) asks(now time.Time, of peer.ID, id wire.GenTxid) error {
	before, open := r.asked[id]
	r.asked[id] = request{of, now}
	if !open || now.Sub(before.at) >= requestTimeout {
		return nil
	}
	if p := r.peers[before.of]; p == nil || p.closing {
		return nil
	}
	return fmt.Errorf("%v is asked of peer %d while peer %d may still answer", id, of, before.of)
}
