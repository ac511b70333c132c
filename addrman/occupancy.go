package addrman

import (
	"math/bits"

	"grapevine/wire"
)

const (
	allBuckets   = newBuckets + triedBuckets
	bucketWords  = allBuckets / 64
	newWords     = newBuckets / 64
	kindsOfPlace = wire.NetCJDNS + 1
)

// buckets is a set of buckets: those of the new table first.
type buckets [bucketWords]uint64

// occupancy says which buckets hold addresses of which network. To draw buckets until one
// is not empty takes a thousand draws for each address that is looked at while few are
// known, and many are looked at as long as none will do.
type occupancy struct {
	held [allBuckets][kindsOfPlace]uint8 // addresses of each network
	some [kindsOfPlace]buckets           // where that is not zero
}

// move notes that a place holds an address of another network, NetNone for none.
func (o *occupancy) move(p place, from, to wire.Network) {
	bucket := int(p) / bucketSize
	if from != wire.NetNone {
		if o.held[bucket][from]--; o.held[bucket][from] == 0 {
			o.some[from][bucket/64] &^= 1 << (bucket % 64)
		}
	}
	if to != wire.NetNone {
		o.held[bucket][to]++
		o.some[to][bucket/64] |= 1 << (bucket % 64)
	}
}

// of returns the buckets of one table that hold addresses of these networks, of any when
// there are none, and how many they are.
func (o *occupancy) of(tried bool, networks []wire.Network) (set buckets, n int) {
	from, to := 0, newWords
	if tried {
		from, to = newWords, bucketWords
	}
	add := func(b *buckets) {
		for i := from; i < to; i++ {
			set[i] |= b[i]
		}
	}
	for _, net := range networks {
		if net < kindsOfPlace {
			add(&o.some[net])
		}
	}
	if len(networks) == 0 {
		for i := range o.some {
			add(&o.some[i])
		}
	}
	for _, w := range set[from:to] {
		n += bits.OnesCount64(w)
	}
	return set, n
}

// nth returns the first place of one of the buckets, by their order.
func (s *buckets) nth(n int) place {
	for i, w := range s {
		if c := bits.OnesCount64(w); n >= c {
			n -= c
			continue
		}
		for ; n > 0; n-- {
			w &= w - 1
		}
		return place((i*64 + bits.TrailingZeros64(w)) * bucketSize)
	}
	panic("addrman: no such bucket")
}
