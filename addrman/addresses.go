package addrman

import (
	"time"

	"grapevine/wire"
)

// Add takes addresses that source told of, each taken to be older than it says by
// penalty, and returns how many entered a bucket of the new table. What is not
// routable is passed over.
func (m *Manager) Add(now time.Time, list []wire.TimedAddr, source wire.NetworkAddress, penalty time.Duration) (added int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range list {
		if m.book.add(seconds(now), a, source, int64(penalty/time.Second)) {
			added++
		}
	}
	return added
}

// AddOne enters an address that an operator names, as if it spoke of itself, into the
// new table and, where tried is set, from there into the tried one. Errors: [ErrNotNew],
// [ErrNotTried]; after the latter it may still wait for a place there.
func (m *Manager) AddOne(now time.Time, a wire.NetAddr, tried bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := seconds(now)
	if !m.book.add(s, wire.TimedAddr{Time: uint32(s), NetAddr: a}, a.Addr, 0) {
		return &Error{Kind: ErrNotNew}
	}
	if tried && !m.book.good(s, ep(a), true) {
		return &Error{Kind: ErrNotTried}
	}
	return nil
}

// Attempt notes that a connection was tried; a failure counts against the address
// where count is set.
func (m *Manager) Attempt(now time.Time, a wire.NetAddr, count bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.book.attempt(seconds(now), ep(a), count)
}

// Connected notes that a connection was still up when it ended.
func (m *Manager) Connected(now time.Time, a wire.NetAddr) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.book.connected(seconds(now), ep(a))
}

// Good notes that an address passed the handshake: it is tried now, or waits for the
// test of what has its place.
func (m *Manager) Good(now time.Time, a wire.NetAddr) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.book.good(seconds(now), ep(a), true)
}

// SetServices notes what a peer said that it offers.
func (m *Manager) SetServices(a wire.NetAddr, s wire.ServiceFlags) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.book.setServices(ep(a), s)
}

// Select picks an address of one of these networks, any when there are none, to
// connect to; from the new table only, where fresh is set. lastTry is zero if it was
// not tried since the program started.
func (m *Manager) Select(now time.Time, fresh bool, networks []wire.Network) (a wire.NetAddr, lastTry time.Time, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return chosen(m.book.choose(seconds(now), fresh, networks))
}

// Collision picks an address whose place another waits for: it is to be tested.
func (m *Manager) Collision(time.Time) (a wire.NetAddr, lastTry time.Time, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return chosen(m.book.collision())
}

func chosen(e *entry) (a wire.NetAddr, lastTry time.Time, ok bool) {
	if e == nil {
		return wire.NetAddr{}, time.Time{}, false
	}
	return e.netAddr(), moment(e.lastTry), true
}

// ResolveCollisions gives the place to who waits where the address in it did not
// answer.
func (m *Manager) ResolveCollisions(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.book.resolveCollisions(seconds(now))
}

// Sample returns at most limit addresses (0: any number) and at most percent of all
// (0: all of them), at random, of one network (NetNone: of any), without such as are
// not worth passing on where worthy is set.
func (m *Manager) Sample(now time.Time, limit, percent int, network wire.Network, worthy bool) []wire.TimedAddr {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.book.sample(seconds(now), limit, percent, network, worthy)
}

// Group returns what stands for the operator of an address.
func (m *Manager) Group(a wire.NetworkAddress) string { return m.groups.Group(a) }

// MappedAS returns the autonomous system, 0 when it is not known.
func (m *Manager) MappedAS(a wire.NetworkAddress) uint32 { return m.groups.AS(a) }

// Len counts all addresses.
func (m *Manager) Len() int {
	return locked(m, func(b *book) int { return len(b.random) })
}

// Count is how many addresses of a network there are in each table.
type Count struct {
	Network    wire.Network
	New, Tried int
}

// Counts returns the numbers of all networks, in the order of their numbers.
func (m *Manager) Counts() []Count {
	return locked(m, func(b *book) []Count {
		var out []Count
		for _, n := range []wire.Network{wire.NetIPv4, wire.NetIPv6, wire.NetTorV3, wire.NetI2P, wire.NetCJDNS} {
			out = append(out, Count{n, b.counts[n].fresh, b.counts[n].tried})
		}
		return out
	})
}

// Entry is what a place of a table holds.
type Entry struct {
	Bucket, Position int
	Addr             wire.TimedAddr
	Source           wire.NetworkAddress
	// LastSuccess is zero for an address that was never reached, Attempts counts
	// since then.
	LastSuccess time.Time
	Attempts    int
	// Refs is in how many buckets the address is.
	Refs int
}

// Entries returns one table in the order of its places.
func (m *Manager) Entries(tried bool) []Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.book
	from, to, n := place(0), place(newPlaces), b.total.fresh
	if tried {
		from, to, n = newPlaces, allPlaces, b.total.tried
	}
	out := make([]Entry, 0, n)
	for p := from; p < to; p++ {
		if b.at[p] == noID {
			continue
		}
		e := b.entry(b.at[p])
		out = append(out, Entry{
			Bucket: p.bucket(), Position: p.position(), Addr: e.timed(), Source: e.source,
			LastSuccess: moment(e.lastSuccess), Attempts: int(e.attempts), Refs: max(1, int(e.refs)),
		})
	}
	return out
}

// Footprint returns the bytes that the addresses take in memory, which only grows, to
// what doc.go says.
func (m *Manager) Footprint() int {
	return locked(m, func(b *book) int { return b.footprint() })
}
