package blockstore

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"grapevine/internal/vfs"
	"grapevine/internal/vfs/crash"
	"grapevine/wire"
)

// chainOf returns n blocks, each with the one before as its parent.
func chainOf(n int) [][]byte {
	var blocks [][]byte
	prev := wire.BlockHash{}
	for i := range n {
		raw := testBlock(int32(i), prev, 80+(i*i*37)%3000)
		blocks, prev = append(blocks, raw), hashOf(raw)
	}
	return blocks
}

func TestRoundTrip(t *testing.T) {
	f, blocks := crash.New(), chainOf(40)
	s := mustOpen(t, smallConfig(f))
	var records []Record
	for i, raw := range blocks {
		r, err := addBlock(s, raw, int32(i))
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
		if err := readBack(s, r, raw); err != nil { // before any sync
			t.Fatal(err)
		}
	}
	if s.Files() < 4 {
		t.Fatal("too few files:", s.Files())
	}
	shuffled := slices.Clone(records)
	slices.Reverse(shuffled)
	if err := errors.Join(s.Sync(), s.WriteIndex(shuffled)); err != nil {
		t.Fatal(err)
	}
	size, infos := s.SizeOnDisk(), s.ledger.infos
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f = f.Reopen(0)
	cfg := smallConfig(f)
	cfg.Rand = nil // the key comes from xor.dat
	s = mustOpen(t, cfg)
	defer s.Close()
	if got := loadAll(t, s); !slices.Equal(got, records) {
		t.Fatal("records differ")
	}
	if s.SizeOnDisk() != size || !slices.Equal(s.ledger.infos, infos) {
		t.Fatal("file infos differ")
	}
	total := uint64(0)
	for i, raw := range blocks {
		total += uint64(len(raw)+HeaderSize) + uint64(len(testUndo(raw))+undoOverhead)
		if err := readBack(s, records[i], raw); err != nil {
			t.Fatal(i, err)
		}
	}
	if total != size {
		t.Fatal(total, size)
	}
	checkFilesOnDisk(t, f, s)
}

// checkFilesOnDisk: no file reaches the limit, complete ones end with their
// content.
func checkFilesOnDisk(t *testing.T, f *crash.FS, s *Store) {
	t.Helper()
	for n := range uint32(s.Files()) {
		fi := s.FileInfo(n)
		b, err := f.Stat("/blocks/" + blk.fileName(n))
		r, err2 := f.Stat("/blocks/" + rev.fileName(n))
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		if fi.Size >= s.cfg.MaxFileSize {
			t.Fatal(n, fi)
		}
		if int(n) < s.Files()-1 && (b.Size != int64(fi.Size) || r.Size != int64(fi.UndoSize)) {
			t.Fatal("space is left behind a complete file:", n, fi, b, r)
		}
	}
}

// TestFileLimit: a record that would bring a file to the limit or over it
// begins the next.
func TestFileLimit(t *testing.T) {
	for _, c := range []struct {
		second int
		file   uint32
	}{{8<<10 - 1008 - HeaderSize - 1, 0}, {8<<10 - 1008 - HeaderSize, 1}} {
		s := mustOpen(t, smallConfig(crash.New()))
		if _, err := s.AppendBlock(testBlock(0, wire.BlockHash{}, 1000), 0, 0); err != nil {
			t.Fatal(err)
		}
		pos, err := s.AppendBlock(testBlock(1, wire.BlockHash{}, c.second), 1, 0)
		if err != nil || pos.File != c.file {
			t.Fatal(c, pos, err)
		}
	}
	s := mustOpen(t, smallConfig(crash.New()))
	raw := testBlock(0, wire.BlockHash{}, 20<<10) // longer than a file here
	for i := range uint32(2) {
		pos, err := s.AppendBlock(raw, 0, 0)
		if err != nil || pos != (Pos{File: i, Offset: HeaderSize}) {
			t.Fatal(pos, err)
		}
	}
	for _, size := range []int{0, 79, MaxBlockSize + 1} {
		_, err := s.AppendBlock(make([]byte, size), 0, 0)
		wantKind(t, err, ErrTooLarge)
	}
}

