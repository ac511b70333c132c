package conn

import (
	"time"

	"grapevine/p2p/peer"
)

// ExtraCheck is how often [Plan.Extra] is to be called.
const ExtraCheck = 45 * time.Second

// minimumStay is what every outbound peer is given to tell something new.
const minimumStay = 30 * time.Second

// Outbound is what is known of a full-relay or block-relay peer besides its connection.
// The zero time means never.
type Outbound struct {
	ID          peer.ID
	LastBlock   time.Time // when it last brought a new block
	Announced   time.Time // when it last announced a block that was new
	Downloading bool      // a block is asked of it
	Protected   bool      // see [ChainSync]
	Closing     bool      // it is being disconnected
}

// Extra returns the outbound peers to give up because there are more than are to be kept: one
// of each kind at most. List names the full-relay and block-relay peers by rising id.
//
// Of block-relay peers it is the youngest, which had its chance to bring a block, or
// the one before it where the youngest brought one more lately. Of full-relay peers it is the one that has
// announced a block least recently, but none that is protected or alone in its network.
func (p *Plan) Extra(now time.Time, list []Outbound) (drop []peer.ID) {
	if p.extras(list, peer.BlockRelay) > p.cfg.BlockRelay {
		if o, l := p.worstBlockRelay(list); l != nil && now.Sub(l.since) >= minimumStay && !o.Downloading {
			drop = append(drop, o.ID)
		}
	}
	if p.extras(list, peer.FullRelay) > p.cfg.FullRelay {
		if o, l := p.worstFullRelay(list); l != nil && now.Sub(l.since) > minimumStay && !o.Downloading {
			drop = append(drop, o.ID)
			p.auto.stale = false // a new peer was found; more would only be a load on the network
		}
	}
	return drop
}

// extras counts the peers of a kind that have introduced themselves.
func (p *Plan) extras(list []Outbound, k peer.Kind) (n int) {
	for i := range list {
		if l := p.link(list[i].ID); l != nil && l.kind == k && l.done && !list[i].Closing {
			n++
		}
	}
	return n
}

func (p *Plan) worstBlockRelay(list []Outbound) (Outbound, *link) {
	var youngest, next *Outbound
	for i := range list {
		o := &list[i]
		if l := p.link(o.ID); l != nil && l.kind == peer.BlockRelay && !o.Closing && (youngest == nil || o.ID > youngest.ID) {
			youngest, next = o, youngest
		}
	}
	switch {
	case youngest == nil:
		return Outbound{}, nil
	case next != nil && youngest.LastBlock.After(next.LastBlock):
		youngest = next
	}
	return *youngest, p.link(youngest.ID)
}

func (p *Plan) worstFullRelay(list []Outbound) (Outbound, *link) {
	var worst *Outbound
	for i := range list {
		o := &list[i]
		l := p.link(o.ID)
		if l == nil || l.kind != peer.FullRelay || o.Closing || o.Protected {
			continue
		}
		if p.sums.networks[l.network()] <= 1 {
			continue // the only one there
		}
		if worst == nil || o.Announced.Before(worst.Announced) || o.Announced.Equal(worst.Announced) && o.ID > worst.ID {
			worst = o
		}
	}
	if worst == nil {
		return Outbound{}, nil
	}
	return *worst, p.link(worst.ID)
}
