package conn

import (
	"time"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// MaxPrivate is how many connections for a private broadcast there may be at a time.
// They have places of their own.
const MaxPrivate = 64

// Private starts a dial to some address of a network, to send one transaction there
// (-privatebroadcast); ok is false when there is none to be had now. Neither groups nor
// services matter: many such connections are made, and each asks for nothing.
func (p *Plan) Private(now time.Time, network wire.Network) (d Dial, ok bool) {
	if !p.active || p.cfg.Addresses == nil || !p.Reachable(network) || p.total(peer.PrivateBroadcast) >= MaxPrivate {
		return Dial{}, false
	}
	for range maxLooks {
		a, _, found := p.cfg.Addresses.Select(now, false, []wire.Network{network})
		if !found {
			break
		}
		d := Dial{Target: a.String(), Addr: a, Kind: peer.PrivateBroadcast, V2: p.cfg.V2 && a.Services.Has(wire.NodeP2PV2)}
		if p.usable(now, a) && p.start(d, true) {
			return d, true
		}
	}
	return Dial{}, false
}
