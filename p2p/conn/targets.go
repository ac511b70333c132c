package conn

import (
	"errors"
	"slices"
	"time"

	"grapevine/p2p/peer"
)

// The pause before a target is dialled again: after the first failure, and the
// bound that doubling it reaches with the seventh.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 30 * time.Second
	// settled is how long a connection has to last for the next failure to
	// count as the first.
	settled = time.Minute
)

// Errors of an operator's wishes.
var (
	// ErrAlreadyAdded: the target is on the list.
	ErrAlreadyAdded = errors.New("conn: node already added")
	// ErrNotAdded: the target is not on the list.
	ErrNotAdded = errors.New("conn: node is not on the list")
	// ErrNoRoom: as many connections of the kind as there may be exist already.
	ErrNoRoom = errors.New("conn: already at capacity for this kind of connection")
	// ErrKind: connections of the kind are not made on request.
	ErrKind = errors.New("conn: this kind of connection is not made on request")
)

// Entry is what became of an added node.
type Entry struct {
	Target    string
	V2        bool // the encrypted transport is tried first
	Peer      peer.ID
	Connected bool
}

type state uint8

const (
	idle state = iota
	dialling
	connected
)

// target is a node that an operator named.
type target struct {
	name    string
	at      endpoint
	v2      bool
	added   bool // -addnode rather than -connect
	state   state
	peer    peer.ID
	since   time.Time // of the connection
	pause   time.Duration
	nextTry time.Time
	failed  bool // at the last attempt
}

func (p *Plan) find(at endpoint, added bool) *target {
	for _, t := range p.targets {
		if t.at == at && t.added == added {
			return t
		}
	}
	return nil
}

// Add puts a target on the list of added nodes; v2 tries the encrypted transport
// first.
func (p *Plan) Add(name string, v2 bool) error {
	at := p.endpoint(name)
	if p.find(at, true) != nil {
		return ErrAlreadyAdded
	}
	t := &target{name: name, at: at, added: true, v2: v2}
	p.targets = append(p.targets, t)
	if l := p.connection(at); l != nil && !p.serves(l.id) {
		t.state, t.peer, t.since = connected, l.id, l.since // as a single try was before it
	}
	return nil
}

// serves reports whether a connection is that of a target.
func (p *Plan) serves(id peer.ID) bool {
	return slices.ContainsFunc(p.targets, func(t *target) bool { return t.state == connected && t.peer == id })
}

// Remove takes a target off the list, by the name under which it is there; a connection
// to it stays.
func (p *Plan) Remove(name string) error {
	i := slices.IndexFunc(p.targets, func(t *target) bool { return t.added && t.name == name })
	if i < 0 {
		return ErrNotAdded
	}
	p.targets = slices.Delete(p.targets, i, i+1)
	return nil
}

// Try dials a target once, unless it is connected or being dialled.
func (p *Plan) Try(name string, v2 bool) {
	p.tries = append(p.tries, Dial{Target: name, Kind: peer.Manual, V2: v2})
}

// AddConnection dials a target once, as a connection of a kind that we otherwise
// choose the peers for: for tests of the network.
func (p *Plan) AddConnection(name string, kind peer.Kind, v2 bool) error {
	limit := p.cfg.grants()
	switch kind {
	case peer.FullRelay:
		limit = p.cfg.FullRelay
	case peer.BlockRelay:
		limit = p.cfg.BlockRelay
	case peer.Feeler, peer.AddrFetch:
	default:
		return ErrKind
	}
	if p.CountKind(kind) >= limit || p.taken() >= p.cfg.grants() {
		return ErrNoRoom
	}
	p.tries = append(p.tries, Dial{Target: name, Kind: kind, V2: v2})
	return nil
}

// waiting returns the target that a new connection is for: the one being
// dialled, else one that a single try was quicker for.
func (p *Plan) waiting(at endpoint) *target {
	var found *target
	for _, t := range p.targets {
		switch {
		case t.at != at || t.state == connected:
		case t.state == dialling:
			return t
		case found == nil:
			found = t
		}
	}
	return found
}

// release lets a target be dialled again after a failure, or a connection that was
// refused.
func (p *Plan) release(now time.Time, at endpoint) {
	for _, t := range p.targets {
		if t.at == at && t.state == dialling {
			t.retry(now)
		}
	}
}

func (t *target) retry(now time.Time) {
	t.state = idle
	t.pause = min(max(2*t.pause, firstPause), longestPause)
	t.nextTry = now.Add(t.pause)
}

// manual starts the dials that an operator asked for.
func (p *Plan) manual(now time.Time) (out []Dial) {
	for _, t := range p.targets {
		if t.state != idle || now.Before(t.nextTry) || p.crowded(t) {
			continue
		}
		if d := (Dial{Target: t.name, Kind: peer.Manual, V2: t.v2}); p.start(d, false) {
			t.state = dialling
			out = append(out, d)
		}
	}
	for _, d := range p.tries {
		if d.Kind.OwnChoice() && p.taken() >= p.cfg.grants() {
			continue // others were quicker
		}
		if p.start(d, false) {
			out = append(out, d)
		}
	}
	p.tries = nil
	return out
}

// crowded reports whether as many added nodes are connected or dialled as may be.
func (p *Plan) crowded(t *target) bool {
	if !t.added {
		return false
	}
	n := 0
	for _, o := range p.targets {
		if o.added && o.state != idle {
			n++
		}
	}
	return n >= MaxAdded
}

// manualWake returns when a target is to be dialled again.
func (p *Plan) manualWake() (at time.Time, found bool) {
	for _, t := range p.targets {
		if t.state == idle && !p.crowded(t) && !p.underway(t.at) && (!found || t.nextTry.Before(at)) {
			at, found = t.nextTry, true
		}
	}
	return at, found
}

// Added returns the list of added nodes.
func (p *Plan) Added() []Entry {
	var out []Entry
	for _, t := range p.targets {
		if t.added {
			out = append(out, Entry{Target: t.name, V2: t.v2, Peer: t.peer, Connected: t.state == connected})
		}
	}
	return out
}
