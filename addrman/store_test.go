package addrman

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/syndtr/goleveldb/leveldb"

	"grapevine/internal/netgroup"
	"grapevine/internal/vfs"
	"grapevine/internal/vfs/crash"
	"grapevine/wire"
)

// anyAddr draws a routable address of any network.
func anyAddr(r *rand.Rand) wire.NetAddr {
	for {
		n := []wire.Network{wire.NetIPv4, wire.NetIPv4, wire.NetIPv6, wire.NetTorV3, wire.NetI2P, wire.NetCJDNS}[r.IntN(6)]
		size, _ := n.AddrLen()
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		switch n {
		case wire.NetIPv6:
			b[0] = 0x2a
		case wire.NetCJDNS:
			b[0] = 0xfc
		}
		if a, err := wire.AddressOf(n, b); err == nil && a.Routable() {
			return wire.NetAddr{Services: wire.ServiceFlags(r.Uint64()), Addr: a, Port: uint16(r.Uint32())}
		}
	}
}

// fill adds n addresses, told by many sources, and makes some of them tried.
func fill(m *Manager, r *rand.Rand, n int) {
	for i := range n {
		a := anyAddr(r)
		said := start.Add(-time.Duration(r.IntN(20*day)) * time.Second)
		list := []wire.TimedAddr{{Time: uint32(said.Unix()), NetAddr: a}}
		for range 1 + r.IntN(3) {
			m.Add(start, list, anyAddr(r).Addr, 0)
			list[0].Time += 10
		}
		switch {
		case i%5 == 0:
			m.Good(start, a)
		case i%7 == 0:
			m.Attempt(start, a, true)
		}
	}
}

// dump returns what is stored of both tables.
func dump(m *Manager) []string {
	var out []string
	for _, tried := range []bool{false, true} {
		for _, e := range m.Entries(tried) {
			out = append(out, fmt.Sprintf("%v %d/%d %s %x %d from %s/%s success %d attempts %d refs %d", tried, e.Bucket, e.Position,
				e.Addr.NetAddr, uint64(e.Addr.Services), e.Addr.Time, e.Source.Network(), e.Source, e.LastSuccess.Unix(), e.Attempts, e.Refs))
		}
	}
	return out
}

