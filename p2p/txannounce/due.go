package txannounce

import (
	"cmp"
	"slices"
	"time"

	"grapevine/wire"
)

// round is the work of one call of Due.
type round struct {
	due     []int    // places of the peers that are told now
	mask    []uint64 // their bits
	room    []int    // by place: how many more it may be told now
	full    int      // how many of them have no room left
	batches []Batch  // beside due
	heap    []candidate
	lookup  Lookup
}

// candidate is an entry that waits for a peer that is due.
type candidate struct {
	rate     wire.FeeRate
	sequence uint64
	entry    int32
}

// Due returns what to announce now, in the order of peers, and starts the timers of
// peers for which something began to wait. The slices are the caller's. It looks
// up each transaction once or twice and keeps none.
func (a *Announcer) Due(now time.Time, lookup Lookup) []Batch {
	a.ring(now)
	if len(a.round.due) == 0 {
		return nil
	}
	a.round.lookup = lookup
	a.prepare()
	a.gather()
	for len(a.round.heap) > 0 && a.round.full < len(a.round.due) {
		a.visit(a.pop())
	}
	a.sweep()
	a.shrink()
	a.rewind(now)
	return a.harvest()
}

// ring starts the timers that should run and collects the peers of those that
// have run out.
func (a *Announcer) ring(now time.Time) {
	a.round.due = a.round.due[:0]
	for _, c := range a.shared {
		c.due = c.runs() && !c.next.IsZero() && !now.Before(c.next)
		if c.runs() && c.next.IsZero() {
			c.next = a.draw(now, InboundInterval)
		}
	}
	for place, t := range a.peers {
		if t == nil || t.idle() {
			continue
		}
		due := false
		switch {
		case t.clock != nil:
			due = t.clock.due
		case t.options.Prompt:
			due = !now.Before(t.next)
		case t.next.IsZero():
			t.next = a.draw(now, OutboundInterval)
		default:
			due = !now.Before(t.next)
		}
		if due {
			a.round.due = append(a.round.due, place)
		}
	}
	slices.SortFunc(a.round.due, func(x, y int) int { return cmp.Compare(a.peers[x].id, a.peers[y].id) })
}

// rewind ends the round of the peers that were told, and starts the timers of
// those for which more waits.
func (a *Announcer) rewind(now time.Time) {
	for _, place := range a.round.due {
		t := a.peers[place]
		if t.clock != nil && t.owed() {
			t.clock.owed--
		}
		t.sequence, t.told, t.asked = a.sequence, true, false
		switch {
		case t.clock != nil:
		case t.waiting == 0:
			t.next = time.Time{}
		case t.options.Prompt:
			t.next = now.Add(promptPause)
		default:
			t.next = a.draw(now, OutboundInterval)
		}
	}
	for _, c := range a.shared {
		if c.due && c.runs() {
			c.next = a.draw(now, InboundInterval)
		}
		c.rest()
	}
}

func (a *Announcer) draw(now time.Time, mean time.Duration) time.Time {
	return now.Add(time.Duration(a.rand.ExpFloat64() * float64(mean)))
}

// prepare sets the bounds of the round.
func (a *Announcer) prepare() {
	r := &a.round
	r.full = 0
	r.batches = make([]Batch, len(r.due))
	r.mask = append(r.mask[:0], make([]uint64, a.words)...)
	r.room = append(r.room[:0], make([]int, len(a.peers))...)
	for n, place := range r.due {
		t := a.peers[place]
		r.mask[place/64] |= 1 << (place % 64)
		r.room[place] = min(targetBatch+t.waiting/1000*5, MaxBatch)
		r.batches[n] = Batch{Peer: t.id, All: t.asked, Items: make([]wire.GenTxid, 0, min(r.room[place], t.waiting))}
	}
}

