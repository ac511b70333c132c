package conn

import (
	"crypto/sha256"
	"slices"
	"time"

	"grapevine/internal/siphash"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Plan knows the targets, the connections and the dials under way. It is owned by one
// goroutine.
//
// Invariants: no two dials under way are for one endpoint; a target is dialling exactly
// while a dial for it is under way and connected exactly while its peer is; no two
// targets with the same kind of wish have one endpoint; inbound connections that were not told to
// leave never exceed MaxInbound, outbound ones of our own choice together with the dials
// for such never exceed what there are places for; sums are those of the links.
type Plan struct {
	cfg     Config
	active  bool
	targets []*target
	tries   []Dial  // to dial once, at the next call of Next
	dials   []*dial // under way
	links   []*link // connections, as they came
	sums    sums    // of links
	auto    automatic
	key     siphash.Key // of groups
}

// dial is a connection that is being made.
type dial struct {
	Dial
	at    endpoint
	count bool // a failure counts against the address
}

// link is a connection.
type link struct {
	id      peer.ID
	kind    peer.Kind
	at      endpoint // of outbound ones
	addr    wire.NetAddr
	since   time.Time
	done    bool // the handshake
	leaving bool // has to make room
}

// sums count connections: what is asked at every step must not take a look at all.
type sums struct {
	kinds    [peer.PrivateBroadcast + 1]int
	leaving  int
	networks [wire.NetCJDNS + 1]int // of full-relay and manual ones
}

// add counts a connection; n is -1 when it ends.
func (s *sums) add(l *link, n int) {
	s.kinds[l.kind] += n
	if l.leaving {
		s.leaving += n
	}
	if l.kind == peer.FullRelay || l.kind == peer.Manual {
		s.networks[l.network()] += n
	}
}

// network is the network that a connection leads into: none for an address that is not
// one of the internet's, such as a node at home, which says nothing of what lies beyond.
func (l *link) network() wire.Network {
	if !l.addr.Addr.Routable() {
		return wire.NetNone
	}
	return l.addr.Addr.Network()
}

// New returns a plan.
func New(cfg Config) *Plan {
	p := &Plan{cfg: cfg, active: !cfg.Inactive}
	p.SetNetworks(cfg.Networks)
	if cfg.Rand != nil {
		p.key = siphash.Key{K0: cfg.Rand.Uint64(), K1: cfg.Rand.Uint64()}
	}
	p.auto.on = cfg.Addresses != nil && len(cfg.Connect) == 0 && !cfg.ConnectOnly
	p.auto.anchors = slices.Clone(cfg.Anchors[:min(len(cfg.Anchors), MaxAnchors)])
	for _, name := range cfg.Connect {
		if p.find(p.endpoint(name), false) == nil {
			p.targets = append(p.targets, &target{name: name, at: p.endpoint(name), v2: cfg.V2})
		}
	}
	for _, name := range cfg.Added {
		_ = p.Add(name, cfg.V2) // a target named twice is one
	}
	return p
}

// SetActive makes connections again, or none. It does not end those there are.
func (p *Plan) SetActive(on bool) { p.active = on }

// Active reports whether connections are made and admitted.
func (p *Plan) Active() bool { return p.active }

// Info describes a connection that has come about.
type Info struct {
	Kind   peer.Kind
	Target string       // of outbound ones, as of the [Dial]
	Addr   wire.NetAddr // whom it leads to, zero where only a name is known
	// Discouraged: the address misbehaved lately. NoBan: the operator wants it all the same.
	Discouraged, NoBan bool
	// Candidates lists those who could be given up for it; it is called when an
	// inbound connection finds no room. Nil means nobody.
	Candidates func() []Candidate
}

// Admission is what becomes of a new connection.
type Admission struct {
	Admitted bool
	// Evicts: the connection to Evict has to be ended for it.
	Evicts bool
	Evict  peer.ID
}

// Connected notes a connection and says whether it may stay. One that may not is
// unknown to the plan.
func (p *Plan) Connected(now time.Time, id peer.ID, in Info) Admission {
	if in.Kind == peer.Inbound {
		a := p.admit(in)
		if a.Admitted {
			p.join(&link{id: id, kind: in.Kind, addr: in.Addr, since: now})
		}
		return a
	}
	at := p.endpoint(in.Target)
	d := p.endDial(at)
	if p.cfg.Addresses != nil && !in.Addr.Addr.IsZero() {
		p.cfg.Addresses.Attempt(now, in.Addr, d != nil && d.count)
	}
	if !p.active || p.leadsTo(in.Addr) {
		p.release(now, at)
		return Admission{}
	}
	p.join(&link{id: id, kind: in.Kind, at: at, addr: in.Addr, since: now})
	if t := p.waiting(at); t != nil {
		t.state, t.peer, t.since, t.failed = connected, id, now, false
	}
	return Admission{Admitted: true}
}

func (p *Plan) join(l *link) {
	p.links = append(p.links, l)
	p.sums.add(l, 1)
}

// admit says whether there is room for an inbound connection, or makes it.
func (p *Plan) admit(in Info) Admission {
	here := p.Inbound()
	switch {
	case !p.active:
		return Admission{}
	case in.Discouraged && !in.NoBan && here+1 >= p.cfg.MaxInbound:
		return Admission{} // such are the first to go
	case here < p.cfg.MaxInbound:
		return Admission{Admitted: true}
	case in.Candidates == nil:
		return Admission{}
	}
	id, ok := SelectToEvict(in.Candidates())
	l := p.link(id)
	if !ok || l == nil || l.kind != peer.Inbound || l.leaving {
		return Admission{}
	}
	l.leaving = true
	p.sums.leaving++
	return Admission{Admitted: true, Evicts: true, Evict: id}
}

// HandshakeDone notes that a peer has introduced itself.
func (p *Plan) HandshakeDone(id peer.ID) {
	if l := p.link(id); l != nil {
		l.done = true
	}
}

// Failed notes that a dial did not succeed; ours says that the address is not to
// blame. It reports whether that was the first failure in a row, which all but those of
// listed targets always are.
func (p *Plan) Failed(now time.Time, failed Dial, ours bool) (first bool) {
	at := p.endpoint(failed.Target)
	d := p.endDial(at)
	if d != nil && p.cfg.Addresses != nil && !ours && !d.Addr.Addr.IsZero() {
		p.cfg.Addresses.Attempt(now, d.Addr, d.count)
	}
	first = true
	for _, t := range p.targets {
		if t.at == at && t.state == dialling {
			first = first && !t.failed
			t.failed = true
		}
	}
	p.release(now, at)
	return first
}

// Disconnected notes the end of a connection.
func (p *Plan) Disconnected(now time.Time, id peer.ID) {
	i := slices.IndexFunc(p.links, func(l *link) bool { return l.id == id })
	if i < 0 {
		return
	}
	p.sums.add(p.links[i], -1)
	p.links = slices.Delete(p.links, i, i+1)
	for _, t := range p.targets {
		if t.state == connected && t.peer == id {
			if now.Sub(t.since) >= settled {
				t.pause = 0
			}
			t.retry(now)
		}
	}
}

// Next returns the connections to make now.
func (p *Plan) Next(now time.Time) []Dial {
	if !p.active {
		p.tries = nil
		return nil
	}
	out := p.manual(now)
	if p.auto.on {
		out = p.choose(now, out)
	}
	return out
}

// start notes a dial as under way, unless there is one to the same endpoint, or a
// connection.
func (p *Plan) start(d Dial, count bool) bool {
	at := p.endpoint(d.Target)
	if p.underway(at) {
		return false
	}
	p.dials = append(p.dials, &dial{Dial: d, at: at, count: count})
	return true
}

// endDial forgets a dial and returns what it was, nil when it is not known.
func (p *Plan) endDial(at endpoint) *dial {
	for i, d := range p.dials {
		if d.at == at {
			p.dials = slices.Delete(p.dials, i, i+1)
			return d
		}
	}
	return nil
}

// underway reports whether an endpoint is connected or being dialled.
func (p *Plan) underway(at endpoint) bool {
	return p.connection(at) != nil || slices.ContainsFunc(p.dials, func(d *dial) bool { return d.at == at })
}

// connection returns the first connection that was made to an endpoint, by this
// or by another name.
func (p *Plan) connection(at endpoint) *link {
	for _, l := range p.links {
		if l.kind != peer.Inbound && (l.at == at || !l.addr.Addr.IsZero() && endpointOf(l.addr) == at) {
			return l
		}
	}
	return nil
}

// leadsTo reports whether a connection of ours leads to that very address, though it
// may have been named otherwise.
func (p *Plan) leadsTo(a wire.NetAddr) bool {
	return !a.Addr.IsZero() && slices.ContainsFunc(p.links, func(l *link) bool {
		return l.kind != peer.Inbound && l.addr.Addr == a.Addr && l.addr.Port == a.Port
	})
}

func (p *Plan) link(id peer.ID) *link {
	for _, l := range p.links {
		if l.id == id {
			return l
		}
	}
	return nil
}

// Wake returns when [Plan.Next] has something new by itself.
func (p *Plan) Wake() (time.Time, bool) {
	if !p.active {
		return time.Time{}, false
	}
	at, found := p.manualWake()
	if t, ok := p.chooseWake(); ok && (!found || t.Before(at)) {
		at, found = t, true
	}
	return at, found
}

// Inbound counts the inbound connections that were not told to leave, Count all
// connections.
func (p *Plan) Inbound() int { return p.sums.kinds[peer.Inbound] - p.sums.leaving }

// Count returns the number of connections.
func (p *Plan) Count() int { return len(p.links) }

// CountKind returns the number of connections of a kind.
func (p *Plan) CountKind(k peer.Kind) int { return p.sums.kinds[k] }

// GroupKey hashes a group of addresses with a secret, so that nobody can foresee which
// groups are favoured.
func (p *Plan) GroupKey(group string) uint64 {
	sum := sha256.Sum256([]byte(group))
	return p.key.Hash(&sum)
}

// Anchors returns the block-relay peers to begin with in the next run.
func (p *Plan) Anchors() []wire.NetAddr {
	var out []wire.NetAddr
	for _, l := range p.links {
		if l.kind == peer.BlockRelay && !l.addr.Addr.IsZero() && len(out) < MaxAnchors {
			out = append(out, l.addr)
		}
	}
	return out
}
