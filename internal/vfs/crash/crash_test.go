package crash

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"grapevine/internal/vfs"
)

func create(t *testing.T, f *FS, name string, content []byte) vfs.File {
	t.Helper()
	h, err := f.OpenFile(name, os.O_RDWR|os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.WriteAt(content, 0); err != nil {
		t.Fatal(err)
	}
	return h
}

// TestOutcomes checks that the seeds reach every kind of damage.
func TestOutcomes(t *testing.T) {
	f := New()
	old, young := bytes.Repeat([]byte{1}, 4*sector), bytes.Repeat([]byte{2}, 4*sector)
	h := create(t, f, "/f", old)
	if err := errors.Join(h.Sync(), f.SyncDir("/")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.WriteAt(young, 0); err != nil {
		t.Fatal(err)
	}
	create(t, f, "/first", nil)
	create(t, f, "/second", nil)
	seen := make(map[string]bool)
	for seed := range uint64(300) {
		n := f.Reopen(seed)
		got, err := vfs.ReadFile(n, "/f", 1<<20)
		if err != nil || len(got) != len(old) {
			t.Fatal(err, len(got))
		}
		switch {
		case bytes.Equal(got, old):
			seen["lost"] = true
		case bytes.Equal(got, young):
			seen["kept"] = true
		case got[0] == 2:
			seen["torn"] = true
		case got[len(got)-1] == 2:
			seen["later sector without the earlier"] = true
		}
		first, _ := vfs.Exists(n, "/first")
		second, _ := vfs.Exists(n, "/second")
		if second && !first {
			seen["later name without the earlier"] = true
		}
	}
	if len(seen) != 5 {
		t.Fatal("outcomes seen:", seen)
	}
}

// TestSyncedFileWithoutName: a file's sync does not save its name, and the
// directory's sync does not save content.
func TestSyncedFileWithoutName(t *testing.T) {
	f := New()
	if err := create(t, f, "/a", []byte("x")).Sync(); err != nil {
		t.Fatal(err)
	}
	if ok, err := vfs.Exists(f.Reopen(0), "/a"); ok || err != nil {
		t.Fatal("a name that was not synced is there", err)
	}
	f = New()
	create(t, f, "/a", []byte("x"))
	if err := f.SyncDir("/"); err != nil {
		t.Fatal(err)
	}
	if in, err := f.Reopen(0).Stat("/a"); err != nil || in.Size != 0 {
		t.Fatal("content that was not synced is there", in, err)
	}
}

func TestRenameIsAtomic(t *testing.T) {
	f := New()
	if err := vfs.WriteFileSync(f, "/a", "/t", []byte("old")); err != nil {
		t.Fatal(err)
	}
	h := create(t, f, "/t", []byte("new!"))
	if err := h.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := f.Rename("/t", "/a"); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for seed := range uint64(100) {
		got, err := vfs.ReadFile(f.Reopen(seed), "/a", 100)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(got)] = true
	}
	if len(seen) != 2 || !seen["old"] || !seen["new!"] {
		t.Fatal(seen)
	}
}

func TestPowerCut(t *testing.T) {
	run := func(f *FS) error {
		h, err := f.OpenFile("/a", os.O_RDWR|os.O_CREATE)
		if err != nil {
			return err
		}
		for i := range int64(3) {
			if _, err := h.WriteAt([]byte("abc"), 3*i); err != nil {
				return err
			}
			if err := h.Sync(); err != nil {
				return err
			}
		}
		return f.SyncDir("/")
	}
	f := New()
	if err := run(f); err != nil {
		t.Fatal(err)
	}
	if got := f.Counts(); got != (Counts{Writes: 4, Syncs: 4}) {
		t.Fatal(got)
	}
	for n := 1; n <= 4; n++ {
		for _, set := range []func(*FS, int){(*FS).CutAtSync, (*FS).CutAtWrite} {
			f := New()
			set(f, n)
			if err := run(f); !errors.Is(err, ErrPowerLost) {
				t.Fatal(n, err)
			}
			if _, err := f.Stat("/"); !errors.Is(err, ErrPowerLost) {
				t.Fatal("a call after the cut:", err)
			}
			if err := run(f.Reopen(uint64(n))); err != nil {
				t.Fatal("after the reboot:", err)
			}
		}
	}
}

func TestDiskFull(t *testing.T) {
	f := New()
	f.SetCapacity(10)
	h := create(t, f, "/a", []byte("1234567"))
	n, err := h.WriteAt([]byte("abcdef"), 7)
	if n != 3 || !vfs.IsDiskFull(err) {
		t.Fatal(n, err)
	}
	if _, err := h.WriteAt([]byte("overwrite!"), 0); err != nil {
		t.Fatal(err)
	}
	if err := h.Allocate(0, 11); !vfs.IsDiskFull(err) {
		t.Fatal(err)
	}
	if free, err := f.Free("/"); free != 0 || err != nil {
		t.Fatal(free, err)
	}
	if err := f.Remove("/a"); err != nil {
		t.Fatal(err)
	}
	if f.Used() != 0 {
		t.Fatal(f.Used())
	}
	create(t, f, "/b", []byte("0123456789"))
}

func TestInject(t *testing.T) {
	f := New()
	h := create(t, f, "/a", []byte("1234"))
	f.Inject(func(c Call) error {
		if c.Name == "/a" && (c.Kind == Read || c.Kind == Write && c.N == 3) {
			return syscall.EIO
		}
		return nil
	})
	n, err := h.WriteAt([]byte("abcd"), 0)
	if n != 2 || !errors.Is(err, syscall.EIO) {
		t.Fatal(n, err)
	}
	if _, err := h.ReadAt(make([]byte, 4), 0); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	f.Inject(nil)
	got, err := vfs.ReadFile(f, "/a", 100)
	if err != nil || string(got) != "ab34" {
		t.Fatalf("%q %v", got, err)
	}
}

func TestLock(t *testing.T) {
	f := New()
	l, err := f.Lock("/.lock")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Lock("/.lock"); !errors.Is(err, vfs.ErrLocked) {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l2, err := f.Lock("/.lock")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close() // a second close does not release the other's lock
	if _, err := f.Lock("/.lock"); !errors.Is(err, vfs.ErrLocked) {
		t.Fatal(err)
	}
	_ = l2
	if _, err := f.Reopen(0).Lock("/.lock"); err != nil {
		t.Fatal("a lock survived the reboot:", err)
	}
}

func TestErrors(t *testing.T) {
	f := New()
	h := create(t, f, "/a", []byte("x"))
	if err := f.MkdirAll("/d/e"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ got, want error }{
		"open missing":    {second(f.OpenFile("/no", os.O_RDWR)), fs.ErrNotExist},
		"open in missing": {second(f.OpenFile("/no/a", os.O_RDWR|os.O_CREATE)), fs.ErrNotExist},
		"open exclusive":  {second(f.OpenFile("/a", os.O_RDWR|os.O_CREATE|os.O_EXCL)), fs.ErrExist},
		"open dir":        {second(f.OpenFile("/d", os.O_RDWR)), syscall.EISDIR},
		"remove missing":  {f.Remove("/no"), fs.ErrNotExist},
		"remove full":     {f.Remove("/d"), syscall.ENOTEMPTY},
		"rename away":     {f.Rename("/a", "/d/a"), errors.ErrUnsupported},
		"mkdir on file":   {f.MkdirAll("/a/b"), syscall.ENOTDIR},
		"closed":          {errors.Join(h.Close(), h.Sync()), fs.ErrClosed},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, not %v", name, c.got, c.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }
