package addrrelay

import (
	"cmp"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"grapevine/internal/siphash"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

const (
	// Penalty is by how much addresses from gossip are taken to be older than they
	// say.
	Penalty = 2 * time.Hour

	// rate is how many addresses a second are taken of a peer, burst how many it may
	// have saved up.
	rate  = 0.1
	burst = wire.MaxAddrs

	// maxQueue bounds what waits for a peer: as much as a message holds.
	maxQueue = wire.MaxAddrs
	// maxPercent is the part of all addresses that an answer may hold.
	maxPercent = 23

	// sendInterval and announceInterval are mean times.
	sendInterval     = 30 * time.Second
	announceInterval = 24 * time.Hour
)

// Config configures a [Relay].
type Config struct {
	// Rand draws times, keys and lots. Nil means a fixed sequence: for tests only.
	Rand *rand.Rand
	// Reachable reports whether we can connect to an address; nil: to any. Others are
	// passed on and not taken.
	Reachable func(wire.NetworkAddress) bool
	// Unwanted reports whether an address is banned or discouraged; nil: none is.
	Unwanted func(wire.NetworkAddress) bool
}

// Socket says by which way a peer came: answers are kept for each.
type Socket struct {
	// Network is the peer's, that of onion services for those that came through ours.
	Network wire.Network
	// Local is our end of the connection.
	Local netip.AddrPort
}

// Options say what a peer is.
type Options struct {
	Kind peer.Kind
	// V2 is set when it takes addrv2 (BIP 155).
	V2 bool
	// Trusted is set when it has the permission addr.
	Trusted bool
	Socket  Socket
}

// Relay is the state of all peers. [New] makes one.
type Relay struct {
	cfg   Config
	rand  *rand.Rand
	key   siphash.Key
	peers []*state // by id
	// announcing says whether the last Due had an address of ours to tell.
	announcing bool
	answers    map[Socket]*answer
}

// state is what is kept of a peer.
type state struct {
	id      peer.ID
	options Options
	enabled bool // takes part

	tokens  float64 // addresses that it may send now
	counted time.Time
	asked   bool // we asked for addresses, and the answer is not complete
	told    bool // its getaddr was answered

	known        recent
	queue        []wire.TimedAddr
	next         time.Time // when the queue is sent; zero while the timer does not run
	nextAnnounce time.Time
	announced    bool // it was told of us, or would have been

	processed, limited uint64
}

// Stats are what getpeerinfo shows.
type Stats struct {
	// Enabled: the peer takes part in address relay.
	Enabled bool
	// Processed and RateLimited count addresses that it sent.
	Processed, RateLimited uint64
}

// New returns a relay without peers.
func New(cfg Config) *Relay {
	if cfg.Rand == nil {
		cfg.Rand = rand.New(rand.NewPCG(1, 2))
	}
	if cfg.Reachable == nil {
		cfg.Reachable = func(wire.NetworkAddress) bool { return true }
	}
	if cfg.Unwanted == nil {
		cfg.Unwanted = func(wire.NetworkAddress) bool { return false }
	}
	return &Relay{
		cfg: cfg, rand: cfg.Rand, key: siphash.Key{K0: cfg.Rand.Uint64(), K1: cfg.Rand.Uint64()},
		answers: make(map[Socket]*answer),
	}
}

// place returns where a peer is, or belongs.
func (r *Relay) place(id peer.ID) (int, bool) {
	return slices.BinarySearchFunc(r.peers, id, func(p *state, id peer.ID) int { return cmp.Compare(p.id, id) })
}

func (r *Relay) peer(id peer.ID) *state {
	if i, ok := r.place(id); ok {
		return r.peers[i]
	}
	return nil
}

// takesPart reports whether peers of a kind may exchange addresses.
func takesPart(k peer.Kind) bool {
	return k == peer.Inbound || k == peer.Manual || k == peer.FullRelay || k == peer.AddrFetch
}

// AddPeer takes note of a peer that has introduced itself. ask says that a getaddr is to
// be sent.
func (r *Relay) AddPeer(now time.Time, id peer.ID, o Options) (ask bool) {
	i, there := r.place(id)
	if there {
		return false
	}
	p := &state{id: id, options: o, tokens: 1, counted: now}
	r.peers = slices.Insert(r.peers, i, p)
	if o.Kind == peer.Inbound || !takesPart(o.Kind) {
		return false
	}
	p.enable(now)
	p.asked = true
	p.tokens += wire.MaxAddrs // for the answer
	return true
}

// RemovePeer forgets a peer.
func (r *Relay) RemovePeer(id peer.ID) {
	if i, ok := r.place(id); ok {
		r.peers = slices.Delete(r.peers, i, i+1)
	}
}

// enable lets a peer take part. What waits for it is sent at once the first time, and so
// is our own address.
func (p *state) enable(now time.Time) bool {
	if !takesPart(p.options.Kind) {
		return false
	}
	if !p.enabled {
		p.enabled = true
		p.next, p.nextAnnounce = now, now
	}
	return true
}

// Stats returns the counters of a peer.
func (r *Relay) Stats(id peer.ID) Stats {
	p := r.peer(id)
	if p == nil {
		return Stats{}
	}
	return Stats{Enabled: p.enabled, Processed: p.processed, RateLimited: p.limited}
}
