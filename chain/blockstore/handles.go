package blockstore

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"grapevine/internal/vfs"
)

// kind tells block files from undo files.
type kind string

const (
	blk kind = "blk"
	rev kind = "rev"
)

// fileName is the name of a file of the pair, without its folder.
func (k kind) fileName(n uint32) string { return fmt.Sprintf("%s%05d.dat", k, n) }

type fileID struct {
	kind kind
	n    uint32
}

// handle is an open file with a count of its users. A handle that nobody uses
// stays open until the table is full.
type handle struct {
	vfs.File
	id   fileID
	refs int    // guarded by handles.mu
	used uint64 // guarded by handles.mu: tick of the last use
	dead bool   // guarded by handles.mu: close when the last user is gone
}

// handles keeps files open between uses. Any goroutine may call it.
//
// Invariants: open holds no dead handle; a handle is closed once, when refs is
// zero and it has left open.
type handles struct {
	fs   vfs.FS
	dir  string
	idle int // most handles that stay open without a user

	mu   sync.Mutex
	open map[fileID]*handle
	tick uint64
}

func newHandles(fsys vfs.FS, dir string, idle int) *handles {
	return &handles{fs: fsys, dir: dir, idle: idle, open: make(map[fileID]*handle)}
}

func (t *handles) path(id fileID) string { return filepath.Join(t.dir, id.kind.fileName(id.n)) }

// acquire opens the file or takes the open one. The caller releases it.
func (t *handles) acquire(id fileID, create bool) (*handle, error) {
	t.mu.Lock()
	if h := t.open[id]; h != nil {
		t.use(h)
		t.mu.Unlock()
		return h, nil
	}
	t.mu.Unlock()
	flag := os.O_RDWR
	if create {
		flag |= os.O_CREATE
	}
	f, err := t.fs.OpenFile(t.path(id), flag)
	if err != nil {
		return nil, ioError(t.path(id), -1, err)
	}
	t.mu.Lock()
	h := t.open[id]
	if h == nil {
		h = &handle{File: f, id: id}
		t.open[id] = h
		f = nil
	}
	t.use(h)
	victims := t.evict()
	t.mu.Unlock()
	// A failed close loses nothing: what was written through the handle is
	// covered by the sync that came before, or by none.
	if f != nil {
		_ = f.Close() // another goroutine was faster
	}
	closeFiles(victims)
	return h, nil
}

func (t *handles) use(h *handle) {
	h.refs++
	t.tick++
	h.used = t.tick
}

// evict takes handles that nobody uses out of the table, the longest idle
// first, until it has its size, and returns them to be closed.
func (t *handles) evict() (victims []*handle) {
	for len(t.open) > t.idle {
		var old *handle
		for _, h := range t.open {
			if h.refs == 0 && (old == nil || h.used < old.used) {
				old = h
			}
		}
		if old == nil {
			break
		}
		delete(t.open, old.id)
		victims = append(victims, old)
	}
	return victims
}

func closeFiles(list []*handle) {
	for _, h := range list {
		_ = h.Close()
	}
}

func (t *handles) release(h *handle) {
	t.mu.Lock()
	h.refs--
	var victims []*handle
	if h.refs == 0 {
		if h.dead {
			victims = append(victims, h)
		}
		victims = append(victims, t.evict()...)
	}
	t.mu.Unlock()
	closeFiles(victims)
}

// remove deletes the file, if it is there. Readers that hold it finish first
// where the platform demands it.
func (t *handles) remove(id fileID) error {
	t.forget(id)
	ok, err := vfs.Exists(t.fs, t.path(id))
	if ok {
		err = t.fs.Remove(t.path(id))
	}
	if err != nil {
		return ioError(t.path(id), -1, err)
	}
	return nil
}

func (t *handles) forget(id fileID) {
	t.mu.Lock()
	h := t.open[id]
	delete(t.open, id)
	idle := h != nil && h.refs == 0
	if h != nil {
		h.dead = true
	}
	t.mu.Unlock()
	if idle {
		_ = h.Close()
	}
}

// closeAll closes what is idle now and the rest when it is released.
func (t *handles) closeAll() {
	t.mu.Lock()
	ids := make([]fileID, 0, len(t.open))
	for id := range t.open {
		ids = append(ids, id)
	}
	t.mu.Unlock()
	for _, id := range ids {
		t.forget(id)
	}
}
