package p2ptest

import (
	"time"

	"grapevine/p2p"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Actor plays a peer by hand. It shakes hands, answers pings and serves the chain
// that it was given, unless it is told otherwise, and notes all that it hears.
type Actor struct {
	Node *Node
	// Hello is what it introduces itself with.
	Hello wire.MsgVersion
	// Mute says nothing by itself, not even its version.
	Mute bool
	// Before lists what it says between version and verack.
	Before []wire.Message
	// NoPong leaves pings without an answer.
	NoPong bool
	// Chain is served from genesis on: headers, and blocks unless NoBlocks.
	Chain    []*wire.Block
	NoBlocks bool
	// Hoard keeps what it receives unreleased.
	Hoard bool
	// On sees each message first, and reports whether it has dealt with it.
	On func(from peer.ID, m wire.Message) bool

	// Heard is all that was sent to it, Peers its connections, Ended when the
	// last of them was closed by the other side.
	Heard []Heard
	Peers []peer.ID
	Ended []time.Duration

	said    map[peer.ID]bool
	places  map[wire.BlockHash]int // in Chain, whose last block is
	indexed *wire.Block
	out     []p2p.Action
}

// Heard is a message that an [Actor] was sent.
type Heard struct {
	At   time.Duration
	From peer.ID
	Msg  wire.Message
}

// NewActor adds a node to the network that the test plays.
func (n *Network) NewActor() *Actor {
	a := &Actor{
		Hello: wire.MsgVersion{
			Version: wire.ProtocolVersion, Services: wire.NodeNetwork | wire.NodeWitness, UserAgent: "/actor:1/", Relay: true,
			Time: n.Time().Unix(), Nonce: n.rand.Uint64(),
		},
		Before: []wire.Message{&wire.MsgWtxidRelay{}},
	}
	a.Node = n.AddNode(NodeConfig{Make: func(*Node) Stepper {
		a.said = make(map[peer.ID]bool)
		a.Peers = nil
		return a
	}})
	return a
}

// Call connects to a node.
func (a *Actor) Call(to *Node) { a.Node.act(p2p.Dial{Target: to.Addr.String(), Kind: peer.Manual}) }

// Say sends messages to the latest of its peers.
func (a *Actor) Say(list ...wire.Message) {
	if len(a.Peers) == 0 {
		return
	}
	for _, m := range list {
		a.Node.act(p2p.Send{Peer: a.Peers[len(a.Peers)-1], Msg: m})
	}
}

// Hang closes its connections.
func (a *Actor) Hang() {
	for _, id := range a.Peers {
		a.Node.act(p2p.Disconnect{Peer: id})
	}
}

// Connected reports whether it has a connection.
func (a *Actor) Connected() bool { return len(a.Peers) > 0 }

// Step implements [Stepper].
func (a *Actor) Step(_ time.Time, e p2p.Event) []p2p.Action {
	a.out = nil
	switch e := e.(type) {
	case p2p.Connected:
		a.Peers = append(a.Peers, e.Peer)
		if e.Kind != peer.Inbound && !a.Mute {
			a.introduce(e.Peer)
		}
	case p2p.Disconnected:
		for i, id := range a.Peers {
			if id == e.Peer {
				a.Peers = append(a.Peers[:i:i], a.Peers[i+1:]...)
				break
			}
		}
		if e.Err != nil {
			a.Ended = append(a.Ended, a.Node.net.Elapsed())
		}
	case p2p.Received:
		a.Heard = append(a.Heard, Heard{At: a.Node.net.Elapsed(), From: e.Peer, Msg: e.Msg})
		if !a.Hoard {
			a.out = append(a.out, p2p.Release{Peer: e.Peer, Bytes: e.Size})
		}
		if a.On == nil || !a.On(e.Peer, e.Msg) {
			a.answer(e.Peer, e.Msg)
		}
	}
	return a.out
}

// Reply sends messages from within On.
func (a *Actor) Reply(to peer.ID, list ...wire.Message) {
	for _, m := range list {
		a.out = append(a.out, p2p.Send{Peer: to, Msg: m})
	}
}

func (a *Actor) introduce(to peer.ID) {
	hello := a.Hello
	a.said[to] = true
	a.Reply(to, &hello)
}

func (a *Actor) answer(from peer.ID, m wire.Message) {
	if a.Mute {
		return
	}
	switch m := m.(type) {
	case *wire.MsgVersion:
		if !a.said[from] {
			a.introduce(from)
		}
		a.Reply(from, a.Before...)
		a.Reply(from, &wire.MsgVerack{})
	case *wire.MsgPing:
		if !a.NoPong {
			a.Reply(from, &wire.MsgPong{Nonce: m.Nonce})
		}
	case *wire.MsgGetHeaders:
		if a.Chain != nil {
			a.Reply(from, &wire.MsgHeaders{Headers: a.headersAfter(m.Locator)})
		}
	case *wire.MsgGetData:
		if !a.NoBlocks {
			a.serve(from, m)
		}
	}
}

// headersAfter lists up to 2,000 headers of the chain after the first hash of a
// locator that is in it.
func (a *Actor) headersAfter(locator []wire.BlockHash) (list []wire.Header) {
	first := 0
	for _, hash := range locator {
		if i, ok := a.place(hash); ok {
			first = i + 1
			break
		}
	}
	for _, b := range a.Chain[first:min(len(a.Chain), first+wire.MaxHeaders)] {
		list = append(list, b.Header)
	}
	return list
}

func (a *Actor) serve(to peer.ID, m *wire.MsgGetData) {
	for _, item := range m.Items {
		hash, ok := item.BlockHash()
		if !ok {
			continue
		}
		if i, ok := a.place(hash); ok {
			a.Reply(to, &wire.MsgBlock{Block: a.Chain[i]})
		}
	}
}

// place finds a block in the chain, by an index that is made anew when the chain
// has become another one.
func (a *Actor) place(hash wire.BlockHash) (i int, ok bool) {
	if last := len(a.Chain) - 1; last < 0 || a.indexed != a.Chain[last] {
		a.places = make(map[wire.BlockHash]int, len(a.Chain))
		for i, b := range a.Chain {
			a.places[b.Hash()], a.indexed = i, b
		}
	}
	i, ok = a.places[hash]
	return i, ok
}

// Count returns how many messages of a command it has heard.
func (a *Actor) Count(command string) (n int) {
	for _, h := range a.Heard {
		if h.Msg.Command() == command {
			n++
		}
	}
	return n
}

// Commands lists what it has heard, in order.
func (a *Actor) Commands() (list []string) {
	for _, h := range a.Heard {
		list = append(list, h.Msg.Command())
	}
	return list
}

// Forget empties what it has heard.
func (a *Actor) Forget() { a.Heard = nil }

// HeardOf returns the messages of one type that an actor was sent.
func HeardOf[M wire.Message](a *Actor) (list []M) {
	for _, h := range a.Heard {
		if m, ok := h.Msg.(M); ok {
			list = append(list, m)
		}
	}
	return list
}

// Asked returns what an actor was asked for with getdata, item by item.
func (a *Actor) Asked() (list []wire.Inv) {
	for _, m := range HeardOf[*wire.MsgGetData](a) {
		list = append(list, m.Items...)
	}
	return list
}