// gather makes a heap of what waits for the peers that are due.
func (a *Announcer) gather() {
	a.round.heap = a.round.heap[:0]
	for i := range a.entries {
		e := &a.entries[i]
		if e.sequence == 0 || !a.concerns(int32(i)) {
			continue
		}
		if !e.ranked {
			_, rate, ok := a.round.lookup(e.wtxid)
			if !ok {
				a.drop(int32(i))
				continue
			}
			e.rate, e.ranked = rate, true
		}
		a.round.heap = append(a.round.heap, candidate{rate: e.rate, sequence: e.sequence, entry: int32(i)})
	}
	for n := len(a.round.heap)/2 - 1; n >= 0; n-- {
		a.sink(n)
	}
}

// concerns reports whether an entry waits for a peer that is due.
func (a *Announcer) concerns(i int32) bool {
	for n, word := range a.row(i) {
		if word&a.round.mask[n] != 0 {
			return true
		}
	}
	return false
}

// visit tells the peers that are due and have room of a transaction, after its
// parents that wait.
func (a *Announcer) visit(i int32) {
	if !a.hasRoom(i) { // or it was visited before: nobody with room waits for it then
		return
	}
	tx, rate, ok := a.round.lookup(a.entries[i].wtxid)
	if !ok {
		a.drop(i)
		return
	}
	for n := range tx.In {
		if parent, waits := a.byTxid[tx.In[n].PrevOut.Txid]; waits {
			a.visit(parent)
		}
	}
	a.tell(i, rate)
	a.release(i)
}

// hasRoom reports whether an entry waits for a peer that is due and has room.
func (a *Announcer) hasRoom(i int32) bool {
	for _, place := range a.round.due {
		if a.round.room[place] > 0 && a.waits(i, place) {
			return true
		}
	}
	return false
}

// tell adds a transaction to the batches of the peers that are due and have
// room, except where it is known or pays too little.
func (a *Announcer) tell(i int32, rate wire.FeeRate) {
	e := &a.entries[i]
	marks := a.marks(e.txid, e.wtxid)
	for n, place := range a.round.due {
		if a.round.room[place] == 0 || !a.waits(i, place) {
			continue
		}
		a.settle(i, place)
		t := a.peers[place]
		if t.known.has(marks.of(t)) || rate < t.filter {
			continue
		}
		t.known.add(marks.of(t))
		name := wire.ByTxid(e.txid)
		if t.options.Wtxid {
			name = wire.ByWtxid(e.wtxid)
		}
		a.round.batches[n].Items = append(a.round.batches[n].Items, name)
		a.round.room[place]--
		if a.round.room[place] == 0 {
			a.round.full++
		}
	}
}

// sweep looks for a part of what waits whether it has left the pool: all of it
// within sixteen rounds.
func (a *Announcer) sweep() {
	for range min(16+len(a.entries)/16, len(a.entries)) {
		if a.swept >= len(a.entries) {
			a.swept = 0
		}
		if e := &a.entries[a.swept]; e.sequence != 0 {
			if _, _, ok := a.round.lookup(e.wtxid); !ok {
				a.drop(int32(a.swept))
			}
		}
		a.swept++
	}
}

// harvest returns the batches that hold something.
func (a *Announcer) harvest() []Batch {
	batches := slices.DeleteFunc(a.round.batches, func(b Batch) bool { return len(b.Items) == 0 && !b.All })
	a.round.batches, a.round.lookup = nil, nil
	return batches
}

// first orders candidates: the highest feerate, then the earliest.
func first(x, y candidate) bool {
	if x.rate != y.rate {
		return x.rate > y.rate
	}
	return x.sequence < y.sequence
}

func (a *Announcer) pop() int32 {
	heap := a.round.heap
	top, last := heap[0], len(heap)-1
	heap[0] = heap[last]
	a.round.heap = heap[:last]
	a.sink(0)
	return top.entry
}

func (a *Announcer) sink(n int) {
	heap := a.round.heap
	for {
		child := 2*n + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && first(heap[child+1], heap[child]) {
			child++
		}
		if !first(heap[child], heap[n]) {
			return
		}
		heap[n], heap[child] = heap[child], heap[n]
		n = child
	}
}
