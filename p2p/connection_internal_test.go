package p2p

import (
	"fmt"
	"net"
	"testing"
	"time"

	"grapevine/p2p/transport"
)

// sink is a connection that takes everything at once.
type sink struct{ net.Conn }

func (sink) Write(p []byte) (int, error) { return len(p), nil }

// What serving blocks costs the writer of a connection.
func BenchmarkServeBlocks(b *testing.B) {
	for _, version := range []transport.Protocol{transport.V1, transport.V2} {
		for _, size := range []int{20_000, 1_500_000} {
			b.Run(fmt.Sprintf("%v/%d", version, size), func(b *testing.B) {
				c := &connection{framer: writerOf(b, version)}
				c.nc = &meter{Conn: sink{}, counts: &c.counts, totals: &counters{}, now: time.Now}
				raw := make([]byte, size, size+transport.MaxOverhead)
				var buf []byte
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					e := c.encode(buf[:0], []outgoing{{raw: raw}})
					if _, err := c.nc.writeAll(e.buf, e.block); err != nil {
						b.Fatal(err)
					}
					if buf = e.buf; cap(buf) > keepBuffer {
						buf = nil
					}
				}
			})
		}
	}
}

// writerOf returns how frames of a version are made.
func writerOf(tb testing.TB, version transport.Protocol) transport.Writer {
	magic := [4]byte{1, 2, 3, 4}
	if version == transport.V1 {
		return transport.V1Writer{Magic: magic}
	}
	x, y := net.Pipe()
	tb.Cleanup(func() { _, _ = x.Close(), y.Close() }) // pipes fail at nothing
	a, err := transport.Initiate(x, magic)
	if err != nil {
		tb.Fatal(err)
	}
	z := transport.Respond(y, magic)
	for _, l := range []*transport.Link{a, z} {
		go func() { _ = l.Negotiate() }() // an end without a writer shows below
	}
	go func() { _, _ = z.Open(tb.Context(), y) }()
	w, err := a.Open(tb.Context(), x)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// A block is written from where it lies where that can be done, and is never held
// twice once it is framed.
func TestBlocksAreFramedOnce(t *testing.T) {
	for _, version := range []transport.Protocol{transport.V1, transport.V2} {
		c := &connection{framer: writerOf(t, version)}
		raw := make([]byte, 100_000, 100_000+transport.MaxOverhead)
		e := c.encode(nil, []outgoing{{raw: raw}})
		if e.block == nil || &e.block[0] != &raw[0] || len(e.buf)+len(e.block) != len(raw)+c.framer.Overhead("block") {
			t.Errorf("%v: the block is copied", version)
		}
		batch := []outgoing{{raw: raw[:len(raw):len(raw)]}, {raw: raw}} // no room
		e = c.encode(nil, batch)
		if e.taken != 1 || e.bytes != frameSize+len(raw) || batch[0].raw != nil || batch[1].raw == nil {
			t.Errorf("%v: %d taken, reckoned as %d", version, e.taken, e.bytes)
		}
		if whole := len(e.buf) + len(e.block); whole != len(raw)+c.framer.Overhead("block") {
			t.Errorf("%v: %d bytes", version, whole)
		}
		if copied := e.block == nil; copied != (version == transport.V2) {
			t.Errorf("%v: copied %v", version, copied)
		}
		if got := c.counts.outByType["block"]; got != 2*uint64(len(e.buf)+len(e.block)) {
			t.Errorf("%v: %d bytes are counted", version, got)
		}
	}
}
