package addrman

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"grapevine/wire"
)

// crowded returns a manager whose tables are as full as 100,000 addresses make them, half
// of those that were reached tried.
func crowded(tb testing.TB, cfg Config) *Manager {
	tb.Helper()
	cfg.Rand = seeded(40)
	m, err := Open(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	r := seeded(41)
	for i := 0; m.Len() < 60_000 && i < 100_000; i++ {
		a := anyAddr(r)
		m.Add(start, []wire.TimedAddr{{Time: uint32(start.Unix()), NetAddr: a}}, anyAddr(r).Addr, 0)
		if i%4 == 0 {
			m.Good(start, a)
		}
	}
	return m
}

func BenchmarkOpen(b *testing.B) {
	cfg := Config{Dir: filepath.Join(b.TempDir(), "peers")}
	m := crowded(b, cfg)
	n := m.Len()
	if err := m.Close(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for b.Loop() {
		m, err := Open(cfg)
		if err != nil || m.Len() != n {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := m.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(n), "addresses")
}

func BenchmarkWriteAll(b *testing.B) {
	m := crowded(b, Config{Dir: filepath.Join(b.TempDir(), "peers")})
	for b.Loop() {
		b.StopTimer()
		locked(m, func(k *book) int {
			for i := range k.dirty {
				k.dirty[i] = ^uint64(0)
			}
			return 0
		})
		b.StartTimer()
		if err := m.flush(); err != nil {
			b.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkAdd1000(b *testing.B) {
	m := crowded(b, Config{})
	r := seeded(42)
	list := make([]wire.TimedAddr, 1000)
	for b.Loop() {
		b.StopTimer()
		for i := range list {
			list[i] = wire.TimedAddr{Time: uint32(start.Unix()), NetAddr: anyAddr(r)}
		}
		source := anyAddr(r).Addr
		b.StartTimer()
		m.Add(start, list, source, 2*time.Hour)
	}
}

func BenchmarkSelect(b *testing.B) {
	m := crowded(b, Config{})
	for b.Loop() {
		m.Select(start, false, nil)
	}
}

// BenchmarkSelectOfFew draws from a book of one address that did not answer just now, as a
// new node has it.
func BenchmarkSelectOfFew(b *testing.B) {
	m := lonely(b, seeded(43))
	b.ReportAllocs()
	for b.Loop() {
		m.Select(start, false, nil)
	}
}

// lonely returns a manager that knows one address, which was tried just now.
func lonely(tb testing.TB, r *rand.Rand) *Manager {
	tb.Helper()
	m, err := Open(Config{Rand: r})
	if err != nil {
		tb.Fatal(err)
	}
	a := anyAddr(seeded(44))
	m.Add(start, []wire.TimedAddr{{Time: uint32(start.Unix()), NetAddr: a}}, a.Addr, 0)
	m.Attempt(start, a, true)
	if m.Len() != 1 {
		tb.Fatal("the address is not known")
	}
	return m
}

func BenchmarkSelectRareNetwork(b *testing.B) {
	m := crowded(b, Config{})
	for _, a := range m.Sample(start, 0, 0, wire.NetCJDNS, false) {
		locked(m, func(k *book) int { // all but one of its addresses go
			n, e := k.find(ep(a.NetAddr))
			for !e.tried && k.counts[wire.NetCJDNS].fresh > 1 && k.ids[e.endpoint] == n {
				k.release(e.places[0])
			}
			return 0
		})
	}
	b.ResetTimer()
	for b.Loop() {
		m.Select(start, true, []wire.Network{wire.NetCJDNS})
	}
}

func BenchmarkSample1000(b *testing.B) {
	m := crowded(b, Config{})
	for b.Loop() {
		m.Sample(start, 1000, 23, wire.NetNone, true)
	}
}
