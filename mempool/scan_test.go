package mempool

import (
	"testing"

	"grapevine/wire"
)

// What is looked through is the pool as it stands. That each transaction keeps its
// place is an invariant, which every test of the pool verifies.
func TestScan(t *testing.T) {
	br := branch(t, 115, 0)
	w := build(t, br, nil)
	a, b, c := coin(br, 0, 2, 10_000), coin(br, 1, 2, 10_000), coin(br, 2, 2, 10_000)
	w.add(a, b, c)
	w.extend(block(br, a))
	left := map[wire.Wtxid]bool{b.Wtxid(): true, c.Wtxid(): true}
	w.Scan(func(ids []wire.Wtxid, txs []*wire.Tx) bool {
		for i := range ids {
			if txs[i].Wtxid() != ids[i] || !left[ids[i]] {
				t.Errorf("%s stands for %s", ids[i], txs[i].Wtxid())
			}
			delete(left, ids[i])
		}
		return true
	})
	if len(left) > 0 {
		t.Errorf("%d were not looked at", len(left))
	}
}

// The list gives back memory when a flood is over.
func TestScanShrinks(t *testing.T) {
	var l scanList
	var all []*entry
	for i := range 10_000 {
		e := &entry{tx: new(wire.Tx), wtxid: wire.Wtxid{byte(i), byte(i >> 8)}}
		l.add(e)
		all = append(all, e)
	}
	for _, e := range all[:9_990] {
		l.remove(e)
	}
	if err := l.check(10); err != nil {
		t.Error(err)
	}
	if cap(l.ids) > 2048 {
		t.Errorf("room for %d", cap(l.ids))
	}
}

func BenchmarkScanList(b *testing.B) {
	var l scanList
	e := &entry{tx: new(wire.Tx)}
	for range 1000 {
		l.add(&entry{tx: e.tx})
	}
	b.ReportAllocs()
	for b.Loop() {
		l.add(e)
		l.remove(e)
	}
}
