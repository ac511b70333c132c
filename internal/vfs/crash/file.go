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
	data     []byte
	base     []byte
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

// apply does o to b.
func (o op) apply(b []byte) []byte {
	if o.data == nil {
		if o.size <= int64(len(b)) {
			return b[:o.size]
		}
		return extend(b, o.size)
	}
	if o.end() > int64(len(b)) {
		b = extend(b, o.end())
	}
	copy(b[o.off:], o.data)
	return b
}

// extend lengthens b with zeros, over whatever its capacity holds.
func extend(b []byte, size int64) []byte {
	old := len(b)
	b = slices.Grow(b, int(size)-old)[:size]
	clear(b[old:])
	return b
}

func (in *inode) do(o op) {
	in.data = o.apply(in.data)
	in.ops = append(in.ops, o)
}

func (in *inode) sync() {
	for _, o := range in.ops {
		in.base = o.apply(in.base)
	}
	in.ops = nil
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
	if off >= int64(len(h.in.data)) {
		if len(p) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	n := copy(p, h.in.data[off:])
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
		if room := h.fs.limit - h.fs.used + int64(len(h.in.data)) - off; room < int64(len(p)) {
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
	before := len(h.in.data)
	h.in.do(o)
	if !h.in.unlinked {
		h.fs.used += int64(len(h.in.data) - before)
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
	if size-int64(len(h.in.data)) > h.fs.limit-h.fs.used {
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
	return h.resize("allocate", max(off+n, int64(len(h.in.data))))
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
	return int64(len(h.in.data)), nil
}

func (h *file) Close() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	err := h.ok("close")
	h.closed = true
	return err
}
