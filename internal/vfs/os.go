package vfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

type osFS struct{}

// OS is the file system of the machine.
func OS() FS { return osFS{} }

func (osFS) OpenFile(name string, flag int) (File, error) {
	f, err := os.OpenFile(name, flag, 0o644)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osFS) Remove(name string) error { return os.Remove(name) }

func (osFS) Rename(oldName, newName string) error {
	if filepath.Dir(oldName) != filepath.Dir(newName) {
		return &fs.PathError{Op: "rename", Path: oldName, Err: errors.New("target is in another directory")}
	}
	return os.Rename(oldName, newName)
}

func (osFS) MkdirAll(dir string) error { return os.MkdirAll(dir, 0o755) }

func (osFS) ReadDir(dir string) ([]Info, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	list := make([]Info, 0, len(entries))
	for _, e := range entries {
		// A symbolic link counts as what it leads to: block files moved to
		// another disk are often linked back.
		fi, err := os.Stat(filepath.Join(dir, e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile, or a link to nowhere
		}
		if err != nil {
			return nil, err
		}
		list = append(list, infoOf(fi, e.Name()))
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list, nil
}

func (osFS) Stat(name string) (Info, error) {
	fi, err := os.Stat(name)
	if err != nil {
		return Info{}, err
	}
	return infoOf(fi, fi.Name()), nil
}

func infoOf(fi fs.FileInfo, name string) Info {
	in := Info{Name: name, Dir: fi.IsDir()}
	if fi.Mode().IsRegular() {
		in.Size = fi.Size()
	}
	return in
}

func (osFS) SyncDir(dir string) error { return syncDir(dir) }

func (osFS) Lock(name string) (io.Closer, error) { return lockFile(name) }

func (osFS) Free(dir string) (uint64, error) { return freeBytes(dir) }

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return fi.Size(), nil
}

func (f osFile) Allocate(off, n int64) error {
	if err := allocate(f.File, off, n); err != nil {
		return &fs.PathError{Op: "allocate", Path: f.Name(), Err: err}
	}
	return nil
}

// grow is Allocate where space cannot be reserved.
func grow(f *os.File, end int64) error {
	fi, err := f.Stat()
	if err != nil || fi.Size() >= end {
		return err
	}
	return f.Truncate(end)
}
