package p2p

import (
	"errors"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// consequence is what follows from a message that cannot be decoded.
type consequence uint8

const (
	passedOver consequence = iota
	ends                   // the connection, for what is no use to either side
	punished               // no honest peer sends it
)

// malformations are the rules whose breach is not passed over, by command, as
// Bitcoin Core has it. Whatever is cut short, or has bytes too many, may come from
// a newer version of the protocol or from a bug, and costs its sender nothing but
// the bytes.
var malformations = []struct {
	kind     wire.ErrorKind
	commands []string
	then     consequence
}{
	{wire.ErrLimit, []string{"inv", "getdata", "headers", "addr", "addrv2", "filterload", "filteradd"}, punished},
	{wire.ErrLimit, []string{"getheaders", "getblocks", "feature"}, ends},
	{wire.ErrTruncated, []string{"feature"}, ends},
	{wire.ErrTrailing, []string{"feature"}, ends},
	{wire.ErrBadValue, []string{"sendcmpct", "cmpctblock"}, punished},
	{wire.ErrBadIndex, []string{"cmpctblock"}, punished},
}

func consequenceOf(command string, err error) consequence {
	for _, m := range malformations {
		if !errors.Is(err, m.kind) {
			continue
		}
		for _, c := range m.commands {
			if c == command {
				return m.then
			}
		}
	}
	return passedOver
}

// consequence is what a peer has to bear for a message. What it may send in vain is not
// read before it takes part, or over connections that are for something else.
func (c *Core) consequence(p *peerState, ev Malformed) consequence {
	switch ev.Command {
	case "feature":
		if p.hello.theirs == nil {
			return passedOver
		}
	case "filterload", "filteradd":
		if p.hello.done && !c.offers(p).Has(wire.NodeBloom) {
			return ends // as any such message is
		}
	case "addr", "addrv2":
		if p.kind == peer.BlockRelay {
			return passedOver
		}
	case "headers", "cmpctblock":
		if c.cfg.Ledger.Loading() {
			return passedOver
		}
	}
	if !p.hello.done && ev.Command != "feature" {
		return passedOver
	}
	return consequenceOf(ev.Command, ev.Err)
}

// malformed deals with a message that could not be decoded.
func (c *Core) malformed(ev Malformed) {
	p := c.peers[ev.Peer]
	c.do(Release{ev.Peer, ev.Size})
	if p == nil || p.closing {
		return
	}
	reason := ev.Command + " message: " + ev.Err.Error()
	switch then := c.consequence(p, ev); {
	case then == passedOver:
		c.log.Debug("malformed message passed over", "peer", p.id, "message", sanitize(ev.Command), "error", ev.Err)
	case then == ends:
		c.drop(p, reason)
	default:
		c.misbehaved(p, reason)
	}
}
