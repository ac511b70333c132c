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

// MaxAdded is how many added nodes are connected or dialled at a time: the
// operator may list more, which wait for a place.
const MaxAdded = 8

// Errors of an operator's wishes.
var (
	// ErrAlreadyAdded: the target is on the list.
	ErrAlreadyAdded = errors.New("conn: node already added")
	// ErrNotAdded: the target is not on the list.
	ErrNotAdded = errors.New("conn: node is not on the list")
)

// Config says what a [Plan] aims at.
type Config struct {
	// Connect are the only nodes to connect to (-connect); Added are kept
	// connected besides others (-addnode, and [Plan.Add]).
	Connect, Added []string
	// MaxInbound bounds inbound connections.
	MaxInbound int
	// Inactive starts without making or admitting connections (-networkactive=0).
	Inactive bool
}

// Dial is a connection to make.
type Dial struct {
	Target string
	Kind   peer.Kind
}

// Entry is what became of an added node.
type Entry struct {
	Target    string
	Peer      peer.ID
	Connected bool
}

// Plan knows the targets and what became of them. It is owned by one goroutine.
//
// Invariants: a target is either idle, being dialled or connected; no two
// entries have the same target and kind of wish; inbound never exceeds MaxInbound.
type Plan struct {
	max     int
	active  bool
	targets []*target
	byPeer  map[peer.ID]*target // outbound connections with a target on the list
	inbound map[peer.ID]struct{}
	all     map[peer.ID]string // target that was dialled, "" for inbound ones
	tries   []string           // to dial once
}

type state uint8

const (
	idle state = iota
	dialling
	connected
)

type target struct {
	name    string
	added   bool // -addnode rather than -connect
	state   state
	peer    peer.ID
	since   time.Time // of the connection
	pause   time.Duration
	nextTry time.Time
	failed  bool // at the last attempt
}

// New returns a plan.
func New(cfg Config) *Plan {
	p := &Plan{max: cfg.MaxInbound, active: !cfg.Inactive, byPeer: map[peer.ID]*target{}, inbound: map[peer.ID]struct{}{}, all: map[peer.ID]string{}}
	for _, name := range cfg.Connect {
		if p.find(name, false) == nil {
			p.targets = append(p.targets, &target{name: name})
		}
	}
	for _, name := range cfg.Added {
		_ = p.Add(name) // a target named twice is one
	}
	return p
}

func (p *Plan) find(name string, added bool) *target {
	for _, t := range p.targets {
		if t.name == name && t.added == added {
			return t
		}
	}
	return nil
}

// Add puts a target on the list of added nodes.
func (p *Plan) Add(name string) error {
	if p.find(name, true) != nil {
		return ErrAlreadyAdded
	}
	t := &target{name: name, added: true}
	p.targets = append(p.targets, t)
	if id, ok := p.connection(name); ok && p.byPeer[id] == nil {
		t.state, t.peer = connected, id // as a single try was before it
		p.byPeer[id] = t
	}
	return nil
}

// connection returns the first connection that was made to a target.
func (p *Plan) connection(name string) (first peer.ID, ok bool) {
	for id, n := range p.all {
		if n == name && n != "" && (!ok || id < first) {
			first, ok = id, true
		}
	}
	return first, ok
}

// Remove takes a target off the list; a connection to it stays.
func (p *Plan) Remove(name string) error {
	t := p.find(name, true)
	if t == nil {
		return ErrNotAdded
	}
	if t.state == connected {
		delete(p.byPeer, t.peer)
	}
	p.targets = slices.DeleteFunc(p.targets, func(o *target) bool { return o == t })
	return nil
}

// Try dials a target once, unless it is connected or being dialled.
func (p *Plan) Try(name string) { p.tries = append(p.tries, name) }

// SetActive makes connections again, or none. It does not end those there are.
func (p *Plan) SetActive(on bool) { p.active = on }

// Active reports whether connections are made and admitted.
func (p *Plan) Active() bool { return p.active }

// Connected notes a connection and reports whether it may stay. One that may
// not is unknown to the plan.
func (p *Plan) Connected(now time.Time, id peer.ID, kind peer.Kind, name string) bool {
	if !p.active {
		p.release(now, name)
		return false
	}
	if kind == peer.Inbound {
		if len(p.inbound) >= p.max {
			return false
		}
		p.inbound[id] = struct{}{}
		p.all[id] = ""
		return true
	}
	p.all[id] = name
	if t := p.waiting(name); t != nil {
		t.state, t.peer, t.since, t.failed = connected, id, now, false
		p.byPeer[id] = t
	}
	return true
}

