package addrman

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	"unsafe"

	"grapevine/wire"
)

func TestTerrible(t *testing.T) {
	const now = 2_000_000_000
	good := entry{seen: now - day}
	for _, c := range []struct {
		name string
		e    func(e *entry)
		want bool
	}{
		{"as it should be", func(*entry) {}, false},
		{"29 days old", func(e *entry) { e.seen = now - 30*day }, false},
		{"more than 30 days old", func(e *entry) { e.seen = now - 30*day - 1 }, true},
		{"10 minutes ahead", func(e *entry) { e.seen = now + 600 }, false},
		{"more than 10 minutes ahead", func(e *entry) { e.seen = now + 601 }, true},
		{"two failures", func(e *entry) { e.attempts = 2 }, false},
		{"three failures and no success", func(e *entry) { e.attempts = 3 }, true},
		{"three failures after a success", func(e *entry) { e.attempts, e.lastSuccess = 3, now-30*day }, false},
		{"nine failures in a week", func(e *entry) { e.attempts, e.lastSuccess = 9, now-8*day }, false},
		{"ten failures in a week", func(e *entry) { e.attempts, e.lastSuccess = 10, now-7*day-1 }, true},
		{"ten failures in less", func(e *entry) { e.attempts, e.lastSuccess = 10, now-7*day }, false},
		{"old, and tried a minute ago", func(e *entry) { e.seen, e.lastTry = 1, now-60 }, false},
		{"old, and tried before", func(e *entry) { e.seen, e.lastTry = 1, now-61 }, true},
	} {
		e := good
		c.e(&e)
		if got := e.terrible(now); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestChance(t *testing.T) {
	const now = 2_000_000_000
	for _, c := range []struct {
		attempts uint32
		lastTry  int64
		want     float64
	}{
		{0, 0, 1}, {1, 0, 0.66}, {2, now - 600, 0.4356}, {8, 0, 0.03600406}, {9, 0, 0.03600406}, {1 << 31, 0, 0.03600406},
		{0, now - 599, 0.01}, {1, now, 0.0066},
	} {
		e := entry{attempts: c.attempts, lastTry: c.lastTry}
		if got := e.chance(now); got < c.want*0.9999 || got > c.want*1.0001 {
			t.Errorf("%d failures, tried %d s ago: %v, want %v", c.attempts, now-c.lastTry, got, c.want)
		}
	}
}

// add1 adds an address that source tells of, without penalty.
func add1(m *Manager, s, source string) int {
	return m.Add(start, []wire.TimedAddr{timed(s, start)}, ip(source), 0)
}

// However often and by whomever it is told of, an address is in eight buckets at most,
// and each further one is harder to reach.
func TestRepeatedAddressesTakeFewPlaces(t *testing.T) {
	m := memory(t)
	a := timed("1.2.3.4:8333", start)
	var toldFor [9]int
	for n := range 20_000 {
		a.Time++ // it is news each time
		m.Add(start, []wire.TimedAddr{a}, ip(fmt.Sprintf("%d.%d.1.1", 20+n%100, n/100%256)), 0)
		_, e := m.book.find(ep(a.NetAddr))
		refs := e.refs
		if toldFor[refs] == 0 {
			toldFor[refs] = n + 1
		}
	}
	entries := m.Entries(false)
	if len(entries) != 8 || m.Len() != 1 {
		t.Errorf("%d places, %d addresses", len(entries), m.Len())
	}
	if !slices.IsSorted(toldFor[1:]) || toldFor[8] < 60 { // 2+4+...+128 on the average
		t.Errorf("in so many buckets after so many times: %v", toldFor)
	}
	verify(t, m)
}

func TestTimesFromGossip(t *testing.T) {
	const penalty = 2 * time.Hour
	for _, c := range []struct {
		name       string
		has, says  time.Duration // before now
		self       bool
		wantBefore time.Duration
	}{
		{"new", -1, 0, false, penalty},
		{"new, by itself", -1, 0, true, 0},
		{"up now, an hour and the penalty later", 4 * time.Hour, time.Hour - time.Second, false, penalty + time.Hour - time.Second},
		{"up now, less", 4 * time.Hour, time.Hour, false, 4 * time.Hour},
		{"up now, by itself", 4 * time.Hour, 3*time.Hour - time.Second, true, 3*time.Hour - time.Second},
		{"two days old, a day and the penalty later", 80 * time.Hour, 54*time.Hour - time.Second, false, 56*time.Hour - time.Second},
		{"two days old, less", 80 * time.Hour, 54 * time.Hour, false, 80 * time.Hour},
		{"older", 2 * time.Hour, 90 * time.Hour, false, 2 * time.Hour},
	} {
		m := memory(t)
		if c.has >= 0 {
			m.Add(start, []wire.TimedAddr{timed("1.2.3.4:8333", start.Add(-c.has))}, ip("9.9.9.9"), 0)
		}
		source := ip("9.9.9.9")
		if c.self {
			source = ip("1.2.3.4")
		}
		m.Add(start, []wire.TimedAddr{timed("1.2.3.4:8333", start.Add(-c.says))}, source, penalty)
		if got := m.Entries(false)[0].Addr.Time; got != uint32(start.Add(-c.wantBefore).Unix()) {
			t.Errorf("%s: seen %s ago, want %s", c.name, start.Sub(time.Unix(int64(got), 0)), c.wantBefore)
		}
	}
	m := memory(t)
	m.Add(start, []wire.TimedAddr{{Time: 60, NetAddr: addr("1.2.3.4:8333")}}, ip("9.9.9.9"), penalty)
	if got := m.Entries(false)[0].Addr.Time; got != 0 {
		t.Errorf("seen at %d", got)
	}
}

func TestServicesFromGossipAdd(t *testing.T) {
	m := memory(t)
	a := timed("1.2.3.4:8333", start)
	for _, c := range []struct {
		said, want wire.ServiceFlags
		itself     bool
	}{{wire.NodeNetwork, wire.NodeNetwork, false}, {wire.NodeWitness, wire.NodeNetwork | wire.NodeWitness, false}, {0, 9, false}, {wire.NodeBloom, wire.NodeBloom, true}} {
		if c.itself {
			m.SetServices(a.NetAddr, c.said)
		} else {
			a.Services = c.said
			m.Add(start, []wire.TimedAddr{a}, ip("9.9.9.9"), 0)
		}
		if got := m.Entries(false)[0].Addr.Services; got != c.want {
			t.Errorf("said %b: %b, want %b", c.said, got, c.want)
		}
	}
}

// An attempt counts once between two successes of any peer.
func TestOutagesOfOursDoNotCount(t *testing.T) {
	m := memory(t)
	add1(m, "1.2.3.4:8333", "9.9.9.9")
	add1(m, "5.6.7.8:8333", "9.9.9.9")
	a := addr("1.2.3.4:8333")
	now := start
	attempt := func(count bool, want int) {
		t.Helper()
		now = now.Add(time.Minute)
		m.Attempt(now, a, count)
		for _, e := range m.Entries(false) {
			if e.Addr.NetAddr == a && e.Attempts != want {
				t.Fatalf("%d attempts, want %d", e.Attempts, want)
			}
		}
	}
	attempt(true, 1)
	attempt(true, 1)
	m.Good(now, addr("5.6.7.8:8333"))
	attempt(false, 1)
	attempt(true, 2)
	attempt(true, 2)
	m.Good(now, addr("7.7.7.7:8333")) // a peer that is not known here counts too
	attempt(true, 3)
	m.Good(now, a)
	if e := m.Entries(true)[0]; e.Attempts != 0 {
		t.Errorf("%+v after a success", e)
	}
}

// What a handshake and the end of a connection show: nothing, and that it was up.
func TestWhatOthersSeeOfOurConnections(t *testing.T) {
	m := memory(t)
	add1(m, "1.2.3.4:8333", "9.9.9.9")
	a := addr("1.2.3.4:8333")
	seen := func() time.Duration {
		return time.Unix(int64(m.Sample(start, 0, 0, wire.NetNone, false)[0].Time), 0).Sub(start)
	}
	m.Attempt(start.Add(time.Hour), a, true)
	m.Good(start.Add(time.Hour), a)
	if seen() != 0 {
		t.Errorf("a handshake changed the time to %s", seen())
	}
	m.Connected(start.Add(20*time.Minute), a)
	if seen() != 0 {
		t.Errorf("a connection of 20 minutes changed the time to %s", seen())
	}
	m.Connected(start.Add(time.Hour), a)
	if seen() != time.Hour {
		t.Errorf("seen after %s", seen())
	}
}

// collide returns an address in the tried table and one whose place it has.
func collide(t *testing.T, m *Manager) (old, waiting wire.NetAddr) {
	t.Helper()
	byPlace := map[place]wire.NetAddr{}
	for n := range 100_000 {
		a := addr(fmt.Sprintf("20.1.%d.%d:8333", n>>8, n&255))
		p := m.book.triedPlaceOf(&entry{endpoint: ep(a)})
		if first, ok := byPlace[p]; ok {
			old, waiting = first, a
			break
		}
		byPlace[p] = a
	}
	for _, a := range []wire.NetAddr{old, waiting} {
		m.Add(start, []wire.TimedAddr{{Time: uint32(start.Unix()), NetAddr: a}}, a.Addr, 0)
		m.Add(start, []wire.TimedAddr{{Time: uint32(start.Unix()) + 1, NetAddr: a}}, ip("99.1.2.3"), 0)
		m.Good(start, a)
	}
	if got, _, ok := m.Collision(start); !ok || got != old {
		t.Fatalf("to be tested: %s %v, want %s", got, ok, old)
	}
	return old, waiting
}

func triedAddrs(m *Manager) (out []wire.NetAddr) {
	for _, e := range m.Entries(true) {
		out = append(out, e.Addr.NetAddr)
	}
	return out
}

func TestTestBeforeEvict(t *testing.T) {
	for _, c := range []struct {
		name    string
		events  func(m *Manager, old wire.NetAddr)
		after   time.Duration
		replace bool // the old one is replaced
		settled bool
	}{
		{"it answered within four hours", func(*Manager, wire.NetAddr) {}, 4*time.Hour - time.Second, false, true},
		{"nothing known, waited for 40 minutes beyond", func(*Manager, wire.NetAddr) {}, 4 * time.Hour, true, true},
		{"it did not answer, a minute ago", func(m *Manager, a wire.NetAddr) { m.Attempt(start.Add(5*time.Hour), a, true) }, 5*time.Hour + time.Minute, false, false},
		{"it did not answer, more than a minute ago", func(m *Manager, a wire.NetAddr) { m.Attempt(start.Add(5*time.Hour), a, true) }, 5*time.Hour + 61*time.Second, true, true},
		{"it answered the test", func(m *Manager, a wire.NetAddr) {
			m.Attempt(start.Add(5*time.Hour), a, true)
			m.Good(start.Add(5*time.Hour), a)
		}, 5*time.Hour + 61*time.Second, false, true},
	} {
		m := memory(t)
		old, waiting := collide(t, m)
		c.events(m, old)
		m.ResolveCollisions(start.Add(c.after))
		verify(t, m)
		_, _, pending := m.Collision(start)
		want := old
		if c.replace {
			want = waiting
		}
		if got := triedAddrs(m); len(got) != 1 || got[0] != want || pending == c.settled {
			t.Errorf("%s: tried %v, want %s, pending %v", c.name, got, want, pending)
		}
		if m.Len() != 2 {
			t.Errorf("%s: %d addresses left", c.name, m.Len())
		}
	}
}

// Who waits gets 40 minutes' patience after its own success.
func TestWaitingIsPatient(t *testing.T) {
	m := memory(t)
	old, waiting := collide(t, m)
	now := start.Add(5 * time.Hour)
	m.Good(now, waiting)
	m.ResolveCollisions(now.Add(40 * time.Minute))
	if got := triedAddrs(m); len(got) != 1 || got[0] != old {
		t.Errorf("tried %v", got)
	}
	m.ResolveCollisions(now.Add(40*time.Minute + time.Second))
	if got := triedAddrs(m); len(got) != 1 || got[0] != waiting {
		t.Errorf("tried %v", got)
	}
}

func TestSelect(t *testing.T) {
	m := memory(t)
	if _, _, ok := m.Select(start, false, nil); ok {
		t.Error("selected from nothing")
	}
	for n := range 200 {
		add1(m, fmt.Sprintf("20.%d.1.1:8333", n), fmt.Sprintf("30.%d.1.1", n))
	}
	if _, _, ok := m.Select(start, false, []wire.Network{wire.NetI2P}); ok {
		t.Error("selected from a network of which there is none")
	}
	reached := addr("40.1.1.1:8333")
	if err := m.AddOne(start, reached, true); err != nil {
		t.Fatal(err)
	}
	other := addr("[2a00::1]:8333")
	if err := m.AddOne(start, other, false); err != nil {
		t.Fatal(err)
	}
	later := start.Add(time.Hour)
	n := 0
	for range 2000 {
		a, tried, ok := m.Select(later, false, nil)
		if !ok {
			t.Fatal("nothing selected")
		}
		if a == reached {
			n++
			if !tried.Equal(start) {
				t.Fatalf("tried %s", tried)
			}
		} else if !tried.IsZero() {
			t.Fatalf("%s: tried %s", a, tried)
		}
		if a, _, _ := m.Select(later, true, nil); a == reached {
			t.Fatal("a tried address selected from the new table")
		}
		if a, _, ok := m.Select(later, false, []wire.Network{wire.NetIPv6, wire.NetCJDNS}); !ok || a != other {
			t.Fatalf("%s from IPv6", a)
		}
	}
	if n < 900 || n > 1100 {
		t.Errorf("the only tried address was selected %d times of 2000", n)
	}
}

// Failed and just tried addresses are selected less often, by their weights.
func TestSelectByWeight(t *testing.T) {
	m := memory(t)
	good, bad := addr("40.1.1.1:8333"), addr("50.1.1.1:8333")
	for _, a := range []wire.NetAddr{good, bad} {
		if err := m.AddOne(start, a, false); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 4 {
		m.Attempt(start.Add(time.Duration(n)*time.Minute), bad, true)
		m.Good(start.Add(time.Duration(n)*time.Minute+time.Second), addr("7.7.7.7:1"))
	}
	count := func(now time.Time) (n int) {
		for range 2000 {
			if a, _, _ := m.Select(now, true, nil); a == bad {
				n++
			}
		}
		return n
	}
	// A draw of either is as likely; of the good one the first is taken.
	if n := count(start.Add(time.Hour)); n < 2000*13/100 || n > 2000*22/100 { // 0.17: half of the draws, and refusals raise the odds
		t.Errorf("after four failures %d of 2000", n)
	}
	m.Attempt(start.Add(time.Hour), bad, false)
	if n := count(start.Add(time.Hour)); n > 2000*3/100 {
		t.Errorf("just tried: %d of 2000", n)
	}
}

func TestSampleByNetworkClass(t *testing.T) {
	m := memory(t)
	for _, a := range []string{"40.1.1.1:8333", "[2a00::1]:8333", "[2002:2801:101::1]:8333"} {
		if err := m.AddOne(start, addr(a), false); err != nil {
			t.Fatal(err)
		}
	}
	// An address of IPv6 that stands for one of IPv4 is of IPv4 here.
	if n := len(m.Sample(start, 0, 0, wire.NetIPv4, true)); n != 2 {
		t.Errorf("%d addresses of IPv4", n)
	}
	if n := len(m.Sample(start, 0, 0, wire.NetIPv6, true)); n != 1 {
		t.Errorf("%d addresses of IPv6", n)
	}
	if n := len(m.Sample(start.Add(31*24*time.Hour), 0, 0, wire.NetNone, true)); n != 0 {
		t.Errorf("%d addresses a month later", n)
	}
	if n := len(m.Sample(start, 2, 100, wire.NetNone, true)); n != 2 {
		t.Errorf("%d of two", n)
	}
	if n := len(m.Sample(start, 0, 34, wire.NetNone, true)); n != 1 {
		t.Errorf("%d of a third", n)
	}
}

// The bound that the package comment states.
func TestFootprint(t *testing.T) {
	if got := unsafe.Sizeof(entry{}); got != 168 {
		t.Errorf("an entry takes %d bytes", got)
	}
	full := fixedBytes + allPlaces/pageSize*(pageBytes+pageSize*indexBytes)
	if full > 24_500_000 || full < 23_000_000 {
		t.Errorf("%d bytes at most", full)
	}
	m := memory(t)
	if n := m.Footprint(); n > 500_000 {
		t.Errorf("%d bytes when empty", n)
	}
	r := seeded(50)
	for range 3000 {
		a := anyAddr(r)
		m.Add(start, []wire.TimedAddr{{Time: uint32(start.Unix()), NetAddr: a}}, anyAddr(r).Addr, 0)
	}
	pages := m.Footprint()
	for range 10 { // places are used again
		for _, e := range m.Entries(false) {
			locked(m, func(b *book) int {
				b.release(newPlace(e.Bucket, e.Position))
				return 0
			})
		}
		for range 3000 {
			a := anyAddr(r)
			m.Add(start, []wire.TimedAddr{{Time: uint32(start.Unix()), NetAddr: a}}, anyAddr(r).Addr, 0)
		}
		verify(t, m)
	}
	if m.Footprint() != pages {
		t.Errorf("grown from %d to %d bytes", pages, m.Footprint())
	}
}

func TestHotPathsAllocateNothing(t *testing.T) {
	m := memory(t)
	for n := range 200 {
		add1(m, fmt.Sprintf("20.%d.1.1:8333", n), fmt.Sprintf("30.%d.1.1", n))
	}
	list := []wire.TimedAddr{timed("20.1.1.1:8333", start.Add(time.Minute))}
	source := ip("35.1.1.1")
	if n := testing.AllocsPerRun(100, func() {
		m.Add(start, list, source, 0)
		a, _, _ := m.Select(start, false, nil)
		m.Attempt(start, a, true)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// counted counts what is drawn from a source.
type counted struct {
	rand.Source
	draws int
}

func (c *counted) Uint64() uint64 {
	c.draws++
	return c.Source.Uint64()
}

// Who connects looks at a hundred addresses while none will do, however few are known.
func TestSelectOfFewIsCheap(t *testing.T) {
	source := &counted{Source: rand.NewPCG(45, 46)}
	m := lonely(t, rand.New(source))
	source.draws = 0
	const times = 100
	for range times {
		if _, _, ok := m.Select(start, false, []wire.Network{wire.NetIPv4, wire.NetIPv6, wire.NetTorV3, wire.NetI2P, wire.NetCJDNS}); !ok {
			t.Fatal("nothing is selected")
		}
	}
	// A hundredth, times 1.2 for each refusal, is one after 26 of them; each takes a bucket, a position and a chance.
	if most := 26 * 3 * times; source.draws > most {
		t.Errorf("%d draws for %d addresses, want %d at most", source.draws, times, most)
	}
}
