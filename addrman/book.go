package addrman

import (
	"math/rand/v2"
	"unsafe"

	"grapevine/internal/netgroup"
	"grapevine/wire"
)

// book is the tables, without lock, clock or disk. Invariants (see check):
//
//  1. An entry is found by its endpoint, and stands in random where it says.
//  2. An entry is either tried and in one place of the tried table, with a success, or
//     in one to eight places of the new table that it lists, never twice in one bucket.
//  3. A place holds an entry that belongs there: the position is that of its hash, and
//     the bucket of the tried table, too.
//  4. networks holds the network of what is in each place, occupied how many of each are
//     in a bucket, and the counts are those of the entries.
//  5. What waits in collisions is in the new table, each once, ten at most.
//  6. Each place whose content changed since it was last taken is dirty.
type book struct {
	key    Key
	groups *netgroup.Groups
	rng    *rand.Rand

	pages    []*page
	unused   []id
	ids      map[endpoint]id
	random   []id // all, in an order that only sampling changes
	at       [allPlaces]id
	networks [allPlaces]wire.Network
	occupied occupancy
	counts   [wire.NetCJDNS + 1]count
	total    count

	lastGood   int64 // when a connection succeeded last; 1 at first, later than never
	collisions []id  // entries that wait for a place in the tried table
	dirty      places
}

type count struct{ fresh, tried int }

const pageSize = 512

// page holds entries so that growing moves none.
type page [pageSize]entry

func newBook(key Key, groups *netgroup.Groups, rng *rand.Rand) *book {
	return &book{key: key, groups: groups, rng: rng, ids: make(map[endpoint]id), lastGood: 1}
}

func (b *book) entry(n id) *entry { return &b.pages[(n-1)/pageSize][(n-1)%pageSize] }

func (b *book) find(ep endpoint) (id, *entry) {
	n := b.ids[ep]
	if n == noID {
		return noID, nil
	}
	return n, b.entry(n)
}

// create makes an entry of the new table that is in no bucket yet.
func (b *book) create(ep endpoint, source wire.NetworkAddress) (id, *entry) {
	if len(b.unused) == 0 {
		first := id(len(b.pages))*pageSize + 1
		b.pages = append(b.pages, new(page))
		for n := first + pageSize - 1; n >= first; n-- {
			b.unused = append(b.unused, n)
		}
	}
	last := len(b.unused) - 1
	n := b.unused[last]
	b.unused = b.unused[:last]
	e := b.entry(n)
	*e = entry{endpoint: ep, source: source, random: int32(len(b.random))}
	b.random = append(b.random, n)
	b.ids[ep] = n
	b.count(e, +1)
	return n, e
}

// drop forgets an entry that is in no bucket any more.
func (b *book) drop(n id) {
	e := b.entry(n)
	b.swapRandom(int(e.random), len(b.random)-1)
	b.random = b.random[:len(b.random)-1]
	delete(b.ids, e.endpoint)
	b.count(e, -1)
	b.uncollide(n)
	b.unused = append(b.unused, n)
	*e = entry{}
}

// count adds n to the numbers that an entry is part of.
func (b *book) count(e *entry, n int) {
	for _, c := range []*count{&b.counts[e.addr.Network()], &b.total} {
		if e.tried {
			c.tried += n
		} else {
			c.fresh += n
		}
	}
}

func (b *book) swapRandom(i, j int) {
	b.random[i], b.random[j] = b.random[j], b.random[i]
	b.entry(b.random[i]).random = int32(i)
	b.entry(b.random[j]).random = int32(j)
}

// newPlaceOf is where an entry that source told of belongs in the new table.
func (b *book) newPlaceOf(e *entry, source wire.NetworkAddress) place {
	bucket := b.key.newBucket(b.groups, e.addr, source)
	return newPlace(bucket, b.key.position(false, bucket, e.addr, e.port))
}

// triedPlaceOf is where an entry belongs in the tried table.
func (b *book) triedPlaceOf(e *entry) place {
	bucket := b.key.triedBucket(b.groups, e.addr, e.port)
	return triedPlace(bucket, b.key.position(true, bucket, e.addr, e.port))
}

// put sets what a place holds.
func (b *book) put(p place, n id) {
	before, after := b.networks[p], wire.NetNone
	if n != noID {
		after = b.entry(n).addr.Network()
	}
	b.at[p], b.networks[p] = n, after
	b.occupied.move(p, before, after)
	b.dirty.add(p)
}

// refer adds an empty place of the new table to those of an entry.
func (b *book) refer(n id, e *entry, p place) {
	e.places[e.refs] = p
	e.refs++
	b.put(p, n)
}

// release empties a place of the new table; what is in none then is dropped.
func (b *book) release(p place) {
	n := b.at[p]
	if n == noID {
		return
	}
	e := b.entry(n)
	for i := range e.refs {
		if e.places[i] == p {
			e.refs--
			e.places[i] = e.places[e.refs]
			break
		}
	}
	b.put(p, noID)
	if e.refs == 0 {
		b.drop(n)
	}
}

// makeTried moves an entry into the tried table. What is in its place there goes back
// to the new table, over whatever is in the way.
func (b *book) makeTried(n id, e *entry) {
	for _, p := range e.places[:e.refs] {
		b.put(p, noID)
	}
	e.refs = 0
	b.count(e, -1)

	p := b.triedPlaceOf(e)
	if old := b.at[p]; old != noID {
		o := b.entry(old)
		b.put(p, noID)
		b.count(o, -1)
		o.tried = false
		b.count(o, +1)
		back := b.newPlaceOf(o, o.source)
		b.release(back)
		b.refer(old, o, back)
	}
	e.tried = true
	b.count(e, +1)
	b.put(p, n)
	b.uncollide(n)
}

// touch marks where an entry stands as changed.
func (b *book) touch(e *entry) {
	if e.tried {
		b.dirty.add(b.triedPlaceOf(e))
		return
	}
	for _, p := range e.places[:e.refs] {
		b.dirty.add(p)
	}
}

// places is a set of places.
type places [(allPlaces + 63) / 64]uint64

func (s *places) add(p place)      { s[p/64] |= 1 << (p % 64) }
func (s *places) remove(p place)   { s[p/64] &^= 1 << (p % 64) }
func (s *places) has(p place) bool { return s[p/64]>>(p%64)&1 != 0 }

// The sizes of what grows, in bytes: a page, and an address in the map (key and value
// with the share of empty slots) and in both lists of ids.
const (
	pageBytes  = int(unsafe.Sizeof(page{}))
	indexBytes = 112
	fixedBytes = int(unsafe.Sizeof(book{}))
)

func (b *book) footprint() int {
	return fixedBytes + len(b.pages)*(pageBytes+pageSize*indexBytes)
}
