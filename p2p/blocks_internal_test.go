package p2p

import (
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/consensus"
	"grapevine/internal/u256"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// A peer that the operator trusts may bring headers of any work, and is not dropped
// for bringing them slowly.
func TestHeadersOfTrustedPeer(t *testing.T) {
	block := chaintest.New(t, newBareLedger().tree.Params(), 1).Mine(1, 0)[0]
	for _, trusted := range []bool{false, true} {
		r := newRig(t, func(cfg *CoreConfig) { cfg.MinimumChainWork = u256.FromUint64(1 << 40) })
		var may peer.Permissions
		if trusted {
			may = peer.NoBan
		}
		r.step(Connected{Peer: 1, Kind: peer.Inbound, Name: "1", Permissions: may})
		for _, m := range []wire.Message{
			&wire.MsgVersion{Version: ProtocolVersion, Services: wire.NodeNetwork | wire.NodeWitness, Nonce: 2, Relay: true}, &wire.MsgVerack{},
		} {
			r.say(1, m)
		}
		list := r.say(1, &wire.MsgHeaders{Headers: []wire.Header{block.Header}})
		if got := len(ofType[SubmitHeaders](list)) == 1; got != trusted {
			t.Errorf("trusted %v: submitted %v", trusted, got)
		}
	}
}

// A chain of too little work is shown to nobody but those who may download anything.
func TestLittleWorkIsNotShown(t *testing.T) {
	for may, want := range map[peer.Permissions]int{0: 0, peer.Relay: 0, peer.Download: 1, peer.NoBan: 1} {
		r := newRig(t, func(cfg *CoreConfig) { cfg.MinimumChainWork = u256.FromUint64(1 << 40) })
		r.allow(1, may, true)
		genesis := r.ledger.Active().Tip().Hash()
		list := sent[*wire.MsgHeaders](r.say(1, &wire.MsgGetHeaders{Stop: genesis}), 1)
		if len(list) != 1 || len(list[0].Headers) != want {
			t.Errorf("permissions %v: answered by %v; want %d headers", may, list, want)
		}
	}
}

// Headers that were sent after others, which were refused for what is nobody's
// fault, are not their sender's either.
func TestHeadersAfterRefusedOnes(t *testing.T) {
	blocks := chaintest.New(t, newBareLedger().tree.Params(), 1).Mine(2, 0)
	r := newRig(t)
	r.join(1, peer.Inbound)
	first := ofType[SubmitHeaders](r.say(1, &wire.MsgHeaders{Headers: []wire.Header{blocks[0].Header}}))
	second := ofType[SubmitHeaders](r.say(1, &wire.MsgHeaders{Headers: []wire.Header{blocks[1].Header}}))
	if len(first) != 1 || len(second) != 1 {
		t.Fatalf("submitted %d and %d", len(first), len(second))
	}
	verdict := func(a SubmitHeaders, why consensus.ErrorKind, result consensus.Result) (dropped bool) {
		err := &consensus.Error{Kind: why, Result: result}
		list := r.step(HeadersJudged{Peer: 1, Seq: a.Seq, Size: a.Size, Count: len(a.List), Err: err})
		return len(ofType[Disconnect](list)) > 0
	}
	if verdict(first[0], consensus.ErrTimeTooNew, consensus.ResultTimeFuture) || verdict(second[0], consensus.ErrPrevNotFound, consensus.ResultMissingPrev) {
		t.Error("dropped for our clock")
	}
	third := ofType[SubmitHeaders](r.say(1, &wire.MsgHeaders{Headers: []wire.Header{blocks[0].Header}}))
	if len(third) != 1 || !verdict(third[0], consensus.ErrBadDiffBits, consensus.ResultInvalidHeader) {
		t.Error("not dropped for an invalid header")
	}
}

// Who is slow in the first sync is dropped for another peer, unless the operator
// has promised otherwise.
func TestSlowPeerThatIsKept(t *testing.T) {
	for _, may := range []peer.Permissions{0, peer.NoBan} {
		r := newRig(t)
		r.ledger.syncing = true
		dropped := map[peer.ID]bool{}
		pong := func(list []Action) {
			for id := range peer.ID(2) {
				for _, m := range sent[*wire.MsgPing](list, id+1) {
					r.say(id+1, &wire.MsgPong{Nonce: m.Nonce})
				}
			}
		}
		for id := range peer.ID(2) {
			r.step(Connected{Peer: id + 1, Kind: peer.Manual, Name: id.String(), Permissions: may})
			for _, m := range []wire.Message{
				&wire.MsgVersion{Version: ProtocolVersion, Services: wire.NodeNetwork | wire.NodeWitness, Nonce: uint64(id) + 2}, &wire.MsgVerack{},
			} {
				pong(r.say(id+1, m))
			}
		}
		for end := r.now.Add(2 * time.Hour); r.now.Before(end); {
			at, _ := r.nextWake()
			r.now = at
			list := r.step(Tick{})
			pong(list)
			for _, d := range ofType[Disconnect](list) {
				dropped[d.Peer] = true
				r.step(Disconnected{Peer: d.Peer})
			}
		}
		if want := may == 0; dropped[1] != want || dropped[2] {
			t.Errorf("permissions %v: dropped %v", may, dropped)
		}
	}
}
