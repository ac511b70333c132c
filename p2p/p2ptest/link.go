package p2ptest

import (
	"errors"
	"io"
	"net/netip"
	"time"

	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// frameSize is what a message takes on the wire beside its payload: magic,
// command, length, checksum.
const frameSize = 4 + 12 + 4 + 4

// quantum is how much one connection sends before the next of the same node has
// its turn.
const quantum = 16 << 10

// end is one end of a connection: what its node sends into it and what it was
// given out of it.
type end struct {
	node    *Node
	id      peer.ID
	other   *end
	latency int64
	epoch   int  // of the node: a start later the connection is gone
	up      bool // the node was told of it
	closed  bool

	// Sending.
	queue   []outgoing // not yet on the network
	through int        // bytes of the first that are
	turning bool       // has or waits for its turn
	ahead   int64      // bytes sent that the other core was not handed
	arrives int64      // when the last of it does
	kept    []outgoing // sent into a partition; nil message: the end of it

	// Receiving.
	given   int64 // bytes handed over and not released
	waiting []outgoing
	reading bool // a turn to read is scheduled
}

// outgoing is a message under way. Without a message it is the end of the
// connection.
type outgoing struct {
	msg  wire.Message
	size int
	sum  uint64 // of the payload, with Strict
	at   int64  // when it arrived, while it waits
}

// arrival is a message that reaches an end.
type arrival struct {
	to  *end
	out outgoing
}

func (a *arrival) run() {
	e, out := a.to, a.out
	n := e.node.net
	*a = arrival{}
	n.free = append(n.free, a)
	e.arrive(out)
}

func (n *Network) arrival(to *end, out outgoing) *arrival {
	var a *arrival
	if last := len(n.free) - 1; last >= 0 {
		a, n.free = n.free[last], n.free[:last]
	} else {
		a = new(arrival)
	}
	a.to, a.out = to, out
	return a
}

// send queues a message.
func (e *end) send(msg wire.Message) {
	if e.closed {
		return
	}
	n := e.node.net
	out := outgoing{msg: msg, size: frameSize + msg.PayloadSize()}
	if n.cfg.Strict {
		out.sum = n.messageSum(msg)
	}
	e.queue = append(e.queue, out)
	e.node.queued += int64(out.size)
	e.node.MaxQueued = max(e.node.MaxQueued, e.node.queued)
	e.turn()
}

// turn asks for the next turn of sending, when there is something to send and
// room for it.
func (e *end) turn() {
	if e.turning || e.closed || len(e.queue) == 0 {
		return
	}
	if e.ahead > 0 && e.ahead+int64(e.queue[0].size) > int64(e.node.net.cfg.Window) {
		return // goes on when the other side has read
	}
	e.turning = true
	e.node.uplink.add(e)
}

// wrote: the first of the queue has left.
func (e *end) wrote() {
	out := e.queue[0]
	e.queue[0] = outgoing{}
	e.queue = e.queue[1:]
	e.through = 0
	if len(e.queue) == 0 {
		e.queue = nil
	}
	e.ahead += int64(out.size)
	e.node.queued -= int64(out.size)
	e.node.countSent(out)
	e.transmit(out)
	e.node.step(p2p.Wrote{Peer: e.id, Bytes: out.size})
}

// transmit puts a message on its way, or into what a partition holds back.
func (e *end) transmit(out outgoing) {
	n := e.node.net
	if n.parted(e.node, e.other.node) {
		if len(e.kept) == 0 {
			n.held = append(n.held, e)
		}
		e.kept = append(e.kept, out)
		return
	}
	when := n.now + e.latency
	if out.msg != nil {
		when += n.lossDelay(out.size, e.latency)
	}
	e.arrives = max(e.arrives, when)
	n.at(e.arrives, n.arrival(e.other, out))
}

// arrive takes a message off the network.
func (e *end) arrive(out outgoing) {
	if e.closed {
		return
	}
	out.at = e.node.net.now
	if e.reading || len(e.waiting) > 0 || !e.mayRead(out) {
		e.waiting = append(e.waiting, out)
		return
	}
	e.read(out)
}

// mayRead reports whether the node's credit for the peer reaches for a message.
// A node that is frozen reads nothing.
func (e *end) mayRead(out outgoing) bool {
	if e.node.frozen {
		return false
	}
	return e.given == 0 || e.given+int64(out.size) <= int64(e.node.net.cfg.Credit)
}

// read hands a message to the core.
func (e *end) read(out outgoing) {
	n := e.node.net
	if out.msg == nil {
		e.finish(io.EOF)
		return
	}
	if n.cfg.Strict && n.messageSum(out.msg) != out.sum {
		n.fail("a message %s from node %d to node %d was changed on its way", out.msg.Command(), e.other.node.ID, e.node.ID)
	}
	e.given += int64(out.size)
	e.other.ahead -= int64(out.size)
	e.other.turn()
	e.node.countReceived(out)
	e.node.step(p2p.Received{Peer: e.id, Msg: out.msg, Size: out.size, At: n.World.Start.Add(time.Duration(out.at))})
}

// release gives credit back and reads on.
func (e *end) release(bytes int) {
	e.given -= int64(bytes)
	if bytes < 0 || e.given < 0 {
		e.node.net.fail("node %d released %d bytes of peer %d that it was not given", e.node.ID, -e.given, e.id)
	}
	e.readOn()
}

// readOn schedules the reading of what waits.
func (e *end) readOn() {
	if e.closed || e.reading || len(e.waiting) == 0 || !e.mayRead(e.waiting[0]) {
		return
	}
	e.reading = true
	e.node.net.after(0, do(func() {
		e.reading = false
		if e.closed || len(e.waiting) == 0 || !e.mayRead(e.waiting[0]) {
			return
		}
		out := e.waiting[0]
		e.waiting[0] = outgoing{}
		e.waiting = e.waiting[1:]
		e.read(out)
		e.readOn()
	}))
}

// close ends the connection from this side: what was not sent is dropped, what
// is under way still arrives.
func (e *end) close() {
	if e.closed {
		return
	}
	e.drop()
	e.transmit(outgoing{})
	e.node.later(0, func() { e.node.disconnected(e, nil) })
}

// finish ends the connection because the other side did.
func (e *end) finish(err error) {
	if e.closed {
		return
	}
	e.drop()
	e.node.disconnected(e, err)
}

func (e *end) drop() {
	e.closed = true
	for _, out := range e.queue {
		e.node.queued -= int64(out.size)
	}
	e.queue, e.waiting, e.through = nil, nil, 0
}

// uplink is what a node's connections share.
type uplink struct {
	node  *Node
	rate  int64
	ring  []*end // whose turn it is first
	chunk int    // bytes of the first that are being sent, 0 when idle
}

func (u *uplink) add(e *end) {
	u.ring = append(u.ring, e)
	if u.chunk == 0 {
		u.begin()
	}
}

// begin sends the next piece of the first connection in the ring.
func (u *uplink) begin() {
	for len(u.ring) > 0 && len(u.ring[0].queue) == 0 { // was closed
		u.pop().turning = false
	}
	if len(u.ring) == 0 {
		u.ring = nil
		return
	}
	e := u.ring[0]
	left := e.queue[0].size - e.through
	if u.rate == 0 {
		u.chunk = left
		u.node.net.after(0, u)
		return
	}
	u.chunk = min(left, quantum)
	u.node.net.after((int64(u.chunk)*int64(time.Second)+u.rate-1)/u.rate, u)
}

// run: the piece has left.
func (u *uplink) run() {
	e, sent := u.pop(), u.chunk
	u.chunk = 0
	e.turning = false
	if !e.closed {
		if e.through += sent; e.through >= e.queue[0].size {
			e.wrote()
		}
		e.turn()
	}
	if u.chunk == 0 {
		u.begin()
	}
}

func (u *uplink) pop() *end {
	e := u.ring[0]
	u.ring[0] = nil
	u.ring = u.ring[1:]
	return e
}

var (
	errUnknownHost = errors.New("no such host")
	errRefused     = errors.New("connection refused")
	errTimeout     = errors.New("i/o timeout")
)

// dialTimeout is how long a connection is waited for.
const dialTimeout = 5 * time.Second

// dial makes a connection: a round trip until the caller has it, half of one
// more until the other side knows.
func (n *Node) dial(target string, kind peer.Kind) {
	net := n.net
	fail := func(after time.Duration, err error) {
		n.later(int64(after), func() { n.step(p2p.DialFailed{Target: target, Kind: kind, Err: err}) })
	}
	addr, err := netip.ParseAddrPort(target)
	to := net.byAddr[addr]
	if err != nil || to == nil {
		fail(0, errUnknownHost)
		return
	}
	latency := net.latency()
	switch {
	case net.parted(n, to):
		fail(dialTimeout, errTimeout)
		return
	case !to.running() || to.deaf:
		fail(time.Duration(2*latency), errRefused)
		return
	}
	epoch := to.epoch
	n.later(2*latency, func() {
		if !to.running() || to.epoch != epoch {
			n.step(p2p.DialFailed{Target: target, Kind: kind, Err: errRefused})
			return
		}
		n.connect(to, target, kind, latency)
	})
}

// connect makes both ends of a connection, the caller's at once.
func (n *Node) connect(to *Node, target string, kind peer.Kind, latency int64) {
	net := n.net
	port := uint16(10_000 + net.rand.IntN(50_000))
	from := netip.AddrPortFrom(n.Addr.Addr(), port)
	a, b := n.newEnd(latency), to.newEnd(latency)
	a.other, b.other = b, a
	b.arrives = net.now + latency
	a.arrives = net.now + latency
	to.later(latency, func() {
		if b.closed {
			return
		}
		b.up = true
		to.step(p2p.Connected{Peer: b.id, Kind: peer.Inbound, Remote: from, Local: to.Addr, Name: from.String()})
	})
	a.up = true
	n.step(p2p.Connected{Peer: a.id, Kind: kind, Remote: to.Addr, Local: from, Name: target, Target: target})
}