// waiting returns the target that a new connection is for: the one being
// dialled, else one that a single try was quicker for.
func (p *Plan) waiting(name string) *target {
	var found *target
	for _, t := range p.targets {
		switch {
		case t.name != name || t.state == connected:
		case t.state == dialling:
			return t
		case found == nil:
			found = t
		}
	}
	return found
}

// release lets a target be dialled again after a connection that was refused.
func (p *Plan) release(now time.Time, name string) {
	for _, t := range p.targets {
		if t.name == name && t.state == dialling {
			t.retry(now)
		}
	}
}

// Failed notes that a target could not be reached. It reports whether that was
// the first failure in a row, which a single try always is.
func (p *Plan) Failed(now time.Time, name string) (first bool) {
	first = true
	for _, t := range p.targets {
		if t.name == name && t.state == dialling {
			first = first && !t.failed
			t.failed = true
		}
	}
	p.release(now, name)
	return first
}

// Disconnected notes the end of a connection.
func (p *Plan) Disconnected(now time.Time, id peer.ID) {
	delete(p.all, id)
	delete(p.inbound, id)
	if t := p.byPeer[id]; t != nil {
		delete(p.byPeer, id)
		if now.Sub(t.since) >= settled {
			t.pause = 0
		}
		t.retry(now)
	}
}

func (t *target) retry(now time.Time) {
	t.state = idle
	t.pause = min(max(2*t.pause, firstPause), longestPause)
	t.nextTry = now.Add(t.pause)
}

// Next returns the connections to make now.
func (p *Plan) Next(now time.Time) []Dial {
	if !p.active {
		p.tries = nil
		return nil
	}
	var out []Dial
	for _, t := range p.targets {
		if t.state == idle && !now.Before(t.nextTry) && !p.busy(t) {
			t.state = dialling
			out = append(out, Dial{Target: t.name, Kind: peer.Manual})
		}
	}
	for _, name := range p.tries {
		if !p.underway(name) && !slices.ContainsFunc(out, func(d Dial) bool { return d.Target == name }) {
			out = append(out, Dial{Target: name, Kind: peer.Manual})
		}
	}
	p.tries = nil
	return out
}

// underway reports whether a target is connected or being dialled.
func (p *Plan) underway(name string) bool {
	_, there := p.connection(name)
	return there || slices.ContainsFunc(p.targets, func(t *target) bool { return t.name == name && t.state != idle })
}

// busy reports whether the same target is named another time and connected or
// being dialled for that, or as many added nodes are as there may be.
func (p *Plan) busy(t *target) bool {
	added := 0
	for _, o := range p.targets {
		if o != t && o.name == t.name && o.state != idle {
			return true
		}
		if o.added && o.state != idle {
			added++
		}
	}
	return t.added && added >= MaxAdded
}

// Wake returns when [Plan.Next] has something new by itself.
func (p *Plan) Wake() (time.Time, bool) {
	var at time.Time
	found := false
	if !p.active {
		return at, false
	}
	for _, t := range p.targets {
		if t.state == idle && !p.busy(t) && (!found || t.nextTry.Before(at)) {
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
			out = append(out, Entry{Target: t.name, Peer: t.peer, Connected: t.state == connected})
		}
	}
	return out
}

// Inbound counts inbound connections, Count all.
func (p *Plan) Inbound() int { return len(p.inbound) }

// Count returns the number of connections.
func (p *Plan) Count() int { return len(p.all) }

// check verifies the invariants.
func (p *Plan) check() error {
	if len(p.inbound) > p.max {
		return errors.New("more inbound connections than admitted")
	}
	for id, t := range p.byPeer {
		if t.state != connected || t.peer != id {
			return errors.New("a peer's target is not connected to it")
		}
		if _, ok := p.all[id]; !ok {
			return errors.New("a target's peer is not connected")
		}
	}
	for i, t := range p.targets {
		if t.state == connected && p.byPeer[t.peer] != t {
			return errors.New("a connected target is not found by its peer")
		}
		for _, o := range p.targets[:i] {
			if o.name == t.name && o.added == t.added {
				return errors.New("a target is listed twice")
			}
		}
	}
	return nil
}
