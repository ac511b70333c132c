package i2p

import (
	"context"
	crand "crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"grapevine/wire"
)

// session is an address of ours, for as long as the connection that it was asked for on.
type session struct {
	id   string
	me   wire.NetAddr
	ctl  *sam
	gone chan struct{} // closed when the connection has ended
}

// newSession keeps an eye on the connection until it ends.
func newSession(id string, me wire.NetAddr, ctl *sam) *session {
	s := &session{id: id, me: me, ctl: ctl, gone: make(chan struct{})}
	go func() {
		defer close(s.gone)
		_, _ = io.Copy(io.Discard, ctl.r) // nothing comes but the end
		s.end()
	}()
	return s
}

// end ends the session; the router then ends what was connected through it.
func (s *session) end() { _ = s.ctl.c.Close() } // what it says is of no use

// alive reports whether the connection still is there.
func (s *session) alive() bool {
	select {
	case <-s.gone:
		return false
	default:
		return true
	}
}

// open asks the router for a session, with the key in a file or, without a file, one
// that is forgotten afterwards.
func (r *Router) open(ctx context.Context, keyFile string) (*session, error) {
	ctl, err := dialSAM(ctx, r.cfg.Dial)
	if err != nil {
		return nil, err
	}
	var random [5]byte
	_, _ = crand.Read(random[:]) // never fails
	id := hex.EncodeToString(random[:])
	me, err := r.create(ctx, ctl, id, keyFile)
	if err == nil {
		err = ctl.c.SetDeadline(noDeadline)
	}
	if err != nil {
		return nil, errors.Join(err, ctl.c.Close())
	}
	r.cfg.Logger.Info("I2P session created", "id", id, "transient", keyFile == "", "address", me.String())
	return newSession(id, me, ctl), nil
}

func (r *Router) create(ctx context.Context, ctl *sam, id, keyFile string) (wire.NetAddr, error) {
	if keyFile == "" {
		a, err := ctl.ask(ctx, "SESSION CREATE STYLE=STREAM ID="+id+" DESTINATION=TRANSIENT SIGNATURE_TYPE=7 "+
			"i2cp.leaseSetEncType=4,0 inbound.quantity=1 outbound.quantity=1")
		if err != nil {
			return wire.NetAddr{}, err
		}
		key, err := a.destination("DESTINATION")
		if err != nil {
			return wire.NetAddr{}, err
		}
		return addressOfKey(key)
	}
	key, err := readKey(keyFile)
	if errors.Is(err, os.ErrNotExist) {
		key, err = generate(ctx, ctl, keyFile)
	}
	if err != nil {
		return wire.NetAddr{}, err
	}
	me, err := addressOfKey(key)
	if err != nil {
		return wire.NetAddr{}, fmt.Errorf("%w: %s", err, keyFile)
	}
	_, err = ctl.ask(ctx, "SESSION CREATE STYLE=STREAM ID="+id+" DESTINATION="+base64I2P.EncodeToString(key)+
		" i2cp.leaseSetEncType=4,0 inbound.quantity=3 outbound.quantity=3")
	return me, err
}

// generate lets the router make a key, and keeps it. The kind of signature, Ed25519, is
// given as a number, which old routers know too.
func generate(ctx context.Context, ctl *sam, keyFile string) ([]byte, error) {
	a, err := ctl.ask(ctx, "DEST GENERATE SIGNATURE_TYPE=7")
	if err != nil {
		return nil, err
	}
	key, err := a.destination("PRIV")
	if err != nil {
		return nil, err
	}
	if _, err := addressOfKey(key); err != nil {
		return nil, err
	}
	if err := writeKey(keyFile, key); err != nil {
		return nil, fmt.Errorf("i2p: the private key cannot be saved: %w", err)
	}
	return key, nil
}

// maxKey is more than any key has.
const maxKey = 8192

func readKey(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, maxKey))
}

// writeKey writes the whole file or nothing, for its owner only.
func writeKey(path string, key []byte) error {
	next := path + ".new"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return nil
}
