package txannounce

import (
	"fmt"
	"time"
)

// check verifies the invariants that the package comment lists, in its order,
// and returns the first that does not hold.
func (a *Announcer) check() error {
	waiting := make([]int, len(a.peers))
	live := 0
	for i := range a.entries {
		e := &a.entries[i]
		waits := 0
		for place := range 64 * a.words {
			if !a.waits(int32(i), place) {
				continue
			}
			if place >= len(a.peers) || a.peers[place] == nil {
				return fmt.Errorf("entry %d waits for nobody at place %d", i, place)
			}
			waits++
			waiting[place]++
		}
		if e.sequence == 0 {
			if waits != 0 {
				return fmt.Errorf("free entry %d waits", i)
			}
			continue
		}
		live++
		if j, ok := a.byWtxid[e.wtxid]; !ok || j != int32(i) || waits == 0 {
			return fmt.Errorf("entry %d is found as %d (%v), waits for %d", i, j, ok, waits)
		}
	}
	if len(a.byWtxid) != live || len(a.entries)-len(a.free) != live {
		return fmt.Errorf("%d entries, %d by wtxid, %d in use", live, len(a.byWtxid), len(a.entries)-len(a.free))
	}
	for txid, i := range a.byTxid {
		if e := a.entries[i]; e.sequence == 0 || e.txid != txid {
			return fmt.Errorf("txid %v leads to entry %d of %v", txid, i, e.txid)
		}
	}
	return a.checkPeers(waiting)
}

// checkPeers verifies counts and timers.
func (a *Announcer) checkPeers(waiting []int) error {
	counted, peers := map[*clock]clock{}, 0
	for place, t := range a.peers {
		if t == nil {
			continue
		}
		peers++
		if a.places[t.id] != place || t.waiting != waiting[place] {
			return fmt.Errorf("peer %v at %d: %d wait, %d counted", t.id, place, waiting[place], t.waiting)
		}
		if (t.clock != nil) != (t.options.Inbound && !t.options.Prompt) || t.clock != nil && t.clock.socket != t.options.Socket {
			return fmt.Errorf("peer %v of %v: another's timer", t.id, t.options.Socket)
		}
		if t.clock != nil {
			c := counted[t.clock]
			c.members++
			c.waiting += t.waiting
			if t.owed() {
				c.owed++
			}
			counted[t.clock] = c
		}
		if !t.next.IsZero() && (t.idle() || t.clock != nil) {
			return fmt.Errorf("peer %v: a timer runs for nothing", t.id)
		}
	}
	if peers != len(a.places) {
		return fmt.Errorf("%d peers, %d places", peers, len(a.places))
	}
	if len(counted) != len(a.shared) {
		return fmt.Errorf("%d timers are shared, %d are there", len(counted), len(a.shared))
	}
	for _, c := range a.shared {
		n := counted[c]
		if n.members != c.members || n.waiting != c.waiting || n.owed != c.owed || !c.runs() && !c.next.IsZero() {
			return fmt.Errorf("timer of %v: %+v, %+v counted", c.socket, *c, n)
		}
	}
	return nil
}

// checkTold verifies what holds right after Due (4).
func (a *Announcer) checkTold(now time.Time) error {
	for _, t := range a.peers {
		if t == nil || t.idle() {
			continue
		}
		next := t.next
		if t.clock != nil {
			next = t.clock.next
		}
		if !next.After(now) {
			return fmt.Errorf("peer %v: %d wait for a timer that ended at %v, now is %v", t.id, t.waiting, next, now)
		}
	}
	return nil
}
