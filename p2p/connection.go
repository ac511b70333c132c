package p2p

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"grapevine/p2p/peer"
	"grapevine/p2p/transport"
	"grapevine/wire"
)

// connection is the shell around one peer: a reader that decodes, a writer that
// encodes. Whoever wants it ended calls close.
type connection struct {
	id     peer.ID
	nc     net.Conn
	in     transport.Reader
	framer transport.Writer
	credit *semaphore.Weighted // bytes that may be received and not dealt with
	size   int                 // of the whole credit
	out    queue[outgoing]
	counts counters
	totals *counters
	copied bool               // the writer's: the last block was framed by copying it
	end    context.CancelFunc // wakes reader and writer from whatever they wait for

	mu  sync.Mutex
	err error
	off bool
}

// outgoing is something to write: a message, or a block's bytes.
type outgoing struct {
	msg wire.Message
	raw []byte // of a block message
}

func newConnection(id peer.ID, nc net.Conn, magic [4]byte, receive int, totals *counters, end context.CancelFunc) *connection {
	return &connection{
		id: id, nc: nc, in: transport.NewV1Reader(nc, magic), framer: transport.V1Writer{Magic: magic},
		credit: semaphore.NewWeighted(int64(receive)), size: receive, out: newQueue[outgoing](), totals: totals, end: end,
	}
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
		f, err := c.in.Next()
		at := s.cfg.Now()
		if errors.Is(err, transport.ErrChecksum) || errors.Is(err, transport.ErrCommand) {
			c.count(otherType, f.Size, at) // a frame with an end: the next can be read
			continue
		}
		if err != nil {
			return err
		}
		if f.Command == "tx" && len(f.Payload) > s.cfg.MaxTxSize {
			c.count(f.Command, f.Size, at)
			continue // the pool would not take it: not worth decoding
		}
		cost := costOf(f)
		if err := c.acquire(ctx, s, cost); err != nil {
			return err
		}
		msg, err := wire.DecodeMessage(f.Command, f.Payload)
		command := f.Command
		if _, unknown := msg.(*wire.MsgUnknown); unknown {
			command = otherType
		}
		c.count(command, f.Size, at)
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

func (c *connection) count(command string, size int, at time.Time) {
	c.counts.received(command, size, at)
	c.totals.addReceived(size)
}

// write sends what is queued, as much as there is in one go.
func (c *connection) write(ctx context.Context, s *Service) error {
	var buf []byte
	for {
		batch, err := c.out.take(ctx)
		if err != nil {
			return err
		}
		for len(batch) > 0 {
			var n int
			buf, n = c.encode(buf[:0], batch)
			bufs := net.Buffers{buf}
			if raw := batch[n-1].raw; raw != nil && !c.copied {
				bufs = append(bufs, raw)
			}
			written := 0
			for _, b := range bufs {
				written += len(b)
			}
			if _, err := bufs.WriteTo(c.nc); err != nil {
				return err
			}
			c.counts.wrote(written, s.cfg.Now())
			c.totals.addSent(written)
			if !s.post(ctx, Wrote{Peer: c.id, Bytes: written}) {
				return context.Canceled
			}
			clear(batch[:n])
			batch = batch[n:]
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

// encode appends frames up to writeChunk, or up to a block, whose bytes are
// written from where they are. It returns how many it took.
func (c *connection) encode(buf []byte, batch []outgoing) ([]byte, int) {
	for i := range batch {
		o := &batch[i]
		before := len(buf)
		if o.raw != nil {
			buf, c.copied = c.frameBlock(buf, o.raw)
			c.counts.sent("block", frameSize+len(o.raw))
			return buf, i + 1
		}
		buf = c.framer.Append(buf, o.msg)
		c.counts.sent(o.msg.Command(), len(buf)-before)
		if len(buf) >= writeChunk {
			return buf, i + 1
		}
	}
	return buf, len(batch)
}

// frameBlock frames a block without copying it where the transport can, and
// reports whether it was copied.
func (c *connection) frameBlock(buf, raw []byte) ([]byte, bool) {
	if out, ok := c.framer.AppendHeader(buf, "block", raw); ok {
		return out, false
	}
	return c.framer.AppendRaw(buf, "block", raw), true
}

// accept takes inbound connections.
func (s *Service) accept(ctx context.Context, l Listener, conns *sync.WaitGroup) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	defer l.Close()
	for {
		nc, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = nc.Close()
			}
			return ctx.Err()
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("p2p: %s is closed: %w", l.Addr(), err)
		case err != nil: // out of descriptors, most likely: wait for some
			s.log.Warn("cannot accept a connection", "error", err)
			if !pause(ctx, time.Second/10) {
				return ctx.Err()
			}
			continue
		}
		if s.inbound.Add(1) > int64(s.cfg.Core.Conn.MaxInbound+inboundSlack) {
			s.inbound.Add(-1)
			_ = nc.Close() // nothing was said
			continue
		}
		conns.Go(func() {
			defer s.inbound.Add(-1)
			s.attach(ctx, nc, s.inboundFrom(l, nc))
		})
	}
}

// inboundSlack is how many inbound connections there may be beyond those that the
// core admits: such as are about to be turned away, or gone while what they sent is
// still looked at. More are not even given a goroutine.
const inboundSlack = 16

// dial makes one connection and runs it.
func (s *Service) dial(ctx context.Context, a Dial, conns *sync.WaitGroup) {
	short, cancel := context.WithTimeout(ctx, s.cfg.DialTimeout)
	to := a
	to.Target = withPort(a.Target, s.cfg.Core.Params.DefaultPort)
	nc, err := s.cfg.Dial(short, to)
	cancel()
	if err != nil {
		s.post(ctx, DialFailed{Target: a.Target, Addr: a.Addr, Kind: a.Kind, Err: err, Ours: errors.Is(err, ErrProxy)})
		return
	}
	s.attach(ctx, nc, s.outboundTo(a, nc))
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
