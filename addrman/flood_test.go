package addrman

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"grapevine/wire"
)

// flood is how many addresses an attacker sends.
func flood() int {
	if raceEnabled {
		return 20_000 // each costs 20 times as much
	}
	return 1_000_000
}

// in returns an address of a group, which is the first two bytes.
func in(group int, host uint16, port uint16) wire.NetAddr {
	ip := netip.AddrFrom4([4]byte{byte(group >> 8), byte(group), byte(host >> 8), byte(host)})
	return wire.NetAddr{Services: wire.NodeNetwork | wire.NodeWitness, Addr: wire.AddressOfIP(ip), Port: port}
}

// The attacker's groups are in 50.0.0.0/8, those of others in 20.0.0.0/7.
const (
	hostile = 50 << 8
	honest  = 20 << 8
)

func isHostile(a wire.NetworkAddress) bool {
	ip, _ := a.IP()
	return ip.As4()[0] == 50
}

// held counts buckets and places of a table with addresses that fn says.
func held(m *Manager, tried bool, fn func(wire.NetworkAddress) bool) (buckets, places int) {
	seen := map[int]bool{}
	for _, e := range m.Entries(tried) {
		if fn(e.Addr.Addr) {
			seen[e.Bucket] = true
			places++
		}
	}
	return len(seen), places
}

func everything(wire.NetworkAddress) bool { return true }

// One source group tells of addresses all over the world.
func TestSourceGroupHoldsFewBuckets(t *testing.T) {
	m := memory(t)
	r := seeded(31)
	list := make([]wire.TimedAddr, 1000)
	for sent := 0; sent < flood(); sent += len(list) {
		for i := range list {
			list[i] = wire.TimedAddr{Time: uint32(start.Unix()), NetAddr: in(int(r.Uint32N(200<<8)), uint16(r.Uint32()), 8333)}
		}
		source := in(hostile, uint16(r.Uint32()), 0).Addr // any of its 65,536 addresses
		m.Add(start, list, source, 2*time.Hour)
	}
	buckets, places := held(m, false, everything)
	t.Logf("%d addresses from one source group: %d of %d new buckets, %d of %d places (%.1f%%)",
		flood(), buckets, newBuckets, places, newPlaces, 100*float64(places)/newPlaces)
	if buckets > newPerSource || places > newPerSource*bucketSize || buckets < newPerSource/2 {
		t.Errorf("%d buckets, %d places", buckets, places)
	}
	verify(t, m)
}

// All addresses of one group answer, and are told of by everyone.
func TestAddressGroupHoldsFewTriedBuckets(t *testing.T) {
	m := memory(t)
	r := seeded(32)
	now := start
	rounds := flood() / 10
	for n := range rounds {
		now = now.Add(time.Second)
		a := in(hostile, uint16(r.Uint32()), uint16(8000+r.IntN(1000)))
		m.Add(now, []wire.TimedAddr{{Time: uint32(now.Unix()), NetAddr: a}}, in(honest+r.IntN(512), 1, 0).Addr, 0)
		m.Good(now, a)
		if n%100 == 0 {
			m.ResolveCollisions(now)
		}
	}
	buckets, places := held(m, true, everything)
	t.Logf("%d addresses of one group reached: %d of %d tried buckets, %d of %d places (%.1f%%)",
		rounds, buckets, triedBuckets, places, triedPlaces, 100*float64(places)/triedPlaces)
	if buckets > triedPerGroup || places > triedPerGroup*bucketSize || buckets < triedPerGroup/2 {
		t.Errorf("%d buckets, %d places", buckets, places)
	}
	verify(t, m)
}

// network is the honest part of the world: 10,000 nodes in 512 groups, of which 300 are
// tried, told of by 100 peers.
func network(m *Manager, r *rand.Rand) {
	for n := range 10_000 {
		a := in(honest+r.IntN(512), uint16(n), 8333)
		said := uint32(start.Unix()) - r.Uint32N(5*day)
		for range 3 {
			m.Add(start, []wire.TimedAddr{{Time: said, NetAddr: a}}, in(honest+r.IntN(100), 1, 0).Addr, 0)
			said++
		}
		if n < 300 {
			m.Good(start, a)
		}
	}
}

// feelers connects every two minutes to an address that is only heard of, or tests one
// that another would replace. All of them answer.
func feelers(m *Manager, from time.Time, d time.Duration) time.Time {
	now := from
	for ; now.Before(from.Add(d)); now = now.Add(2 * time.Minute) {
		m.ResolveCollisions(now)
		a, _, ok := m.Collision(now)
		if !ok {
			a, _, ok = m.Select(now, true, nil)
		}
		if ok {
			m.Attempt(now, a, true)
			m.Good(now, a)
		}
	}
	return now
}

// chance draws outbound connections and returns the attacker's share.
func chance(m *Manager, now time.Time) float64 {
	const draws = 20_000
	n := 0
	for range draws {
		if a, _, ok := m.Select(now, false, nil); ok && isHostile(a.Addr) {
			n++
		}
	}
	return float64(n) / draws
}

// An attacker has so many groups, in which whatever address one connects to is his, and
// sends addresses of all from all. Connections of our own choice go to distinct groups
// besides, so that who has one group gets one of them at most.
func TestChanceOfTheAttacker(t *testing.T) {
	for _, c := range []struct {
		groups     int
		soon, late float64 // what it has to stay below
	}{
		{1, 0.005, 0.02},
		{16, 0.20, 0.35},
		{256, 0.50, 0.85},
	} {
		m := memory(t)
		r := seeded(33)
		network(m, r)
		before, _ := held(m, false, everything)
		list := make([]wire.TimedAddr, 1000)
		for sent := 0; sent < flood()/4; sent += len(list) { // enough to fill what can be
			for i := range list {
				list[i] = wire.TimedAddr{Time: uint32(start.Unix()), NetAddr: in(hostile+r.IntN(c.groups), uint16(r.Uint32()), uint16(r.Uint32()))}
			}
			m.Add(start, list, in(hostile+r.IntN(c.groups), 1, 0).Addr, 2*time.Hour)
		}
		soon := chance(m, start)
		nb, np := held(m, false, isHostile)
		later := feelers(m, start, 7*24*time.Hour)
		late := chance(m, later)
		tb, tp := held(m, true, isHostile)
		_, hp := held(m, true, func(a wire.NetworkAddress) bool { return !isHostile(a) })
		t.Logf("%s: %4d new buckets (honest ones in %d), %5d places; chance %5.1f%%; after a week of feelers %3d tried buckets, %4d places beside %d honest; chance %5.1f%%",
			fmt.Sprintf("%3d groups", c.groups), nb, before, np, 100*soon, tb, tp, hp, 100*late)
		if soon > c.soon || late > c.late {
			t.Errorf("%d groups: %.3f, later %.3f", c.groups, soon, late)
		}
		verify(t, m)
	}
}
