package headersync

import (
	"slices"
	"time"
	"unsafe"

	"grapevine/chain/headers"
	"grapevine/internal/u256"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// peerState is how far we are with a peer.
type peerState struct {
	id   peer.ID
	opts Options

	owing   time.Time     // of the first getheaders that is not answered, if set
	asked   time.Time     // of the last one
	started bool          // it was asked for all that it has
	done    bool          // it has nothing more to tell
	timeout time.Time     // when it must have brought us near the present, if set
	byInv   bool          // it was asked before its turn because of a block
	due     bool          // it has shown a block that we lack since asked
	best    *headers.Node // most work of those that it has shown
	dropped bool          // it is to be disconnected

	// low is how far two passes over its headers have come, while the work of its
	// chain is in question.
	low *presync

	// pending are the lists that are being judged, in order: as many as the caller
	// has submitted.
	pending []submitted
}

// submitted is a list of headers that is being judged.
type submitted struct {
	last wire.BlockHash
	work u256.Int // of the chain up to there, if it is taken
	then next
}

// next is what follows once a list is in the tree.
type next uint8

const (
	ended    next = iota // the peer has no more
	askOn                // it may have more
	underWay             // it was asked for more already
)

// Syncer decides whom to ask for headers. One goroutine uses it.
type Syncer struct {
	cfg   Config
	view  View
	peers []*peerState // by ID
	byID  map[peer.ID]*peerState

	lastInv wire.BlockHash // of the block that last got a peer asked before its turn

	changed bool
	best    *headers.Node // as of the last decision
	wake    time.Time     // when time alone changes something, zero for never

	proofs proofCache
	hashes []wire.BlockHash // of the message at hand, reused
}

// New returns a syncer without peers.
func New(cfg Config, view View) *Syncer {
	if cfg.Spacing == 0 {
		cfg.Spacing = defaultSpacing
	}
	if cfg.Spacing < 0 || cfg.Rand == nil {
		panic("headersync: negative spacing, or no randomness")
	}
	return &Syncer{cfg: cfg, view: view, byID: make(map[peer.ID]*peerState)}
}

// AddPeer makes a peer known whose handshake is done.
func (s *Syncer) AddPeer(id peer.ID, o Options) {
	if s.byID[id] != nil {
		return
	}
	p := &peerState{id: id, opts: o}
	at, _ := slices.BinarySearchFunc(s.peers, id, func(p *peerState, id peer.ID) int { return int(p.id - id) })
	s.peers = slices.Insert(s.peers, at, p)
	s.byID[id] = p
	s.changed = true
}

// RemovePeer forgets a peer.
func (s *Syncer) RemovePeer(id peer.ID) {
	p := s.byID[id]
	if p == nil {
		return
	}
	delete(s.byID, id)
	s.peers = slices.DeleteFunc(s.peers, func(q *peerState) bool { return q == p })
	s.changed = true
}

// Presynced returns the height up to which the first pass over the peer's headers
// has come; ok is false when there is none under way.
func (s *Syncer) Presynced(id peer.ID) (height int32, ok bool) {
	p := s.byID[id]
	if p == nil || p.low == nil || p.low.second {
		return 0, false
	}
	return p.low.height, true
}

// Footprint returns the bytes that are held for a peer.
func (s *Syncer) Footprint(id peer.ID) int {
	p := s.byID[id]
	if p == nil {
		return 0
	}
	n := int(unsafe.Sizeof(*p)) + cap(p.pending)*int(unsafe.Sizeof(submitted{}))
	if p.low != nil {
		n += p.low.footprint()
	}
	return n
}

// Started reports whether the peer was asked for all headers that it has.
func (s *Syncer) Started(id peer.ID) bool { return s.byID[id] != nil && s.byID[id].started }

// Ask asks a peer for what follows on a header, as the caller has a reason to, unless
// it has not answered yet.
func (s *Syncer) Ask(now time.Time, id peer.ID, from *headers.Node) (d Decision) {
	if p := s.byID[id]; p != nil {
		s.ask(p, now, from, responseTime, &d)
	}
	return d
}

// Next returns whom to ask and whom to drop now. While nothing has changed it
// costs nothing, else a few steps a peer.
func (s *Syncer) Next(now time.Time) Decision {
	best := s.view.BestHeader()
	if !s.changed && best == s.best && (s.wake.IsZero() || now.Before(s.wake)) {
		return Decision{}
	}
	s.changed, s.best = false, best
	var d Decision
	near := s.near(now)
	for _, p := range s.peers {
		s.expire(p, now, near, &d)
	}
	for _, p := range s.peers {
		if near && p.startable() {
			s.start(p, now, &d)
		}
	}
	if !near {
		s.choose(now, &d)
	}
	s.plan(now, near)
	return d
}

// Wake returns when Next is to be called even if nothing happens; ok is false
// when there is no such time.
func (s *Syncer) Wake() (at time.Time, ok bool) { return s.wake, !s.wake.IsZero() }

// near reports whether the best header is of the last day.
func (s *Syncer) near(now time.Time) bool {
	return time.Unix(s.view.BestHeader().Time(), 0).After(now.Add(-recent))
}

// expire drops a peer that had its time and did not bring us near the present,
// if there is another; and asks again who does not answer.
func (s *Syncer) expire(p *peerState, now time.Time, near bool, d *Decision) {
	if p.due {
		s.ask(p, now, s.view.BestHeader(), evidenceTime, d)
	}
	switch {
	case !p.started || p.dropped:
	case near || p.done:
		p.timeout = time.Time{} // caught up once, it cannot be late
	case !p.timeout.IsZero() && now.After(p.timeout) && s.another(p):
		if p.opts.Kept {
			p.done, p.timeout = true, time.Time{} // others get their turn
			return
		}
		s.drop(p, ReasonTimeout, d)
	case !p.asked.IsZero():
		s.ask(p, now, s.view.BestHeader(), responseTime, d)
	}
}

// another reports whether a preferred peer other than p is there.
func (s *Syncer) another(p *peerState) bool {
	return slices.ContainsFunc(s.peers, func(q *peerState) bool { return q != p && q.opts.Preferred && !q.dropped })
}

// choose starts one more peer when none of those that were started is at work:
// each has told all that it has, or is silent.
func (s *Syncer) choose(now time.Time, d *Decision) {
	var pick *peerState
	for _, p := range s.peers {
		switch {
		case p.started && !p.dropped && !p.done && !p.silent(now):
			return
		case !p.startable() || p.waits(now, responseTime):
		case pick == nil || p.opts.Preferred && !pick.opts.Preferred:
			pick = p
		}
	}
	if pick != nil {
		s.start(pick, now, d)
	}
}

// startable reports whether the peer can be asked for all that it has, and was not.
func (p *peerState) startable() bool { return !p.started && p.opts.Serves && !p.dropped }

// waits reports whether the peer has a question to answer that is not older than
// patience.
func (p *peerState) waits(now time.Time, patience time.Duration) bool {
	return !p.asked.IsZero() && now.Sub(p.asked) <= patience
}

// silent reports whether the peer owes us an answer for too long.
func (p *peerState) silent(now time.Time) bool {
	return !p.owing.IsZero() && now.Sub(p.owing) >= silence && len(p.pending) == 0
}

// start asks a peer for all that it has. The locator begins before our best
// header, so that a peer that has the same answers with one header, which tells
// us that it has it.
func (s *Syncer) start(p *peerState, now time.Time, d *Decision) {
	from := s.view.BestHeader()
	missing := now.Sub(time.Unix(from.Time(), 0)) / s.cfg.Spacing
	if from.Parent() != nil {
		from = from.Parent()
	}
	if !s.ask(p, now, from, responseTime, d) {
		return
	}
	p.owing = now // its turn begins, whatever it did not answer before
	p.started, p.done = true, false
	p.timeout = now.Add(downloadBase + max(missing, 0)*downloadPerHeader)
}

// ask sends a getheaders, unless one is unanswered and not yet that old. Two passes
// under way are gone on with, and not disturbed by asking sooner: whatever the peer
// has to show, it lies ahead of them.
func (s *Syncer) ask(p *peerState, now time.Time, from *headers.Node, patience time.Duration, d *Decision) bool {
	if p.low != nil {
		patience = responseTime
	}
	if p.dropped || p.waits(now, patience) {
		if !p.dropped && patience == evidenceTime {
			p.due, s.changed = true, true // nothing may remind us of the block later
		}
		return false
	}
	if p.owing.IsZero() {
		p.owing = now
	}
	p.asked, p.due = now, false
	s.changed = true
	r := Request{Peer: p.id}
	if p.low != nil {
		r.Locator = p.low.locator()
	} else {
		r.Locator = headers.Locator(from)
	}
	d.Requests = append(d.Requests, r)
	return true
}

// answered notes that nothing is owed any more.
func (s *Syncer) answered(p *peerState) {
	p.owing, p.asked, p.due, s.changed = time.Time{}, time.Time{}, false, true
}

func (s *Syncer) drop(p *peerState, why Reason, d *Decision) {
	if p.dropped {
		return
	}
	p.dropped, p.low, s.changed = true, nil, true
	d.Drop = append(d.Drop, Drop{p.id, why})
}

// plan finds when time alone will change something.
func (s *Syncer) plan(now time.Time, near bool) {
	s.wake = time.Time{}
	at := func(t time.Time) {
		if s.wake.IsZero() || t.Before(s.wake) {
			s.wake = t
		}
	}
	for _, p := range s.peers {
		if p.due && !p.dropped {
			at(p.asked.Add(evidenceTime + 1))
		}
	}
	s.changed = false
	if near {
		at(time.Unix(s.best.Time(), 0).Add(recent))
	}
	idle := slices.ContainsFunc(s.peers, (*peerState).startable)
	for _, p := range s.peers {
		if p.startable() && p.waits(now, responseTime) {
			at(p.asked.Add(responseTime + 1)) // asked before its turn
		}
		if near || !p.started || p.done || p.dropped {
			continue
		}
		if !p.timeout.IsZero() && s.another(p) {
			at(p.timeout.Add(1))
		}
		if p.asked.IsZero() {
			continue
		}
		at(p.asked.Add(responseTime + 1))
		if idle && !p.silent(now) {
			at(p.owing.Add(silence))
		}
	}
}
