package bans

import (
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// DefaultTime is how long a ban lasts without -bantime.
const DefaultTime = 24 * time.Hour

// Config says how a [List] behaves.
type Config struct {
	// Time is how long a ban lasts for which none is given; 0 means [DefaultTime].
	Time time.Duration
	// Rand keys the filter; it is required.
	Rand *rand.Rand
}

// Entry is a ban. Times are in seconds since 1970.
type Entry struct {
	Net            peer.Subnet
	Created, Until int64
}

// List holds bans and discouraged addresses. It is safe for concurrent use.
//
// Invariants: each entry stands under its own subnet, and lengths counts the entries by
// the length of their prefix.
type List struct {
	usual int64 // seconds

	mu          sync.Mutex
	entries     map[peer.Subnet]Entry
	lengths     [maxBits + 2]int // by length of prefix plus one: 0 is for networks without
	changed     bool             // since the last Save
	discouraged *filter
}

const maxBits = 128

// New returns an empty list.
func New(cfg Config) *List {
	if cfg.Time == 0 {
		cfg.Time = DefaultTime
	}
	return &List{usual: int64(cfg.Time / time.Second), entries: map[peer.Subnet]Entry{}, discouraged: newFilter(cfg.Rand)}
}

// Ban bans a subnet: for so many seconds, or until a time in seconds since 1970 if
// absolute is set, for the usual time where the number is not positive. A ban that lasts
// longer stays. It reports whether anything changed.
func (l *List) Ban(now time.Time, s peer.Subnet, seconds int64, absolute bool) bool {
	if s.IsZero() {
		return false
	}
	at := now.Unix()
	until := seconds
	switch {
	case seconds <= 0:
		until = at + l.usual
	case !absolute && seconds > math.MaxInt64-max(at, 0):
		until = math.MaxInt64
	case !absolute:
		until = at + seconds
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.entries[s].Until >= until {
		return false
	}
	l.put(Entry{Net: s, Created: at, Until: until})
	l.changed = true
	return true
}

func (l *List) put(e Entry) {
	if _, there := l.entries[e.Net]; !there {
		l.lengths[e.Net.Bits()+1]++
	}
	l.entries[e.Net] = e
}

func (l *List) remove(s peer.Subnet) bool {
	if _, there := l.entries[s]; !there {
		return false
	}
	delete(l.entries, s)
	l.lengths[s.Bits()+1]--
	l.changed = true
	return true
}

// Unban ends the ban of exactly this subnet, and reports whether there was one.
func (l *List) Unban(s peer.Subnet) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.remove(s)
}

// Clear ends all bans. Who is discouraged stays so.
func (l *List) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.entries)
	l.lengths = [maxBits + 2]int{}
	l.changed = true
}

// Banned reports whether an address belongs to a subnet that is banned.
func (l *List) Banned(now time.Time, a wire.NetworkAddress) bool {
	if !a.Valid() {
		return false
	}
	at, single := now.Unix(), peer.SubnetOf(a)
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := single.Bits(); n >= 0; n-- {
		if l.lengths[n+1] > 0 && at < l.entries[single.Widen(n)].Until {
			return true
		}
	}
	return single.Bits() < 0 && at < l.entries[single].Until
}

// Holds reports whether exactly this subnet is banned.
func (l *List) Holds(now time.Time, s peer.Subnet) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Unix() < l.entries[s].Until
}

// Entries returns the bans that have not ended, by network and address.
func (l *List) Entries(now time.Time) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	return l.sorted()
}

func (l *List) sorted() []Entry {
	return slices.SortedFunc(maps.Values(l.entries), func(a, b Entry) int { return a.Net.Compare(b.Net) })
}

// sweep forgets the bans that have ended.
func (l *List) sweep(now time.Time) {
	for s, e := range l.entries {
		if now.Unix() > e.Until {
			l.remove(s)
		}
	}
}

// Discourage notes that an address misbehaved.
func (l *List) Discourage(a wire.NetworkAddress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.discouraged.add(a)
}

// Discouraged reports whether an address misbehaved lately. Very rarely it says so of one
// that did not.
func (l *List) Discouraged(a wire.NetworkAddress) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.discouraged.has(a)
}

// check verifies the invariants.
func (l *List) check() error {
	var lengths [maxBits + 2]int
	for s, e := range l.entries {
		if s != e.Net || s.IsZero() {
			return errors.New("a ban stands under another subnet")
		}
		lengths[s.Bits()+1]++
	}
	if lengths != l.lengths {
		return errors.New("prefixes are counted wrongly")
	}
	return nil
}
