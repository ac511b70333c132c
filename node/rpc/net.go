package rpc

import (
	"context"
	"errors"
	"slices"
	"time"

	"grapevine/p2p"
	"grapevine/p2p/conn"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Connections is what the methods read of the connections that there are.
type Connections interface {
	Peers() []p2p.PeerInfo
	Totals() p2p.Totals
	// Upload is how much may still be sent.
	Upload() p2p.UploadInfo
}

// NodeList is how an operator says which nodes to connect to, and which not.
type NodeList interface {
	// AddNode fails with [conn.ErrAlreadyAdded], RemoveNode with [conn.ErrNotAdded].
	AddNode(target string, v2 bool) error
	RemoveNode(target string) error
	// TryNode connects once, AddConnection too, as a connection of another kind; it
	// fails with [conn.ErrNoRoom]. Neither waits for the connection.
	TryNode(target string, v2 bool)
	AddConnection(target string, kind peer.Kind, v2 bool) error
	AddedNodes() []p2p.AddedNode
}

// Disconnecter ends connections. Both calls fail with [p2p.ErrNotConnected].
type Disconnecter interface {
	DisconnectAddress(name string) error
	DisconnectID(id peer.ID) error
}

// Switch is what an operator does with all connections at once.
type Switch interface {
	SetActive(on bool)
	Active() bool
	// PingAll sends every peer a ping; it does not wait for the answers.
	PingAll()
}

// Network is what the methods about peers work on. Its methods may be called
// from any goroutine and return at once, after the network has ended too.
type Network interface {
	Connections
	NodeList
	Disconnecter
	Switch
	RawSender
	// LocalServices and UserAgent are what peers are told of us.
	LocalServices() wire.ServiceFlags
	UserAgent() string
	// ClockOffset is how far the clocks of peers of our choice are from ours.
	ClockOffset() (median time.Duration, warn bool)
}

// LocalAddress is an address of our own. Score is how sure we are of it.
type LocalAddress struct {
	Addr  wire.NetAddr
	Score int
}

// Route is how a network is reached.
type Route struct {
	Network   wire.Network
	Reachable bool
	Proxy     string // "" without
	Randomize bool   // each connection has credentials of its own there
}

// NetConfig names what the methods about peers work on. Fields without a
// comment are required.
type NetConfig struct {
	Network   Network
	Blocks    Blocks // for its warnings
	Addresses AddressBook
	Bans      BanList
	// Private holds the transactions that are sent privately; nil where none are.
	Private PrivateQueue
	// Own lists our own addresses, Routes how networks are reached; nil means none,
	// and directly.
	Own    func() []LocalAddress
	Routes func() []Route
	// ASMap is the map of autonomous systems in use, nil for none; Dir is what paths
	// are relative to.
	ASMap []byte
	Dir   string
	// CJDNS says that fc00::/8 leads there, Testing that this is a network for tests.
	CJDNS, Testing bool
	// BlocksOnly is set when no transactions are taken from peers.
	BlocksOnly bool
	// MinRelay and Incremental are feerates of the pool's policy.
	MinRelay, Incremental wire.FeeRate
	// Warnings are as in [LedgerConfig].
	Warnings func() []string
	// Now is the node's clock, System the machine's; nil means time.Now.
	Now, System func() time.Time
}

// network is the receiver of the handlers; it has no state of its own.
type network struct{ NetConfig }

// NetworkCommands returns the methods about peers.
func NetworkCommands(cfg NetConfig) ([]Command, error) {
	if cfg.Network == nil || cfg.Blocks == nil || cfg.Addresses == nil || cfg.Bans == nil {
		return nil, errors.New("rpc: NetConfig lacks Network, Blocks, Addresses or Bans")
	}
	for _, clock := range []*func() time.Time{&cfg.Now, &cfg.System} {
		if *clock == nil {
			*clock = time.Now
		}
	}
	n := &network{cfg}
	return slices.Concat(n.peerCommands(), n.nodeCommands(), n.addressCommands(), n.banCommands(), n.testCommands(), n.privateCommands()), nil
}

// nodeErrors are the answers to what an operator asks of the network in vain.
var nodeErrors = []struct {
	err    error
	answer *Error
}{
	{conn.ErrAlreadyAdded, &Error{CodeNodeAlreadyAdded, "Error: Node already added"}},
	{conn.ErrNotAdded, &Error{CodeNodeNotAdded, "Error: Node could not be removed. It has not been added previously."}},
	{p2p.ErrNotConnected, &Error{CodeNodeNotConnected, "Node not found in connected nodes"}},
}

// nodeError turns an error of the network into an answer.
func nodeError(err error) error {
	for _, e := range nodeErrors {
		if errors.Is(err, e.err) {
			return e.answer
		}
	}
	return err
}

func (n *network) getConnectionCount(_ context.Context, _ *Request, w *Writer) error {
	w.Int(int64(len(n.Network.Peers())))
	return nil
}

func (n *network) ping(_ context.Context, _ *Request, w *Writer) error {
	n.Network.PingAll()
	w.Null()
	return nil
}

func (n *network) addNode(_ context.Context, r *Request, w *Writer) error {
	target, err := r.Str(0)
	if err != nil {
		return err
	}
	command, err := r.Str(1)
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"onetry", "add", "remove"}, command) {
		return r.HelpError()
	}
	v2 := n.Network.LocalServices().Has(wire.NodeP2PV2)
	if r.Has(2) {
		if v2, err = r.Bool(2); err != nil {
			return err
		}
		if v2 && !n.Network.LocalServices().Has(wire.NodeP2PV2) {
			return Errorf(CodeInvalidParameter, "Error: v2transport requested but not enabled (see -v2transport)")
		}
	}
	switch command {
	case "onetry":
		n.Network.TryNode(target, v2)
	case "add":
		err = n.Network.AddNode(target, v2)
	case "remove":
		err = n.Network.RemoveNode(target)
	}
	if err != nil {
		return nodeError(err)
	}
	w.Null()
	return nil
}

