package vfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"grapevine/internal/vfs"
	"grapevine/internal/vfs/crash"
)

// each runs a test on the machine's file system and on the simulated one:
// callers may rely on what both do.
func each(t *testing.T, test func(t *testing.T, f vfs.FS, dir string)) {
	t.Run("os", func(t *testing.T) { test(t, vfs.OS(), t.TempDir()) })
	t.Run("crash", func(t *testing.T) { test(t, crash.New(), "/") })
}

func TestFile(t *testing.T) {
	each(t, func(t *testing.T, f vfs.FS, dir string) {
		name := filepath.Join(dir, "a")
		if _, err := f.OpenFile(name, os.O_RDWR); !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		h, err := f.OpenFile(name, os.O_RDWR|os.O_CREATE)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.WriteAt([]byte("hello"), 3); err != nil {
			t.Fatal(err)
		}
		if err := h.Allocate(6, 4); err != nil {
			t.Fatal(err)
		}
		if err := h.Allocate(0, 2); err != nil {
			t.Fatal(err)
		}
		if size, err := h.Size(); size != 10 || err != nil {
			t.Fatal(size, err)
		}
		buf := make([]byte, 16)
		n, err := h.ReadAt(buf, 0)
		if !errors.Is(err, io.EOF) || !bytes.Equal(buf[:n], []byte("\x00\x00\x00hello\x00\x00")) {
			t.Fatalf("%q %v", buf[:n], err)
		}
		if err := errors.Join(h.Truncate(5), h.Truncate(7), h.Sync()); err != nil {
			t.Fatal(err)
		}
		got, err := vfs.ReadFile(f, name, 7)
		if err != nil || string(got) != "\x00\x00\x00he\x00\x00" {
			t.Fatalf("%q %v", got, err)
		}
		if _, err := vfs.ReadFile(f, name, 6); err == nil {
			t.Fatal("a file beyond the limit was read")
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := h.ReadAt(buf, 0); err == nil {
			t.Fatal("read from a closed file")
		}
		if h, err = f.OpenFile(name, os.O_RDWR|os.O_TRUNC); err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		if size, err := h.Size(); size != 0 || err != nil {
			t.Fatal(size, err)
		}
	})
}

func TestNames(t *testing.T) {
	each(t, func(t *testing.T, f vfs.FS, dir string) {
		sub := filepath.Join(dir, "x", "y")
		if err := vfs.MkdirAllSync(f, sub); err != nil {
			t.Fatal(err)
		}
		if err := vfs.MkdirAllSync(f, sub); err != nil {
			t.Fatal("again:", err)
		}
		a, b := filepath.Join(sub, "a"), filepath.Join(sub, "b")
		for i, name := range []string{a, b} {
			if err := vfs.WriteFileSync(f, name, filepath.Join(sub, "tmp"), make([]byte, i+1)); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.MkdirAll(filepath.Join(sub, "c")); err != nil {
			t.Fatal(err)
		}
		want := []vfs.Info{{Name: "a", Size: 1}, {Name: "b", Size: 2}, {Name: "c", Dir: true}}
		got, err := f.ReadDir(sub)
		if err != nil || !slices.Equal(got, want) {
			t.Fatal(got, err)
		}
		if err := f.Rename(b, a); err != nil {
			t.Fatal(err)
		}
		if in, err := f.Stat(a); err != nil || in != (vfs.Info{Name: "a", Size: 2}) {
			t.Fatal(in, err)
		}
		if err := f.Rename(a, filepath.Join(dir, "a")); err == nil {
			t.Fatal("renamed into another directory")
		}
		if err := f.Remove(a); err != nil {
			t.Fatal(err)
		}
		if ok, err := vfs.Exists(f, a); ok || err != nil {
			t.Fatal(ok, err)
		}
		if err := f.SyncDir(sub); err != nil {
			t.Fatal(err)
		}
		if _, err := f.ReadDir(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if free, err := f.Free(dir); free == 0 || err != nil {
			t.Fatal(free, err)
		}
	})
}

func TestLock(t *testing.T) {
	each(t, func(t *testing.T, f vfs.FS, dir string) {
		name := filepath.Join(dir, ".lock")
		l, err := f.Lock(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Lock(name); !errors.Is(err, vfs.ErrLocked) {
			t.Fatal("locked twice:", err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if l, err = f.Lock(name); err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
	})
}

// TestWriteFileSyncSurvives cuts the power at every call: the file is the old
// one or the new one, and the new one once the call has returned.
func TestWriteFileSyncSurvives(t *testing.T) {
	write := func(f vfs.FS, text string) error {
		return vfs.WriteFileSync(f, "/d/a", "/d/tmp", []byte(text))
	}
	cuts := 0
	for _, cut := range []func(*crash.FS, int){(*crash.FS).CutAtSync, (*crash.FS).CutAtWrite} {
		for n := 1; ; n++ {
			f := crash.New()
			if err := errors.Join(vfs.MkdirAllSync(f, "/d"), write(f, "old")); err != nil {
				t.Fatal(err)
			}
			c := f.Counts()
			cut(f, n+max(c.Syncs, c.Writes))
			err := write(f, "new one")
			if err != nil {
				cuts++
			}
			for seed := range uint64(40) {
				got, rerr := vfs.ReadFile(f.Reopen(seed), "/d/a", 100)
				if rerr != nil || string(got) != "new one" && (err == nil || string(got) != "old") {
					t.Fatalf("cut %d, seed %d: %q %v after %v", n, seed, got, rerr, err)
				}
			}
			if err == nil {
				break
			}
		}
	}
	if cuts < 3 {
		t.Fatal("only", cuts, "cuts")
	}
}

func TestMkdirAllSyncSurvives(t *testing.T) {
	f := crash.New()
	if err := vfs.MkdirAllSync(f, "/a/b/c"); err != nil {
		t.Fatal(err)
	}
	if ok, err := vfs.Exists(f.Reopen(0), "/a/b/c"); !ok || err != nil {
		t.Fatal(ok, err)
	}
}

func TestIsDiskFull(t *testing.T) {
	if !vfs.IsDiskFull(&fs.PathError{Err: syscall.ENOSPC}) || !vfs.IsDiskFull(fmt.Errorf("x: %w", syscall.ENOSPC)) {
		t.Fatal("ENOSPC is a full disk")
	}
	if vfs.IsDiskFull(fs.ErrNotExist) || vfs.IsDiskFull(nil) {
		t.Fatal("a full disk out of nothing")
	}
}
