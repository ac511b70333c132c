package p2p

import (
	"math"
	"testing"
	"time"

	"grapevine/chain/chaintest"
	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

func TestUploadTarget(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	const day = 144 * blockReserve // what the blocks of a day may take: 576 MB
	for _, c := range []struct {
		name               string
		target             int64
		sent               int
		after              time.Duration // since the first byte
		history, all       bool          // reached
		left               int64
		remaining          time.Duration
		cycleHasAlsoPassed bool
	}{
		{"no target", 0, math.MaxInt32, time.Hour, false, false, 0, 0, false},
		{"all is for new blocks", day, 1, 0, true, false, day - 1, uploadCycle, false},
		{"a byte is not", day + 2, 1, 0, false, false, day + 1, uploadCycle, false},
		{"and it is sent", day + 1, 1, 0, true, false, day, uploadCycle, false},
		{"half of the day is over", day/2 + 2, 1, uploadCycle / 2, false, false, day/2 + 1, uploadCycle / 2, false},
		{"nine minutes count for nothing", 2, 1, uploadCycle - 9*time.Minute, false, false, 1, 9 * time.Minute, false},
		{"ten for a block", 2, 1, uploadCycle - 10*time.Minute, true, false, 1, 10 * time.Minute, false},
		{"all is sent", 1000, 1000, uploadCycle - 1, true, true, 0, 1, false},
		{"more is sent", 1000, 1001, uploadCycle, true, true, 0, 0, false},
	} {
		u := upload{target: c.target}
		u.add(start, c.sent)
		now := start.Add(c.after)
		got := u.info(now)
		if want := (UploadInfo{Cycle: uploadCycle, Target: c.target, Reached: c.all, ServesHistory: !c.history, BytesLeft: c.left, CycleRemaining: c.remaining}); got != want {
			t.Errorf("%s: %+v, want %+v", c.name, got, want)
		}
	}
	u := upload{target: 1000}
	if got := u.left(start); got != uploadCycle {
		t.Errorf("%v before anything was sent", got)
	}
	u.add(start, 1000)
	u.add(start.Add(uploadCycle), 10) // still the same
	if u.sent != 1010 {
		t.Errorf("%d bytes at the end of the cycle", u.sent)
	}
	u.add(start.Add(uploadCycle+1), 10)
	if u.sent != 10 || u.reached(start.Add(uploadCycle+1), false) {
		t.Errorf("%d bytes in the next cycle", u.sent)
	}
}

// Past the target, who asks for a block of long ago has to leave, unless it may ask
// all the same; recent blocks are served.
func TestHistoryIsNotServedPastTheTarget(t *testing.T) {
	branch := chaintest.New(t, params.Regtest(params.RegtestOptions{}), 1)
	blocks := branch.Mine(2, 0)
	for _, c := range []struct {
		name    string
		target  int64
		granted peer.Permissions
		age     time.Duration
		served  bool
	}{
		{"within the target", math.MaxInt64, 0, historicalAge + time.Second, true},
		{"history", 1, 0, historicalAge + time.Second, false},
		{"a week old", 1, 0, historicalAge, true},
		{"history, to who may download", 1, peer.Download, historicalAge + time.Second, true},
		{"history, to who may do more", 1, peer.NoBan, historicalAge + time.Second, true},
		{"history, to who may do other things", 1, peer.Addr | peer.Mempool | peer.Relay, historicalAge + time.Second, false},
		{"no target", 0, 0, historicalAge + time.Second, true},
	} {
		r := newRig(t, func(cfg *CoreConfig) { cfg.UploadTarget = c.target })
		old := r.ledger.tree.Insert(blocks[0].Header, r.ledger.tree.Best())
		later := blocks[1].Header
		later.Time = uint32(old.Time() + int64(c.age/time.Second))
		best := r.ledger.tree.Insert(later, old)
		for _, n := range []*headers.Node{old, best} {
			n.SetStatus(n.Status() | headers.StatusHasData | headers.StatusValidTransactions | headers.StatusValidScripts)
		}
		r.ledger.active = r.ledger.active.With(best)
		r.joinGranted(1, c.granted)
		r.step(Wrote{Peer: 1, OnWire: 1000})
		list := r.say(1, &wire.MsgGetData{Items: []wire.Inv{wire.InvOfBlock(old.Hash())}})
		served, dropped := len(ofType[ServeBlock](list)) == 1, len(ofType[Disconnect](list)) == 1
		if served != c.served || dropped == c.served {
			t.Errorf("%s: served %v, dropped %v", c.name, served, dropped)
		}
	}
}

// joinGranted is join for a peer that an operator grants something.
func (r *rig) joinGranted(id peer.ID, granted peer.Permissions) {
	r.t.Helper()
	r.step(Connected{Peer: id, Kind: peer.Inbound, Name: id.String(), Permissions: granted})
	r.say(id, &wire.MsgVersion{Version: ProtocolVersion, Services: wire.NodeNetwork | wire.NodeWitness, Nonce: uint64(id) + 1, Relay: true})
	r.say(id, &wire.MsgVerack{})
}

// The same for what takes more than a block's worth of work: filtered blocks of any
// age, and the list of the whole pool.
func TestOffersPastTheTarget(t *testing.T) {
	for _, c := range []struct {
		granted      peer.Permissions
		block, whole bool // drops who asks
	}{
		{0, true, true},
		{peer.Download, false, true},
		{peer.Mempool, true, false},
		{peer.NoBan, false, false},
	} {
		for _, reached := range []bool{false, true} {
			r := newRig(t, func(cfg *CoreConfig) {
				cfg.Services |= wire.NodeBloom
				cfg.UploadTarget = 2 * 144 * blockReserve
			})
			r.joinGranted(1, c.granted)
			r.say(1, &wire.MsgFilterLoad{Data: []byte{0xff}, HashFuncs: 1})
			if reached {
				r.step(Wrote{Peer: 1, OnWire: 2 * 144 * blockReserve})
			}
			tip := r.ledger.active.Tip()
			tip.SetStatus(tip.Status() | headers.StatusHasData)
			list := r.say(1, &wire.MsgGetData{Items: []wire.Inv{wire.InvOfBlock(tip.Hash()).As(wire.InvFilteredBlock)}})
			if got, want := len(ofType[Disconnect](list)) == 1, c.block && reached; got != want || (len(ofType[ServeBlock](list)) == 1) == want {
				t.Errorf("with %v, reached %v: a filtered block drops: %v", c.granted, reached, got)
			}
			r.joinGranted(2, c.granted)
			if got, want := len(ofType[Disconnect](r.say(2, &wire.MsgMempool{}))) == 1, c.whole && reached; got != want {
				t.Errorf("with %v, reached %v: the pool drops: %v", c.granted, reached, got)
			}
		}
	}
}
