package crash

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"grapevine/internal/vfs"
)

// ErrPowerLost is what every call gives once the power is gone.
var ErrPowerLost = errors.New("power lost")

// Kind sorts calls for [FS.Inject] and [Counts].
type Kind uint8

const (
	Read  Kind = iota // ReadAt
	Write             // WriteAt, Truncate, Allocate, and each creation, removal and rename
	Sync              // File.Sync and SyncDir
	kinds
)

// Call is what a fault function decides about.
type Call struct {
	Kind Kind
	Name string // slash-separated path
	N    int    // first call of its kind is 1
}

// Counts are the calls so far.
type Counts struct{ Reads, Writes, Syncs int }

// FS is the disk. The zero value is not usable, see [New].
type FS struct {
	mu     sync.Mutex
	root   *dir
	locked map[string]bool
	count  [kinds]int
	cut    [kinds]int // the call at which the power goes; zero for never
	off    bool
	taken  *FS // by CaptureAtSync
	takeAt int
	fault  func(Call) error
	limit  int64 // bytes that files may have together
	used   int64
}

var _ vfs.FS = (*FS)(nil)

// New returns an empty disk without limit or faults.
func New() *FS { return newFS(newDir()) }

func newFS(root *dir) *FS {
	return &FS{root: root, locked: make(map[string]bool), limit: 1 << 62}
}

// CutAtSync makes the power go at the n-th sync from the start, counting from
// 1. What that sync should save is as uncertain as the rest.
func (f *FS) CutAtSync(n int) { f.set(func() { f.cut[Sync] = n }) }

// CutAtWrite makes the power go in the middle of the n-th write.
func (f *FS) CutAtWrite(n int) { f.set(func() { f.cut[Write] = n }) }

// CaptureAtSync keeps a copy of the disk as the n-th sync finds it, for
// [FS.Captured], and lets the program run on: what a cut there would leave,
// without the errors that follow a cut.
func (f *FS) CaptureAtSync(n int) { f.set(func() { f.takeAt = n }) }

// Captured is the copy, without power, or nil when that sync did not come.
func (f *FS) Captured() (c *FS) {
	f.set(func() { c = f.taken })
	return c
}

// PowerOff makes the power go now.
func (f *FS) PowerOff() { f.set(func() { f.off = true }) }

// Inject asks fn before each call for an error to return. A write that fails
// so has written its first half. fn must not call the FS; nil ends it.
func (f *FS) Inject(fn func(Call) error) { f.set(func() { f.fault = fn }) }

// SetCapacity limits the bytes that all files have together. A write beyond
// fills the disk and gives ENOSPC.
func (f *FS) SetCapacity(n int64) { f.set(func() { f.limit = n }) }

// Used is the number of bytes of all files.
func (f *FS) Used() (n int64) { f.set(func() { n = f.used }); return n }

// Counts returns the number of calls so far.
func (f *FS) Counts() (c Counts) {
	f.set(func() { c = Counts{Reads: f.count[Read], Writes: f.count[Write], Syncs: f.count[Sync]} })
	return c
}

func (f *FS) set(fn func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fn()
}

// enter counts a call and says whether it happens. For a power cut it returns
// ErrPowerLost with last set the first time: the call happens, unseen.
func (f *FS) enter(k Kind, op, name string) (last bool, err error) {
	if f.off {
		return false, &fs.PathError{Op: op, Path: name, Err: ErrPowerLost}
	}
	f.count[k]++
	if f.count[k] == f.cut[k] {
		f.off = true
		return true, &fs.PathError{Op: op, Path: name, Err: ErrPowerLost}
	}
	if k == Sync && f.count[k] == f.takeAt {
		f.taken = newFS(f.root.copy(make(map[*inode]*inode)))
		f.taken.off = true
	}
	if f.fault != nil {
		if err := f.fault(Call{Kind: k, Name: name, N: f.count[k]}); err != nil {
			return false, &fs.PathError{Op: op, Path: name, Err: err}
		}
	}
	return false, nil
}

// alive is for calls that only look.
func (f *FS) alive(op, name string) error {
	if f.off {
		return &fs.PathError{Op: op, Path: name, Err: ErrPowerLost}
	}
	return nil
}

func clean(name string) string { return path.Clean("/" + filepath.ToSlash(name)) }

// walk finds a directory.
func (f *FS) walk(op, name string) (*dir, error) {
	d := f.root
	if name == "/" {
		return d, nil
	}
	for _, part := range splitPath(name) {
		n, ok := d.names[part]
		if !ok {
			return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		if n.dir == nil {
			return nil, &fs.PathError{Op: op, Path: name, Err: syscall.ENOTDIR}
		}
		d = n.dir
	}
	return d, nil
}

func splitPath(name string) []string {
	var parts []string
	for name != "/" {
		parts = append(parts, path.Base(name))
		name = path.Dir(name)
	}
	slices.Reverse(parts)
	return parts
}

// OpenFile implements vfs.FS.
func (f *FS) OpenFile(name string, flag int) (vfs.File, error) {
	name = clean(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.alive("open", name); err != nil {
		return nil, err
	}
	d, err := f.walk("open", path.Dir(name))
	if err != nil {
		return nil, err
	}
	n, ok := d.names[path.Base(name)]
	writable := flag&(os.O_RDWR|os.O_WRONLY) != 0
	switch {
	case ok && n.dir != nil:
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	case ok && flag&os.O_EXCL != 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
	case !ok && flag&os.O_CREATE == 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case !ok:
		last, err := f.enter(Write, "open", name)
		if err != nil && !last {
			return nil, err
		}
		n = node{file: new(inode)}
		d.do(change{add: path.Base(name), node: n})
		if err != nil {
			return nil, err
		}
	}
	h := &file{fs: f, name: name, in: n.file, writable: writable}
	if ok && flag&os.O_TRUNC != 0 && n.file.data.size > 0 {
		if err := h.resize("open", 0); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// Remove implements vfs.FS.
func (f *FS) Remove(name string) error {
	name = clean(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	d, n, err := f.find("remove", name)
	if err != nil {
		return err
	}
	if n.dir != nil && len(n.dir.names) > 0 {
		return &fs.PathError{Op: "remove", Path: name, Err: syscall.ENOTEMPTY}
	}
	last, err := f.enter(Write, "remove", name)
	if err != nil && !last {
		return err
	}
	if n.file != nil {
		f.used -= n.file.data.size
		n.file.unlinked = true
	}
	d.do(change{del: path.Base(name)})
	return err
}

// find returns a name and the directory that it stands in.
func (f *FS) find(op, name string) (*dir, node, error) {
	if err := f.alive(op, name); err != nil {
		return nil, node{}, err
	}
	d, err := f.walk(op, path.Dir(name))
	if err != nil {
		return nil, node{}, err
	}
	n, ok := d.names[path.Base(name)]
	if !ok {
		return nil, node{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return d, n, nil
}

// Rename implements vfs.FS.
func (f *FS) Rename(oldName, newName string) error {
	oldName, newName = clean(oldName), clean(newName)
	f.mu.Lock()
	defer f.mu.Unlock()
	d, n, err := f.find("rename", oldName)
	if err != nil {
		return err
	}
	if path.Dir(oldName) != path.Dir(newName) || n.file == nil {
		return &fs.PathError{Op: "rename", Path: oldName, Err: errors.ErrUnsupported}
	}
	old, replaced := d.names[path.Base(newName)]
	if replaced && old.dir != nil {
		return &fs.PathError{Op: "rename", Path: newName, Err: syscall.EISDIR}
	}
	last, err := f.enter(Write, "rename", oldName)
	if err != nil && !last {
		return err
	}
	if replaced && old.file != n.file {
		f.used -= old.file.data.size
		old.file.unlinked = true
	}
	d.do(change{del: path.Base(oldName), add: path.Base(newName), node: n})
	return err
}

// MkdirAll implements vfs.FS.
func (f *FS) MkdirAll(name string) error {
	name = clean(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.alive("mkdir", name); err != nil {
		return err
	}
	d := f.root
	for _, part := range splitPath(name) {
		n, ok := d.names[part]
		if !ok {
			last, err := f.enter(Write, "mkdir", name)
			if err != nil && !last {
				return err
			}
			n = node{dir: newDir()}
			d.do(change{add: part, node: n})
			if err != nil {
				return err
			}
		}
		if n.dir == nil {
			return &fs.PathError{Op: "mkdir", Path: name, Err: syscall.ENOTDIR}
		}
		d = n.dir
	}
	return nil
}

// ReadDir implements vfs.FS.
func (f *FS) ReadDir(name string) ([]vfs.Info, error) {
	name = clean(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.alive("readdir", name); err != nil {
		return nil, err
	}
	d, err := f.walk("readdir", name)
	if err != nil {
		return nil, err
	}
	list := make([]vfs.Info, 0, len(d.names))
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		list = append(list, d.names[name].info(name))
	}
	return list, nil
}

// Stat implements vfs.FS.
func (f *FS) Stat(name string) (vfs.Info, error) {
	name = clean(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.alive("stat", name); err != nil {
		return vfs.Info{}, err
	}
	if name == "/" {
		return vfs.Info{Name: "/", Dir: true}, nil
	}
	_, n, err := f.find("stat", name)
	if err != nil {
		return vfs.Info{}, err
	}
	return n.info(path.Base(name)), nil
}

// SyncDir implements vfs.FS.
func (f *FS) SyncDir(name string) error {
	name = clean(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.alive("syncdir", name); err != nil {
		return err
	}
	d, err := f.walk("syncdir", name)
	if err != nil {
		return err
	}
	if _, err := f.enter(Sync, "syncdir", name); err != nil {
		return err
	}
	d.sync()
	return nil
}

// Lock implements vfs.FS. It creates the file like OpenFile.
func (f *FS) Lock(name string) (io.Closer, error) {
	file, err := f.OpenFile(name, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	_ = file.Close()
	name = clean(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locked[name] {
		return nil, &fs.PathError{Op: "lock", Path: name, Err: vfs.ErrLocked}
	}
	f.locked[name] = true
	return &lock{fs: f, name: name}, nil
}

type lock struct {
	fs   *FS
	name string
	once sync.Once
}

func (l *lock) Close() error {
	l.once.Do(func() { l.fs.set(func() { delete(l.fs.locked, l.name) }) })
	return nil
}

// Free implements vfs.FS.
func (f *FS) Free(name string) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.alive("free", name); err != nil {
		return 0, err
	}
	return uint64(max(0, f.limit-f.used)), nil
}
