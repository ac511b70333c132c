package addrman

import (
	"errors"
	"fmt"
	"slices"

	"grapevine/wire"
)

// check verifies the invariants of [book] but the last, which its tests follow.
func (b *book) check() error {
	var counts [len(b.counts)]count
	var total count
	if len(b.random) != len(b.ids) {
		return fmt.Errorf("%d entries, %d in random order", len(b.ids), len(b.random))
	}
	held := 0
	for i, n := range b.random {
		e := b.entry(n)
		if b.ids[e.endpoint] != n || int(e.random) != i {
			return fmt.Errorf("%s: lost", e.netAddr())
		}
		if err := b.checkPlaces(n, e); err != nil {
			return fmt.Errorf("%s: %w", e.netAddr(), err)
		}
		c := &counts[e.addr.Network()]
		if e.tried {
			c.tried++
			total.tried++
			held++
		} else {
			c.fresh++
			total.fresh++
			held += int(e.refs)
		}
	}
	if counts != b.counts || total != b.total {
		return fmt.Errorf("counts %v %v, should be %v %v", b.counts, b.total, counts, total)
	}
	var occupied occupancy
	for p, n := range b.at {
		want := wire.NetNone
		if n != noID {
			held--
			want = b.entry(n).addr.Network()
		}
		if b.networks[p] != want {
			return fmt.Errorf("place %d: network %s, should be %s", p, b.networks[p], want)
		}
		occupied.move(place(p), wire.NetNone, want)
	}
	if occupied != b.occupied {
		return errors.New("buckets hold other networks than is noted")
	}
	if held != 0 {
		return fmt.Errorf("%d places too few", held)
	}
	return b.checkCollisions()
}

func (b *book) checkPlaces(n id, e *entry) error {
	if e.seen < 0 || e.lastTry < 0 || e.lastSuccess < 0 || !e.addr.Valid() {
		return fmt.Errorf("bad entry %+v", *e)
	}
	if e.tried {
		if e.refs != 0 || e.lastSuccess == 0 {
			return fmt.Errorf("tried, with %d references and last success %d", e.refs, e.lastSuccess)
		}
		if p := b.triedPlaceOf(e); b.at[p] != n {
			return fmt.Errorf("not in its place %d", p)
		}
		return nil
	}
	if e.refs == 0 || e.refs > maxRefs {
		return fmt.Errorf("%d references", e.refs)
	}
	for i, p := range e.places[:e.refs] {
		if p.tried() || b.at[p] != n || p.position() != b.key.position(false, p.bucket(), e.addr, e.port) {
			return fmt.Errorf("not in its place %d", p)
		}
		if slices.Contains(e.places[:i], p) {
			return fmt.Errorf("twice in place %d", p)
		}
	}
	return nil
}

func (b *book) checkCollisions() error {
	if len(b.collisions) > maxCollisions {
		return fmt.Errorf("%d collisions", len(b.collisions))
	}
	for i, n := range b.collisions {
		if e := b.entry(n); e.tried || e.refs == 0 || slices.Contains(b.collisions[:i], n) {
			return fmt.Errorf("%s waits for a place", e.netAddr())
		}
	}
	return nil
}