func sameDump(t testing.TB, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d places, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

func open(t testing.TB, cfg Config) *Manager {
	t.Helper()
	m, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	verify(t, m)
	return m
}

func shut(t testing.TB, m *Manager) {
	t.Helper()
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsStoredComesBack(t *testing.T) {
	disk := crash.New()
	cfg := Config{FS: disk, Dir: "/n/peers", Rand: seeded(2)}
	m := open(t, cfg)
	fill(m, seeded(3), 3000)
	m.Add(start, []wire.TimedAddr{timed("5.6.7.8:1", start)}, wire.NetworkAddress{}, 0) // a source without address
	want := dump(m)
	shut(t, m)

	m = open(t, cfg)
	sameDump(t, dump(m), want)
	for range 3 { // and nothing changes by being opened
		shut(t, m)
		m = open(t, cfg)
	}
	sameDump(t, dump(m), want)
	if dirty(m) != 0 {
		t.Errorf("%d places are dirty", dirty(m))
	}
	fill(m, seeded(4), 500)
	m.SetServices(m.Entries(true)[0].Addr.NetAddr, 5)
	want = dump(m)
	shut(t, m)
	sameDump(t, dump(open(t, cfg)), want)
}

func dirty(m *Manager) int {
	return locked(m, func(b *book) (n int) {
		for p := range place(allPlaces) {
			if b.dirty.has(p) {
				n++
			}
		}
		return n
	})
}

func TestAnotherMapMovesEverything(t *testing.T) {
	disk := crash.New()
	cfg := Config{FS: disk, Dir: "/peers", Rand: seeded(2)}
	m := open(t, cfg)
	for i := range 200 {
		a := addr(fmt.Sprintf("250.%d.1.%d:8333", i, i))
		m.Add(start, []wire.TimedAddr{{Time: uint32(start.Unix()), NetAddr: a}}, a.Addr, 0)
		if i%2 == 0 {
			m.Good(start, a)
		}
	}
	before := m.Len()
	shut(t, m)

	cfg.Groups = mockMap(t)
	m = open(t, cfg)
	buckets := map[int]bool{}
	for _, e := range m.Entries(true) {
		buckets[e.Bucket] = true
	}
	if len(buckets) > triedPerGroup {
		t.Errorf("one system in %d tried buckets", len(buckets))
	}
	fresh := map[int]bool{}
	for _, e := range m.Entries(false) {
		fresh[e.Bucket] = true
	}
	if len(fresh) > 1 {
		t.Errorf("one system from itself in %d new buckets", len(fresh))
	}
	if m.Len() >= before || m.Len() == 0 {
		t.Errorf("%d of %d left", m.Len(), before)
	}
	want := dump(m)
	disk = disk.Reopen(0) // the tables of the new map were written at once
	cfg.FS = disk
	m = open(t, cfg)
	sameDump(t, dump(m), want)
	if dirty(m) != 0 {
		t.Errorf("%d places are dirty", dirty(m))
	}
	shut(t, m)
	cfg.Groups = netgroup.New()
	m = open(t, cfg)
	if m.Len() == 0 {
		t.Error("none left")
	}
}

func TestKeyIsKept(t *testing.T) {
	disk := crash.New()
	keys := map[Key]bool{}
	for range 3 {
		m := open(t, Config{FS: disk, Dir: "/peers"})
		keys[m.book.key] = true
		shut(t, m)
	}
	other := open(t, Config{})
	if len(keys) != 1 || keys[Key{}] || keys[other.book.key] {
		t.Errorf("%d keys", len(keys))
	}
}

// damage changes a store on the real disk; each is set aside.
func TestDamagedStoreIsSetAside(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, dir string){
		"no current": func(t *testing.T, dir string) { remove(t, dir, "CURRENT") },
		"torn manifest": func(t *testing.T, dir string) {
			for _, f := range glob(t, dir, "MANIFEST-*") {
				if err := os.Truncate(f, 10); err != nil {
					t.Fatal(err)
				}
			}
		},
		"no table":      func(t *testing.T, dir string) { remove(t, dir, "*.ldb") },
		"foreign":       func(t *testing.T, dir string) { remove(t, dir, "OWNER") },
		"wrong version": func(t *testing.T, dir string) { put(t, dir, keyVersion, []byte{0, 0, 0, 2}) },
		"short key":     func(t *testing.T, dir string) { put(t, dir, keySecret, []byte{1}) },
		"no map":        func(t *testing.T, dir string) { put(t, dir, keyMap, nil) },
		"no header":     func(t *testing.T, dir string) { put(t, dir, keyVersion, nil) },
		"bad place":     func(t *testing.T, dir string) { put(t, dir, "n\xff\xff\x00", []byte{1}) },
		"bad record":    func(t *testing.T, dir string) { put(t, dir, "t\x00\x00\x00", []byte{1, 2, 3}) },
		"long key":      func(t *testing.T, dir string) { put(t, dir, "tables", []byte{1, 2, 3}) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "peers")
			cfg := Config{Dir: dir, Rand: seeded(5)}
			m := open(t, cfg)
			fill(m, seeded(6), 20)
			shut(t, m)
			m = open(t, cfg) // so that there is a table
			shut(t, m)
			damage(t, dir)
			for n := 1; n <= 2; n++ {
				m = open(t, cfg)
				if m.Len() != 0 {
					t.Errorf("%d addresses", m.Len())
				}
				fill(m, seeded(7), 10)
				shut(t, m)
				aside := glob(t, filepath.Dir(dir), "peers.damaged-*")
				if len(aside) != n || filepath.Base(aside[n-1]) != fmt.Sprintf("peers.damaged-%d", n) {
					t.Fatalf("aside: %v", aside)
				}
				put(t, dir, keyVersion, []byte{9})
			}
		})
	}
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func remove(t *testing.T, dir, pattern string) {
	t.Helper()
	list := glob(t, dir, pattern)
	if len(list) == 0 {
		t.Fatalf("no %s", pattern)
	}
	for _, f := range list {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
}

// put writes a record past the manager; nil removes it.
func put(t *testing.T, dir, key string, value []byte) {
	t.Helper()
	s, err := openStore(vfs.OS(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := new(leveldb.Batch)
	b.Put([]byte(key), value)
	if value == nil {
		b.Delete([]byte(key))
	}
	if err := errors.Join(s.write(b), s.close()); err != nil {
		t.Fatal(err)
	}
}

func TestStoreInUseIsNotDamaged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "peers")
	m := open(t, Config{Dir: dir})
	if _, err := Open(Config{Dir: dir}); !errors.Is(err, vfs.ErrLocked) {
		t.Errorf("second manager: %v", err)
	}
	shut(t, m)
	if list := glob(t, filepath.Dir(dir), "*"); len(list) != 1 {
		t.Errorf("beside: %v", list)
	}
}

// Changes are written in the background, and a failure ends neither the manager nor
// the loop.
func TestRunWritesAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := crash.New()
		var log strings.Builder
		cfg := Config{FS: disk, Dir: "/peers", Rand: seeded(8), Logger: textLogger(&log)}
		m := open(t, cfg)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- m.Run(ctx) }()

		stored := func() []string {
			time.Sleep(time.Minute + time.Second)
			synctest.Wait()
			return dump(m)
		}
		fill(m, seeded(9), 100)
		stored()
		if dirty(m) != 0 {
			t.Fatal("not written within a minute")
		}
		disk.Inject(func(c crash.Call) error {
			if c.Kind == crash.Write {
				return errors.New("out of order")
			}
			return nil
		})
		fill(m, seeded(10), 100)
		for range 3 {
			stored()
		}
		if dirty(m) == 0 {
			t.Error("written to a broken disk")
		}
		disk.Inject(nil)
		fill(m, seeded(11), 100)
		want := stored()
		if dirty(m) != 0 {
			t.Error("not written after the disk has recovered")
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log.String(), "cannot be written"); n != 1 || strings.Count(log.String(), "can be written again") != 1 {
			t.Errorf("log:\n%s", log.String())
		}
		cfg.FS = disk.Reopen(0) // a loss of power
		_ = m.Close()           // its disk is gone
		again := open(t, cfg)
		sameDump(t, dump(again), want)
		shut(t, again)
		time.Sleep(2 * time.Second) // LevelDB's last goroutine ends a second after it
	})
}

