package wire

import "encoding/binary"

// reader takes a payload apart, field by field. The first error empties it, so
// that zeros are read from then on: a decoder reads all its fields and nobody
// looks at err before the end. Loops over claimed counts are entered only after
// count has seen that the bytes for them are there.
//
// Bytes after the last field are not looked at: later versions of the
// protocol append fields to messages, and older readers pass over them.
type reader struct {
	buf  []byte
	pos  int
	err  error
	what string // the message, for errors
}

func (r *reader) fail(kind ErrorKind, what string) {
	if r.err == nil {
		r.stop(fail(kind, r.what+" "+what, r.pos))
	}
}

func (r *reader) stop(err error) {
	if r.err == nil {
		r.err, r.buf, r.pos = err, nil, 0
	}
}

// next returns the next n bytes, or nil when they are not there.
func (r *reader) next(n int, what string) []byte {
	if n > r.left() {
		r.fail(ErrTruncated, what)
		return nil
	}
	b := r.buf[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return b
}

func (r *reader) left() int { return len(r.buf) - r.pos }

func (r *reader) uint8(what string) uint8 {
	if b := r.next(1, what); b != nil {
		return b[0]
	}
	return 0
}

// bool reads a byte, of which everything but zero means true.
func (r *reader) bool(what string) bool { return r.uint8(what) != 0 }

func (r *reader) uint32(what string) uint32 {
	if b := r.next(4, what); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64(what string) uint64 {
	if b := r.next(8, what); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// port reads a port, the one number in network byte order.
func (r *reader) port(what string) uint16 {
	if b := r.next(2, what); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *reader) hash(what string) (h [32]byte) {
	copy(h[:], r.next(32, what))
	return h
}

func (r *reader) header(what string) (h Header) {
	if b := r.next(HeaderSize, what); b != nil {
		h = headerAt(b)
	}
	return h
}

// compact reads a length or count, at most [MaxSize].
func (r *reader) compact(what string) uint64 {
	n, size, kind := compactAt(r.buf, r.pos)
	if kind != "" {
		r.fail(kind, what)
		return 0
	}
	r.pos += size
	return n
}

// count reads the length of a list of at most most elements ([MaxSize] where the
// payload alone bounds them) of at least size bytes each, and fails unless that
// many bytes are there. What a list takes is thereby bounded by what has arrived. One
// that is cut short is ErrTruncated however long it claims to be: nobody is punished for
// a list that he did not send.
func (r *reader) count(most, size int, what string) int {
	n := r.compact(what)
	switch {
	case int(n)*size > r.left():
		r.fail(ErrTruncated, what)
		return 0
	case n > uint64(most):
		r.fail(ErrLimit, what)
		return 0
	}
	return int(n)
}

// claimed is count for where the claim alone is held against the limit, as Bitcoin Core
// has it for headers and for single addresses.
func (r *reader) claimed(most, size int, what string) int {
	at := *r
	if n := at.compact(what); at.err == nil && n > uint64(most) {
		r.fail(ErrLimit, what)
		return 0
	}
	return r.count(most, size, what)
}

// sized reads a byte string of at most most bytes; it aliases the payload.
func (r *reader) sized(most int, what string) []byte {
	return r.next(r.count(most, 1, what), what)
}
