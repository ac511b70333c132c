package compact

import (
	"math/bits"

	"grapevine/wire"
)

// table finds the place of a transaction by its name. Open addressing, a quarter
// full, behind a filter of 16 bits a name that turns away most of what is not there
// without leaving the first level of cache.
type table struct {
	slots  []uint64 // name<<16 | index+1, or 0
	shift  uint     // of a mixed name, to its first slot
	filter []uint64
	fshift uint // of a mixed name, to its bit
}

// maxChain is how far a name may lie behind its first slot.
const maxChain = 64

func newTable(n int) *table {
	log := uint(bits.Len(uint(max(4*n, 64)) - 1))
	return &table{
		slots: make([]uint64, 1<<log), shift: 64 - log,
		filter: make([]uint64, 1<<(log+2)/64), fshift: 64 - (log + 2),
	}
}

func mix(name uint64) uint64 { return name * 0x9e3779b97f4a7c15 }

// add puts a name in, whose index is below [MaxTxs]. It reports false when the name is
// there, or in a chain too long.
func (t *table) add(name wire.ShortID, index uint16) bool {
	m := mix(uint64(name))
	at := m >> t.shift
	for range maxChain {
		switch s := t.slots[at]; {
		case s == 0:
			t.slots[at] = uint64(name)<<16 | uint64(index+1)
			bit := m >> t.fshift
			t.filter[bit/64] |= 1 << (bit % 64)
			return true
		case s>>16 == uint64(name):
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
		switch s := t.slots[at]; {
		case s == 0:
			return 0, false
		case s>>16 == uint64(name):
			return uint16(s) - 1, true
		}
		at = (at + 1) & uint64(len(t.slots)-1)
	}
	return 0, false
}