func (n *network) disconnectNode(_ context.Context, r *Request, w *Writer) error {
	name, err := "", error(nil)
	if r.Has(0) {
		if name, err = r.Str(0); err != nil {
			return err
		}
	}
	switch {
	case r.Has(0) && !r.Has(1):
		err = n.Network.DisconnectAddress(name)
	case r.Has(1) && name == "":
		var id int64
		if id, err = r.Int64(1); err != nil {
			return err
		}
		err = n.Network.DisconnectID(peer.ID(id))
	default:
		return Errorf(CodeInvalidParams, "Only one of address and nodeid should be provided.")
	}
	if err != nil {
		return nodeError(err)
	}
	w.Null()
	return nil
}

func (n *network) getAddedNodeInfo(_ context.Context, r *Request, w *Writer) error {
	list := n.Network.AddedNodes()
	if r.Has(0) {
		name, err := r.Str(0)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(a p2p.AddedNode) bool { return a.Target == name })
		if i < 0 {
			return Errorf(CodeNodeNotAdded, "Error: Node has not been added.")
		}
		list = list[i : i+1]
	}
	w.Arr()
	for _, a := range list {
		w.Obj()
		w.Key("addednode").String(a.Target)
		w.Key("connected").Bool(a.Connected)
		w.Key("addresses").Arr()
		if a.Connected {
			w.Obj()
			w.Key("address").String(remote(a.Remote, a.Addr))
			w.Key("connected").String(direction(a.Inbound))
			w.EndObj()
		}
		w.EndArr().EndObj()
	}
	w.EndArr()
	return nil
}

func direction(inbound bool) string {
	if inbound {
		return "inbound"
	}
	return "outbound"
}

func (n *network) setNetworkActive(_ context.Context, r *Request, w *Writer) error {
	on, err := r.Bool(0)
	if err != nil {
		return err
	}
	n.Network.SetActive(on)
	w.Bool(n.Network.Active())
	return nil
}
