package txannounce

import (
	"time"

	"grapevine/wire"
)

// entry is a transaction that waits for some peer.
type entry struct {
	wtxid    wire.Wtxid
	txid     wire.Txid
	rate     wire.FeeRate // as of when it was first a candidate
	sequence uint64       // zero where nothing waits
	ranked   bool         // rate is known
}

// enter makes an entry that waits for nobody yet.
func (a *Announcer) enter(txid wire.Txid, wtxid wire.Wtxid) int32 {
	var i int32
	if n := len(a.free); n > 0 {
		i = a.free[n-1]
		a.free = a.free[:n-1]
	} else {
		i = int32(len(a.entries))
		a.entries = append(a.entries, entry{})
		for range a.words {
			a.bits = append(a.bits, 0)
		}
	}
	a.entries[i] = entry{wtxid: wtxid, txid: txid, sequence: a.sequence}
	a.byWtxid[wtxid] = i
	a.byTxid[txid] = i
	return i
}

// release ends an entry that waits for nobody any more.
func (a *Announcer) release(i int32) {
	for _, word := range a.row(i) {
		if word != 0 {
			return
		}
	}
	e := &a.entries[i]
	delete(a.byWtxid, e.wtxid)
	// Another witness of the same transaction may have come since.
	if a.byTxid[e.txid] == i {
		delete(a.byTxid, e.txid)
	}
	*e = entry{}
	a.free = append(a.free, i)
}

// drop ends an entry, whoever it waits for.
func (a *Announcer) drop(i int32) {
	for place := range a.peers {
		if a.waits(i, place) {
			a.settle(i, place)
		}
	}
	a.release(i)
}

// row returns the words with the bits of an entry.
func (a *Announcer) row(i int32) []uint64 { return a.bits[int(i)*a.words:][:a.words] }

func (a *Announcer) waits(i int32, place int) bool {
	return a.row(i)[place/64]&(1<<(place%64)) != 0
}

// await lets an entry wait for a peer that it does not wait for.
func (a *Announcer) await(i int32, place int) {
	a.row(i)[place/64] |= 1 << (place % 64)
	t := a.peers[place]
	t.waiting++
	if t.clock != nil {
		t.clock.waiting++
	}
}

// settle ends an entry's wait for a peer; the timer stops with the last.
func (a *Announcer) settle(i int32, place int) {
	a.row(i)[place/64] &^= 1 << (place % 64)
	t := a.peers[place]
	t.waiting--
	if t.idle() {
		t.next = time.Time{}
	}
	if t.clock != nil {
		t.clock.waiting--
		t.clock.rest()
	}
}

// widen makes room for 64 more peers in the bits of each entry.
func (a *Announcer) widen() {
	wide := make([]uint64, 0, len(a.entries)*(a.words+1))
	for i := range a.entries {
		wide = append(append(wide, a.row(int32(i))...), 0)
	}
	a.bits = wide
	a.words++
}

// slabFloor is the number of entries that are kept however few are in use.
const slabFloor = 64

// shrink moves the entries together when few of them are in use, so that a flood
// that is over does not make every later pass over them longer.
func (a *Announcer) shrink() {
	live := len(a.byWtxid)
	if len(a.entries) <= slabFloor || 4*live > len(a.entries) {
		return
	}
	entries, bits := make([]entry, 0, 2*live), make([]uint64, 0, 2*live*a.words)
	swept := 0
	for i, e := range a.entries {
		if i == a.swept {
			swept = len(entries)
		}
		if e.sequence == 0 {
			continue
		}
		to := int32(len(entries))
		entries = append(entries, e)
		bits = append(bits, a.row(int32(i))...)
		a.byWtxid[e.wtxid] = to
		if a.byTxid[e.txid] == int32(i) {
			a.byTxid[e.txid] = to
		}
	}
	a.entries, a.bits, a.free, a.swept = entries, bits, nil, swept
}
