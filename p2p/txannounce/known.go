package txannounce

import "grapevine/wire"

// generation is how many hashes a generation of [recent] holds; three are kept, so
// that the last 49,152 are always there. It is three quarters of a power of two, the
// most to which a table is filled.
const generation = 24_576

// mark returns the fingerprint of a hash under the announcer's key, never zero.
func (a *Announcer) mark(hash [32]byte) uint64 {
	return max(a.key.Hash(&hash), 1)
}

// marks are the fingerprints of both names of a transaction.
type marks struct{ txid, wtxid uint64 }

func (a *Announcer) marks(txid wire.Txid, wtxid wire.Wtxid) marks {
	p := marks{txid: a.mark(txid)}
	p.wtxid = p.txid
	if wtxid != wire.Wtxid(txid) {
		p.wtxid = a.mark(wtxid)
	}
	return p
}

// of returns the fingerprint of the name by which a peer is told.
func (p marks) of(t *target) uint64 {
	if t.options.Wtxid {
		return p.wtxid
	}
	return p.txid
}

// recent remembers the last fingerprints that were added to it.
type recent struct {
	generations [3]table
}

func (r *recent) has(mark uint64) bool {
	return r.generations[0].has(mark) || r.generations[1].has(mark) || r.generations[2].has(mark)
}

func (r *recent) add(mark uint64) {
	if r.generations[0].count == generation {
		oldest := r.generations[2]
		clear(oldest.slots)
		oldest.count = 0
		r.generations = [3]table{oldest, r.generations[0], r.generations[1]}
	}
	r.generations[0].add(mark)
}

// table is a set of fingerprints with open addressing.
type table struct {
	slots []uint64 // a power of two; zero is empty
	count int
}

func (t *table) has(mark uint64) bool {
	if t.count == 0 {
		return false
	}
	return t.slots[t.find(mark)] == mark
}

// find returns the place of a fingerprint, or the empty one where it belongs.
func (t *table) find(mark uint64) int {
	mask := len(t.slots) - 1
	n := int(mark) & mask
	for t.slots[n] != 0 && t.slots[n] != mark {
		n = (n + 1) & mask
	}
	return n
}

func (t *table) add(mark uint64) {
	if 4*(t.count+1) > 3*len(t.slots) {
		t.grow()
	}
	if n := t.find(mark); t.slots[n] == 0 {
		t.slots[n] = mark
		t.count++
	}
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]uint64, max(16, 2*len(old)))
	for _, mark := range old {
		if mark != 0 {
			t.slots[t.find(mark)] = mark
		}
	}
}
