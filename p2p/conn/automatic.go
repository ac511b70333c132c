package conn

import (
	"slices"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// How often connections of our own choice are made.
const (
	// pace lies between two of them, so that a burst of failures is no storm.
	pace = 500 * time.Millisecond
	// The means of the intervals between extra connections; each is drawn from an
	// exponential distribution, so that nobody can foresee one.
	feelerInterval       = 2 * time.Minute
	extraBlockInterval   = 5 * time.Minute
	extraNetworkInterval = 5 * time.Minute
	// feelerNoise is the longest random delay before a feeler.
	feelerNoise = time.Second
)

// allNetworks are those of BIP 155 that we know.
var allNetworks = [...]wire.Network{wire.NetIPv4, wire.NetIPv6, wire.NetTorV3, wire.NetI2P, wire.NetCJDNS}

// automatic is what a plan knows of connections of our own choice.
type automatic struct {
	on                               bool
	next                             time.Time // no choice before
	anchors                          []wire.NetAddr
	fetches                          []string
	limited                          bool // peers that keep only the last blocks will do
	stale                            bool // the tip is: look for one more peer
	extra                            bool // extra block-relay connections are made
	scheduled                        bool // the three below are drawn
	feeler, extraBlock, extraNetwork time.Time
}

// wish is a connection of our own choice that is due.
type wish struct {
	kind    peer.Kind
	anchor  bool
	network wire.Network // the only one that will do, NetNone for any
}

// StaleTip says whether the tip looks stale, so that one more full-relay peer is
// sought; [Plan.Extra] ends that once a peer was given up for it.
func (p *Plan) StaleTip(stale bool) { p.auto.stale = stale }

// Stale reports whether one more peer is sought.
func (p *Plan) Stale() bool { return p.auto.stale }

// Choosing reports whether connections of our own choice are made at present.
func (p *Plan) Choosing() bool { return p.active && p.auto.on }

// ExtraBlockRelay begins with extra block-relay connections, once the node is in
// sync.
func (p *Plan) ExtraBlockRelay() { p.auto.extra = true }

// AcceptLimited says whether peers will do that keep only the last 288 blocks, which is so
// while the tip is less than 144 blocks old.
func (p *Plan) AcceptLimited(on bool) { p.auto.limited = on }

// Desirable reports whether a peer offers what we want of those whom we choose.
func (p *Plan) Desirable(s wire.ServiceFlags) bool {
	return s.Has(wire.NodeWitness) && (s.Has(wire.NodeNetwork) || p.auto.limited && s.Has(wire.NodeNetworkLimited))
}

// SetNetworks changes the networks that connections of our own choice may lead into,
// as of [Config.Networks].
func (p *Plan) SetNetworks(list []wire.Network) {
	if list == nil {
		list = []wire.Network{wire.NetIPv4, wire.NetIPv6}
	}
	p.cfg.Networks = slices.Clone(list)
}

// Reachable reports whether connections of our own choice may lead into a network.
func (p *Plan) Reachable(n wire.Network) bool {
	return slices.Contains(p.cfg.Networks, n)
}

// Fetch asks a target for addresses as soon as there is a place for that. Beyond
// [MaxFetches] it is passed over.
func (p *Plan) Fetch(target string) {
	if p.auto.on && len(p.auto.fetches) < MaxFetches && !slices.Contains(p.auto.fetches, target) {
		p.auto.fetches = append(p.auto.fetches, target)
	}
}

// taken counts the places that connections of our own choice take up.
func (p *Plan) taken() int {
	n := 0
	for k, up := range p.sums.kinds {
		if peer.Kind(k).OwnChoice() {
			n += up
		}
	}
	for _, d := range p.dials {
		if d.Kind.OwnChoice() {
			n++
		}
	}
	return n
}

// total counts connections and dials of a kind.
func (p *Plan) total(k peer.Kind) int {
	n := p.CountKind(k)
	for _, d := range p.dials {
		if d.Kind == k {
			n++
		}
	}
	return n
}

// choose starts what is due of our own choice, one of each sort at most.
func (p *Plan) choose(now time.Time, out []Dial) []Dial {
	a := &p.auto
	if !a.scheduled {
		a.scheduled = true
		a.feeler, a.extraBlock, a.extraNetwork = now.Add(p.feelerWait()), now.Add(p.wait(extraBlockInterval)), now.Add(p.wait(extraNetworkInterval))
	}
	if now.Before(a.next) {
		return out
	}
	if len(a.fetches) > 0 && p.taken() < p.cfg.grants() {
		d := Dial{Target: a.fetches[0], Kind: peer.AddrFetch, V2: p.cfg.V2}
		a.next, a.fetches = now.Add(pace), slices.Delete(a.fetches, 0, 1)
		if p.start(d, false) {
			out = append(out, d)
		}
	}
	if p.taken() >= p.cfg.grants() || len(p.cfg.Networks) == 0 {
		return out // to ask for an address of no network would be to ask for any
	}
	w, due := p.wish(now)
	if !due {
		return out
	}
	a.next = now.Add(pace)
	p.cfg.Addresses.ResolveCollisions(now)
	addr, ok := p.pick(now, w)
	if !ok {
		return out
	}
	d := Dial{Target: addr.String(), Addr: addr, Kind: w.kind, V2: p.cfg.V2 && addr.Services.Has(wire.NodeP2PV2)}
	if p.start(d, p.online()) {
		out = append(out, d)
	}
	return out
}

// wish returns what is due, and draws the next time of what has one.
func (p *Plan) wish(now time.Time) (w wish, due bool) {
	a := &p.auto
	full, block := p.total(peer.FullRelay), p.total(peer.BlockRelay)
	switch {
	case len(a.anchors) > 0 && block < p.cfg.BlockRelay:
		return wish{kind: peer.BlockRelay, anchor: true}, true
	case full < p.cfg.FullRelay:
		return wish{kind: peer.FullRelay}, true
	case block < p.cfg.BlockRelay:
		return wish{kind: peer.BlockRelay}, true
	case a.stale:
		return wish{kind: peer.FullRelay}, true
	case a.extra && !now.Before(a.extraBlock):
		a.extraBlock = now.Add(p.wait(extraBlockInterval))
		return wish{kind: peer.BlockRelay}, true
	case !now.Before(a.feeler):
		a.feeler = now.Add(p.feelerWait())
		return wish{kind: peer.Feeler}, true
	case p.lacksNetwork() && !now.Before(a.extraNetwork):
		a.extraNetwork = now.Add(p.wait(extraNetworkInterval))
		if n := p.lackingNetwork(now); n != wire.NetNone {
			return wish{kind: peer.FullRelay, network: n}, true
		}
	}
	return wish{}, false
}

// chooseWake returns when [Plan.choose] has something to do.
func (p *Plan) chooseWake() (at time.Time, found bool) {
	a := &p.auto
	if !a.on || p.taken() >= p.cfg.grants() || len(p.cfg.Networks) == 0 && len(a.fetches) == 0 {
		return at, false
	}
	full, block := p.total(peer.FullRelay), p.total(peer.BlockRelay)
	if !a.scheduled || len(a.fetches) > 0 || full < p.cfg.FullRelay || block < p.cfg.BlockRelay || a.stale {
		return a.next, true
	}
	at = a.feeler
	if a.extra && a.extraBlock.Before(at) {
		at = a.extraBlock
	}
	if p.lacksNetwork() && a.extraNetwork.Before(at) {
		at = a.extraNetwork
	}
	if at.Before(a.next) {
		at = a.next
	}
	return at, true
}

// wait draws an interval with that mean.
func (p *Plan) wait(mean time.Duration) time.Duration {
	return time.Duration(p.cfg.Rand.ExpFloat64() * float64(mean))
}

func (p *Plan) feelerWait() time.Duration {
	return p.wait(feelerInterval) + time.Duration(p.cfg.Rand.Int64N(int64(feelerNoise)))
}

// lacksNetwork reports whether there is a network that no full-relay or manual
// connection leads into. It is looked for only with all full-relay connections made and their
// number the usual one: an extra one in a network of its own is not given up, and
// would push others out of fewer places.
func (p *Plan) lacksNetwork() bool {
	if p.total(peer.FullRelay) != MaxFullRelay {
		return false
	}
	return slices.ContainsFunc(allNetworks[:], func(n wire.Network) bool { return p.Reachable(n) && p.sums.networks[n] == 0 })
}

// lackingNetwork returns one of the networks that we lack and know addresses of.
func (p *Plan) lackingNetwork(now time.Time) wire.Network {
	order := allNetworks
	p.cfg.Rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for _, n := range order {
		if !p.Reachable(n) || p.sums.networks[n] > 0 {
			continue
		}
		if _, _, ok := p.cfg.Addresses.Select(now, false, []wire.Network{n}); ok {
			return n
		}
	}
	return wire.NetNone
}
