package utxo

import (
	"encoding/binary"
	"math/bits"
)

// arena hands out records of whole granules from chunks outside the Go heap.
// A reference is the number of a granule, so that 32 bits reach 32 GiB; zero
// is none. What is freed goes on a list of its size class and is used again
// first: coins that are created and spent between two flushes need no new memory.
type arena struct {
	chunks [][]byte
	shift  uint   // log2 of the granules of a chunk
	next   uint32 // first unused granule
	free   [sizeClasses]uint32
}

const (
	granule = 8
	// Records up to exactBytes are rounded to a granule, longer ones to one of
	// four steps a doubling, which wastes a fifth of them at most.
	exactBytes  = 256
	exactShift  = 8
	maxRecord   = 16 << 10
	sizeClasses = exactBytes/granule + 1 + 4*(14-exactShift)
	maxGranules = 1 << 32
)

// sizeClass returns the class of a record and its rounded size.
func sizeClass(size int) (class, rounded int) {
	if size <= exactBytes {
		class = (size + granule - 1) / granule
		return class, class * granule
	}
	top := bits.Len(uint(size-1)) - 1 // 2^top < size <= 2^(top+1)
	step := 1 << (top - 2)
	k := (size - 1<<top + step - 1) / step // 1..4
	return exactBytes/granule + (top-exactShift)*4 + k, 1<<top + k*step
}

// chunkShift chooses the size of chunks for a budget: a thirty-second of it,
// between 64 KiB and 32 MiB.
func chunkShift(budget int64) uint {
	s := bits.Len64(uint64(max(budget, 1)) / 32)
	return uint(min(max(s, 16), 25)) - 3
}

func (a *arena) init(shift uint) { a.shift, a.next = shift, 1 }

func (a *arena) chunkBytes() int { return granule << a.shift }

// bytes is what is mapped, used what has been handed out at least once.
func (a *arena) bytes() int64 { return int64(len(a.chunks)) * int64(a.chunkBytes()) }
func (a *arena) used() int64  { return int64(a.next) * granule }

// missing maps the chunks that are needed until n more bytes fit, in whatever
// records. The caller appends them where no reader looks at the arena.
func (a *arena) missing(n int) (chunks [][]byte, err error) {
	// The end of each chunk may be left over by a record that does not fit.
	perChunk := a.chunkBytes() - maxRecord
	need := a.used() + int64(n) + int64(n/perChunk+1)*maxRecord
	if need > maxGranules*granule {
		return nil, memoryError(n, nil)
	}
	for have := a.bytes(); have < need; have += int64(a.chunkBytes()) {
		chunk, err := mapMemory(a.chunkBytes())
		if err != nil {
			freeChunks(chunks)
			return nil, memoryError(a.chunkBytes(), err)
		}
		chunks = append(chunks, chunk)
	}
	return chunks, nil
}

func freeChunks(chunks [][]byte) {
	for _, chunk := range chunks {
		_ = unmapMemory(chunk)
	}
}

// at returns the bytes from a reference to the end of its chunk.
func (a *arena) at(ref uint32) []byte {
	chunk := a.chunks[ref>>a.shift]
	return chunk[int(ref&(1<<a.shift-1))*granule:]
}

// alloc returns a record of at least size bytes. The caller has reserved.
func (a *arena) alloc(size int) (uint32, []byte) {
	class, rounded := sizeClass(size)
	if ref := a.free[class]; ref != 0 {
		b := a.at(ref)
		a.free[class] = binary.LittleEndian.Uint32(b)
		return ref, b[:rounded]
	}
	n := uint32(rounded / granule)
	per := uint32(1) << a.shift
	if left := per - a.next&(per-1); left < n {
		a.next += left
	}
	ref := a.next
	a.next += n
	return ref, a.at(ref)[:rounded]
}

// release puts a record of the given size on the list of its class.
func (a *arena) release(ref uint32, size int) {
	class, _ := sizeClass(size)
	binary.LittleEndian.PutUint32(a.at(ref), a.free[class])
	a.free[class] = ref
}

// clear forgets all records and keeps chunks up to the given bytes.
func (a *arena) clear(keep int64) {
	n := min(len(a.chunks), int(keep/int64(a.chunkBytes()))+1)
	freeChunks(a.chunks[n:])
	clear(a.chunks[n:])
	a.chunks = a.chunks[:n]
	a.next, a.free = 1, [sizeClasses]uint32{}
}

func (a *arena) releaseAll() {
	freeChunks(a.chunks)
	a.chunks = nil
}
