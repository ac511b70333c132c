package logging

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
)

// Trace is the level below debug.
const Trace = slog.LevelDebug - 4

// names returns all categories, sorted. They are the ecosystem's; those without a user yet can be switched all the same, so that
// scripts need not care.
func names() []string {
	return []string{"addrman", "bench", "blockstorage", "cmpctblock", "coindb", "estimatefee", "http", "i2p", "ipc", "kernel", "leveldb", "mempool",
		"mempoolrej", "net", "privatebroadcast", "proxy", "prune", "qt", "rand", "reindex", "rpc", "scan", "selectcoins", "tor", "txpackages",
		"txreconciliation", "validation", "walletdb", "zmq"}
}

// categories holds which categories are on and how detailed. Reads happen at every debug line and take no lock.
type categories struct {
	names  []string // sorted
	on     []atomic.Bool
	levels []atomic.Int32 // level from which a category that is on writes
	any    atomic.Bool    // one is on
}

func newCategories() *categories {
	n := names()
	c := &categories{names: n, on: make([]atomic.Bool, len(n)), levels: make([]atomic.Int32, len(n))}
	for i := range c.levels {
		c.levels[i].Store(int32(slog.LevelDebug))
	}
	return c
}

// index finds a category; -1 for none, which is also the category of loggers without one.
func (c *categories) index(name string) int {
	if i, ok := slices.BinarySearch(c.names, name); ok {
		return i
	}
	return -1
}

func (c *categories) set(name string, on bool) bool {
	defer func() {
		some := false
		for i := range c.on {
			some = some || c.on[i].Load()
		}
		c.any.Store(some)
	}()
	switch name {
	case "", "1", "all":
		for i := range c.on {
			c.on[i].Store(on)
		}
		return true
	case "libevent":
		return true // gone from the ecosystem, still in configurations
	}
	i := c.index(name)
	if i < 0 {
		return false
	}
	c.on[i].Store(on)
	return true
}

func (c *categories) enabled(category int, level slog.Level) bool {
	if level >= slog.LevelInfo {
		return true
	}
	return category >= 0 && c.on[category].Load() && level >= slog.Level(c.levels[category].Load())
}

// Categories returns all names, sorted.
func (l *Log) Categories() []string { return slices.Clone(l.cats.names) }

// CategoryActive reports whether debug lines of a category are written.
func (l *Log) CategoryActive(name string) bool {
	i := l.cats.index(name)
	return i >= 0 && l.cats.on[i].Load()
}

// SetCategory switches a category, or all with "all" or "1". It returns false for a name that is none.
func (l *Log) SetCategory(name string, on bool) bool { return l.cats.set(name, on) }

// parseLevel reads a level that users may choose.
func parseLevel(s string) (slog.Level, bool) {
	switch s {
	case "info":
		return slog.LevelInfo, true
	case "debug":
		return slog.LevelDebug, true
	case "trace":
		return Trace, true
	}
	return 0, false
}

const levelNames = "info, debug, trace"

// configure applies -debug, -debugexclude and -loglevel.
func (c *categories) configure(debug, exclude, levels []string) error {
	for _, d := range debug {
		if !c.set(d, true) {
			return fmt.Errorf("Unsupported logging category -debug=%s.", d)
		}
	}
	for _, d := range exclude {
		if !c.set(d, false) {
			return fmt.Errorf("Unsupported logging category -debugexclude=%s.", d)
		}
	}
	for _, l := range levels {
		name, level, one := strings.Cut(l, ":")
		if !one {
			v, ok := parseLevel(l)
			if !ok {
				return fmt.Errorf("Unsupported global logging level -loglevel=%s. Valid values: %s.", l, levelNames)
			}
			for i := range c.levels {
				c.levels[i].Store(int32(v))
			}
		} else if _, ok := parseLevel(level); !ok || c.index(name) < 0 {
			return fmt.Errorf("Unsupported category-specific logging level -loglevel=%s. Expected -loglevel=<category>:<loglevel>. Valid categories: %s. Valid loglevels: %s.",
				l, strings.Join(c.names, ", "), levelNames)
		}
	}
	// What is said of one category counts more than what is said of all, in whatever order.
	for _, l := range levels {
		if name, level, one := strings.Cut(l, ":"); one {
			v, _ := parseLevel(level)
			c.levels[c.index(name)].Store(int32(v))
		}
	}
	return nil
}
