package p2p

import (
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/consensus"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// joinAs shakes hands with a peer of some protocol version.
func (r *rig) joinAs(id peer.ID, kind peer.Kind, version int32) []Action {
	r.t.Helper()
	r.step(Connected{Peer: id, Kind: kind, Name: id.String()})
	list := r.say(id, &wire.MsgVersion{Version: version, Services: wire.NodeNetwork | wire.NodeWitness, Nonce: uint64(id) + 1, Relay: true})
	return append(list, r.say(id, &wire.MsgVerack{})...)
}

// dropped reports whether a peer is disconnected.
func dropped(list []Action, id peer.ID) bool {
	for _, a := range ofType[Disconnect](list) {
		if a.Peer == id {
			return true
		}
	}
	return false
}

// BIP 31: "If the protocol version is above 60000", a ping has a nonce and is
// answered; others get one without, and stay as long as they say anything.
func TestBIP31(t *testing.T) {
	r := newRig(t)
	old := r.joinAs(1, peer.Inbound, 60000)
	young := r.joinAs(2, peer.Inbound, 60001)
	if m := sent[*wire.MsgPing](old, 1); len(m) != 1 || !m[0].Short {
		t.Errorf("to version 60000: %v", m)
	}
	if m := sent[*wire.MsgPing](young, 2); len(m) != 1 || m[0].Short || m[0].Nonce == 0 {
		t.Errorf("to version 60001: %v", m)
	}
	if m := sent[*wire.MsgPong](r.say(1, &wire.MsgPing{Short: true}), 1); len(m) != 0 {
		t.Errorf("a ping without a nonce is answered with %v", m)
	}
	if m := sent[*wire.MsgPong](r.say(2, &wire.MsgPing{Nonce: 8}), 2); len(m) != 1 || m[0].Nonce != 8 {
		t.Errorf("a ping is answered with %v", m)
	}
	quiet, ended := r.now, time.Duration(0)
	for ended == 0 && r.now.Sub(quiet) < time.Hour {
		r.now, _ = r.nextWake()
		if dropped(r.step(Tick{}), 1) {
			ended = r.now.Sub(quiet)
		}
	}
	if ended != pingTimeout {
		t.Errorf("a silent peer that has no pongs is dropped after %v; want %v", ended, pingTimeout)
	}
}

// BIP 35, BIP 111: what needs bloom filters ends the connection where they are
// not offered. BIP 157: nor are block filters.
func TestWhatIsNotOffered(t *testing.T) {
	for _, m := range []wire.Message{
		&wire.MsgMempool{}, &wire.MsgFilterLoad{}, &wire.MsgFilterAdd{}, &wire.MsgFilterClear{},
		&wire.MsgGetCFilters{}, &wire.MsgGetCFHeaders{}, &wire.MsgGetCFCheckpt{},
	} {
		r := newRig(t)
		r.join(1, peer.Inbound)
		if !dropped(r.say(1, m), 1) {
			t.Errorf("%s is borne with", m.Command())
		}
	}
	r := newRig(t)
	r.join(1, peer.Inbound)
	get := &wire.MsgGetData{Items: []wire.Inv{wire.InvOfBlock(r.ledger.active.Tip().Hash()).As(wire.InvFilteredBlock)}}
	if list := r.say(1, get); len(ofType[ServeBlock](list)) != 0 {
		t.Errorf("a filtered block is answered with %v", list)
	}
}

// BIP 130: headers for those who asked for them and have the parent, an inv of the
// tip for others.
func TestBIP130(t *testing.T) {
	r := newRig(t)
	branch := chaintest.New(t, r.ledger.tree.Params(), 1)
	r.join(1, peer.Inbound)
	r.join(2, peer.Inbound)
	r.say(1, &wire.MsgSendHeaders{})
	genesis := r.ledger.active.Tip()
	r.fetch.Has(1, genesis)
	r.fetch.Has(2, genesis)
	announce := func(count int) []Action {
		old := r.ledger.active.Tip()
		tip := r.grow(branch.Mine(count, 0)...)
		r.ledger.active = r.ledger.active.With(tip)
		return r.step(TipMoved{Old: old, New: tip})
	}
	list := announce(2)
	if m := sent[*wire.MsgHeaders](list, 1); len(m) != 1 || len(m[0].Headers) != 2 || len(sent[*wire.MsgInv](list, 1)) != 0 {
		t.Errorf("two blocks are announced by %v", list)
	}
	if m := sent[*wire.MsgInv](list, 2); len(m) != 1 || len(m[0].Items) != 1 || len(sent[*wire.MsgHeaders](list, 2)) != 0 {
		t.Errorf("without sendheaders by %v", list)
	}
	list = announce(maxAnnounced + 1)
	if m := sent[*wire.MsgInv](list, 1); len(m) != 1 || len(sent[*wire.MsgHeaders](list, 1)) != 0 {
		t.Errorf("%d blocks are announced by %v", maxAnnounced+1, list)
	}
	list = announce(1)
	if m := sent[*wire.MsgInv](list, 1); len(m) != 1 || len(sent[*wire.MsgHeaders](list, 1)) != 0 {
		t.Errorf("a block whose parent the peer may not have is announced by %v", list)
	}
	r.ledger.syncing = true
	if list = announce(1); len(sent[*wire.MsgInv](list, 1))+len(sent[*wire.MsgHeaders](list, 1)) != 0 {
		t.Errorf("during the initial download: %v", list)
	}
}

// BIP 133: nothing is wanted during the initial download, and that ends at once
// with it; what a peer wants is heeded within the range of money only.
func TestBIP133(t *testing.T) {
	r := newRig(t, func(cfg *CoreConfig) { cfg.MinRelayFeeRate, cfg.IncrementalFeeRate = 100, 100 })
	r.ledger.syncing = true
	if m := sent[*wire.MsgFeeFilter](r.joinAs(1, peer.Manual, 70013), 1); len(m) != 1 || m[0].Rate < 9_000_000 {
		t.Errorf("during the initial download: %v", m)
	}
	if m := sent[*wire.MsgFeeFilter](r.joinAs(2, peer.Manual, 70012), 2); len(m) != 0 {
		t.Errorf("to a peer that does not know it: %v", m)
	}
	r.ledger.syncing = false
	tip := r.ledger.active.Tip()
	if m := sent[*wire.MsgFeeFilter](r.step(TipMoved{Old: tip, New: tip}), 1); len(m) != 1 || m[0].Rate != 100 {
		t.Errorf("after it: %v", m)
	}
	for _, rate := range []wire.FeeRate{-1, wire.FeeRate(wire.MaxMoney) + 1} {
		r.say(1, &wire.MsgFeeFilter{Rate: 5})
		r.say(1, &wire.MsgFeeFilter{Rate: rate})
		if got := r.Peers(r.now)[0].FeeFilter; got != 5 {
			t.Errorf("a filter of %d is taken: %d", rate, got)
		}
	}
}

// Who is blamed for which verdict, for all verdicts on blocks and headers.
func TestBlames(t *testing.T) {
	results := 0
	for result := range consensus.ResultMissingInputs { // from there on they are of transactions
		results++
		want, ok := map[consensus.Result]string{
			consensus.ResultUnset: "nobody", consensus.ResultTimeFuture: "nobody", consensus.ResultHeaderLowWork: "nobody",
			consensus.ResultConsensus: "sender", consensus.ResultMutated: "sender", consensus.ResultInvalidHeader: "sender",
			consensus.ResultInvalidPrev: "sender", consensus.ResultMissingPrev: "sender", consensus.ResultCachedInvalid: "outbound",
		}[result]
		if _, listed := blames[result]; !ok || !listed {
			t.Fatalf("result %d is in no table", result)
		}
		for kind, may := range map[peer.Kind]bool{
			peer.Inbound: want == "sender", peer.FullRelay: want != "nobody", peer.BlockRelay: want != "nobody", peer.Manual: false,
		} {
			r := newRig(t)
			r.join(1, kind)
			list := r.step(BlockJudged{Peer: 1, Err: &consensus.Error{Kind: consensus.ErrMerkleRoot, Result: result}})
			if got := dropped(list, 1); got != may {
				t.Errorf("result %d, %s peer: dropped %v; want %v", result, kind, got, may)
			}
		}
	}
	if results != len(blames) {
		t.Errorf("%d results, %d in the table", results, len(blames))
	}
}
