package p2p

import (
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/params"
	"grapevine/p2p/compact"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// Messages of compact blocks are released once, whatever becomes of their peer on the
// way.
func TestCompactBlocksAreReleasedOnce(t *testing.T) {
	branch := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	branch.Mine(101, 0)
	for leaveAfter := range 5 {
		for _, missing := range []bool{true, false} {
			r := newRig(t)
			r.now = time.Unix(int64(branch.Blocks[0].Header.Time), 0)
			r.join(1, peer.Inbound)
			r.say(1, &wire.MsgSendCmpct{Version: compact.Version})
			p := r.peers[1]
			p.compact.asked = true
			r.compact.announcers.Brought(1, false)
			block := branch.Blocks[0]
			received, released, left, submitted := 0, 0, false, false
			var todo []Action
			note := func(list []Action) {
				todo = append(todo, list...)
				for _, a := range ofType[Release](list) {
					released += a.Bytes
				}
			}
			say := func(m wire.Message) {
				if !left {
					received += 100
					note(r.say(1, m))
				}
			}
			leave := func(step int) {
				if step == leaveAfter {
					left = true
					note(r.step(Disconnected{Peer: 1}))
				}
			}
			say(compact.Build(block, 1))
			leave(0)
			for len(todo) > 0 {
				a := todo[0]
				todo = todo[1:]
				switch a := a.(type) {
				case SubmitHeaders:
					leave(1)
					note(r.step(HeadersJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Count: 1, Last: r.grow(block)}))
				case Reconstruct:
					leave(2)
					ev := Reconstructed{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Hash: a.Hash, Block: block}
					if missing {
						ev.Block, ev.Missing, ev.Partial = nil, []uint16{0}, bareMade{}
					}
					note(r.step(ev))
				case Send:
					if _, ok := a.Msg.(*wire.MsgGetBlockTxn); ok {
						say(&wire.MsgBlockTxn{Block: block.Hash(), Txs: block.Txs[:1]})
					}
				case Complete:
					leave(3)
					note(r.step(Reconstructed{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Hash: a.Hash, Block: block}))
				case SubmitBlock:
					leave(4)
					submitted = true
					if !a.Compact || !a.Requested {
						t.Errorf("submitted as %+v", a)
					}
					note(r.step(BlockJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Hash: a.Block.Hash(), Requested: true, Compact: true, Fresh: true}))
				}
			}
			if leaveAfter >= 3 && !submitted {
				t.Errorf("leaves after step %d, missing %v: no block is submitted", leaveAfter, missing)
			}
			if released != received {
				t.Errorf("leaves after step %d, missing %v: %d of %d bytes are released", leaveAfter, missing, released, received)
			}
		}
	}
}

// bareMade is a block put together that nobody looks into.
type bareMade struct{}

func (bareMade) Footprint() int { return 1 }

// Who announces by compact blocks announces: it is not the one to go when there are too
// many outbound peers.
func TestCompactBlockIsAnAnnouncement(t *testing.T) {
	r := newRig(t)
	branch := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	block := branch.Mine(1, 0)[0]
	r.now = time.Unix(int64(block.Header.Time), 0)
	for id := range peer.ID(2) {
		r.join(id, peer.FullRelay)
		r.say(id, &wire.MsgSendCmpct{Version: compact.Version})
	}
	a := ofType[SubmitHeaders](r.say(0, compact.Build(block, 1)))[0]
	r.step(HeadersJudged{Peer: 0, Seq: a.Seq, Size: a.Size, Count: 1, Last: r.grow(block)})
	if !r.peers[0].blocks.announcedAt.Equal(r.now) {
		t.Errorf("announced at %v", r.peers[0].blocks.announcedAt)
	}
	r.say(1, compact.Build(block, 2))
	if !r.peers[1].blocks.announcedAt.IsZero() || r.fetch.Best(1) == nil {
		t.Errorf("the second announced at %v, has %v", r.peers[1].blocks.announcedAt, r.fetch.Best(1))
	}
}
