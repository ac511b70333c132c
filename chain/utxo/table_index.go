package utxo

import "unsafe"

// index maps 32-bit hashes to references into an arena. A slot holds the hash
// in its upper and the reference in its lower half; zero is an empty slot.
//
// Slots are ordered by hash over the whole table: a hash has its home at
// hash*homes/2^32, and linear probing shifts larger hashes to the right. So a
// search for what is not there ends at the first larger hash, on average
// within the cache line it began in, growing is one pass over two sequences,
// and the size need not be a power of two. Removing shifts back, there are no
// markers of removed slots.
//
// Invariants: hashes ascend over the occupied slots; an entry lies at its
// home or to the right of it with no empty slot between; the last slot is empty.
type index struct {
	slots []uint64
	homes uint64
	mem   []byte
	n     int
}

const (
	slotBytes = 8
	// indexSlack is how many slots follow the last home. At the load below, a
	// cluster that long at this one place has a chance of about 1e-8; if it
	// happens the table grows early.
	indexSlack = 512
	// At most 3/4 of the homes are used: a hit then looks at 2.5 slots, a
	// miss at 2.5 too, and a growth by a half halves the load at most once.
	loadNum, loadDen = 3, 4
)

// slotsFor is the number of homes that n entries need.
func homesFor(n int) uint64 { return uint64(n)*loadDen/loadNum + 64 }

func newIndex(homes uint64) (index, error) {
	n := int(homes) + indexSlack
	mem, err := mapMemory(n * slotBytes)
	if err != nil {
		return index{}, memoryError(n*slotBytes, err)
	}
	return index{
		slots: unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(mem))), n),
		homes: homes,
		mem:   mem,
	}, nil
}

func (x *index) home(hash uint32) int { return int(uint64(hash) * x.homes >> 32) }

func (x *index) bytes() int64 { return int64(len(x.mem)) }

// room reports whether n more entries fit below the load limit.
func (x *index) room(n int) bool {
	return uint64(x.n+n) <= x.homes*loadNum/loadDen
}

// insert adds an entry whose key is not in the table. It reports false, and
// changes nothing, when the end of the table is reached.
func (x *index) insert(hash, ref uint32) bool {
	i := x.home(hash)
	for x.slots[i] != 0 && uint32(x.slots[i]>>32) <= hash {
		i++
	}
	end := i
	for x.slots[end] != 0 {
		end++
	}
	if end == len(x.slots)-1 {
		return false
	}
	copy(x.slots[i+1:end+1], x.slots[i:end])
	x.slots[i] = uint64(hash)<<32 | uint64(ref)
	x.n++
	return true
}

// remove takes out the entry at position i and closes the gap.
func (x *index) remove(i int) {
	j := i + 1
	for x.slots[j] != 0 && x.home(uint32(x.slots[j]>>32)) < j {
		j++
	}
	copy(x.slots[i:j-1], x.slots[i+1:j])
	x.slots[j-1] = 0
	x.n--
}

// replace points the entry at position i to another reference.
func (x *index) replace(i int, ref uint32) {
	x.slots[i] = x.slots[i]>>32<<32 | uint64(ref)
}

// grown returns a copy with at least the given homes. The receiver stays as it is.
func (x *index) grown(homes uint64) (index, error) {
	for {
		to, err := newIndex(homes)
		if err != nil {
			return index{}, err
		}
		if x.copyTo(&to) {
			return to, nil
		}
		_ = unmapMemory(to.mem)
		homes += homes / 4
	}
}

func (x *index) copyTo(to *index) bool {
	next := 0
	for _, slot := range x.slots {
		if slot == 0 {
			continue
		}
		at := max(to.home(uint32(slot>>32)), next)
		if at >= len(to.slots)-1 {
			return false
		}
		to.slots[at] = slot
		next = at + 1
	}
	to.n = x.n
	return true
}

func (x *index) clear() {
	clear(x.slots)
	x.n = 0
}

func (x *index) release() {
	if x.mem != nil {
		_ = unmapMemory(x.mem)
	}
	*x = index{}
}

// candidate returns the reference of the first entry with this hash, 0 when
// there is none.
func (x *index) candidate(hash uint32) uint32 {
	for i := x.home(hash); ; i++ {
		slot := x.slots[i]
		if slot == 0 || uint32(slot>>32) > hash {
			return 0
		}
		if uint32(slot>>32) == hash {
			return uint32(slot)
		}
	}
}
