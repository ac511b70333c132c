package txannounce

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
	"unsafe"

	"grapevine/internal/siphash"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

const (
	// OutboundInterval and InboundInterval are mean times between announcements.
	OutboundInterval = 2 * time.Second
	InboundInterval  = 5 * time.Second
	// targetBatch is how many go out at a time: 14 a second over 5 s.
	targetBatch = 70
	// MaxBatch bounds them whatever waits.
	MaxBatch = 1000
	// promptPause is the least time between two batches for a peer that is told at once.
	promptPause = 100 * time.Millisecond
)

// Config configures an [Announcer].
type Config struct {
	// Rand draws waiting times and the key of what is known. Nil means a fixed
	// sequence: for tests only.
	Rand *rand.Rand
}

// Options say how to speak to a peer.
type Options struct {
	Inbound bool   // it connected to us
	Socket  Socket // by which it did
	Prompt  bool   // it is told at once, since nothing is to be hidden from it
	Wtxid   bool   // it agreed on BIP 339
}

// Socket is where a peer connected to us: those who came by the same one know already
// that we are the same node.
type Socket struct {
	Network wire.Network
	Local   netip.AddrPort
}

// Batch is what to announce to one peer now: at most [MaxBatch] transactions, by the
// identifier that the peer agreed on, parents before children.
type Batch struct {
	Peer  peer.ID
	Items []wire.GenTxid
	// All: the peer is to be told of all else that is in the pool, too, as it has
	// asked for (see [Announcer.TellAll]).
	All bool
}

// Lookup reads the pool: the transaction and its own feerate, rounded down; ok is
// false when it is not there.
type Lookup func(id wire.Wtxid) (tx *wire.Tx, rate wire.FeeRate, ok bool)

// Announcer schedules announcements. [New] makes one.
type Announcer struct {
	rand *rand.Rand
	key  siphash.Key

	peers  []*target // by place; nil where none is
	places map[peer.ID]int

	entries []entry
	bits    []uint64 // words for each entry: the places of the peers it waits for
	words   int
	free    []int32
	byWtxid map[wire.Wtxid]int32
	byTxid  map[wire.Txid]int32

	sequence uint64   // of the last Add
	shared   []*clock // of inbound peers, one for each socket, in the order of their first ones
	swept    int      // where the search for what left the pool goes on
	round    round    // scratch of Due
}

// clock is the timer that inbound peers share who came by the same socket.
type clock struct {
	socket  Socket
	members int
	waiting int       // pairs of a transaction and one of them
	owed    int       // of them, whose next round comes in any case
	next    time.Time // zero while the timer does not run
	due     bool      // scratch of Due
}

// runs reports whether there is anything to come for its peers.
func (c *clock) runs() bool { return c.waiting+c.owed > 0 }

// rest stops the timer while there is nothing to come.
func (c *clock) rest() {
	if !c.runs() {
		c.next = time.Time{}
	}
}

// target is a peer that is told of transactions.
type target struct {
	id       peer.ID
	options  Options
	filter   wire.FeeRate
	known    recent
	waiting  int
	clock    *clock    // nil of outbound peers, and of those that are told at once
	next     time.Time // of these; zero while the timer does not run
	told     bool      // its first round has come
	asked    bool      // it is told of the whole pool with its next round
	sequence uint64    // when it was last told
}

// owed reports whether a peer's next round comes in any case.
func (t *target) owed() bool { return !t.told || t.asked }

// idle reports whether there is nothing to come for a peer.
func (t *target) idle() bool { return t.waiting == 0 && !t.owed() }

// New returns an announcer without peers.
func New(cfg Config) *Announcer {
	if cfg.Rand == nil {
		cfg.Rand = rand.New(rand.NewPCG(0, 0))
	}
	return &Announcer{
		rand:    cfg.Rand,
		key:     siphash.Key{K0: cfg.Rand.Uint64(), K1: cfg.Rand.Uint64()},
		places:  make(map[peer.ID]int),
		words:   1,
		byWtxid: make(map[wire.Wtxid]int32),
		byTxid:  make(map[wire.Txid]int32),
	}
}

// AddPeer starts announcing to a peer: call it once its handshake is done and only
// if it wants transactions. What is added from now on will be announced. A peer
// that is there already is left as it is.
func (a *Announcer) AddPeer(id peer.ID, options Options) {
	if _, there := a.places[id]; there {
		return
	}
	t := &target{id: id, options: options}
	if options.Inbound && !options.Prompt {
		t.clock = a.clockOf(options.Socket)
		t.clock.members++
		t.clock.owed++
	}
	for place, other := range a.peers {
		if other == nil {
			a.peers[place], a.places[id] = t, place
			return
		}
	}
	a.places[id] = len(a.peers)
	a.peers = append(a.peers, t)
	if len(a.peers) > 64*a.words {
		a.widen()
	}
}

