package utxo

import "testing"

// check verifies the invariants of the set's generations.
func (s *Set) check(t testing.TB) {
	t.Helper()
	s.cur.check(t)
	if s.old != nil {
		s.old.check(t)
	}
}

// check verifies what the comments of index and arena promise.
func (t *table) check(tb testing.TB) {
	tb.Helper()
	x := &t.index
	n, gap := 0, 0
	var last uint32
	inUse := make(map[uint32]bool)
	for i, slot := range x.slots {
		if slot == 0 {
			gap = i + 1
			continue
		}
		n++
		hash, ref := uint32(slot>>32), uint32(slot)
		if hash < last {
			tb.Fatalf("slot %d: hash %x after %x", i, hash, last)
		}
		last = hash
		if home := x.home(hash); home > i || home < gap {
			tb.Fatalf("slot %d: home %d, gap before %d", i, home, gap)
		}
		if inUse[ref] || ref == 0 || ref >= t.arena.next {
			tb.Fatalf("slot %d: reference %d used twice or out of range", i, ref)
		}
		inUse[ref] = true
		r := record(t.arena.at(ref))
		if r.tomb() && r.fresh() {
			tb.Fatalf("fresh tombstone %s", r.outPoint())
		}
	}
	if n != x.n || x.slots[len(x.slots)-1] != 0 {
		tb.Fatalf("%d entries, counted %d", x.n, n)
	}
	for class := range t.arena.free {
		for ref := t.arena.free[class]; ref != 0; {
			if inUse[ref] {
				tb.Fatalf("free record %d of class %d is in use", ref, class)
			}
			inUse[ref] = true
			b := t.arena.at(ref)
			ref = uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
		}
	}
}
