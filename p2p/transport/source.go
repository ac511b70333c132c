package transport

import (
	"bufio"
	"io"
	"sync/atomic"
)

// firstStep is the read buffer, and what is taken for a payload before any of
// it has come. See the package comment for what a silent peer costs.
const firstStep = 32 << 10

// growth is how many times what has arrived the payload's memory may be. Each
// step copies what is there: 1 + 1/4 + 1/16 + … of the last step, which is less
// than the payload, so 4/3 of it at worst.
const growth = 4

// source is where frames are read from, and what is held for the one under way.
type source struct {
	*bufio.Reader
	held atomic.Int64
}

func newSource(r io.Reader) *source { return &source{Reader: bufio.NewReaderSize(r, firstStep)} }

// payload reads size bytes into a fresh buffer that grows as they come.
func (s *source) payload(size int) ([]byte, error) {
	defer s.held.Store(0)
	buf := make([]byte, min(size, firstStep))
	got := 0
	for {
		s.held.Store(int64(len(buf)))
		n, err := io.ReadFull(s.Reader, buf[got:])
		if got += n; err != nil {
			return nil, within(err)
		}
		if got == size {
			return buf, nil
		}
		more := make([]byte, min(size, growth*got))
		s.held.Store(int64(len(buf) + len(more)))
		copy(more, buf)
		buf = more
	}
}

// within makes the end of a stream an error that came too early.
func within(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