// TestLateUndo: undo data comes when a block is connected, which may be long
// after its file is complete.
func TestLateUndo(t *testing.T) {
	f := crash.New()
	s := mustOpen(t, smallConfig(f))
	blocks := chainOf(30)
	var records []Record
	for i, raw := range blocks {
		h := headerOf(t, raw)
		pos, err := s.AppendBlock(raw, int32(i), h.Time)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, Record{Header: h, Height: int32(i), File: pos.File, DataPos: pos.Offset})
	}
	for i, raw := range blocks {
		undo, err := s.AppendUndo(records[i].File, testUndo(raw), records[i].Header.PrevBlock)
		if err != nil {
			t.Fatal(err)
		}
		records[i].UndoPos = undo
	}
	if err := errors.Join(s.Sync(), s.WriteIndex(records), s.Close()); err != nil {
		t.Fatal(err)
	}
	f = f.Reopen(0)
	s = mustOpen(t, smallConfig(f))
	for i, raw := range blocks {
		if err := readBack(s, records[i], raw); err != nil {
			t.Fatal(err)
		}
	}
	checkFilesOnDisk(t, f, s)
	if _, err := s.AppendUndo(uint32(s.Files()), nil, wire.BlockHash{}); !errors.Is(err, ErrMissing) {
		t.Fatal(err)
	}
}

// TestUnsyncedRecord: the index takes no record ahead of the files.
func TestUnsyncedRecord(t *testing.T) {
	s := mustOpen(t, smallConfig(crash.New()))
	blocks := chainOf(2)
	a, err := addBlock(s, blocks[0], 0)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, s.WriteIndex([]Record{a}), ErrUnsynced)
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	b, err := addBlock(s, blocks[1], 1)
	if err != nil {
		t.Fatal(err)
	}
	noUndo, noData := b, b
	noUndo.UndoPos, noData.DataPos, noData.UndoPos = 0, a.DataPos, b.UndoPos
	for _, r := range []Record{b, noUndo, noData, {File: 9, DataPos: 8}} {
		wantKind(t, s.WriteIndex([]Record{a, r}), ErrUnsynced)
	}
	wantKind(t, s.WriteIndex([]Record{{Height: -1}}), ErrCorrupt)
	if got := loadAll(t, s); len(got) != 0 {
		t.Fatal("a refused batch was written in part")
	}
	if err := s.WriteIndex([]Record{a}); err != nil {
		t.Fatal("a refusal must not stop the store:", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	write := func(f *crash.FS, name, text string) {
		if err := errors.Join(f.MkdirAll("/blocks/index"), vfs.WriteFileSync(f, "/blocks/"+name, "/blocks/"+name+".tmp", []byte(text))); err != nil {
			t.Fatal(err)
		}
	}
	good := func(f *crash.FS) {
		s := mustOpen(t, smallConfig(f))
		r, err := addBlock(s, testBlock(0, wire.BlockHash{}, 500), 0)
		if err := errors.Join(err, s.Sync(), s.WriteIndex([]Record{r}), s.Close()); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		prepare func(*crash.FS)
		change  func(*Config)
		kind    ErrorKind
		text    string
	}{
		"foreign index": {func(f *crash.FS) { write(f, "index/CURRENT", "MANIFEST-000001\n") }, nil, ErrForeign, "-loadblock=/blocks"},
		"foreign index, reindex": {func(f *crash.FS) { write(f, "index/CURRENT", "MANIFEST-000001\n") },
			func(c *Config) { c.Reindex = true }, ErrForeign, "-loadblock=/blocks"},
		"blocks without index": {func(f *crash.FS) { write(f, "blk00000.dat", "blocks") }, nil, ErrUnindexed, "-reindex"},
		"key too short":        {func(f *crash.FS) { write(f, "xor.dat", "1234567") }, nil, ErrKey, "8 bytes"},
		"key not wanted":       {good, func(c *Config) { c.Plain = true }, ErrKey, testKey.String()},
		"locked":               {func(f *crash.FS) { mustOpen(t, smallConfig(f)) }, nil, ErrLocked, "/blocks/.lock"},
		"file missing": {func(f *crash.FS) { good(f); _ = f.Remove("/blocks/rev00000.dat") }, nil, ErrMissing,
			"rev00000.dat is missing; put them back, or start with -reindex"},
		"file short": {func(f *crash.FS) { good(f); write(f, "blk00000.dat", "x") }, nil, ErrMissing, "blk00000.dat has 1 of 508 bytes"},
		"other version": {func(f *crash.FS) {
			good(f)
			s := mustOpen(t, smallConfig(f))
			err := s.index.db.Put([]byte(versionKey), []byte{2, 0, 0, 0}, nil)
			if err := errors.Join(err, s.Close()); err != nil {
				t.Fatal(err)
			}
		}, nil, ErrVersion, "02000000"},
		"index without manifest": {func(f *crash.FS) {
			good(f)
			list, _ := f.ReadDir("/blocks/index")
			for _, in := range list {
				if strings.HasPrefix(in.Name, "MANIFEST") {
					_ = f.Remove("/blocks/index/" + in.Name)
				}
			}
		}, nil, ErrCorrupt, "-reindex"},
	} {
		t.Run(name, func(t *testing.T) {
			f := crash.New()
			c.prepare(f)
			before := tree(t, f, "/blocks")
			cfg := smallConfig(f)
			if c.change != nil {
				c.change(&cfg)
			}
			_, err := Open(cfg)
			wantKind(t, err, c.kind)
			if !strings.Contains(err.Error(), c.text) {
				t.Fatalf("%q does not say %q", err, c.text)
			}
			after := tree(t, f, "/blocks")
			delete(after, "/blocks/.lock")
			delete(before, "/blocks/.lock")
			if c.kind == ErrForeign || c.kind == ErrUnindexed || c.kind == ErrKey {
				if fmt.Sprint(before) != fmt.Sprint(after) {
					t.Fatal("the folder was changed:", before, after)
				}
			}
			if c.kind != ErrLocked { // the lock is free again
				l, err := f.Lock("/blocks/.lock")
				if err != nil {
					t.Fatal(err)
				}
				_ = l.Close()
			}
		})
	}
}

// tree is the content of all files below a directory.
func tree(t *testing.T, f *crash.FS, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	list, err := f.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range list {
		name := dir + "/" + in.Name
		if in.Dir {
			for k, v := range tree(t, f, name) {
				all[k] = v
			}
			continue
		}
		b, err := vfs.ReadFile(f, name, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(b)
	}
	return all
}

func TestKeyOfFolder(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*crash.FS) error
		plain   bool
		want    XORKey
	}{
		"new":               {nil, false, testKey},
		"new, plain":        {nil, true, XORKey{}},
		"hidden files only": {func(f *crash.FS) error { _, err := f.Lock("/blocks/.other"); return err }, false, testKey},
		"used before keys":  {func(f *crash.FS) error { return vfs.MkdirAllSync(f, "/blocks/old") }, false, XORKey{}},
		"has one": {func(f *crash.FS) error {
			return vfs.WriteFileSync(f, "/blocks/xor.dat", "/blocks/t", []byte("abcdefgh"))
		}, false, XORKey([]byte("abcdefgh"))},
		"has zero, wants none": {func(f *crash.FS) error { return vfs.WriteFileSync(f, "/blocks/xor.dat", "/blocks/t", make([]byte, 8)) }, true, XORKey{}},
	} {
		f := crash.New()
		err := f.MkdirAll("/blocks")
		if c.prepare != nil {
			err = errors.Join(err, c.prepare(f))
		}
		if err != nil {
			t.Fatal(err)
		}
		cfg := smallConfig(f)
		cfg.Plain = c.plain
		s := mustOpen(t, cfg)
		if s.Key() != c.want {
			t.Errorf("%s: %v, not %v", name, s.Key(), c.want)
		}
		if got, err := vfs.ReadFile(f, "/blocks/xor.dat", 8); err != nil || !bytes.Equal(got, c.want[:]) {
			t.Errorf("%s: file holds %x, %v", name, got, err)
		}
	}
}

