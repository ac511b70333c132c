package peer

import (
	"slices"
	"testing"
)

func TestBadPort(t *testing.T) {
	if !slices.IsSorted(badPorts[:]) || len(slices.Compact(slices.Clone(badPorts[:]))) != len(badPorts) {
		t.Error("not in order")
	}
	count := 0
	for port := range 1 << 16 {
		if BadPort(uint16(port)) {
			count++
		}
	}
	if count != 85 { // of the reference implementation's list
		t.Errorf("%d ports", count)
	}
	for port, want := range map[uint16]bool{1: true, 22: true, 27017: true, 0: false, 8333: false, 18333: false, 443: false, 80: false} {
		if BadPort(port) != want {
			t.Errorf("%d: %v", port, !want)
		}
	}
}
