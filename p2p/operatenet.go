package p2p

import (
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// AddConnection makes a connection to target once, as one of a kind for which the
// peers are otherwise chosen here. It does not wait for that. Errors:
// [conn.ErrNoRoom], [conn.ErrKind].
func (s *Service) AddConnection(target string, kind peer.Kind, v2 bool) error {
	var err error
	if end := s.ask(func(c *Core, _ time.Time) { err = c.AddConnection(target, kind, v2) }); end != nil {
		return end
	}
	return err
}

// FetchAddresses connects to target when there is room, asks it for addresses and
// lets go of it. It does not wait for that.
func (s *Service) FetchAddresses(target string) error {
	return s.ask(func(c *Core, _ time.Time) { c.FetchAddresses(target) })
}

// CountKind counts the connections of a kind that are up.
func (s *Service) CountKind(kind peer.Kind) (n int, err error) {
	err = s.ask(func(c *Core, _ time.Time) { n = c.CountKind(kind) })
	return n, err
}

// DisconnectBanned ends the connections to addresses that have been banned.
func (s *Service) DisconnectBanned() {
	_ = s.ask(func(c *Core, now time.Time) { c.DisconnectBanned(now) }) // nobody is there once all has ended
}

// ClockOffset returns how far the clocks of peers of our own choice are from ours in
// the median, and whether that is worth a warning.
func (s *Service) ClockOffset() (median time.Duration, warn bool) {
	_ = s.ask(func(c *Core, _ time.Time) { median, warn = c.ClockOffset() }) // none once all has ended
	return median, warn
}

// SetReachable says anew which networks we can connect to.
func (c *Core) SetReachable(list []wire.Network) {
	c.cfg.Reachable = list
	c.plan.SetNetworks(list)
}

// SetReachable says anew which networks we can connect to, as when a proxy was found.
// The list is not copied.
func (s *Service) SetReachable(list []wire.Network) {
	_ = s.ask(func(c *Core, _ time.Time) { c.SetReachable(list) }) // nothing is connected to once all has ended
}

// Anchors returns the block-relay peers to begin with in the next run; none once the
// service has ended.
func (s *Service) Anchors() (list []wire.NetAddr) {
	_ = s.ask(func(c *Core, _ time.Time) { list = c.plan.Anchors() }) // as documented
	return list
}
