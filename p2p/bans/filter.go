package bans

import (
	"math/rand/v2"

	"grapevine/internal/siphash"
	"grapevine/wire"
)

// The discouraged addresses that are remembered: a generation is given up for a new one
// once there are three full ones, so that the last 50,000 are always there.
const (
	generations = 3
	perLife     = 25_000  // addresses a generation
	filterBits  = 1 << 20 // bits a generation
	probes      = 16      // bits an address
)

// The positions of an address are the upper bits of a congruential sequence, whose start
// and increment are secret. Evenly spaced ones would coincide too often.
const (
	multiplier = 6364136223846793005 // Knuth, MMIX
	shift      = 64 - 20
)

// filter is a Bloom filter that forgets.
type filter struct {
	keys  [2]siphash.Key
	bits  [generations][]uint64 // the youngest first
	count int                   // of the youngest
}

func newFilter(r *rand.Rand) *filter {
	f := &filter{}
	for i := range f.keys {
		f.keys[i] = siphash.Key{K0: r.Uint64(), K1: r.Uint64()}
	}
	for i := range f.bits {
		f.bits[i] = make([]uint64, filterBits/64)
	}
	return f
}

// hash returns the start and the increment of an address's positions.
func (f *filter) hash(a wire.NetworkAddress) (start, step uint64) {
	var b [32]byte
	copy(b[:], a.Bytes())
	n := uint64(a.Network())
	return f.keys[0].HashWith(&b, n), f.keys[1].HashWith(&b, n) | 1
}

func (f *filter) add(a wire.NetworkAddress) {
	if f.inYoungest(a) {
		return // who misbehaves again and again pushes nobody out
	}
	if f.count == perLife {
		oldest := f.bits[generations-1]
		clear(oldest)
		copy(f.bits[1:], f.bits[:generations-1])
		f.bits[0], f.count = oldest, 0
	}
	at, step := f.hash(a)
	for range probes {
		f.bits[0][at>>shift/64] |= 1 << (at >> shift % 64)
		at = at*multiplier + step
	}
	f.count++
}

func (f *filter) has(a wire.NetworkAddress) bool {
	at, step := f.hash(a)
	for _, g := range f.bits {
		if within(g, at, step) {
			return true
		}
	}
	return false
}

func (f *filter) inYoungest(a wire.NetworkAddress) bool {
	at, step := f.hash(a)
	return within(f.bits[0], at, step)
}

func within(bits []uint64, at, step uint64) bool {
	for range probes {
		if bits[at>>shift/64]>>(at>>shift%64)&1 == 0 {
			return false
		}
		at = at*multiplier + step
	}
	return true
}
