package p2p

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"grapevine/p2p/peer"
	"grapevine/p2p/transport"
	"grapevine/wire"
)

// connection is the shell around one peer: a reader that decodes, a writer that
// encodes. Whoever wants it ended calls close.
type connection struct {
	id      peer.ID // set before it runs
	nc      *meter
	link    *transport.Link
	framer  transport.Writer    // the writer's; nil before the handshake of version 2
	credit  *semaphore.Weighted // bytes that may be received and not dealt with
	size    int                 // of the whole credit
	undealt atomic.Int64        // what is charged to it
	out     queue[outgoing]
	counts  counters
	end     context.CancelFunc // wakes reader and writer from whatever they wait for

	mu  sync.Mutex
	err error
	off bool
}

// outgoing is something to write: a message, or a block's bytes.
type outgoing struct {
	msg wire.Message
	raw []byte // of a block message; the writer's own
}

// newConnection wraps a connection that was made, on which link makes what it
// speaks. It ends with the context that is returned.
func (s *Service) newConnection(ctx context.Context, nc net.Conn, link func(r io.Reader) (*transport.Link, error)) (*connection, context.Context, error) {
	ctx, end := context.WithCancel(ctx)
	c := &connection{credit: semaphore.NewWeighted(int64(s.cfg.ReceiveBuffer)), size: s.cfg.ReceiveBuffer, out: newQueue[outgoing](), end: end}
	c.nc = &meter{Conn: nc, counts: &c.counts, totals: &s.totals, now: s.cfg.Now, up: s.up, down: s.down, done: ctx.Done()}
	var err error
	if c.link, err = link(c.nc); err != nil {
		c.close(err)
		return nil, nil, err
	}
	return c, ctx, nil
}

// close ends the connection; the first error counts. A reader that waits for
// credit, or a writer without work, would not notice the socket.
func (c *connection) close(err error) {
	c.mu.Lock()
	first := !c.off
	if first {
		c.off, c.err = true, err
	}
	c.mu.Unlock()
	if first {
		_ = c.nc.Close() // it ends either way
		c.end()
	}
}

func (c *connection) reason() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// run reads and writes until the connection ends, and ctx with it.
func (c *connection) run(ctx context.Context, s *Service) error {
	stop := context.AfterFunc(ctx, func() { c.close(nil) })
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.close(c.write(ctx, s))
	}()
	err := c.read(ctx, s)
	c.close(err)
	<-ended
	return err
}

// read passes messages on as long as there is credit for them.
func (c *connection) read(ctx context.Context, s *Service) error {
	for {
		f, err := c.link.Next()
		at := s.cfg.Now()
		if errors.Is(err, transport.ErrChecksum) || errors.Is(err, transport.ErrCommand) {
			c.counts.received(otherType, f.Size) // a frame with an end: the next can be read
			continue
		}
		if err != nil {
			return err
		}
		if f.Command == "tx" && len(f.Payload) > s.cfg.MaxTxSize {
			c.counts.received(f.Command, f.Size)
			continue // the pool would not take it: not worth decoding
		}
		cost := costOf(f)
		if err := c.acquire(ctx, s, cost); err != nil {
			return err
		}
		msg, err := wire.DecodeMessage(f.Command, f.Payload)
		if err == nil && showsState(msg) {
			cost = s.unshare(c, cost)
		}
		command := f.Command
		if _, unknown := msg.(*wire.MsgUnknown); unknown {
			command = otherType
		}
		c.counts.received(command, f.Size)
		ev := Event(Received{Peer: c.id, Msg: msg, Size: cost, At: at})
		if err != nil {
			ev = Malformed{Peer: c.id, Command: f.Command, Size: cost, Err: err}
		}
		if !s.post(ctx, ev) {
			s.release(c, cost) // the core does not know of it
			return context.Canceled
		}
	}
}

// write sends what is queued, as much as there is in one go.
func (c *connection) write(ctx context.Context, s *Service) error {
	if c.framer == nil {
		var err error
		if c.framer, err = c.link.Open(ctx, c.nc); err != nil {
			return err
		}
	}
	var buf []byte
	for {
		batch, err := c.out.take(ctx)
		if err != nil {
			return err
		}
		for len(batch) > 0 {
			e := c.encode(buf[:0], batch)
			buf = e.buf
			written, err := c.nc.writeAll(e.buf, e.block)
			if err != nil {
				return err
			}
			if !s.post(ctx, Wrote{Peer: c.id, Bytes: e.bytes, OnWire: written}) {
				return context.Canceled
			}
			clear(batch[:e.taken])
			batch = batch[e.taken:]
		}
		if cap(buf) > keepBuffer {
			buf = nil
		}
	}
}

// writeChunk is how much is encoded before it is written; keepBuffer how large a
// buffer a quiet connection holds on to.
const (
	writeChunk = 64 << 10
	keepBuffer = 256 << 10
)

// encoded is what was framed: buf, and behind it a block where it was, as it was or
// encrypted.
type encoded struct {
	buf, block []byte
	taken      int // of the batch
	bytes      int // as the core reckons, in frames of version 1
}

// encode appends frames up to writeChunk, or up to a block.
func (c *connection) encode(buf []byte, batch []outgoing) encoded {
	e := encoded{buf: buf}
	for i := range batch {
		o, before := &batch[i], len(e.buf)
		e.taken = i + 1
		if o.raw != nil {
			var ok bool
			if e.buf, ok = c.framer.AppendHeader(e.buf, "block", o.raw); ok {
				e.block = o.raw
			} else if e.block, ok = c.framer.Enclose("block", o.raw); !ok {
				e.buf = c.framer.AppendRaw(e.buf, "block", o.raw)
			}
			e.bytes += frameSize + len(o.raw)
			c.counts.sent("block", len(e.buf)-before+len(e.block))
			o.raw = nil // not held a second time while its copy is written
			return e
		}
		e.buf = c.framer.Append(e.buf, o.msg)
		command, size := o.msg.Command(), len(e.buf)-before
		e.bytes += size - c.framer.Overhead(command) + frameSize
		c.counts.sent(command, size)
		if len(e.buf) >= writeChunk {
			return e
		}
	}
	return e
}