func TestWriteErrorsAtCloseAreReported(t *testing.T) {
	disk := crash.New()
	m := open(t, Config{FS: disk, Dir: "/peers"})
	fill(m, seeded(9), 10)
	broken := errors.New("broken")
	disk.Inject(func(crash.Call) error { return broken })
	if err := m.Close(); !errors.Is(err, broken) || !errors.Is(err, ErrStorage) {
		t.Errorf("%v", err)
	}
}

// Wherever the power goes, the next start finds a store that is not damaged, and in it
// the tables as one of the flushes left them, the last one that was reported or a later
// one.
func TestPowerLoss(t *testing.T) {
	for name, cutAt := range map[string]func(*crash.FS, int){"sync": (*crash.FS).CutAtSync, "write": (*crash.FS).CutAtWrite} {
		cuts := powerLosses(t, cutAt)
		if cuts < 10 {
			t.Errorf("only %d times", cuts)
		}
		t.Logf("power lost at each of %d calls to %s, with four outcomes each", cuts, name)
	}
}

// powerLosses cuts the power at every call and returns how many there are.
func powerLosses(t *testing.T, cutAt func(*crash.FS, int)) int {
	trial := func(cut int, seed uint64) (done bool) {
		disk := crash.New()
		cfg := Config{FS: disk, Dir: "/peers", Key: numberKey(1), Rand: seeded(12)}
		cutAt(disk, cut)
		states, synced := [][]string{nil}, 0
		if m, err := Open(cfg); err == nil {
			flush := func(fn func() error) bool {
				states = append(states, dump(m))
				if fn() != nil {
					return false
				}
				synced = len(states) - 1
				return true
			}
			fill(m, seeded(13), 100)
			if flush(m.flush) {
				for _, e := range m.Entries(false) { // moves between the tables
					m.Good(start.Add(time.Hour), e.Addr.NetAddr)
				}
				if flush(m.flush) {
					fill(m, seeded(14), 50)
				}
			}
			done = flush(m.Close)
		}
		cfg.FS = disk.Reopen(seed)
		again := open(t, cfg)
		got := dump(again)
		if !slices.ContainsFunc(states[synced:], func(s []string) bool { return slices.Equal(s, got) }) {
			t.Fatalf("cut at %d, seed %d: %d places, a state that never was or is too old", cut, seed, len(got))
		}
		shut(t, again)
		sameDump(t, dump(open(t, cfg)), got)
		return done
	}
	for cut := 1; ; cut++ {
		done := false
		for _, seed := range []uint64{0, 1, 2, 3} {
			done = trial(cut, seed)
		}
		if done {
			return cut - 1
		}
	}
}

