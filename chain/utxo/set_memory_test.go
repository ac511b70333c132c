package utxo

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"grapevine/wire"
)

// TestMemoryBudget fills and flushes for several generations and holds what
// is mapped against the budget, and against what the kernel says.
func TestMemoryBudget(t *testing.T) {
	const cache = 64 << 20
	s, err := Open(Config{Dir: t.TempDir(), CacheBytes: cache})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	debug.FreeOSMemory()
	anonymous, goSys := residentAnonymous(t), goMemory()
	o := NewOverlay(nil, s)
	var peak, peakUsed int64
	flushes := 0
	for n := 0; n < 800_000; {
		o.Reset(nil, s)
		for end := n + 5000; n < end; n++ {
			o.Add(benchPoint(n), benchCoin(n), true)
		}
		if err := s.Merge(wire.BlockHash{1}, o); err != nil {
			t.Fatal(err)
		}
		if s.NeedsFlush() {
			if err := s.BeginFlush(); err != nil {
				t.Fatal(err)
			}
			flushes++
		}
		if s.flushing.Load() {
			steps := 1
			if s.Full() {
				steps = 1 << 30
			}
			for range steps {
				done, err := s.FlushStep(1 << 20)
				if err != nil {
					t.Fatal(err)
				}
				if done {
					break
				}
			}
		}
		mapped, used := s.Memory()
		peak, peakUsed = max(peak, mapped), max(peakUsed, used)
	}
	if flushes < 3 {
		t.Fatalf("%d flushes", flushes)
	}
	// A generation may be one block over its limit, and its last chunk and a
	// half of its index unused.
	const slack = 6 << 20
	if limit := s.store.sizing.tables + slack; peak > limit || peakUsed > limit {
		t.Errorf("%d bytes mapped, %d used at the peak; budget %d", peak, peakUsed, limit)
	}
	if peakUsed < s.store.sizing.tables/2 {
		t.Errorf("only %d bytes used of %d", peakUsed, s.store.sizing.tables)
	}
	debug.FreeOSMemory()
	mapped, _ := s.Memory()
	grown := residentAnonymous(t) - anonymous - max(0, goMemory()-goSys)
	t.Logf("%d flushes; mapped %d at most, %d at the end; resident outside the Go heap %d more than before", flushes, peak, mapped, grown)
	if anonymous > 0 && !raceDetector && grown > mapped+slack {
		t.Errorf("the process holds %d more bytes outside the Go heap, the tables say %d", grown, mapped)
	}
}

// residentAnonymous is the process's anonymous memory, 0 where the system
// does not tell.
func residentAnonymous(t *testing.T) int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	return 0
}

func goMemory() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}
