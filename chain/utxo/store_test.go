package utxo

import (
	"bytes"
	"encoding/hex"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/storage"

	"grapevine/chain/consensus"
	"grapevine/internal/vfs/crash"
	"grapevine/wire"
)

// TestKeySpace pins the bytes that the package documentation draws.
func TestKeySpace(t *testing.T) {
	stor := storage.NewMemStorage()
	s, err := Open(Config{Storage: stor})
	if err != nil {
		t.Fatal(err)
	}
	var id wire.Txid
	for i := range id {
		id[i] = byte(i)
	}
	o := NewOverlay(nil, s)
	for i, index := range []uint32{0, 1, 247, 248, 255, 256, 65535, 65536, 1 << 24, 1<<32 - 1} {
		o.Add(wire.OutPoint{Txid: id, Index: index}, consensus.Coin{
			Out: wire.TxOut{Value: 5_000_000_000, PkScript: []byte{0x51}}, Height: int32(i), Coinbase: i == 0,
		}, true)
	}
	if err := s.Merge(wire.BlockHash{0xaa, 31: 0xbb}, o); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	const txid = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	want := []string{
		"42 aa000000000000000000000000000000000000000000000000000000000000bb",
		"4f " + hex.EncodeToString([]byte("grapevine chainstate")),
		"56 01000000",
		"63" + txid + "00 01320751",
		"63" + txid + "01 02320751",
		"63" + txid + "f7 04320751",
		"63" + txid + "f8f8 06320751",
		"63" + txid + "f8ff 08320751",
		"63" + txid + "f90100 0a320751",
		"63" + txid + "f9ffff 0c320751",
		"63" + txid + "fa010000 0e320751",
		"63" + txid + "fb01000000 10320751",
		"63" + txid + "fbffffffff 12320751",
	}
	db, err := leveldb.Open(stor, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	it := db.NewIterator(nil, nil)
	defer it.Release()
	var got []string
	for it.Next() {
		got = append(got, hex.EncodeToString(it.Key())+" "+hex.EncodeToString(it.Value()))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestKeyOrder(t *testing.T) {
	var last []byte
	for _, id := range []wire.Txid{{}, {0, 1}, {1}, {255}} {
		for _, i := range []uint32{0, 1, 247, 248, 249, 255, 256, 257, 65535, 65536, 1<<24 - 1, 1 << 24, 1<<32 - 1} {
			op := wire.OutPoint{Txid: id, Index: i}
			key := appendKey(nil, &op)
			if bytes.Compare(key, last) <= 0 || len(key) > maxKey {
				t.Errorf("%s: key %x after %x", op, key, last)
			}
			last = key
			if back, ok := parseKey(key); !ok || back != op {
				t.Errorf("%s: read back as %s, %v", op, back, ok)
			}
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(appendKey(nil, &wire.OutPoint{Index: 3}))
	f.Add(appendKey(nil, &wire.OutPoint{Index: 1 << 30}))
	f.Add(append(bytes.Repeat([]byte{'c'}, 33), 0xf9, 0, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		op, ok := parseKey(b)
		if ok && !bytes.Equal(appendKey(nil, &op), b) {
			t.Fatalf("%x is read as %s, whose key is %x", b, op, appendKey(nil, &op))
		}
	})
}

// TestForeignDatabase: what another program wrote is refused and not touched.
func TestForeignDatabase(t *testing.T) {
	dir := t.TempDir()
	db, err := leveldb.OpenFile(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Put([]byte("\x0e\x00obfuscate_key"), []byte("\x08\x01\x02\x03\x04\x05\x06\x07\x08"), nil); err != nil {
		t.Fatal(err)
	}
	db.Close()
	before := readTree(t, dir)
	_, err = Open(Config{Dir: dir})
	if !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), "-loadblock") {
		t.Errorf("error %v", err)
	}
	if after := readTree(t, dir); !maps.Equal(before, after) {
		t.Error("the database was changed")
	}
	if _, err = Open(Config{Dir: dir, Wipe: true}); !errors.Is(err, ErrForeign) || !maps.Equal(before, readTree(t, dir)) {
		t.Errorf("wiped: %v", err)
	}
}

func readTree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(b)
	}
	return files
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Dir: dir}); !errors.Is(err, ErrLocked) {
		t.Errorf("opened twice: %v", err)
	}
	put := func(key, value string) {
		t.Helper()
		if err := s.store.db.Put([]byte(key), []byte(value), nil); err != nil {
			t.Fatal(err)
		}
	}
	reopen := func() error {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		next, err := Open(Config{Dir: dir})
		if err == nil {
			s = next
			return nil
		}
		if s, _ = Open(Config{Dir: dir, Wipe: true}); s == nil {
			t.Fatal("not usable after -reindex-chainstate")
		}
		return err
	}
	put(keyVersion, "\x02\x00\x00\x00")
	if err := reopen(); !errors.Is(err, ErrVersion) {
		t.Errorf("other version: %v", err)
	}
	put(keyOwner, "someone else")
	if err := reopen(); !errors.Is(err, ErrForeign) {
		t.Errorf("other owner: %v", err)
	}
	put(keyBest, "short")
	if err := reopen(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("short best block: %v", err)
	}
	put(keyHeads, strings.Repeat("x", 63))
	if err := reopen(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("short heads: %v", err)
	}
	if err := reopen(); err != nil {
		t.Errorf("a sound one: %v", err)
	}
	s.Close()
	if _, err := Open(Config{}); err == nil {
		t.Error("opened nowhere")
	}
}

