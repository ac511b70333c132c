package conn

import (
	"cmp"
	"slices"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Candidate is a peer as [SelectToEvict] looks at it. The zero time means never.
type Candidate struct {
	ID        peer.ID
	Kind      peer.Kind
	Connected time.Time
	MinPing   time.Duration // the shortest of all, 0 when none was answered yet
	LastBlock time.Time     // when it last brought a new block
	LastTx    time.Time     // when it last brought a transaction that the pool took
	Relevant  bool          // it offers all that we want of peers
	RelaysTx  bool          // it wants transactions announced
	Bloom     bool          // it has set a filter (BIP 37)
	Group     uint64        // of its address, see [Plan.GroupKey]
	Prefer    bool          // its address is discouraged: among equals it goes first
	Local     bool          // it comes from this machine
	Network   wire.Network  // through which it is connected
	NoBan     bool          // the operator wants it
}

// How many are protected by each measure.
const (
	protectGroups     = 4
	protectPings      = 8
	protectTxs        = 4
	protectBlockRelay = 8
	protectBlocks     = 4
)

// SelectToEvict chooses the inbound peer to give up for another; ok is false when all
// are worth keeping.
//
// The measures are such that an attacker cannot have them all: which groups are
// favoured is secret, ping times take being near, transactions and blocks take being
// quick with them, uptime takes having come before the attack. Half of those who are left stay for
// their uptime, and up to half of these places are for peers of networks in which pings
// are long. Of the rest it hits the youngest of the group that has the most.
func SelectToEvict(all []Candidate) (id peer.ID, ok bool) {
	list := make([]*Candidate, 0, len(all))
	for i := range all {
		if c := &all[i]; !c.NoBan && c.Kind == peer.Inbound {
			list = append(list, c)
		}
	}
	list = protect(list, protectGroups, anyone, func(a, b *Candidate) int { return cmp.Compare(a.Group, b.Group) })
	list = protect(list, protectPings, anyone, func(a, b *Candidate) int { return cmp.Compare(b.ping(), a.ping()) })
	list = protect(list, protectTxs, anyone, byTx)
	list = protect(list, protectBlockRelay, func(c *Candidate) bool { return !c.RelaysTx && c.Relevant }, byBlockRelay)
	list = protect(list, protectBlocks, anyone, byBlock)
	list = protectByUptime(list)
	if slices.ContainsFunc(list, func(c *Candidate) bool { return c.Prefer }) {
		list = slices.DeleteFunc(list, func(c *Candidate) bool { return !c.Prefer })
	}
	if len(list) == 0 {
		return 0, false
	}
	return youngestOfLargest(list), true
}

// protect sorts from worst to best, and takes those among the last n out for which
// the condition holds.
func protect(list []*Candidate, n int, cond func(*Candidate) bool, order func(a, b *Candidate) int) []*Candidate {
	slices.SortStableFunc(list, order)
	from := max(len(list)-n, 0)
	kept := list[:from]
	for _, c := range list[from:] {
		if !cond(c) {
			kept = append(kept, c)
		}
	}
	return kept
}

func anyone(*Candidate) bool { return true }

// ping is the shortest ping, for ever where there is none.
func (c *Candidate) ping() time.Duration {
	if c.MinPing <= 0 {
		return 1<<63 - 1
	}
	return c.MinPing
}

// before orders false before true.
func before(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// younger orders by uptime, the shortest first.
func younger(a, b *Candidate) int { return b.Connected.Compare(a.Connected) }

// Many have brought nothing yet, whence the further measures.

func byTx(a, b *Candidate) int {
	return cmp.Or(a.LastTx.Compare(b.LastTx), before(a.RelaysTx, b.RelaysTx), before(b.Bloom, a.Bloom), younger(a, b))
}

func byBlock(a, b *Candidate) int {
	return cmp.Or(a.LastBlock.Compare(b.LastBlock), before(a.Relevant, b.Relevant), younger(a, b))
}

func byBlockRelay(a, b *Candidate) int {
	return cmp.Or(before(b.RelaysTx, a.RelaysTx), byBlock(a, b))
}

// disadvantaged is a sort of peers that would lose by the other measures.
type disadvantaged struct {
	local   bool
	network wire.Network
	count   int
}

func (d *disadvantaged) has(c *Candidate) bool {
	if d.local {
		return c.Local
	}
	return c.Network == d.network
}

// order puts those of the sort last, the longest connected among them at the end. On
// whom both local and another network fits, local counts first when it is asked for.
func (d *disadvantaged) order(a, b *Candidate) int {
	if d.local {
		return cmp.Or(before(a.Local, b.Local), younger(a, b))
	}
	return cmp.Or(before(a.Network == d.network, b.Network == d.network), younger(a, b))
}

// protectByUptime takes half of the candidates out: up to half of these places are
// divided evenly between the disadvantaged sorts, the smallest first, so that what it
// leaves over goes to the others; the rest is for the longest connected. What remains is
// ordered by uptime, the youngest first.
func protectByUptime(list []*Candidate) []*Candidate {
	total := len(list) / 2
	sorts := []disadvantaged{{network: wire.NetCJDNS}, {network: wire.NetI2P}, {local: true}, {network: wire.NetTorV3}}
	for i := range sorts {
		for _, c := range list {
			if sorts[i].has(c) {
				sorts[i].count++
			}
		}
	}
	slices.SortStableFunc(sorts, func(a, b disadvantaged) int { return cmp.Compare(a.count, b.count) })
	reserved, done := total/2, 0
	for progress := true; progress && done < reserved; {
		progress = false
		present := 0
		for _, s := range sorts {
			if s.count > 0 {
				present++
			}
		}
		if present == 0 {
			break
		}
		each := max((reserved-done)/present, 1)
		for i := range sorts {
			s := &sorts[i]
			if s.count == 0 {
				continue
			}
			size := len(list)
			list = protect(list, each, s.has, s.order)
			if gone := size - len(list); gone > 0 {
				progress = true
				if done += gone; done >= reserved {
					break
				}
				s.count -= gone
			}
		}
	}
	return protect(list, total-done, anyone, younger)
}

// youngestOfLargest returns the youngest peer of the group with the most of them; of
// equal ones the group whose youngest is younger. The list is ordered by uptime, the
// youngest first.
func youngestOfLargest(list []*Candidate) peer.ID {
	type group struct {
		youngest *Candidate
		size     int
	}
	groups := make(map[uint64]group, len(list))
	var best group
	for _, c := range list {
		g := groups[c.Group]
		if g.size++; g.size == 1 {
			g.youngest = c
		}
		groups[c.Group] = g
		if g.size > best.size || g.size == best.size && g.youngest.Connected.After(best.youngest.Connected) {
			best = g
		}
	}
	return best.youngest.ID
}
