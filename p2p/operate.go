package p2p

import (
	"encoding/hex"
	"errors"
	"time"

	"grapevine/p2p/peer"
	"grapevine/p2p/transport"
	"grapevine/wire"
)

// ErrClosed is returned to callers once the service has ended.
var ErrClosed = errors.New("p2p: closed")

// ask runs do in the core's turn and waits for it. It fails once the core is
// stepped no more; do may then have run, or be never run.
func (s *Service) ask(do func(c *Core, now time.Time)) error {
	ran := make(chan struct{})
	command := Command{Do: func(c *Core, now time.Time) {
		do(c, now)
		close(ran)
	}}
	select {
	case s.events <- command:
	case <-s.done:
		return ErrClosed
	}
	select {
	case <-ran:
		return nil
	case <-s.done:
		return ErrClosed
	}
}

// Peers describes all connections, in the order of their ids; none once the
// service has ended.
func (s *Service) Peers() []PeerInfo {
	var out []PeerInfo
	if s.ask(func(c *Core, now time.Time) { out = c.Peers(now) }) != nil {
		return nil
	}
	for i := range out {
		if c := s.conn(out[i].ID); c != nil {
			c.counts.fill(&out[i])
			protocol, session := c.link.Protocol()
			if out[i].Transport = protocol.String(); protocol == transport.V2 {
				out[i].SessionID = hex.EncodeToString(session[:])
			}
		}
	}
	return out
}

// Held is the memory that one connection takes beyond what the core remembers.
type Held struct {
	// Reading is for the frame under way; Undealt what came and was not dealt with,
	// as it is charged; Unsent what waits to be sent.
	Reading, Undealt, Unsent int
}

// Held returns what a connection takes at this moment, [ErrNotConnected] when there is
// none of that number. One that has ended is there until all that came through it was
// dealt with.
func (s *Service) Held(id peer.ID) (Held, error) {
	c := s.conn(id)
	if c == nil {
		return Held{}, ErrNotConnected
	}
	h := Held{Reading: c.link.Held(), Undealt: int(c.undealt.Load())}
	err := s.ask(func(c *Core, _ time.Time) { h.Unsent = c.unsent(id) })
	return h, err
}

// SendRaw sends a message of any command and content to a peer;
// [ErrNotConnected] when there is none of that number.
func (s *Service) SendRaw(id peer.ID, command string, payload []byte) error {
	var err error
	if end := s.ask(func(c *Core, _ time.Time) { err = c.SendRaw(id, command, payload) }); end != nil {
		return end
	}
	return err
}

// Upload describes what is left of the bytes that may be sent a day.
func (s *Service) Upload() UploadInfo {
	var i UploadInfo
	_ = s.ask(func(c *Core, now time.Time) { i = c.Upload(now) }) // nothing is sent any more once all has ended
	return i
}

// Totals returns the bytes of all connections of this run.
func (s *Service) Totals() Totals {
	return Totals{BytesSent: s.totals.out.Load(), BytesReceived: s.totals.in.Load()}
}

// AddNode keeps a connection to target from now on; [conn.ErrAlreadyAdded] when
// it does so already. With v2 it begins with the encrypted transport.
func (s *Service) AddNode(target string, v2 bool) error {
	var err error
	if end := s.ask(func(c *Core, _ time.Time) { err = c.AddNode(target, v2) }); end != nil {
		return end
	}
	return err
}

// RemoveNode no longer does; [conn.ErrNotAdded] when it never did.
func (s *Service) RemoveNode(target string) error {
	var err error
	if end := s.ask(func(c *Core, _ time.Time) { err = c.RemoveNode(target) }); end != nil {
		return end
	}
	return err
}

// TryNode makes a connection to target once. It does not wait for that.
func (s *Service) TryNode(target string, v2 bool) {
	_ = s.ask(func(c *Core, _ time.Time) { c.TryNode(target, v2) }) // nothing to try once all has ended
}

// AddedNodes lists the nodes that are kept connected.
func (s *Service) AddedNodes() []AddedNode {
	var out []AddedNode
	if s.ask(func(c *Core, _ time.Time) { out = c.AddedNodes() }) != nil {
		return nil
	}
	return out
}

// DisconnectAddress ends the connections to an address; [ErrNotConnected] when
// there are none.
func (s *Service) DisconnectAddress(name string) error {
	return s.disconnect(func(c *Core) bool { return c.DisconnectNode(name) })
}

// DisconnectID ends one connection; [ErrNotConnected] when there is none of that
// number.
func (s *Service) DisconnectID(id peer.ID) error {
	return s.disconnect(func(c *Core) bool { return c.DisconnectPeer(id) })
}

func (s *Service) disconnect(do func(c *Core) bool) error {
	var found bool
	if err := s.ask(func(c *Core, _ time.Time) { found = do(c) }); err != nil {
		return err
	}
	if !found {
		return ErrNotConnected
	}
	return nil
}

// SetActive turns networking on or off; off ends all connections.
func (s *Service) SetActive(on bool) {
	_ = s.ask(func(c *Core, _ time.Time) { c.SetActive(on) }) // it is off once all has ended
}

// Active reports whether networking is on.
func (s *Service) Active() bool {
	var on bool
	if s.ask(func(c *Core, _ time.Time) { on = c.Active() }) != nil {
		return false
	}
	return on
}

// PingAll asks every peer for a pong, so that round trips are measured now.
func (s *Service) PingAll() {
	_ = s.ask(func(c *Core, now time.Time) { c.PingAll(now) }) // nobody is there once all has ended
}

// Broadcast announces a transaction of the pool to all peers once more.
func (s *Service) Broadcast(txid wire.Txid, wtxid wire.Wtxid) error {
	return s.ask(func(c *Core, _ time.Time) { c.Broadcast(txid, wtxid) })
}

// LocalServices returns what peers are told that we offer.
func (s *Service) LocalServices() wire.ServiceFlags { return s.cfg.Core.Services }

// UserAgent returns what peers are told that we are.
func (s *Service) UserAgent() string { return s.cfg.Core.UserAgent }
