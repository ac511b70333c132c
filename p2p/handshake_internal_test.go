package p2p

import (
	"fmt"
	"testing"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// A connection to ourselves is seen by the nonce that comes back. Whoever came to us and
// says ours elsewhere does not learn that we are there, too.
func TestOwnNonce(t *testing.T) {
	for kind, self := range map[peer.Kind]bool{peer.Manual: true, peer.FullRelay: true, peer.Inbound: false} {
		r := newRig(t)
		list := r.step(Connected{Peer: 1, Kind: kind, Name: "1"})
		if kind == peer.Inbound {
			list = r.say(1, &wire.MsgVersion{Version: ProtocolVersion, Nonce: 7})
		}
		ours := sent[*wire.MsgVersion](list, 1)
		if len(ours) != 1 {
			t.Fatalf("%v: %d versions", kind, len(ours))
		}
		r.step(Connected{Peer: 2, Kind: peer.Inbound, Name: "2"})
		gone := len(ofType[Disconnect](r.say(2, &wire.MsgVersion{Version: ProtocolVersion, Nonce: ours[0].Nonce}))) > 0
		if gone != self {
			t.Errorf("the nonce of a version to a peer of kind %v comes back: disconnected %v", kind, gone)
		}
	}
}

// A peer is told what we know that it offers.
func TestVersionNamesThePeersServices(t *testing.T) {
	for _, a := range []wire.NetAddr{somewhere(1), {Services: wire.NodeNetwork}} {
		r := newRig(t)
		list := r.step(Connected{Peer: 1, Kind: peer.Manual, Name: "1", Addr: a})
		if v := sent[*wire.MsgVersion](list, 1); len(v) != 1 || v[0].To.Services != a.Services {
			t.Errorf("%v: %+v", a, v)
		}
	}
}

// What is not read is not held against anybody.
func TestConsequencesOfMalformedMessages(t *testing.T) {
	limit := fmt.Errorf("too many: %w", wire.ErrLimit)
	for _, c := range []struct {
		name, command             string
		kind                      peer.Kind
		done, bloom, loading, old bool
		gone, discouraged         bool
	}{
		{name: "inv", command: "inv", done: true, gone: true, discouraged: true},
		{name: "inv before verack", command: "inv"},
		{name: "inv to a private broadcast", command: "inv", kind: peer.PrivateBroadcast},
		{name: "feature before verack", command: "feature", gone: true},
		{name: "feature", command: "feature", done: true, gone: true},
		{name: "feature before version", command: "feature", old: true},
		{name: "addr", command: "addr", done: true, gone: true, discouraged: true},
		{name: "addrv2 for blocks only", command: "addrv2", kind: peer.BlockRelay, done: true},
		{name: "filterload", command: "filterload", done: true, gone: true},
		{name: "filteradd", command: "filteradd", done: true, gone: true},
		{name: "filterload where offered", command: "filterload", done: true, bloom: true, gone: true, discouraged: true},
		{name: "headers", command: "headers", done: true, gone: true, discouraged: true},
		{name: "headers during import", command: "headers", done: true, loading: true},
		{name: "ping", command: "ping", done: true},
	} {
		bans := newFakeBans()
		r := newRig(t, func(cfg *CoreConfig) {
			if cfg.Bans = bans; c.bloom {
				cfg.Services |= wire.NodeBloom
			}
		})
		r.ledger.loading = c.loading
		r.step(Connected{Peer: 1, Kind: c.kind, Name: "1", Addr: somewhere(1)})
		p := r.peers[1]
		if p.closing = false; !c.old {
			p.hello.theirs = &wire.MsgVersion{Version: ProtocolVersion}
		}
		p.hello.done = c.done
		r.malformed(Malformed{Peer: 1, Command: c.command, Err: limit})
		if p.closing != c.gone || bans.discouraged[somewhere(1).Addr] != c.discouraged {
			t.Errorf("%s: gone %v, discouraged %v", c.name, p.closing, !c.discouraged)
		}
	}
}
