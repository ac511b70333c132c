package p2ptest

import (
	"net/netip"
	"time"

	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// NodeConfig describes a node.
type NodeConfig struct {
	// Make returns the core of a node that starts; it is called at each start.
	Make func(n *Node) Stepper
	// Up overrides the network's bandwidth when it is not 0.
	Up int64
	// Verdicts override the network's when set.
	Verdicts *Verdicts
	// Filter sees each action before it is done and may replace it; nil drops it.
	Filter func(n *Node, a p2p.Action) p2p.Action
	// Lacks says, when set, which transactions of a block the pool does not have: many
	// nodes with large pools are simulated without them.
	Lacks func(n *Node, b *wire.Block) []uint16
	// Deaf nodes accept no connections.
	Deaf bool
}

// Node is a member of the network: a core and what a shell would do for it.
type Node struct {
	ID     int
	Addr   netip.AddrPort
	Ledger *Ledger
	Pool   *Pool
	// Sent and Received count since the network began.
	Sent, Received Counts
	// MaxQueued is the most bytes that ever waited to be sent, over all peers.
	MaxQueued int64

	net      *Network
	cfg      NodeConfig
	verdicts Verdicts
	core     Stepper // nil while it is stopped
	epoch    int     // how often it was started
	deaf     bool
	frozen   bool
	backlog  []p2p.Event // what a frozen core was not told
	ends     []*end      // by peer.ID, nil once gone
	uplink   uplink

	wake     int64    // when the core asked for a tick, 0 for never
	wakeTask int64    // when the earliest task for it runs, 0 for none
	queued   int64    // bytes that wait to be sent
	readers  [2]int64 // until when each reads blocks
	told     int64    // when the last change of chain or pool is told
}

// Counts are messages and bytes by command.
type Counts struct {
	Messages, Bytes int64
	ByCommand       map[string]*Count
}

// Count is the share of one command.
type Count struct{ Messages, Bytes int64 }

func (c *Counts) add(out outgoing) {
	if out.msg == nil {
		return
	}
	c.Messages++
	c.Bytes += int64(out.size)
	if c.ByCommand == nil {
		c.ByCommand = make(map[string]*Count)
	}
	k := c.ByCommand[out.msg.Command()]
	if k == nil {
		k = new(Count)
		c.ByCommand[out.msg.Command()] = k
	}
	k.Messages++
	k.Bytes += int64(out.size)
}

func (n *Node) countSent(out outgoing)     { n.Sent.add(out) }
func (n *Node) countReceived(out outgoing) { n.Received.add(out) }

// AddNode adds a node, which starts when the network runs next.
func (n *Network) AddNode(cfg NodeConfig) *Node {
	id := len(n.Nodes)
	addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{100, byte(id >> 16), byte(id >> 8), byte(id)}), 18444)
	node := &Node{ID: id, Addr: addr, net: n, cfg: cfg, verdicts: n.cfg.Verdicts, deaf: cfg.Deaf}
	if cfg.Verdicts != nil {
		node.verdicts = *cfg.Verdicts
	}
	node.uplink = uplink{node: node, rate: n.cfg.Up}
	if cfg.Up != 0 {
		node.uplink.rate = cfg.Up
	}
	node.Ledger = newLedger(node)
	node.Pool = newPool(node)
	n.Nodes = append(n.Nodes, node)
	n.byAddr[addr] = node
	n.after(0, do(node.Start))
	return node
}

// Network returns the network that the node is part of.
func (n *Node) Network() *Network { return n.net }

// Core returns what decides for the node at present, nil while it is stopped.
func (n *Node) Core() Stepper { return n.core }

func (n *Node) running() bool { return n.core != nil }

// Start starts a node that is stopped. Ledger and pool are as they were.
func (n *Node) Start() {
	if n.core != nil {
		return
	}
	n.epoch++
	n.ends = nil
	n.frozen, n.backlog = false, nil
	n.wake, n.wakeTask = 0, 0
	n.Ledger.queued = 0
	n.core = n.cfg.Make(n)
	n.step(p2p.Tick{})
}

// Stop ends the node's program: its connections are closed, nothing is told to
// its core any more.
func (n *Node) Stop() {
	if n.core == nil {
		return
	}
	n.core = nil
	n.epoch++
	for _, e := range n.ends {
		if e != nil && !e.closed {
			e.drop()
			e.transmit(outgoing{})
		}
	}
	n.ends = nil
}

// Freeze makes the node do nothing, with its connections up, until [Node.Thaw].
func (n *Node) Freeze() { n.frozen = true }

// Thaw tells the core all that it missed.
func (n *Node) Thaw() {
	n.frozen = false
	n.later(0, func() {
		list := n.backlog
		n.backlog = nil
		for _, e := range list {
			n.step(e)
		}
		for _, e := range n.ends {
			if e != nil {
				e.readOn()
			}
		}
	})
}

// later runs f after a delay, unless the node is stopped before.
func (n *Node) later(delay int64, f func()) {
	epoch := n.epoch
	n.net.after(delay, do(func() {
		if n.epoch == epoch && n.core != nil {
			f()
		}
	}))
}

// Peers returns the nodes that it is connected to.
func (n *Node) Peers() (list []*Node) {
	for _, e := range n.ends {
		if e != nil && !e.closed {
			list = append(list, e.other.node)
		}
	}
	return list
}

// Peer returns the node behind one of its connections, nil when it has ended.
func (n *Node) Peer(id peer.ID) *Node {
	if e := n.end(id); e != nil {
		return e.other.node
	}
	return nil
}

