package crash

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"syscall"
)

// inode is a file's content, now and as last synced.
//
// Invariant: applying ops to base, in order, gives data.
type inode struct {
	data     content
	base     content
	ops      []op
	unlinked bool // has no name, and no longer counts as used
}

// op is a write at off, or a change of length when data is nil.
type op struct {
	off  int64
	data []byte
	size int64
}

func (o op) end() int64 {
	if o.data == nil {
		return o.size
	}
	return o.off + int64(len(o.data))
}

func (in *inode) do(o op) {
	if o.data == nil {
		in.data.resize(o.size)
	} else {
		in.data.write(o.data, o.off)
	}
	in.ops = append(in.ops, o)
}

func (in *inode) sync() { in.base, in.ops = in.data.copy(), nil }

func (in *inode) copy() *inode {
	return &inode{data: in.data.copy(), base: in.base.copy(), ops: slices.Clone(in.ops), unlinked: in.unlinked}
}

// file is an open file.
type file struct {
	fs       *FS
	name     string
	in       *inode
	writable bool
	closed   bool
}

func (h *file) ok(op string) error {
	if h.closed {
		return &fs.PathError{Op: op, Path: h.name, Err: fs.ErrClosed}
	}
	return h.fs.alive(op, h.name)
}

func (h *file) ReadAt(p []byte, off int64) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.ok("read"); err != nil {
		return 0, err
	}
	if _, err := h.fs.enter(Read, "read", h.name); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, &fs.PathError{Op: "read", Path: h.name, Err: errors.New("negative offset")}
	}
	n := h.in.data.read(p, off)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h *file) WriteAt(p []byte, off int64) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.ok("write"); err != nil {
		return 0, err
	}
	if !h.writable || off < 0 {
		return 0, &fs.PathError{Op: "write", Path: h.name, Err: syscall.EBADF}
	}
	last, err := h.fs.enter(Write, "write", h.name)
	switch {
	case last:
	case err != nil:
		p = p[:len(p)/2]
	default:
		if room := h.fs.limit - h.fs.used + h.in.data.size - off; room < int64(len(p)) {
			p = p[:max(0, room)]
			err = &fs.PathError{Op: "write", Path: h.name, Err: syscall.ENOSPC}
		}
	}
	if len(p) > 0 {
		h.change(op{off: off, data: slices.Clone(p)})
	}
	if last {
		return 0, err
	}
	return len(p), err
}

// change does o and keeps count of the space.
func (h *file) change(o op) {
	before := h.in.data.size
	h.in.do(o)
	if !h.in.unlinked {
		h.fs.used += h.in.data.size - before
	}
}

func (h *file) Truncate(size int64) error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.ok("truncate"); err != nil {
		return err
	}
	if !h.writable || size < 0 {
		return &fs.PathError{Op: "truncate", Path: h.name, Err: syscall.EINVAL}
	}
	return h.resize("truncate", size)
}

// resize changes the length. The caller holds the lock.
func (h *file) resize(what string, size int64) error {
	last, err := h.fs.enter(Write, what, h.name)
	if err != nil && !last {
		return err
	}
	if size-h.in.data.size > h.fs.limit-h.fs.used {
		return &fs.PathError{Op: what, Path: h.name, Err: syscall.ENOSPC}
	}
	h.change(op{size: size})
	return err
}

func (h *file) Allocate(off, n int64) error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.ok("allocate"); err != nil {
		return err
	}
	if !h.writable || off < 0 || n <= 0 {
		return &fs.PathError{Op: "allocate", Path: h.name, Err: syscall.EINVAL}
	}
	return h.resize("allocate", max(off+n, h.in.data.size))
}

func (h *file) Sync() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.ok("sync"); err != nil {
		return err
	}
	if _, err := h.fs.enter(Sync, "sync", h.name); err != nil {
		return err
	}
	h.in.sync()
	return nil
}

func (h *file) Size() (int64, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.ok("stat"); err != nil {
		return 0, err
	}
	return h.in.data.size, nil
}

func (h *file) Close() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	err := h.ok("close")
	h.closed = true
	return err
}
