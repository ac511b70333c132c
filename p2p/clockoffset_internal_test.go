package p2p

import (
	"testing"
	"time"
)

func TestClockOffsets(t *testing.T) {
	var o clockOffsets
	for i, step := range []struct {
		add, median time.Duration
		fresh, warn bool
	}{
		{time.Hour, 0, false, false},
		{time.Hour, 0, false, false},
		{-time.Hour, 0, false, false},
		{time.Minute, 0, false, false}, // four say nothing
		{11 * time.Minute, 11 * time.Minute, true, true},
		{12 * time.Minute, 12 * time.Minute, false, true},
		{10 * time.Minute, 11 * time.Minute, false, true},
		{0, 11 * time.Minute, false, true},
		{0, 10 * time.Minute, false, false}, // ten are tolerated
		{-time.Hour, 10 * time.Minute, false, false},
		{20 * time.Minute, 10 * time.Minute, false, false},
		{20 * time.Minute, 11 * time.Minute, true, true},
	} {
		if fresh := o.add(step.add); fresh != step.fresh || o.warn != step.warn || o.median() != step.median {
			t.Errorf("%d: %v %v, median %v", i, fresh, o.warn, o.median())
		}
	}
	for range offsetsKept {
		o.add(-time.Hour)
	}
	if len(o.last) != offsetsKept || o.median() != -time.Hour || !o.warn {
		t.Errorf("%d kept, median %v", len(o.last), o.median())
	}
}