// RemovePeer ends announcing to a peer and forgets what it knows.
func (a *Announcer) RemovePeer(id peer.ID) {
	place, ok := a.places[id]
	if !ok {
		return
	}
	for i := range a.entries {
		if a.peers[place].waiting == 0 {
			break
		}
		if a.waits(int32(i), place) {
			a.settle(int32(i), place)
			a.release(int32(i))
		}
	}
	if t := a.peers[place]; t.clock != nil {
		if t.owed() {
			t.clock.owed--
		}
		t.clock.rest()
		if t.clock.members--; t.clock.members == 0 {
			a.shared = slices.DeleteFunc(a.shared, func(c *clock) bool { return c == t.clock })
		}
	}
	a.peers[place] = nil
	delete(a.places, id)
}

// clockOf returns the timer of those who came by a socket.
func (a *Announcer) clockOf(socket Socket) *clock {
	if i := slices.IndexFunc(a.shared, func(c *clock) bool { return c.socket == socket }); i >= 0 {
		return a.shared[i]
	}
	c := &clock{socket: socket}
	a.shared = append(a.shared, c)
	return c
}

// SetFeeFilter records what a transaction has to pay to be announced to a peer
// (BIP 133).
func (a *Announcer) SetFeeFilter(id peer.ID, rate wire.FeeRate) {
	if t := a.target(id); t != nil {
		t.filter = rate
	}
}

// TellAll has a peer's next round come whatever waits, and marks its [Batch]: it has
// asked for the whole pool (BIP 35). When it learns of it says no more than any
// other round.
func (a *Announcer) TellAll(id peer.ID) {
	t := a.target(id)
	if t == nil || t.asked {
		return
	}
	if t.clock != nil && !t.owed() {
		t.clock.owed++
	}
	t.asked = true
}

// Add lets a transaction that has entered the pool wait for all peers. For those that
// are known to have it, too, as they are not told of it, but may not fetch it sooner
// than if they were.
func (a *Announcer) Add(txid wire.Txid, wtxid wire.Wtxid) {
	a.add(txid, wtxid, func(*target) bool { return true })
}

// Remind lets a transaction that has been in the pool for a while wait once more for all
// peers that are not known to have it.
func (a *Announcer) Remind(txid wire.Txid, wtxid wire.Wtxid) {
	marks := a.marks(txid, wtxid)
	a.add(txid, wtxid, func(t *target) bool { return !t.known.has(marks.of(t)) })
}

func (a *Announcer) add(txid wire.Txid, wtxid wire.Wtxid, wants func(t *target) bool) {
	a.sequence++
	i, there := a.byWtxid[wtxid]
	for place, t := range a.peers {
		if t == nil || there && a.waits(i, place) || !wants(t) {
			continue
		}
		if !there {
			i, there = a.enter(txid, wtxid), true
		}
		a.await(i, place)
	}
}

// Known records that a peer has a transaction: it announced or sent it.
func (a *Announcer) Known(id peer.ID, tx wire.GenTxid) {
	if t := a.target(id); t != nil {
		t.known.add(a.mark(tx.Hash()))
	}
}

// Next returns the earliest time at which [Announcer.Due] has something to do:
// the zero time if it is to be called at once, to start a timer; false when nothing
// waits and no peer is new.
func (a *Announcer) Next() (next time.Time, ok bool) {
	earlier := func(at time.Time) {
		if !ok || at.Before(next) {
			next, ok = at, true
		}
	}
	for _, c := range a.shared {
		if c.runs() {
			earlier(c.next)
		}
	}
	for _, t := range a.peers {
		if t != nil && !t.idle() && t.clock == nil {
			earlier(t.next)
		}
	}
	return next, ok
}

// Pending returns how many transactions wait to be announced to a peer, or to be left
// out, as it has them.
func (a *Announcer) Pending(id peer.ID) int {
	if t := a.target(id); t != nil {
		return t.waiting
	}
	return 0
}

// Footprint returns the bytes that are held for a peer.
func (a *Announcer) Footprint(id peer.ID) int {
	t := a.target(id)
	if t == nil {
		return 0
	}
	n := int(unsafe.Sizeof(*t))
	for i := range t.known.generations {
		n += 8 * cap(t.known.generations[i].slots)
	}
	return n
}

// LastSequence returns the number of the last transaction that was added before
// the peer's last round; 0 before its first. Additions count from one.
func (a *Announcer) LastSequence(id peer.ID) uint64 {
	if t := a.target(id); t != nil {
		return t.sequence
	}
	return 0
}

// Announced reports whether a transaction of the pool may be sent to a peer that
// asks for it: it came before the peer's last round, or does not wait to be
// announced to it. It is false until a peer's first round, and for peers that are
// not told of transactions.
func (a *Announcer) Announced(id peer.ID, wtxid wire.Wtxid) bool {
	place, ok := a.places[id]
	if !ok || !a.peers[place].told {
		return false
	}
	i, there := a.byWtxid[wtxid]
	return !there || !a.waits(i, place) || a.entries[i].sequence <= a.peers[place].sequence
}

func (a *Announcer) target(id peer.ID) *target {
	if place, ok := a.places[id]; ok {
		return a.peers[place]
	}
	return nil
}
