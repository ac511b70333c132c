package ldbstorage

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/storage"

	"grapevine/internal/vfs"
	"grapevine/internal/vfs/crash"
)

const owner = "test database"

func open(t testing.TB, f vfs.FS, dir string) *Storage {
	t.Helper()
	s, err := Open(Config{FS: f, Dir: dir, Owner: owner})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNames(t *testing.T) {
	for name, want := range map[string]storage.FileDesc{
		"MANIFEST-000007": {Type: storage.TypeManifest, Num: 7},
		"000012.log":      {Type: storage.TypeJournal, Num: 12},
		"1234567.ldb":     {Type: storage.TypeTable, Num: 1234567},
		"000001.tmp":      {Type: storage.TypeTemp, Num: 1},
	} {
		if fd, ok := parseName(name); !ok || fd != want {
			t.Errorf("%s: %v %v", name, fd, ok)
		}
	}
	for _, name := range []string{"", "CURRENT", "LOCK", "OWNER", "MANIFEST-", "MANIFEST-7", "12.log", "000012.sst",
		"-00012.log", "+00012.log", "000012.log.bak", "99999999999999999999.ldb"} {
		if fd, ok := parseName(name); ok {
			t.Errorf("%q taken for %v", name, fd)
		}
	}
}

func TestOnDisk(t *testing.T) {
	for name, f := range map[string]vfs.FS{"os": vfs.OS(), "crash": crash.New()} {
		dir := filepath.Join(t.TempDir(), "new", "db")
		s := open(t, f, dir)
		if _, err := Open(Config{FS: f, Dir: dir, Owner: owner}); !errors.Is(err, vfs.ErrLocked) {
			t.Fatal(name, "opened twice:", err)
		}
		db, err := leveldb.Open(s, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := leveldb.Open(s, nil); !errors.Is(err, storage.ErrLocked) {
			t.Fatal(name, "database opened twice:", err)
		}
		for i := range 20000 {
			if err := db.Put([]byte{byte(i), byte(i >> 8)}, make([]byte, 300), nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(db.Close(), s.Close()); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); !errors.Is(err, storage.ErrClosed) {
			t.Fatal(err)
		}
		s = open(t, f, dir)
		if db, err = leveldb.Open(s, nil); err != nil {
			t.Fatal(err)
		}
		it, n := db.NewIterator(nil, nil), 0
		for it.Next() {
			n++
		}
		it.Release()
		if n != 20000 || it.Error() != nil {
			t.Fatal(name, n, it.Error())
		}
		tables, err := s.List(storage.TypeTable)
		if len(tables) == 0 || err != nil {
			t.Fatal(name, "no table was written", err)
		}
		_ = db.Close()
		if err := s.Wipe(); err != nil {
			t.Fatal(err)
		}
		if left, err := f.ReadDir(dir); err != nil || len(left) != 2 {
			t.Fatal(left, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestForeign: what another program made stays as it is, to the last byte.
func TestForeign(t *testing.T) {
	foreign := func(f vfs.FS, dir string) {
		if err := f.MkdirAll(dir); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"CURRENT", "MANIFEST-000002", "000003.log"} {
			if err := vfs.WriteFileSync(f, dir+"/"+name, dir+"/x", []byte(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	other := func(f vfs.FS, dir string) {
		s, err := Open(Config{FS: f, Dir: dir, Owner: "another"})
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Close()
	}
	for name, prepare := range map[string]func(vfs.FS, string){"foreign": foreign, "other owner": other} {
		f := crash.New()
		prepare(f, "/db")
		before, writes := snapshot(t, f), f.Counts()
		if _, err := CheckOwner(f, "/db", owner); !errors.Is(err, ErrForeign) {
			t.Fatal(name, err)
		}
		if _, err := Open(Config{FS: f, Dir: "/db", Owner: owner}); !errors.Is(err, ErrForeign) {
			t.Fatal(name, err)
		}
		if now := f.Counts(); now.Writes != writes.Writes || !slices.Equal(snapshot(t, f), before) {
			t.Fatal(name, "was changed")
		}
	}
	for _, bad := range []string{"", "two\nlines"} {
		if _, err := Open(Config{FS: crash.New(), Dir: "/db", Owner: bad}); err == nil {
			t.Fatalf("owner %q accepted", bad)
		}
	}
}

func snapshot(t *testing.T, f *crash.FS) []vfs.Info {
	t.Helper()
	list, err := f.ReadDir("/db")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestMeta: an empty folder is a new database, a damaged one is not.
func TestMeta(t *testing.T) {
	write := func(f *crash.FS, name, text string) {
		if err := vfs.WriteFileSync(f, "/db/"+name, "/db/x", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  func(storage.FileDesc, error) bool
	}{
		"empty":            {nil, absent},
		"manifest only":    {map[string]string{"MANIFEST-000000": ""}, absent},
		"table only":       {map[string]string{"000004.ldb": ""}, damaged},
		"journal only":     {map[string]string{"000004.log": ""}, damaged},
		"missing manifest": {map[string]string{"CURRENT": "MANIFEST-000004\n"}, damaged},
		"torn":             {map[string]string{"CURRENT": "MANIFEST-000004", "MANIFEST-000004": ""}, damaged},
		"zeros":            {map[string]string{"CURRENT": "\x00\x00\x00\x00"}, damaged},
		"not a manifest":   {map[string]string{"CURRENT": "000004.log\n", "000004.log": ""}, damaged},
		"good": {map[string]string{"CURRENT": "MANIFEST-000004\n", "MANIFEST-000004": ""},
			func(fd storage.FileDesc, err error) bool { return err == nil && fd.Num == 4 }},
	} {
		f := crash.New()
		s := open(t, f, "/db")
		for file, text := range c.files {
			write(f, file, text)
		}
		if fd, err := s.GetMeta(); !c.want(fd, err) {
			t.Errorf("%s: %v %v", name, fd, err)
		}
	}
}

func absent(_ storage.FileDesc, err error) bool { return errors.Is(err, os.ErrNotExist) }

func damaged(_ storage.FileDesc, err error) bool {
	_, ok := errors.AsType[*storage.ErrCorrupted](err)
	return ok
}

func TestReaderSeeks(t *testing.T) {
	s := open(t, crash.New(), "/db")
	fd := storage.FileDesc{Type: storage.TypeTable, Num: 1}
	w, err := s.Create(fd)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"0123", "456789"} {
		if _, err := w.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Sync(), w.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := s.Open(fd)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		off    int64
		whence int
		want   string
	}{{2, io.SeekStart, "23"}, {1, io.SeekCurrent, "56"}, {-3, io.SeekEnd, "78"}, {-1, io.SeekEnd, "9"}} {
		if _, err := r.Seek(c.off, c.whence); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 2)
		if n, err := r.Read(b); string(b[:n]) != c.want || err != nil {
			t.Fatalf("%q %v, not %q", b[:n], err, c.want)
		}
	}
	if _, err := r.Read(make([]byte, 2)); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if _, err := r.Seek(-1, io.SeekStart); err == nil {
		t.Fatal("sought before the start")
	}
	if _, err := s.Open(storage.FileDesc{Type: storage.TypeTable, Num: 2}); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if _, err := s.Open(storage.FileDesc{Type: storage.TypeAll}); !errors.Is(err, storage.ErrInvalidFile) {
		t.Fatal(err)
	}
}

// small makes LevelDB rotate journals and merge tables after a few kilobytes.
var small = &opt.Options{WriteBuffer: 4 << 10, CompactionTableSize: 4 << 10, CompactionTotalSize: 16 << 10, NoSync: false}
