package p2ptest

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// Variables of the environment: the one seed to run, how many seeds to run instead
// of a test's own number, and a file that gets a line a step and action.
const (
	SeedVariable  = "GRAPEVINE_P2PTEST_SEED"
	SeedsVariable = "GRAPEVINE_P2PTEST_SEEDS"
	TraceVariable = "GRAPEVINE_P2PTEST_TRACE"
)

// Seeds runs a test with the seeds 1 to count, or as the environment asks, each as
// a sub-test. For one that fails it prints how to run it again.
func Seeds(t *testing.T, count int, run func(t *testing.T, seed uint64)) {
	t.Helper()
	number := func(variable string, value uint64) uint64 {
		s := os.Getenv(variable)
		if s == "" {
			return value
		}
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", variable, err)
		}
		return n
	}
	first, last := uint64(1), number(SeedsVariable, uint64(count))
	if seed := number(SeedVariable, 0); seed != 0 {
		first, last = seed, seed
	}
	for seed := first; seed <= last; seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("replay: %s", Replay(t.Name(), seed))
				}
			})
			run(t, seed)
		})
	}
}

// Replay returns the command that runs a test again with one seed.
func Replay(test string, seed uint64) string {
	for i := range len(test) {
		if test[i] == '/' {
			test = test[:i]
			break
		}
	}
	return fmt.Sprintf("%s=%d %s=trace.txt go test -count=1 -run '^%s$' .", SeedVariable, seed, TraceVariable, test)
}

// Traced lets a network write its trace when the environment names a file.
func Traced(tb testing.TB, cfg Config) Config {
	name := os.Getenv(TraceVariable)
	if name == "" {
		return cfg
	}
	f, err := os.Create(name)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	cfg.Trace = func(at time.Duration, node int, what any) {
		fmt.Fprintf(f, "%12.6f %5d %s\n", at.Seconds(), node, describe(what))
	}
	return cfg
}
