package conn

import (
	"errors"

	"grapevine/p2p/peer"
)

// check verifies the invariants.
func (p *Plan) check() error {
	if p.Inbound() > p.cfg.MaxInbound {
		return errors.New("more inbound connections than admitted")
	}
	if p.auto.on && p.taken() > p.cfg.grants() {
		return errors.New("more connections of our own choice than places")
	}
	if len(p.auto.fetches) > MaxFetches || len(p.auto.anchors) > MaxAnchors {
		return errors.New("too many address fetches or anchors wait")
	}
	for i, d := range p.dials {
		for _, o := range p.dials[:i] {
			if o.at == d.at {
				return errors.New("two dials for one endpoint are under way")
			}
		}
	}
	var want sums
	for _, l := range p.links {
		want.add(l, 1)
	}
	if want != p.sums {
		return errors.New("connections are counted wrongly")
	}
	for i, l := range p.links {
		if l.kind == peer.Inbound && l.at != (endpoint{}) {
			return errors.New("an inbound connection has an endpoint")
		}
		for _, o := range p.links[:i] {
			if o.id == l.id {
				return errors.New("a connection is known twice")
			}
		}
	}
	return p.checkTargets()
}

func (p *Plan) checkTargets() error {
	for i, t := range p.targets {
		switch {
		case t.state == connected && p.link(t.peer) == nil:
			return errors.New("a target's peer is not connected")
		case t.state == dialling && p.dialOf(t) == nil:
			return errors.New("a target is dialled by no dial")
		}
		for _, o := range p.targets[:i] {
			if o.at == t.at && o.added == t.added {
				return errors.New("a target is listed twice")
			}
			if o.state == connected && t.state == connected && o.peer == t.peer {
				return errors.New("a connection serves two targets")
			}
			if o.at == t.at && o.state == dialling && t.state == dialling {
				return errors.New("two targets are dialled by one dial")
			}
		}
	}
	return nil
}

func (p *Plan) dialOf(t *target) *dial {
	for _, d := range p.dials {
		if d.at == t.at {
			return d
		}
	}
	return nil
}
