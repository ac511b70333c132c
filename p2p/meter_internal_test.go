package p2p

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// A limit is kept over any time, and a quarter of a second's worth may come at once.
func TestRateLimit(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	l := newRateLimit(10_000)
	if l.piece != 1000 || newRateLimit(100_000_000).piece != 16<<10 || newRateLimit(1).piece != 512 {
		t.Errorf("pieces of %d", l.piece)
	}
	if newRateLimit(0) != nil || newRateLimit(-1) != nil {
		t.Error("no limit is one")
	}
	for i, c := range []struct {
		at   time.Duration
		n    int
		want time.Duration
	}{
		{0, 2500, 0},                      // what may come at once
		{0, 1000, 100 * time.Millisecond}, // in the order of asking
		{0, 1000, 200 * time.Millisecond}, //
		{100 * time.Millisecond, 0, 100 * time.Millisecond},
		{200 * time.Millisecond, 1000, 100 * time.Millisecond},
		{time.Hour, 2500, 0}, // quiet is not saved up
		{time.Hour, 1, 100 * time.Microsecond},
	} {
		if got := l.take(start.Add(c.at), c.n); got != c.want {
			t.Errorf("%d: %v, want %v", i, got, c.want)
		}
	}
}

// All connections together keep to the rate, in each direction, and none is left out.
func TestConnectionsShareTheRates(t *testing.T) {
	const rate = 100_000
	for _, c := range []struct {
		name     string
		up, down int64
	}{
		{"sending", rate, 0},
		{"receiving", 0, rate},
		{"both, of which sending is slower", rate, 2 * rate},
		{"both, of which receiving is slower", 2 * rate, rate},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { shareTheRate(t, rate, newRateLimit(c.up), newRateLimit(c.down)) })
		})
	}
}

// shareTheRate has connections send as fast as they may, and rate is the lower of the
// limits. On the fake clock all takes its exact time.
func shareTheRate(t *testing.T, rate int, up, down *rateLimit) {
	const each, n = 200_000, 3
	var sent, received counters
	start := time.Now()
	ends := make(chan time.Duration, n)
	for range n {
		a, b := net.Pipe()
		writer := &meter{Conn: a, counts: &counters{}, totals: &sent, now: time.Now, up: up, done: t.Context().Done()}
		reader := &meter{Conn: b, counts: &counters{}, totals: &received, now: time.Now, down: down, done: t.Context().Done()}
		go func() {
			if _, err := writer.writeAll(make([]byte, each/2), make([]byte, each/2)); err != nil {
				t.Error(err)
			}
			_ = a.Close() // a pipe closes without error
		}()
		go func() {
			if got, err := io.Copy(io.Discard, reader); got != each || err != nil {
				t.Errorf("%d bytes, %v", got, err)
			}
			ends <- time.Since(start)
		}()
	}
	first, last := time.Hour, time.Duration(0)
	for range n {
		d := <-ends
		first, last = min(first, d), max(last, d)
	}
	// The burst is for free. A nanosecond may be lost to rounding for each piece.
	want := time.Duration(n*each-rate/4) * time.Second / time.Duration(rate)
	if last < want-time.Microsecond || last > want+time.Second {
		t.Errorf("%d bytes took %v, want %v", n*each, last, want)
	}
	if first < want*3/4 {
		t.Errorf("one was done after %v, the last after %v", first, last)
	}
	if got := [2]uint64{sent.out.Load(), received.in.Load()}; got != [2]uint64{n * each, n * each} {
		t.Errorf("%d bytes are counted as sent and received", got)
	}
}

// A download is slowed down by not reading.
func TestDownloadRate(t *testing.T) { synctest.Test(t, downloadRate) }

func downloadRate(t *testing.T) {
	a, b := net.Pipe()
	m := &meter{Conn: b, counts: &counters{}, totals: &counters{}, now: time.Now, down: newRateLimit(1000), done: t.Context().Done()}
	go func() {
		_, _ = a.Write(make([]byte, 5250)) // counted at the other end
		_ = a.Close()                      // a pipe closes without error
	}()
	start := time.Now()
	got, err := io.ReadAll(m)
	if took := time.Since(start); len(got) != 5250 || err != nil || took != 5*time.Second {
		t.Errorf("%d bytes in %v, %v", len(got), took, err)
	}
	if m.counts.in.Load() != 5250 || m.totals.in.Load() != 5250 {
		t.Errorf("%d and %d are counted", m.counts.in.Load(), m.totals.in.Load())
	}
}

// Who waits for its turn does not hold up the end of its connection.
func TestRateDoesNotOutlastTheConnection(t *testing.T) { synctest.Test(t, rateDoesNotOutlast) }

func rateDoesNotOutlast(t *testing.T) {
	done := make(chan struct{})
	a, b := net.Pipe()
	defer b.Close()
	m := &meter{Conn: a, counts: &counters{}, totals: &counters{}, now: time.Now, up: newRateLimit(1), done: done}
	start := time.Now()
	go func() {
		time.Sleep(3 * time.Second) // on the fake clock
		close(done)
		_ = a.Close() // a pipe closes without error
	}()
	_, err := m.Write(bytes.Repeat([]byte{1}, 10_000))
	if !errors.Is(err, io.ErrClosedPipe) || time.Since(start) > 4*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}
