package compact

import (
	"slices"

	"grapevine/p2p/peer"
)

// maxAnnouncers is how many peers send us new blocks unasked (BIP 152: "no more than
// three").
const maxAnnouncers = 3

// Announcers chooses the peers that send us compact blocks unasked: those that
// were last the first to bring a new block, since they are likely to be again. Once
// there is an outbound one among them, one stays: inbound peers may all be one
// attacker's, who is quick for a while and then silent.
//
// Invariants: at most three, each once.
type Announcers struct {
	list []announcer // the latest last
}

type announcer struct {
	id       peer.ID
	outbound bool
}

// Change says whom to tell what.
type Change struct {
	Ask, Stop     peer.ID
	Asks, Stopped bool // whether Ask, and Stop, are set
}

// Brought takes in that a peer was the first with a block that is the new tip.
func (a *Announcers) Brought(id peer.ID, outbound bool) Change {
	if i := a.find(id); i >= 0 {
		p := a.list[i]
		a.list = append(slices.Delete(a.list, i, i+1), p)
		return Change{}
	}
	c := Change{Ask: id, Asks: true}
	if len(a.list) == maxAnnouncers {
		if !outbound && a.list[0].outbound && !slices.ContainsFunc(a.list[1:], func(p announcer) bool { return p.outbound }) {
			a.list[0], a.list[1] = a.list[1], a.list[0]
		}
		c.Stop, c.Stopped = a.list[0].id, true
		a.list = slices.Delete(a.list, 0, 1)
	}
	a.list = append(a.list, announcer{id, outbound})
	return c
}

// Has reports whether a peer is one of them.
func (a *Announcers) Has(id peer.ID) bool { return a.find(id) >= 0 }

// Remove forgets a peer that is gone.
func (a *Announcers) Remove(id peer.ID) {
	if i := a.find(id); i >= 0 {
		a.list = slices.Delete(a.list, i, i+1)
	}
}

// Len returns how many there are.
func (a *Announcers) Len() int { return len(a.list) }

func (a *Announcers) find(id peer.ID) int {
	return slices.IndexFunc(a.list, func(p announcer) bool { return p.id == id })
}
