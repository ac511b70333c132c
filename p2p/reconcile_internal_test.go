package p2p

import (
	"testing"

	"grapevine/p2p/peer"
	"grapevine/wire"
)

// greet shakes hands up to before the verack, and returns what the peer is told.
func (r *rig) greet(id peer.ID, kind peer.Kind, version int32, relay bool) []Action {
	r.t.Helper()
	list := r.step(Connected{Peer: id, Kind: kind, Name: id.String()})
	return append(list, r.say(id, &wire.MsgVersion{Version: version, Services: wire.NodeNetwork | wire.NodeWitness, Nonce: uint64(id) + 1, Relay: relay})...)
}

// BIP 330: sendtxrcncl is sent between version and verack, to who relays transactions.
func TestBIP330(t *testing.T) {
	reconciling := func(cfg *CoreConfig) { cfg.Reconcile = true }
	blocksOnly := func(cfg *CoreConfig) { cfg.Reconcile, cfg.BlocksOnly = true, true }
	nothing := func(*CoreConfig) {}
	for _, c := range []struct {
		name    string
		set     func(*CoreConfig)
		kind    peer.Kind
		version int32
		relay   bool
		want    int
	}{
		{"inbound", reconciling, peer.Inbound, ProtocolVersion, true, 1},
		{"outbound", reconciling, peer.FullRelay, ProtocolVersion, true, 1},
		{"old", reconciling, peer.Inbound, wtxidVersion - 1, true, 0},
		{"no transactions wanted", reconciling, peer.Inbound, ProtocolVersion, false, 0},
		{"blocks only", reconciling, peer.BlockRelay, ProtocolVersion, true, 0},
		{"addresses only", reconciling, peer.AddrFetch, ProtocolVersion, true, 0},
		{"we take blocks only", blocksOnly, peer.Inbound, ProtocolVersion, true, 0},
		{"not configured", nothing, peer.Inbound, ProtocolVersion, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.set)
			list := r.greet(1, c.kind, c.version, c.relay)
			m := sent[*wire.MsgSendTxRcncl](list, 1)
			if len(m) != c.want || c.want == 1 && (m[0].Version != 1 || m[0].Salt == 0) {
				t.Fatalf("offered %v", m)
			}
			for i, a := range ofType[Send](list) {
				if _, ok := a.Msg.(*wire.MsgVerack); ok && i < len(ofType[Send](list))-1 {
					t.Errorf("%s comes after the verack", ofType[Send](list)[i+1].Msg.Command())
				}
			}
		})
	}
}

func TestBIP330Agreement(t *testing.T) {
	offer := &wire.MsgSendTxRcncl{Version: 1, Salt: 7}
	fresh := func() *rig { return newRig(t, func(cfg *CoreConfig) { cfg.Reconcile = true }) }
	r := fresh()
	r.greet(1, peer.Inbound, ProtocolVersion, true)
	if dropped(r.say(1, offer), 1) || !r.peers[1].recon.agreed || r.peers[1].recon.starts {
		t.Errorf("not agreed: %+v", r.peers[1].recon)
	}
	k0, k1 := reconcileKeys(7, r.peers[1].recon.salt)
	if got := r.peers[1].recon; got.k0 != k0 || got.k1 != k1 || k0 == k1 {
		t.Errorf("keys %x, %x; want %x, %x", got.k0, got.k1, k0, k1)
	}
	if !dropped(r.say(1, offer), 1) {
		t.Error("a second sendtxrcncl is borne with")
	}

	r = fresh()
	r.greet(1, peer.FullRelay, ProtocolVersion, true)
	if dropped(r.say(1, &wire.MsgSendTxRcncl{Version: 9, Salt: 7}), 1) || !r.peers[1].recon.starts {
		t.Error("a later version is ours as well, and who connects begins")
	}
	r = fresh()
	r.greet(1, peer.Inbound, ProtocolVersion, true)
	if !dropped(r.say(1, &wire.MsgSendTxRcncl{Version: 0}), 1) {
		t.Error("version 0 is borne with")
	}
	r = fresh()
	r.greet(1, peer.Inbound, ProtocolVersion, true)
	r.say(1, &wire.MsgVerack{})
	if !dropped(r.say(1, offer), 1) {
		t.Error("sendtxrcncl after verack is borne with")
	}
	r = fresh()
	r.greet(1, peer.Inbound, ProtocolVersion, false)
	if !dropped(r.say(1, offer), 1) {
		t.Error("sendtxrcncl of a peer that wants no transactions is borne with")
	}
	r = fresh()
	r.greet(1, peer.BlockRelay, ProtocolVersion, true)
	if !dropped(r.say(1, offer), 1) {
		t.Error("sendtxrcncl on a connection for blocks is borne with")
	}
	r = fresh()
	r.greet(1, peer.Inbound, wtxidVersion-1, true)
	if dropped(r.say(1, offer), 1) || r.peers[1].recon.agreed {
		t.Error("what was not offered is agreed on")
	}
	r = newRig(t)
	r.greet(1, peer.Inbound, ProtocolVersion, true)
	if dropped(r.say(1, offer), 1) || r.peers[1].recon.agreed {
		t.Error("without -txreconciliation it is passed over")
	}
}

// Without BIP 339 nothing is agreed on, whatever was said.
func TestBIP330NeedsWtxids(t *testing.T) {
	for _, wtxid := range []bool{false, true} {
		r := newRig(t, func(cfg *CoreConfig) { cfg.Reconcile = true })
		r.greet(1, peer.Inbound, ProtocolVersion, true)
		if wtxid {
			r.say(1, &wire.MsgWtxidRelay{})
		}
		r.say(1, &wire.MsgSendTxRcncl{Version: 1, Salt: 7})
		r.say(1, &wire.MsgVerack{})
		if got := r.peers[1].recon; got.agreed != wtxid || (got.salt != 0) != wtxid {
			t.Errorf("wtxidrelay %v: agreed on %+v", wtxid, got)
		}
	}
}

// The keys are those that the tagged hash of both salts gives, whoever computes them.
func TestReconcileKeys(t *testing.T) {
	a0, a1 := reconcileKeys(1, 2)
	b0, b1 := reconcileKeys(2, 1)
	if a0 != b0 || a1 != b1 {
		t.Error("both sides have different keys")
	}
	// SHA256(SHA256(tag) || SHA256(tag) || 1 || 2), computed with other software.
	if want := [2]uint64{0x5a63d27439e052a4, 0xc8daf59f8d6921b9}; [2]uint64{a0, a1} != want {
		t.Errorf("%#x, %#x; want %#x", a0, a1, want)
	}
}