func TestKeyApply(t *testing.T) {
	src := make([]byte, 5000)
	for i := range src {
		src[i] = byte(i * 7)
	}
	for _, key := range []XORKey{{}, testKey} {
		for _, n := range []int{0, 1, 7, 8, 9, 1023, 1024, 1025, 5000} {
			for off := range int64(10) {
				dst := make([]byte, n)
				key.Apply(dst, src[:n], off)
				for i := range dst {
					if dst[i] != src[i]^key[(off+int64(i))%8] {
						t.Fatal(key, n, off, i)
					}
				}
				key.Apply(dst, dst, off)
				if !bytes.Equal(dst, src[:n]) {
					t.Fatal("not undone", key, n, off)
				}
			}
		}
	}
}

func TestClosed(t *testing.T) {
	s := mustOpen(t, smallConfig(crash.New()))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := s.AppendBlock(make([]byte, 100), 0, 0)
	wantKind(t, err, ErrClosed)
	_, err = s.AppendUndo(0, nil, wire.BlockHash{})
	wantKind(t, err, ErrClosed)
	wantKind(t, s.Sync(), ErrClosed)
	wantKind(t, s.WriteIndex(nil), ErrClosed)
	wantKind(t, s.SetFlag("x", true), ErrClosed)
	wantKind(t, s.Close(), ErrClosed)
}

func TestFlags(t *testing.T) {
	f := crash.New()
	s := mustOpen(t, smallConfig(f))
	if on, err := s.Flag("x"); on || err != nil {
		t.Fatal(on, err)
	}
	if err := errors.Join(s.SetFlag("x", true), s.SetFlag("y", true), s.SetFlag("y", false)); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, smallConfig(f.Reopen(0)))
	x, err := s.Flag("x")
	y, err2 := s.Flag("y")
	if !x || y || err != nil || err2 != nil {
		t.Fatal(x, y, err, err2)
	}
	if err := s.SetFlag("reindexing", true); err == nil {
		t.Fatal("the store's own flag was set")
	}
}