// Break ends the connections between the node and another, as a cable that is cut
// and noticed.
func (n *Node) Break(other *Node) {
	for _, e := range n.ends {
		if e == nil || e.closed || e.other.node != other {
			continue
		}
		for _, side := range []*end{e, e.other} {
			side.drop()
			side.node.later(0, func() { side.node.disconnected(side, errTimeout) })
		}
	}
}

func (n *Node) newEnd(latency int64) *end {
	e := &end{node: n, id: peer.ID(len(n.ends)), latency: latency, epoch: n.epoch}
	n.ends = append(n.ends, e)
	return e
}

func (n *Node) end(id peer.ID) *end {
	if id < 0 || int(id) >= len(n.ends) {
		return nil
	}
	return n.ends[id]
}

// disconnected tells the core of the end of a connection.
func (n *Node) disconnected(e *end, err error) {
	if n.core == nil || e.epoch != n.epoch || n.end(e.id) != e {
		return
	}
	n.ends[e.id] = nil
	if e.up {
		n.step(p2p.Disconnected{Peer: e.id, Err: err})
	}
}

// Step tells the core of an event out of turn, as a test may want to.
func (n *Node) Step(e p2p.Event) { n.step(e) }

// step tells the core of an event and does what it wants.
func (n *Node) step(e p2p.Event) {
	if n.core == nil {
		return
	}
	if n.frozen {
		n.backlog = append(n.backlog, e)
		return
	}
	net := n.net
	net.steps++
	net.mix(uint64(net.now))
	net.mix(uint64(n.ID)<<8 | eventTag(e))
	if net.cfg.Trace != nil {
		net.cfg.Trace(net.Elapsed(), n.ID, e)
	}
	for _, a := range n.core.Step(net.Time(), e) {
		if n.cfg.Filter != nil {
			if a = n.cfg.Filter(n, a); a == nil {
				continue
			}
		}
		n.act(a)
	}
}

// act does one action. None of them steps a core before it returns.
func (n *Node) act(a p2p.Action) {
	net := n.net
	net.mix(actionTag(a))
	if net.cfg.Trace != nil {
		net.cfg.Trace(net.Elapsed(), n.ID, a)
	}
	switch a := a.(type) {
	case p2p.Send:
		net.mixString(a.Msg.Command())
		if e := n.end(a.Peer); e != nil {
			e.send(a.Msg)
		}
	case p2p.ServeBlock:
		n.serve(a)
	case p2p.Disconnect:
		if e := n.end(a.Peer); e != nil {
			e.close()
		}
	case p2p.Dial:
		n.dial(a.Target, a.Kind)
	case p2p.SubmitHeaders:
		n.Ledger.submitHeaders(a)
	case p2p.SubmitBlock:
		n.Ledger.submitBlock(a)
	case p2p.SubmitTx:
		n.Pool.submit(a)
	case p2p.Reconstruct:
		n.Pool.reconstruct(a)
	case p2p.Complete:
		n.Pool.complete(a)
	case p2p.SubmitPackage:
		n.Pool.submitPackage(a)
	case p2p.TxServed:
		n.Pool.served[a.Txid] = true
	case p2p.Release:
		if e := n.end(a.Peer); e != nil {
			e.release(a.Bytes)
		}
	case p2p.WakeAt:
		n.wakeAt(a.Time)
	default:
		net.fail("node %d: unknown action %T", n.ID, a)
	}
}

// serve reads a block with one of two readers and queues it for the peer.
func (n *Node) serve(a p2p.ServeBlock) {
	reader := 0
	if n.readers[1] < n.readers[0] {
		reader = 1
	}
	done := max(n.net.now, n.readers[reader]) + int64(n.verdicts.Read)
	n.readers[reader] = done
	n.later(done-n.net.now, func() {
		served := p2p.Served{Peer: a.Peer, Node: a.Node}
		block := n.net.World.Block(a.Node.Hash())
		e := n.end(a.Peer)
		switch {
		case e == nil || e.closed:
			return
		case block == nil || a.Block == nil && !n.Ledger.has(a.Node):
			served.Err = errNoBlock
		default:
			msg, ok := n.parts(a, block)
			if !ok {
				served.Err = p2p.ErrNoSuchTx
				break
			}
			served.Bytes = frameSize + msg.PayloadSize()
			e.send(msg)
		}
		n.step(served)
	})
}

// wakeAt keeps one time at which to tick. A task that comes too early looks
// again, so that putting the time off costs no new one.
func (n *Node) wakeAt(t time.Time) {
	if t.IsZero() {
		n.wake = 0
		return
	}
	n.wake = max(int64(t.Sub(n.net.World.Start)), n.net.now, 1)
	n.net.mix(uint64(n.wake))
	if n.wakeTask == 0 || n.wake < n.wakeTask {
		n.scheduleWake()
	}
}

func (n *Node) scheduleWake() {
	n.wakeTask = n.wake
	mine := n.wake
	n.later(n.wake-n.net.now, func() {
		if n.wakeTask != mine {
			return // an earlier one took its place
		}
		n.wakeTask = 0
		switch {
		case n.wake == 0:
		case n.wake > n.net.now:
			n.scheduleWake()
		default:
			n.wake = 0
			n.step(p2p.Tick{})
		}
	})
}

// Unreleased returns the bytes that the core was handed of peers that are
// connected and did not release. When nothing is going on, there should be none.
func (n *Node) Unreleased() (bytes int64) {
	for _, e := range n.ends {
		if e != nil && !e.closed {
			bytes += e.given
		}
	}
	return bytes
}

// Call connects to another node.
func (n *Node) Call(to *Node, kind peer.Kind) { n.act(p2p.Dial{Target: to.Addr.String(), Kind: kind}) }
