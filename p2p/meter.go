package p2p

import (
	"net"
	"sync"
	"time"
)

// meter is a connection whose bytes are counted, and held to the rates that all
// connections share.
type meter struct {
	net.Conn
	counts, totals *counters
	now            func() time.Time
	up, down       *rateLimit      // nil: no limit
	done           <-chan struct{} // closed when the connection ends
}

// Read implements [io.Reader].
func (m *meter) Read(p []byte) (int, error) {
	if m.down != nil {
		p = p[:min(len(p), m.down.piece)]
	}
	n, err := m.Conn.Read(p)
	if n > 0 {
		m.counts.read(n, m.now())
		m.totals.in.Add(uint64(n))
		m.wait(m.down, n)
	}
	return n, err
}

// Write implements [io.Writer].
func (m *meter) Write(p []byte) (int, error) { return m.writeAll(p, nil) }

// writeAll writes two pieces of memory, in one go where no limit stands against it.
func (m *meter) writeAll(first, second []byte) (int, error) {
	bufs := net.Buffers{first}
	if len(second) > 0 {
		bufs = append(bufs, second)
	}
	if m.up == nil {
		n, err := bufs.WriteTo(m.Conn)
		m.wrote(int(n))
		return int(n), err
	}
	total := 0
	for _, b := range bufs {
		for len(b) > 0 {
			piece := b[:min(len(b), m.up.piece)]
			m.wait(m.up, len(piece))
			n, err := m.Conn.Write(piece)
			m.wrote(n)
			if total += n; err != nil {
				return total, err
			}
			b = b[n:]
		}
	}
	return total, nil
}

func (m *meter) wrote(n int) {
	m.counts.wrote(n, m.now())
	m.totals.out.Add(uint64(n))
}

// wait takes n bytes from a limit; it ends early with the connection.
func (m *meter) wait(l *rateLimit, n int) {
	if l == nil {
		return
	}
	if d := l.take(m.now(), n); d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-m.done:
		}
	}
}

// rateLimit is a token bucket: so many bytes a second, and a quarter of a second's
// worth at once. Who has to wait takes its place in the order of asking, for one
// piece at a time, so that a thousand slow connections get their turns beside one
// that could use all.
type rateLimit struct {
	second float64 // bytes
	piece  int

	mu   sync.Mutex
	paid time.Time // when all that was taken will have been paid for
}

// newRateLimit returns a limit of so many bytes a second, nil for none.
func newRateLimit(second int64) *rateLimit {
	if second <= 0 {
		return nil
	}
	return &rateLimit{second: float64(second), piece: int(min(max(second/10, 512), 16<<10))}
}

// burst is what may be taken at once after a while of quiet, in time.
const burst = time.Second / 4

// take takes n bytes and returns how long to wait for them.
func (l *rateLimit) take(now time.Time, n int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if earliest := now.Add(-burst); l.paid.Before(earliest) {
		l.paid = earliest
	}
	l.paid = l.paid.Add(time.Duration(float64(n) / l.second * float64(time.Second)))
	return max(l.paid.Sub(now), 0)
}