func TestRecordsRoundTrip(t *testing.T) {
	r := seeded(20)
	for range 1000 {
		a := anyAddr(r)
		e := entry{endpoint: endpoint{a.Addr, a.Port}, services: a.Services, source: anyAddr(r).Addr,
			seen: int64(r.Uint32()), lastSuccess: int64(r.Uint32()), attempts: r.Uint32N(100)}
		if r.IntN(2) == 0 {
			e.source = wire.NetworkAddress{}
		}
		b := appendEntry(nil, &e)
		got, err := decodeEntry(b)
		if err != nil || got != e {
			t.Fatalf("%x: %+v %v, want %+v", b, got, err, e)
		}
		for n := range b {
			if _, err := decodeEntry(b[:n]); !errors.Is(err, ErrDamaged) {
				t.Fatalf("%x cut to %d: %v", b, n, err)
			}
		}
	}
}

// The form on disk, which must not change without a new version.
func TestGoldenRecord(t *testing.T) {
	e := entry{endpoint: endpoint{ip("1.2.3.4"), 8333}, services: 9, source: ip("2a00::1"), seen: 1_750_000_000, lastSuccess: 300, attempts: 2}
	if got, want := fmt.Sprintf("%x", appendEntry(nil, &e)), "010102030420"+"8d"+"022a000000000000000000000000000001"+"09"+"80c3bbc206"+"ac02"+"02"; got != want {
		t.Errorf("record %s, want %s", got, want)
	}
	for p, want := range map[place]string{newPlace(1023, 63): "6e03ff3f", triedPlace(255, 1): "7400ff01", newPlace(0, 0): "6e000000"} {
		if got := fmt.Sprintf("%x", appendPlaceKey(nil, p)); got != want {
			t.Errorf("key %s, want %s", got, want)
		}
	}
	h := header{secret: Key{1}, mapped: netgroup.Version{2}}
	b := new(leveldb.Batch)
	h.put(b)
	var got []string
	if err := b.Replay(replay{&got}); err != nil {
		t.Fatal(err)
	}
	want := []string{"4b 01" + strings.Repeat("00", 31), "4d 02" + strings.Repeat("00", 31), "56 00000001"}
	if !slices.Equal(got, want) {
		t.Errorf("header %q", got)
	}
}

type replay struct{ out *[]string }

func (r replay) Put(k, v []byte) { *r.out = append(*r.out, fmt.Sprintf("%x %x", k, v)) }
func (r replay) Delete(k []byte) { *r.out = append(*r.out, fmt.Sprintf("%x deleted", k)) }

func FuzzRecord(f *testing.F) {
	e := entry{endpoint: endpoint{ip("1.2.3.4"), 8333}, source: ip("2a00::1"), seen: 1}
	f.Add(appendEntry(nil, &e))
	e.addr = anyAddr(seeded(1)).Addr
	f.Add(appendEntry(nil, &e))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decodeEntry(b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		if again, err := decodeEntry(appendEntry(nil, &e)); err != nil || again != e {
			t.Fatalf("%+v %v, want %+v", again, err, e)
		}
	})
}
