//go:build !race

package script

import (
	"testing"

	"grapevine/chain/sigverify"
)

// Engines come from a pool, which the race detector empties at random, so this
// is left out there.
func TestVerifyAllocates(t *testing.T) {
	for _, tp := range templates() {
		tx, spent := tp.with(2)
		m, batch := NewMidstates(tx, spent), sigverify.NewBatch(nil, nil)
		var v sigverify.Verifier = yes{}
		n := testing.AllocsPerRun(200, func() {
			if err := Verify(tx, 1, StandardFlags, m, v); err != nil {
				t.Fatalf("%s: %v", tp.name, err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", tp.name, n)
		}
		if tp.name == "p2tr script" {
			continue // its commitment is no real one, and batches check that at once
		}
		n = testing.AllocsPerRun(200, func() {
			batch.Reset()
			if err := VerifyBatched(tx, 1, MandatoryFlags, m, batch); err != nil && tp.name[len(tp.name)-1] != '3' {
				t.Fatalf("%s: %v", tp.name, err)
			}
		})
		if n != 0 && tp.name[len(tp.name)-1] != '3' {
			t.Errorf("%s: %v allocations in a batch", tp.name, n)
		}
		n = testing.AllocsPerRun(200, func() { m.Reset(tx, spent) })
		if n != 0 {
			t.Errorf("%s: %v allocations to prepare", tp.name, n)
		}
	}
}
