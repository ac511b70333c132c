package localaddr

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"grapevine/internal/netgroup"
	"grapevine/p2p"
	"grapevine/wire"
)

// Score is how sure we are of an address.
type Score int

// The scores to begin with.
const (
	Interface Score = 1 // an interface has it
	Bound     Score = 2 // a socket listens there
	Mapped    Score = 3 // a router forwards it
	Named     Score = 4 // the operator says so, or the network that gave it
)

// Config says how a [Table] behaves.
type Config struct {
	// Listen says that connections are accepted at all; Discover that other addresses count than those of [Named].
	Listen, Discover bool
	// Port is the one that the node listens on.
	Port uint16
	// Services are what peers are told with the address.
	Services wire.ServiceFlags
	// Reachable lists the networks that are reached from here; it is required.
	Reachable func() []wire.Network
	// CJDNS says that fc00::/8 leads there.
	CJDNS bool
	// Rand is required; it is used under the table's mutex.
	Rand *rand.Rand
}

// Entry is an address with its score.
type Entry struct {
	Addr  wire.NetAddr
	Score Score
}

// Table holds our own addresses, each once, by network and address in order.
type Table struct {
	cfg Config

	mu   sync.Mutex
	list []Entry
}

// New returns an empty table.
func New(cfg Config) *Table { return &Table{cfg: cfg} }

func (t *Table) reachable(a wire.NetworkAddress) bool {
	return slices.Contains(t.cfg.Reachable(), a.Network())
}

func compare(a, b wire.NetworkAddress) int {
	if a.Network() != b.Network() {
		return int(a.Network()) - int(b.Network())
	}
	return bytes.Compare(a.Bytes(), b.Bytes())
}

func (t *Table) find(a wire.NetworkAddress) (int, bool) {
	return slices.BinarySearchFunc(t.list, a, func(e Entry, a wire.NetworkAddress) int { return compare(e.Addr.Addr, a) })
}

// Add notes an address, and reports whether it is of use. What the operator named (force) counts though we do not reach its network.
func (t *Table) Add(a wire.NetAddr, score Score, force bool) bool {
	if t.cfg.CJDNS {
		a.Addr = a.Addr.AsCJDNS()
	}
	if !a.Addr.Routable() || (!t.cfg.Discover && score < Named) || (!force && !t.reachable(a.Addr)) {
		return false
	}
	a.Services = t.cfg.Services
	t.mu.Lock()
	defer t.mu.Unlock()
	i, known := t.find(a.Addr)
	switch {
	case !known:
		t.list = slices.Insert(t.list, i, Entry{a, score})
	case score >= t.list[i].Score:
		t.list[i] = Entry{a, more(score)}
	}
	return true
}

func more(s Score) Score {
	if s == math.MaxInt32 {
		return s
	}
	return s + 1
}

// Remove forgets an address.
func (t *Table) Remove(a wire.NetworkAddress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i, known := t.find(a); known {
		t.list = slices.Delete(t.list, i, i+1)
	}
}

// Seen implements [p2p.OwnAddresses].
func (t *Table) Seen(a wire.NetAddr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i, known := t.find(a.Addr); known {
		t.list[i].Score = more(t.list[i].Score)
	}
}

// Has implements [p2p.OwnAddresses].
func (t *Table) Has(a wire.NetAddr) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, known := t.find(a.Addr)
	return known
}

// List returns all addresses, by network and address.
func (t *Table) List() []Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.list)
}

// Chances that a peer is told what it sees itself: one in two, one in eight where peers confirmed what we think.
const (
	doubtful  = 2
	confirmed = 8
)

// For implements [p2p.OwnAddresses].
func (t *Table) For(v p2p.Vantage) (wire.NetAddr, bool) {
	if !t.cfg.Listen {
		return wire.NetAddr{}, false // nobody would be answered there, wherever it is
	}
	seen := v.SeenAs
	believable := t.cfg.Discover && v.Peer.Addr.Routable() && seen.Addr.Routable() && t.reachable(seen.Addr)
	t.mu.Lock()
	defer t.mu.Unlock()
	a, known := t.best(v)
	if !believable {
		return a, known
	}
	if known {
		among := uint32(doubtful)
		if i, _ := t.find(a.Addr); t.list[i].Score > Named {
			among = confirmed
		}
		if t.cfg.Rand.Uint32N(among) != 0 {
			return a, true
		}
	}
	// Who came to us knows the port that we listen on, too; who was called only sees that of this connection.
	out := wire.NetAddr{Services: t.cfg.Services, Addr: seen.Addr, Port: seen.Port}
	switch {
	case v.Inbound:
	case known:
		out.Port = a.Port
	default:
		out.Port = t.cfg.Port
	}
	return out, true
}

func private(n wire.Network) bool { return n == wire.NetTorV3 || n == wire.NetI2P }

// best picks the address that a peer reaches best.
func (t *Table) best(v p2p.Vantage) (best wire.NetAddr, found bool) {
	var reach netgroup.Reach
	var score Score
	for _, e := range t.list {
		if n := e.Addr.Addr.Network(); n != v.Network && (private(n) || private(v.Network)) {
			continue
		}
		r := netgroup.ReachFrom(e.Addr.Addr, v.Peer.Addr)
		if !found || r > reach || (r == reach && e.Score > score) {
			best, reach, score, found = e.Addr, r, e.Score, true
		}
	}
	return best, found
}
