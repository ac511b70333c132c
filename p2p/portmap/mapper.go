package portmap

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"time"

	"grapevine/wire"
)

// Config is what a [Mapper] works with.
type Config struct {
	// Port is what the node listens on, and wishes for outside. Required.
	Port uint16
	// Mapped is told the address that leads to us, and when it no longer does. Required.
	Mapped func(a wire.NetAddr, up bool)
	// Logger; nil is silent.
	Logger *slog.Logger
}

const (
	// wished is the lifetime that is asked for: twice the time after which a mapping
	// is renewed.
	wished = 40 * time.Minute
	// retry is the pause after everything has failed.
	retry = 5 * time.Minute
	// shortest is the lifetime below which a gateway cannot be serious.
	shortest = 30 * time.Second
)

// Mapper keeps mappings.
type Mapper struct {
	cfg Config
	ask func(ctx context.Context, n nonce) ([]mapping, []error) // all gateways
	up  []netip.AddrPort                                        // what was told of
}

// New returns a mapper.
func New(cfg Config) (*Mapper, error) {
	if cfg.Port == 0 || cfg.Mapped == nil {
		return nil, errors.New("portmap: Port and Mapped are required")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	m := &Mapper{cfg: cfg}
	m.ask = m.askAll
	return m, nil
}

// Run keeps mappings until the context ends; then it returns nil.
func (m *Mapper) Run(ctx context.Context) error {
	defer m.tell(nil)
	var n nonce // one for all mappings, as long as they last
	_, _ = crand.Read(n[:])
	told := ""
	for {
		got, errs := m.ask(ctx, n)
		if ctx.Err() != nil {
			return nil
		}
		if text := fmt.Sprint(errs); len(errs) > 0 && text != told { // the same failures are told of once
			m.warn(errs)
			told = text
		}
		if slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, ErrUnsupported) }) {
			<-ctx.Done()
			return nil
		}
		m.tell(got)
		pause, ok := renewal(got)
		if !ok {
			pause = retry
			_, _ = crand.Read(n[:]) // the next ones have nothing to do with the last
		} else if len(errs) == 0 {
			told = ""
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		}
	}
}

func (m *Mapper) warn(errs []error) {
	for _, err := range errs {
		var r Result
		switch {
		case errors.As(err, &r) && r.noResources():
			m.cfg.Logger.Warn("The router has no mapping left: the port usually is taken by another node, and should be changed if that goes on", "port", m.cfg.Port, "err", err)
		default:
			m.cfg.Logger.Warn("No port mapping", "port", m.cfg.Port, "err", err)
		}
	}
}

// renewal returns when to ask again: between a half and five eighths of the shortest
// lifetime, at random (RFC 6887, 11.2.1). ok is false when there is nothing to renew.
func renewal(got []mapping) (time.Duration, bool) {
	if len(got) == 0 {
		return 0, false
	}
	least := wished
	for _, g := range got {
		least = min(least, g.lifetime)
	}
	if least < shortest {
		return 0, false
	}
	return least/2 + rand.N(least/8), true
}

// tell tells of the addresses that are new, and of those that are gone.
func (m *Mapper) tell(got []mapping) {
	var now []netip.AddrPort
	for _, g := range got {
		if g.lifetime >= shortest {
			now = append(now, g.external)
		}
	}
	for _, a := range m.up {
		if !slices.Contains(now, a) {
			m.cfg.Mapped(wire.AddrOf(a, 0), false)
		}
	}
	for i, a := range now {
		if !slices.Contains(m.up, a) && !slices.Contains(now[:i], a) {
			m.cfg.Logger.Info("Port mapped", "outside", a.String())
			m.cfg.Mapped(wire.AddrOf(a, 0), true)
		}
	}
	m.up = now
}

// maxPinholes bounds for how many addresses of IPv6 the firewall is opened.
const maxPinholes = 16

// askAll asks the gateways of IPv4 and IPv6. A network without a gateway is no error
// unless both are.
func (m *Mapper) askAll(ctx context.Context, n nonce) (got []mapping, errs []error) {
	take := func(g mapping, err error) {
		if err != nil {
			errs = append(errs, err)
		} else {
			got = append(got, g)
		}
	}
	four, err4 := defaultGateway(false)
	if err4 == nil {
		take(gateway{netip.AddrPortFrom(four, serverPort), tryTime}.ipv4(ctx, n, m.cfg.Port, wished))
	}
	six, err6 := defaultGateway(true)
	if err6 == nil {
		own, err := ownIPv6()
		if err != nil {
			errs = append(errs, err)
		}
		for _, a := range own {
			take(gateway{netip.AddrPortFrom(six, serverPort), tryTime}.pcp(ctx, a, n, m.cfg.Port, wished))
		}
	}
	switch {
	case err4 != nil && err6 != nil:
		errs = append(errs, err4)
	case err4 != nil && !errors.Is(err4, errNoGateway):
		errs = append(errs, err4)
	case err6 != nil && !errors.Is(err6, errNoGateway):
		errs = append(errs, err6)
	}
	return got, errs
}

// ownIPv6 returns the addresses of this machine that can be reached from anywhere.
func ownIPv6() (out []netip.Addr, err error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("portmap: %w", err)
	}
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if err != nil || !p.Addr().Is6() || p.Addr().Is4In6() {
			continue
		}
		if wire.AddressOfIP(p.Addr()).Routable() && len(out) < maxPinholes {
			out = append(out, p.Addr())
		}
	}
	return out, nil
}
