package p2p

import (
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// limitedDepth is how many blocks behind the present we may be for a pruned peer,
// which has the last 288, to be of use (BIP 159).
const limitedDepth = 144

// desirable returns the services that a peer of our choice has to offer, of whom we
// know that it offers s.
func (c *Core) desirable(now time.Time, s wire.ServiceFlags) wire.ServiceFlags {
	if s.Has(wire.NodeNetworkLimited) && c.limitedWillDo(now) {
		return wire.NodeNetworkLimited | wire.NodeWitness
	}
	return wire.NodeNetwork | wire.NodeWitness
}

// known reports whether what is learned of the peer concerns an address that we
// connected to ourselves.
func (c *Core) known(p *peerState) bool {
	return c.cfg.Addresses != nil && p.kind != peer.Inbound && p.kind != peer.PrivateBroadcast && p.addr.Addr.Valid()
}

// learnServices replaces what others said of an address by what it says itself.
func (c *Core) learnServices(p *peerState, s wire.ServiceFlags) {
	if c.known(p) {
		c.cfg.Addresses.SetServices(p.addr, s)
	}
}

// reached notes that a peer that we connected to has introduced itself.
func (c *Core) reached(now time.Time, p *peerState) {
	if c.known(p) {
		c.cfg.Addresses.Good(now, p.addr)
	}
	if p.kind != peer.Inbound && c.clocks.add(p.hello.offset) {
		c.log.Warn("the clocks of other nodes differ from this one's by more than ten minutes: if yours is wrong, you may take blocks for invalid that are not",
			"median", c.clocks.median())
	}
}

// left notes that a connection of our choice has ended, which tells when its address
// was last seen. Of those for blocks only nothing is shown to others, who could find
// out whom we are connected to.
func (c *Core) left(now time.Time, p *peerState) {
	if c.known(p) && p.hello.done && p.kind != peer.BlockRelay {
		c.cfg.Addresses.Connected(now, p.addr)
	}
}
