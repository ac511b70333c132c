package addrman

import (
	"slices"

	"grapevine/wire"
)

// choose picks an entry to connect to, nil when there is none: from the tried or the
// new table with the same chance, whatever their sizes, so that a flood of new
// addresses gets half of the attempts at most. Within a table a bucket is drawn of those
// that hold any, and in it an entry, so that who fills few buckets is drawn seldom.
func (b *book) choose(now int64, fresh bool, networks []wire.Network) *entry {
	have := b.total
	if len(networks) > 0 {
		have = count{}
		for i, n := range networks {
			if int(n) < len(b.counts) && !slices.Contains(networks[:i], n) {
				have.fresh += b.counts[n].fresh
				have.tried += b.counts[n].tried
			}
		}
	}
	if have.fresh == 0 && (fresh || have.tried == 0) {
		return nil
	}
	tried := !fresh && have.tried > 0 && (have.fresh == 0 || b.rng.Uint64()&1 == 0)
	filled, n := b.occupied.of(tried, networks)
	// Each refusal makes the next less likely, so that this ends, however bad all
	// are.
	for factor := 1.0; ; {
		e := b.pick(filled.nth(b.rng.IntN(n)), b.rng.IntN(bucketSize), networks)
		if b.rng.Float64() < factor*e.chance(now) {
			return e
		}
		factor *= 1.2
	}
}

// pick returns the first entry of these networks from a position of a bucket on, around
// its end. There is one.
func (b *book) pick(start place, from int, networks []wire.Network) *entry {
	for i := range bucketSize {
		p := start + place((from+i)%bucketSize)
		if n := b.at[p]; n != noID && (len(networks) == 0 || slices.Contains(networks, b.networks[p])) {
			return b.entry(n)
		}
	}
	panic("addrman: a bucket without what it is said to hold")
}

// sample returns addresses at random.
func (b *book) sample(now int64, limit, percent int, network wire.Network, worthy bool) []wire.TimedAddr {
	want := len(b.random)
	if percent != 0 {
		want = want * min(percent, 100) / 100
	}
	if limit != 0 {
		want = min(want, limit)
	}
	var out []wire.TimedAddr
	for i := 0; i < len(b.random) && len(out) < want; i++ {
		b.swapRandom(i, i+b.rng.IntN(len(b.random)-i))
		e := b.entry(b.random[i])
		if network != wire.NetNone && e.addr.Class() != network || worthy && e.terrible(now) {
			continue
		}
		out = append(out, e.timed())
	}
	return out
}

func (e *entry) netAddr() wire.NetAddr {
	return wire.NetAddr{Services: e.services, Addr: e.addr, Port: e.port}
}

func (e *entry) timed() wire.TimedAddr {
	return wire.TimedAddr{Time: uint32(e.seen), NetAddr: e.netAddr()}
}
