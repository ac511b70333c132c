package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"grapevine/p2p/transport"
)

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
			c, own, err := s.newConnection(ctx, nc, s.answering)
			if err == nil { // it does not fail for what is answered
				s.attach(ctx, own, c, s.inboundFrom(l, nc))
			}
		})
	}
}

// inboundSlack is how many inbound connections there may be beyond those that the
// core admits: such as are about to be turned away, or gone while what they sent is
// still looked at. More are not even given a goroutine.
const inboundSlack = 16

// answering makes the end of a connection that came in.
func (s *Service) answering(r io.Reader) (*transport.Link, error) {
	if s.cfg.V2 {
		return transport.Respond(r, s.cfg.Core.Params.Magic), nil
	}
	return s.plain(r)
}

func (s *Service) plain(r io.Reader) (*transport.Link, error) {
	return transport.Plain(r, s.cfg.Core.Params.Magic), nil
}

func (s *Service) encrypted(r io.Reader) (*transport.Link, error) {
	return transport.Initiate(r, s.cfg.Core.Params.Magic)
}

// dial makes one connection and runs it. With the encrypted transport it tells the
// core of the connection once the other end has answered. Where that hangs up
// instead, or says nothing at all, it may know the old transport alone: then the same
// target is dialled once more, with that.
func (s *Service) dial(ctx context.Context, a Dial) {
	c, own, nc, err := s.reach(ctx, a)
	if errors.Is(err, transport.ErrSilent) && ctx.Err() == nil {
		s.log.Debug("retrying with v1 transport protocol", "target", a.Target)
		plain := a
		plain.V2 = false
		c, own, nc, err = s.reach(ctx, plain)
	}
	if err != nil {
		s.post(ctx, DialFailed{Target: a.Target, Addr: a.Addr, Kind: a.Kind, Err: err, Ours: errors.Is(err, ErrProxy)})
		return
	}
	s.attach(ctx, own, c, s.outboundTo(a, nc))
}

// reach makes a connection over which messages can be sent at once.
func (s *Service) reach(ctx context.Context, a Dial) (*connection, context.Context, net.Conn, error) {
	short, cancel := context.WithTimeout(ctx, s.cfg.DialTimeout)
	defer cancel()
	to := a
	to.Target = withPort(a.Target, s.cfg.Core.Params.DefaultPort)
	nc, err := s.cfg.Dial(short, to)
	if err != nil {
		return nil, nil, nil, err
	}
	link := s.plain
	if a.V2 {
		link = s.encrypted
	}
	c, own, err := s.newConnection(ctx, nc, link)
	if err != nil {
		return nil, nil, nil, err
	}
	if a.V2 {
		if err := c.greet(own, s.core.cfg.PeerTimeout); err != nil {
			c.close(err)
			return nil, nil, nil, err
		}
	}
	return c, own, nc, nil
}

// greet does the handshake of the encrypted transport, both halves at once, since
// each end may write 4 kB before it reads.
func (c *connection) greet(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = c.nc.Close() }) // ends whatever is waited for
	opened := make(chan error, 1)
	go func() {
		var err error
		c.framer, err = c.link.Open(ctx, c.nc)
		opened <- err
	}()
	err := c.link.Negotiate()
	if err != nil {
		cancel()
	}
	if failed := <-opened; err == nil {
		err = failed
	}
	late := errors.Is(ctx.Err(), context.DeadlineExceeded)
	if !stop() && err == nil {
		err = ctx.Err() // it was closed a moment after all had gone well
	}
	if late && err != nil {
		err = fmt.Errorf("not through the encrypted handshake within %v: %w", limit, err)
	}
	return err
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
