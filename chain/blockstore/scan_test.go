package blockstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"syscall"
	"testing"

	"grapevine/internal/testdata"
	"grapevine/internal/vfs"
	"grapevine/internal/vfs/crash"
	"grapevine/wire"
)

type found struct {
	raw    []byte
	offset int64
}

func scanAll(t testing.TB, data []byte, key XORKey) []found {
	t.Helper()
	disk := make([]byte, len(data))
	key.Apply(disk, data, 0)
	var all []found
	err := Scan(context.Background(), bytes.NewReader(disk), int64(len(disk)), testMagic, key, func(raw []byte, offset int64) error {
		all = append(all, found{raw, offset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// scanNaive finds records by looking at every byte.
func scanNaive(data []byte) []found {
	var all []found
	for pos := 0; pos+8 <= len(data); {
		n := int(binary.LittleEndian.Uint32(data[pos+4:]))
		if [4]byte(data[pos:]) != testMagic || n < 80 || n > MaxBlockSize || pos+8+n > len(data) {
			pos++
			continue
		}
		all = append(all, found{data[pos+8 : pos+8+n], int64(pos + 8)})
		pos += 8 + n
	}
	return all
}

func sameFound(a, b []found) bool {
	return slices.EqualFunc(a, b, func(x, y found) bool { return x.offset == y.offset && bytes.Equal(x.raw, y.raw) })
}

func entry(raw []byte) []byte {
	b := append([]byte{}, testMagic[:]...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(raw))), raw...)
}

func TestScan(t *testing.T) {
	a, b := testBlock(0, wire.BlockHash{}, 300), testBlock(1, wire.BlockHash{}, 80)
	big := testBlock(2, wire.BlockHash{}, 3_000_000)
	tail := testBlock(3, wire.BlockHash{}, MaxBlockSize)
	header := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(testMagic[:4:4], n) }
	join := func(parts ...[]byte) []byte { return slices.Concat(parts...) }
	for name, c := range map[string]struct {
		data []byte
		want [][]byte
	}{
		"nothing":                 {nil, nil},
		"seven bytes":             {testMagic[:], nil},
		"two":                     {join(entry(a), entry(b)), [][]byte{a, b}},
		"garbage around":          {join([]byte("junk"), entry(a), make([]byte, 5000), entry(b), []byte{0xfa, 0xbf}), [][]byte{a, b}},
		"half a magic before":     {join(testMagic[:2], entry(a)), [][]byte{a}},
		"length too small":        {join(header(79), entry(a)), [][]byte{a}},
		"length too large":        {join(header(MaxBlockSize+1), entry(a)), [][]byte{a}},
		"cut off at the end":      {join(entry(a), header(1000), entry(b)[:80]), [][]byte{a}},
		"record in a cut off one": {join(header(1<<20), []byte("xx"), entry(a)), [][]byte{a}},
		"record in a record":      {join(header(400), entry(a), make([]byte, 92), entry(b)), [][]byte{join(entry(a), make([]byte, 92)), b}},
		"over windows":            {join(entry(a), entry(big), entry(b), entry(tail), entry(a)), [][]byte{a, big, b, tail, a}},
		"at a window's end":       {join(make([]byte, scanWindow-3), entry(a), make([]byte, scanWindow-11), entry(b)), [][]byte{a, b}},
		"header over the end":     {join(make([]byte, scanWindow-6), entry(a)), [][]byte{a}},
	} {
		for _, key := range []XORKey{{}, testKey} {
			got := scanAll(t, c.data, key)
			if !sameFound(got, scanNaive(c.data)) {
				t.Errorf("%s: differs from the naive scan", name)
			}
			if len(got) != len(c.want) {
				t.Fatalf("%s: %d records, not %d", name, len(got), len(c.want))
			}
			for i := range got {
				if !bytes.Equal(got[i].raw, c.want[i]) {
					t.Errorf("%s: record %d", name, i)
				}
			}
		}
	}
}

func TestScanStops(t *testing.T) {
	data := slices.Concat(entry(testBlock(0, wire.BlockHash{}, 300)), entry(testBlock(1, wire.BlockHash{}, 300)))
	stop, calls := errors.New("stop"), 0
	fn := func([]byte, int64) error { calls++; return stop }
	err := Scan(context.Background(), bytes.NewReader(data), int64(len(data)), testMagic, XORKey{}, fn)
	if err != stop || calls != 1 {
		t.Fatal(err, calls)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err = Scan(ctx, bytes.NewReader(data), int64(len(data)), testMagic, XORKey{}, func([]byte, int64) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	err = Scan(context.Background(), bytes.NewReader(data[:310]), int64(len(data)), testMagic, XORKey{}, func([]byte, int64) error { return nil })
	if !errors.Is(err, ErrIO) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal("a file that shrinks:", err)
	}
}

// TestScanMemory: the memory that a scan takes does not depend on the file.
func TestScanMemory(t *testing.T) {
	data := bytes.Repeat(slices.Concat(testMagic[:], []byte{0, 0x10, 0, 0}, make([]byte, 100)), 1000)
	r := bytes.NewReader(data[:100_000])
	n := testing.AllocsPerRun(10, func() {
		_ = Scan(context.Background(), r, 100_000, testMagic, testKey, func([]byte, int64) error { return nil })
	})
	if n > 40 { // 25 records of 4 KiB, each with its buffer, and the window
		t.Fatal(n, "allocations")
	}
}

// TestCoreBlocksDir reads a folder as Bitcoin Core leaves it, gaps and key
// included, and leaves it alone.
func TestCoreBlocksDir(t *testing.T) {
	blocks, f := chainOf(30), crash.New()
	if _, err := fill(smallConfig(f), blocks); err != nil {
		t.Fatal(err)
	}
	calls := f.Counts()
	check := func(path string, files int, want [][]byte) {
		t.Helper()
		src, err := OpenSource(f, path)
		if err != nil {
			t.Fatal(err)
		}
		if len(src.Files()) != files {
			t.Fatal(src.Files())
		}
		n := 0
		for i := range src.Files() {
			err := src.Scan(context.Background(), i, testMagic, func(raw []byte, pos SourcePos) error {
				if n >= len(want) || !bytes.Equal(raw, want[n]) {
					t.Fatal("block", n)
				}
				again, err := src.ReadBlock(pos, testMagic, hashOf(raw))
				if err != nil || !bytes.Equal(again, raw) {
					t.Fatal(err)
				}
				_, err = src.ReadBlock(pos, testMagic, wire.BlockHash{1})
				wantKind(t, err, ErrCorrupt)
				n++
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if n != len(want) {
			t.Fatal(n, "blocks, not", len(want))
		}
	}
	all := mustOpen(t, smallConfig(f))
	files, first := all.Files(), int(all.FileInfo(0).Blocks)
	_ = all.Close()
	calls = f.Counts()
	check("/blocks", files, blocks)
	check("/blocks/blk00000.dat", 1, blocks[:first])
	if now := f.Counts(); now.Writes != calls.Writes || now.Syncs != calls.Syncs {
		t.Fatal("a source was changed")
	}
	if err := f.Remove("/blocks/blk00001.dat"); err != nil {
		t.Fatal(err)
	}
	if src, err := OpenSource(f, "/blocks"); err != nil || len(src.Files()) != files-1 {
		t.Fatal(err)
	}
	_, err := OpenSource(f, "/blocks/index")
	wantKind(t, err, ErrMissing)
	_, err = OpenSource(f, "/none")
	wantKind(t, err, ErrMissing)
	src, err := OpenSource(f, "/blocks/blk00000.dat")
	if err != nil {
		t.Fatal(err)
	}
	f.Inject(nth(crash.Read, 1, syscall.EIO))
	err = src.Scan(context.Background(), 0, testMagic, func([]byte, SourcePos) error { return nil })
	if !errors.Is(err, ErrIO) || !bytes.Contains([]byte(err.Error()), []byte("/blocks/blk00000.dat at 0")) {
		t.Fatal(err)
	}
}

// TestRegtestFile reads the chain of the shared folder.
func TestRegtestFile(t *testing.T) {
	src, err := OpenSource(vfs.OS(), testdata.Shared(t, "golden/regtest.blk"))
	if err != nil {
		t.Fatal(err)
	}
	n, prev := 0, wire.BlockHash{}
	err = src.Scan(context.Background(), 0, testMagic, func(raw []byte, _ SourcePos) error {
		if headerOf(t, raw).PrevBlock != prev {
			t.Fatal("block", n, "does not follow")
		}
		n, prev = n+1, hashOf(raw)
		return nil
	})
	t.Log(n, "blocks")
	if err != nil || n != 148 && n != 147 {
		t.Fatal(n, err)
	}
}
