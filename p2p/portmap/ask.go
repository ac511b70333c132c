package portmap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// How often a question is asked, and how long each time an answer is waited for.
const (
	tries   = 3
	tryTime = time.Second
)

// serverPort is where gateways listen, for both protocols.
const serverPort = 5351

// gateway asks one gateway from one address.
type gateway struct {
	server  netip.AddrPort
	patient time.Duration // for each try
}

// dial opens a socket from which the gateway is asked; from is the unspecified address
// or one of this machine.
func (g gateway) dial(ctx context.Context, from netip.Addr) (*net.UDPConn, error) {
	d := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0))}
	c, err := d.DialContext(ctx, "udp", g.server.String())
	if err != nil {
		return nil, fmt.Errorf("portmap: %w", err)
	}
	return c.(*net.UDPConn), nil // of network udp there is no other
}

// exchange asks until read takes an answer for one to this question: then its error
// is returned, nil or not.
func (g gateway) exchange(ctx context.Context, c *net.UDPConn, question []byte, read func(answer []byte) error) error {
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	buf := make([]byte, maxPacket+1) // what is longer is told by the byte too many
	for range tries {
		if err := c.SetReadDeadline(time.Now().Add(g.patient)); err != nil {
			return fmt.Errorf("portmap: %w", err)
		}
		if err := ctx.Err(); err != nil { // the deadline that ended it may be the one just replaced
			return err
		}
		if _, err := c.Write(question); err != nil {
			return fmt.Errorf("portmap: %w", err)
		}
		for {
			n, err := c.Read(buf)
			var timeout net.Error
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if errors.As(err, &timeout) && timeout.Timeout() {
				break
			}
			if err != nil {
				return fmt.Errorf("portmap: %w", err)
			}
			if err := read(buf[:n]); !errors.Is(err, errOther) {
				return err
			}
		}
	}
	return fmt.Errorf("portmap: no answer from %s", g.server)
}

// pcp asks for a mapping by PCP. from is an address of this machine that connections
// are wanted for, or the unspecified one for that which leads to the gateway.
func (g gateway) pcp(ctx context.Context, from netip.Addr, n nonce, port uint16, lifetime time.Duration) (m mapping, err error) {
	c, err := g.dial(ctx, from)
	if err != nil {
		return mapping{}, err
	}
	defer func() { _ = c.Close() }() // nothing is waiting in it
	internal := c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().WithZone("")
	err = g.exchange(ctx, c, appendPCP(nil, n, internal, from, port, lifetime), func(b []byte) error {
		m, err = readPCP(b, n, port)
		return err
	})
	return m, err
}

// natPMP asks for a mapping by NAT-PMP.
func (g gateway) natPMP(ctx context.Context, port uint16, lifetime time.Duration) (m mapping, err error) {
	c, err := g.dial(ctx, netip.IPv4Unspecified())
	if err != nil {
		return mapping{}, err
	}
	defer func() { _ = c.Close() }() // nothing is waiting in it
	var addr netip.Addr
	err = g.exchange(ctx, c, askExternal[:], func(b []byte) (err error) {
		addr, err = readExternal(b)
		return err
	})
	if err != nil {
		return mapping{}, err
	}
	err = g.exchange(ctx, c, appendNATPMP(nil, port, lifetime), func(b []byte) error {
		outside, granted, err := readNATPMP(b, port)
		m = mapping{netip.AddrPortFrom(addr, outside), granted}
		return err
	})
	return m, err
}

// ipv4 asks by whatever the gateway knows.
func (g gateway) ipv4(ctx context.Context, n nonce, port uint16, lifetime time.Duration) (mapping, error) {
	m, err := g.pcp(ctx, netip.IPv4Unspecified(), n, port, lifetime)
	if errors.Is(err, errVersion) {
		return g.natPMP(ctx, port, lifetime)
	}
	return m, err
}