// TestDamagedRecord: a record that does not decode is named, wherever it is met.
func TestDamagedRecord(t *testing.T) {
	s := openMemory(t)
	op := wire.OutPoint{Txid: wire.Txid{1}}
	damaged := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "-reindex-chainstate") {
			t.Errorf("%s: %v", what, err)
		}
	}
	walk := func() error {
		n, err := s.Snapshot()
		if err != nil {
			return err
		}
		defer n.Close()
		for n.Next() {
		}
		return n.Err()
	}
	if err := s.store.db.Put(appendKey(nil, &op), []byte{0xff}, nil); err != nil {
		t.Fatal(err)
	}
	damaged("fetch", s.Fetch([]wire.OutPoint{op}, make([]consensus.Coin, 1), make([]bool, 1)))
	_, _, _, err := s.Coins([]wire.OutPoint{op})
	damaged("coins", err)
	damaged("snapshot", walk())
	if err := s.store.db.Delete(appendKey(nil, &op), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.store.db.Put([]byte("cshort"), []byte{0, 0, 0}, nil); err != nil {
		t.Fatal(err)
	}
	damaged("key", walk())
}

// TestDiskFull: a flush that the disk has no room for fails by name, coins go
// on being read, and once there is room the next start goes on.
func TestDiskFull(t *testing.T) {
	disk := crash.New()
	open := func() *Set {
		t.Helper()
		s, err := Open(Config{FS: disk, Dir: "/c", CacheBytes: minCacheBytes})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	steps, states := testChain(5, 20)
	s := open()
	for _, step := range steps[:10] {
		if err := step.apply(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, step := range steps[10:] {
		if err := step.apply(s); err != nil {
			t.Fatal(err)
		}
	}
	disk.SetCapacity(disk.Used() + 20<<10)
	err := s.Flush()
	if !errors.Is(err, ErrDiskFull) {
		t.Fatalf("flush: %v", err)
	}
	if _, again := s.FlushStep(1); !errors.Is(again, ErrDiskFull) {
		t.Errorf("the step after: %v", again)
	}
	if _, err := s.Snapshot(); !errors.Is(err, ErrFlushing) {
		t.Errorf("snapshot of half a flush: %v", err)
	}
	compareCoins(t, s, states[20])
	_ = s.Close()

	disk.SetCapacity(1 << 40)
	s = open()
	defer s.Close()
	if err := replay(s, steps); err != nil {
		t.Fatal(err)
	}
	n := testNumber(s.Best())
	if n != 10 && n != 20 {
		t.Fatalf("best %d", n)
	}
	compareSnapshot(t, s, states[n])
}

// compareCoins checks a set against a map through Coins.
func compareCoins(t *testing.T, s *Set, want coinMap) {
	t.Helper()
	ops := slices.Collect(maps.Keys(want))
	coins, found, _, err := s.Coins(ops)
	if err != nil {
		t.Fatal(err)
	}
	for i, op := range ops {
		c := want[op]
		if !found[i] || !sameCoin(&coins[i], &c) {
			t.Fatalf("%s: %v %s, want %s", op, found[i], coinString(&coins[i]), coinString(&c))
		}
	}
}

// TestUnreadable: a disk that gives errors gives errors, not missing coins.
func TestUnreadable(t *testing.T) {
	disk := crash.New()
	s, err := Open(Config{FS: disk, Dir: "/c", CacheBytes: minCacheBytes})
	if err != nil {
		t.Fatal(err)
	}
	steps, states := testChain(6, 60)
	for i, step := range steps {
		if err := step.apply(s); err != nil {
			t.Fatal(err)
		}
		if i%10 == 9 {
			if err := s.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.Close()
	if s, err = Open(Config{FS: disk, Dir: "/c", CacheBytes: minCacheBytes}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	disk.Inject(func(c crash.Call) error {
		if c.Kind == crash.Read {
			return syscall.EIO
		}
		return nil
	})
	failed := 0
	for op := range states[60] {
		_, found, _, err := s.Coins([]wire.OutPoint{op})
		if err == nil && !found[0] {
			t.Fatalf("%s is missing", op)
		}
		if err != nil {
			failed++
			if !errors.Is(err, ErrIO) || !errors.Is(err, syscall.EIO) {
				t.Fatal(err)
			}
		}
	}
	if failed == 0 {
		t.Error("no read failed")
	}
	disk.Inject(nil)
	compareCoins(t, s, states[60])
}

func TestClosed(t *testing.T) {
	s := openMemory(t)
	o := NewOverlay(nil, s)
	o.Spend(wire.OutPoint{})
	if err := s.BeginFlush(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ops := []wire.OutPoint{{}}
	_, _, _, coinsErr := s.Coins(ops)
	_, stepErr := s.FlushStep(1)
	_, snapErr := s.Snapshot()
	_, _, connectErr := o.Connect(wire.NewBlock(wire.Header{}, []wire.Tx{{}, spend(ops[0])}), 1, true)
	for what, err := range map[string]error{
		"coins": coinsErr, "step": stepErr, "snapshot": snapErr, "connect": connectErr,
		"fetch":  s.Fetch(ops, make([]consensus.Coin, 1), make([]bool, 1)),
		"merge":  s.Merge(wire.BlockHash{1}, o),
		"begin":  s.BeginFlush(),
		"finish": s.FinishReplay(wire.BlockHash{}),
		"spend":  s.ReplaySpend(ops[0]),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

// TestFlushOrder: the calls of a flush out of their order are refused.
func TestFlushOrder(t *testing.T) {
	s := openMemory(t)
	if _, err := s.FlushStep(1); !errors.Is(err, ErrNotFlushing) {
		t.Errorf("step without begin: %v", err)
	}
	if err := s.ReplaySpend(wire.OutPoint{}); !errors.Is(err, ErrNotFlushing) {
		t.Errorf("replay of nothing: %v", err)
	}
	if err := s.BeginFlush(); err != nil {
		t.Fatal(err)
	}
	if err := s.BeginFlush(); !errors.Is(err, ErrFlushing) {
		t.Errorf("begun twice: %v", err)
	}
	if done, err := s.FlushStep(1); !done || err != nil {
		t.Errorf("empty flush: %v %v", done, err)
	}
}
