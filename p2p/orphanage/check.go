package orphanage

import (
	"fmt"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// check verifies the invariants that the package comment lists, in its order,
// and returns the first that does not hold.
func (o *Orphanage) check() error {
	for _, part := range []func() error{o.checkOrphans, o.checkPeers, o.checkSums} {
		if err := part(); err != nil {
			return err
		}
	}
	if o.exceeded() {
		return fmt.Errorf("bounds: weight %d of %d peers, latency %d", o.weight, len(o.peers), o.Latency())
	}
	return nil
}

func (o *Orphanage) checkOrphans() error {
	spends := 0
	for wtxid, child := range o.orphans {
		if child.wtxid != wtxid || child.tx.Wtxid() != wtxid || usage(child.tx) != child.weight {
			return fmt.Errorf("orphan %v is not itself", wtxid)
		}
		seen := make(map[peer.ID]bool)
		for n, a := range child.announcers {
			if a.orphan != child || seen[a.owner.id] || o.peers[a.owner.id] != a.owner {
				return fmt.Errorf("orphan %v: announcement %d is wrong", wtxid, n)
			}
			if n > 0 && a.sequence <= child.announcers[n-1].sequence {
				return fmt.Errorf("orphan %v: announcements out of order", wtxid)
			}
			seen[a.owner.id] = true
		}
		if len(seen) == 0 || len(child.spends) != len(child.tx.In) {
			return fmt.Errorf("orphan %v: %d announcers, %d spends", wtxid, len(seen), len(child.spends))
		}
		spends += len(child.spends)
	}
	for out, s := range o.spenders {
		var last *spend
		for ; s != nil; last, s = s, s.next {
			if s.out != out || s.prev != last || o.orphans[s.by.wtxid] != s.by {
				return fmt.Errorf("output %v is spent by what is not there", out)
			}
			spends--
		}
		if last == nil {
			return fmt.Errorf("output %v is spent by nothing", out)
		}
	}
	if spends != 0 {
		return fmt.Errorf("%d inputs are not found by what they spend", spends)
	}
	return nil
}

func (o *Orphanage) checkPeers() error {
	total := 0
	for id, who := range o.peers {
		var sum account
		var last *announcement
		for a := who.oldest; a != nil; last, a = a, a.next {
			if a.owner != who || a.prev != last || last != nil && a.sequence <= last.sequence {
				return fmt.Errorf("peer %v: the list is wrong", id)
			}
			sum.announcements++
			sum.weight += a.orphan.weight
			sum.latency += 1 + len(a.orphan.tx.In)/10
		}
		if who.id != id || who.newest != last || sum.announcements == 0 || sum.announcements != who.announcements || sum.weight != who.weight || sum.latency != who.latency {
			return fmt.Errorf("peer %v: sums %+v, found %+v", id, *who, sum)
		}
		total += sum.announcements
	}
	if total != o.announcements {
		return fmt.Errorf("%d announcements, %d counted", total, o.announcements)
	}
	return nil
}

func (o *Orphanage) checkSums() error {
	var weight wire.Weight
	inputs, announcements := 0, 0
	for _, child := range o.orphans {
		weight += child.weight
		inputs += len(child.tx.In) / 10
		announcements += len(child.announcers)
	}
	if weight != o.weight || inputs != o.inputs || announcements != o.announcements {
		return fmt.Errorf("weight %d, inputs %d, announcements %d; counted %d, %d, %d",
			weight, inputs, announcements, o.weight, o.inputs, o.announcements)
	}
	return nil
}
