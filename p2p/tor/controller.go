package tor

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"grapevine/wire"
)

// Config is what a [Controller] works with.
type Config struct {
	// Address of the control port, host:port (-torcontrol). Required.
	Address string
	// Password shows who we are (-torpassword); empty means by other ways.
	Password string
	// Target takes the connections of the service: the listener that is told they come
	// from there. Required.
	Target netip.AddrPort
	// Port that the service has. Required.
	Port uint16
	// KeyFile keeps the key of the service. Required.
	KeyFile string

	// Proxy is told where Tor's SOCKS proxy listens: host:port, or "unix:" and a path.
	// nil means that nobody wants to know (-onion was given).
	Proxy func(address string)
	// Service is told the address of the service when it is there, and when it no
	// longer is. nil means that nobody wants to know.
	Service func(a wire.NetAddr, up bool)
	// Logger; nil is silent.
	Logger *slog.Logger
	// Dial connects to the control port; nil means TCP.
	Dial func(ctx context.Context) (net.Conn, error)
}

// The pauses between attempts.
const (
	firstPause = time.Second
	lastPause  = 10 * time.Minute
	dialTime   = 5 * time.Second
)

// Controller keeps an onion service.
type Controller struct{ cfg Config }

// New returns a controller.
func New(cfg Config) (*Controller, error) {
	if cfg.Address == "" || !cfg.Target.IsValid() || cfg.Port == 0 || cfg.KeyFile == "" {
		return nil, errors.New("tor: Address, Target, Port and KeyFile are required")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Dial == nil {
		cfg.Dial = func(ctx context.Context) (net.Conn, error) {
			return (&net.Dialer{Timeout: dialTime}).DialContext(ctx, "tcp", cfg.Address)
		}
	}
	return &Controller{cfg}, nil
}

// Run keeps the service until the context ends; then it returns nil.
func (c *Controller) Run(ctx context.Context) error {
	log := c.cfg.Logger.With("control", c.cfg.Address)
	pause := firstPause
	told := ""
	for {
		served, err := c.once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if served {
			pause, told = firstPause, ""
		}
		if text := err.Error(); text != told { // the same failure is told of once
			log.Warn("No onion service through Tor's control port, will retry", "err", err)
			told = text
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		}
		pause = min(pause*3/2, lastPause)
	}
}

// once connects and serves until that ends, which always is an error. served is set
// when there was a service.
func (c *Controller) once(ctx context.Context) (served bool, err error) {
	conn, err := c.cfg.Dial(ctx)
	if err != nil {
		return false, fmt.Errorf("tor: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		stop()
		_ = conn.Close() // Tor removes the service by itself
	}()
	return c.session(newControl(ctx, conn))
}

// session does everything that is done over one connection.
func (c *Controller) session(ctl *control) (served bool, err error) {
	if err := ctl.authenticate(c.cfg.Password); err != nil {
		return false, err
	}
	if c.cfg.Proxy != nil {
		switch at, err := ctl.socks(); {
		case err == nil:
			c.cfg.Proxy(at)
		case isRefusal(err): // an old Tor
			c.cfg.Logger.Warn("Tor does not say where its proxy is, taking the usual place", "err", err)
			c.cfg.Proxy(defaultSocks)
		default:
			return false, err
		}
	}
	service, err := c.addService(ctl)
	if err != nil {
		return false, err
	}
	c.cfg.Logger.Info("Got an onion service", "address", service.String())
	if c.cfg.Service != nil {
		c.cfg.Service(service, true)
		defer c.cfg.Service(service, false)
	}
	return true, ctl.untilClosed()
}

func isRefusal(err error) bool {
	var r *refusal
	return errors.As(err, &r)
}

// untilClosed waits for the end of the connection.
func (c *control) untilClosed() error {
	if err := c.c.SetDeadline(time.Time{}); err != nil {
		return err
	}
	if err := c.ctx.Err(); err != nil {
		return err
	}
	for {
		if _, err := readAny(c.r); errors.Is(err, io.EOF) {
			return errors.New("tor: the control port hung up")
		} else if err != nil {
			return fmt.Errorf("tor: %w", err)
		}
	}
}

// newKey asks for a key of the kind that version 3 of onion services has.
const newKey = "NEW:ED25519-V3"

// addService creates the service, with a new key if there is none yet.
func (c *Controller) addService(ctl *control) (wire.NetAddr, error) {
	key, err := readKey(c.cfg.KeyFile)
	if errors.Is(err, os.ErrNotExist) {
		key = newKey
	} else if err != nil {
		return wire.NetAddr{}, err
	}
	port := fmt.Sprintf("Port=%d,%s", c.cfg.Port, c.cfg.Target)
	rep, err := ctl.ask("ADD_ONION", key, "PoWDefensesEnabled=1", port)
	var refused *refusal
	if errors.As(err, &refused) && refused.code == codeSyntax { // a Tor that cannot
		rep, err = ctl.ask("ADD_ONION", key, port)
	}
	if err != nil {
		return wire.NetAddr{}, err
	}
	var id, made string
	for _, line := range rep.lines {
		pairs, _ := fields(line) // what cannot be read is missing below
		if v, ok := pairs["ServiceID"]; ok {
			id = v
		}
		if v, ok := pairs["PrivateKey"]; ok {
			made = v
		}
	}
	addr, err := wire.ParseAddress(id + ".onion")
	if err != nil {
		return wire.NetAddr{}, fmt.Errorf("%w: service %q", errReply, printable(id))
	}
	if key == newKey {
		if err := checkKey(made); err != nil {
			return wire.NetAddr{}, err
		}
		if err := writeKey(c.cfg.KeyFile, made); err != nil { // the service works all the same
			c.cfg.Logger.Warn("The key of the onion service cannot be kept, its address will not last", "err", err)
		}
	}
	return wire.NetAddr{Addr: addr, Port: c.cfg.Port}, nil
}

const (
	keyPrefix = "ED25519-V3:"
	keySize   = 64
	maxKey    = 200 // bytes of a file that may be one
)

// checkKey reports whether a text is the key of a service.
func checkKey(key string) error {
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, keyPrefix))
	if err != nil || len(b) != keySize || !strings.HasPrefix(key, keyPrefix) || strings.ContainsAny(key, "\r\n ") {
		return errors.New("tor: not the key of an onion service")
	}
	return nil
}

func readKey(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, maxKey))
	if err != nil {
		return "", err
	}
	key := strings.TrimRight(string(b), "\r\n")
	if err := checkKey(key); err != nil {
		return "", fmt.Errorf("%w: %s", err, path)
	}
	return key, nil
}

// writeKey writes the whole file or nothing, for its owner only.
func writeKey(path, key string) error {
	next := path + ".new"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, key)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return nil
}
