package compact

import (
	"math/bits"

	"grapevine/wire"
)

// table finds the place of a transaction by its name. Open addressing, a quarter
// full, behind a filter of 16 bits a name that turns away most of what is not there
// without leaving the first level of cache.
type table struct {
	slots  []slot
	shift  uint // of a mixed name, to its first slot
	filter []uint64
	fshift uint // of a mixed name, to its bit
}

type slot struct {
	name  uint64 // and used
	index uint16
}

// used marks slots that hold a name; names take 48 bits.
const used = 1 << 63

// maxChain is how far a name may lie behind its first slot.
const maxChain = 64

func newTable(n int) *table {
	log := uint(bits.Len(uint(max(4*n, 64)) - 1))
	return &table{
		slots: make([]slot, 1<<log), shift: 64 - log,
		filter: make([]uint64, 1<<(log+2)/64), fshift: 64 - (log + 2),
	}
}

func mix(name uint64) uint64 { return name * 0x9e3779b97f4a7c15 }

// add puts a name in. It reports false when the name is there, or in a chain too long.
func (t *table) add(name wire.ShortID, index uint16) bool {
	m := mix(uint64(name))
	at := m >> t.shift
	for range maxChain {
		s := &t.slots[at]
		switch s.name {
		case 0:
			*s = slot{uint64(name) | used, index}
			bit := m >> t.fshift
			t.filter[bit/64] |= 1 << (bit % 64)
			return true
		case uint64(name) | used:
			return false
		}
		at = (at + 1) & uint64(len(t.slots)-1)
	}
	return false
}

// find returns the place of a name.
func (t *table) find(name wire.ShortID) (index uint16, ok bool) {
	m := mix(uint64(name))
	bit := m >> t.fshift
	if t.filter[bit/64]&(1<<(bit%64)) == 0 {
		return 0, false
	}
	at := m >> t.shift
	for range maxChain {
		s := &t.slots[at]
		switch s.name {
		case 0:
			return 0, false
		case uint64(name) | used:
			return s.index, true
		}
		at = (at + 1) & uint64(len(t.slots)-1)
	}
	return 0, false
}
