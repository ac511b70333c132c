package blockstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"

	"grapevine/internal/vfs"
)

// scanWindow is read at a time. A block that does not end inside it is read
// straight into its own buffer.
const scanWindow = 1 << 20

// Scan finds the blocks in a file that consists of records of magic, length
// and block, such as a block file or a bootstrap file, and calls fn with each
// block in a new buffer, which belongs to fn, and the offset of its first byte.
// The first error of fn ends the scan and is returned.
//
// What is not a record is passed over: after a magic that no plausible length
// follows, or whose block would reach beyond the end of the file, the search
// goes on one byte further; after a record that fn has seen, behind it,
// whether fn could make sense of it or not. So garbage of n bytes costs n
// bytes of search, and memory stays at one window and one block.
//
// Any goroutine. Errors besides those of fn and ctx: [ErrIO].
func Scan(ctx context.Context, r io.ReaderAt, size int64, magic [4]byte, key XORKey, fn func(raw []byte, offset int64) error) error {
	w := &window{r: r, size: size, key: key, buf: make([]byte, min(size, scanWindow))}
	for pos := int64(0); pos+HeaderSize <= size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := w.from(pos)
		if err != nil {
			return err
		}
		i := bytes.Index(b, magic[:])
		if i < 0 {
			pos += int64(len(b)) - 3 // a magic may begin in the last three bytes
			continue
		}
		pos += int64(i)
		if b = b[i:]; len(b) < HeaderSize {
			continue // the window moves up
		}
		n := int64(binary.LittleEndian.Uint32(b[4:]))
		start := pos + HeaderSize
		if n < minBlockSize || n > MaxBlockSize || start+n > size {
			pos++
			continue
		}
		raw, err := w.take(start, int(n))
		if err != nil {
			return err
		}
		if err := fn(raw, start); err != nil {
			return err
		}
		pos = start + n
	}
	return nil
}

// window is the part of a file that is in memory, in the clear.
type window struct {
	r    io.ReaderAt
	size int64 // of the file
	key  XORKey
	buf  []byte
	base int64 // where buf[:n] stands in the file
	n    int
}

// from returns what is in memory from pos on, at least a record's header.
// There are that many bytes left in the file.
func (w *window) from(pos int64) ([]byte, error) {
	if pos < w.base || pos+HeaderSize > w.base+int64(w.n) {
		w.base = pos
		w.n = int(min(int64(len(w.buf)), w.size-pos))
		if err := w.read(w.buf[:w.n], pos); err != nil {
			w.n = 0
			return nil, err
		}
	}
	return w.buf[pos-w.base : w.n], nil
}

// take copies n bytes from pos, reading what is not in memory.
func (w *window) take(pos int64, n int) ([]byte, error) {
	raw := make([]byte, n)
	have := 0
	if pos < w.base+int64(w.n) {
		have = copy(raw, w.buf[pos-w.base:w.n])
	}
	return raw, w.read(raw[have:], pos+int64(have))
}

func (w *window) read(b []byte, pos int64) error {
	if len(b) == 0 {
		return nil
	}
	if n, err := w.r.ReadAt(b, pos); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // the file shrank
		}
		return ioError("", pos, err)
	}
	w.key.Apply(b, b, pos)
	return nil
}

// scanFile scans a whole file and names it in errors.
func scanFile(ctx context.Context, f vfs.File, name string, magic [4]byte, key XORKey, fn func(raw []byte, offset int64) error) error {
	size, err := f.Size()
	if err != nil {
		return ioError(name, -1, err)
	}
	if size > math.MaxUint32 {
		return corrupt(name, -1, "a block file of %d bytes", size)
	}
	return named(name, Scan(ctx, f, size, magic, key, fn))
}

// named puts the file's name into an error of Scan.
func named(name string, err error) error {
	if e, ok := err.(*Error); ok && e.File == "" && e.Offset >= 0 {
		e.File = name
	}
	return err
}
