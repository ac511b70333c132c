package p2ptest

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestClockKeepsOrder(t *testing.T) {
	type key struct{ at, serial int64 }
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		var c clock
		var got, want []key
		serial := int64(0)
		schedule := func() {
			serial++
			k := key{c.now + r.Int64N(50), serial}
			want = append(want, k)
			c.at(k.at, do(func() {
				if c.now != k.at {
					t.Fatalf("task for %d runs at %d", k.at, c.now)
				}
				got = append(got, k)
			}))
		}
		for range 500 {
			schedule()
			if r.IntN(3) == 0 {
				if task := c.next(c.now + 10); task != nil {
					task.run()
				}
			}
		}
		for task := c.next(1 << 40); task != nil; task = c.next(1 << 40) {
			task.run()
		}
		slices.SortFunc(want, func(a, b key) int {
			if a.at != b.at {
				return int(a.at - b.at)
			}
			return int(a.serial - b.serial)
		})
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: tasks ran in another order than they were due", seed)
		}
	}
}

func TestClockStopsAtTheLimit(t *testing.T) {
	var c clock
	c.at(10, do(func() {}))
	if c.next(9) != nil {
		t.Error("a task ran before its time")
	}
	if c.next(10) == nil || c.now != 10 {
		t.Error("a task did not run at its time")
	}
	c.at(3, do(func() {}))
	if c.next(10) == nil || c.now != 10 {
		t.Error("the time went back")
	}
}

func BenchmarkClock(b *testing.B) {
	var c clock
	r := rand.New(rand.NewPCG(1, 1))
	task := do(func() {})
	for range 20_000 {
		c.after(r.Int64N(1e9), task)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.after(r.Int64N(1e9), task)
		c.next(1 << 62)
	}
}
