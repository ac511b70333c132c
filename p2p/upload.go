package p2p

import (
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
)

const (
	// uploadCycle is how long the target of bytes to send is for.
	uploadCycle = 24 * time.Hour
	// historicalAge is from when on a block is history, by the time of the best header.
	historicalAge = 7 * 24 * time.Hour
	// blockReserve is what is kept for each new block of the rest of the cycle, one in
	// ten minutes: the largest there can be.
	blockReserve = 4_000_000
	blockEvery   = 10 * time.Minute
)

// upload accounts for the bytes that are sent, against a target for each day
// (-maxuploadtarget). It keeps nobody from being told of new blocks and transactions:
// past the target, history is not served any more, as that is most of it. So that new
// blocks find room, history ends earlier: at what the blocks of the rest of the day
// may take.
type upload struct {
	target int64 // 0: none
	sent   int64 // since the cycle began
	since  time.Time
}

// UploadInfo is what getnettotals tells of the target.
type UploadInfo struct {
	Cycle          time.Duration
	Target         int64 // bytes, 0 when there is none
	Reached        bool
	ServesHistory  bool
	BytesLeft      int64
	CycleRemaining time.Duration
}

// add counts bytes that were sent.
func (u *upload) add(now time.Time, n int) {
	if now.Sub(u.since) > uploadCycle {
		u.since, u.sent = now, 0
	}
	u.sent += int64(n)
}

// left returns how long the cycle still lasts.
func (u *upload) left(now time.Time) time.Duration {
	if u.target == 0 {
		return 0
	}
	if u.since.IsZero() {
		return uploadCycle
	}
	return max(u.since.Add(uploadCycle).Sub(now), 0)
}

// reached reports whether the target is, for history or for all else.
func (u *upload) reached(now time.Time, history bool) bool {
	if u.target == 0 {
		return false
	}
	limit := u.target
	if history {
		limit -= int64(u.left(now)/blockEvery) * blockReserve
	}
	return limit <= 0 || u.sent >= limit
}

// info describes the state.
func (u *upload) info(now time.Time) UploadInfo {
	i := UploadInfo{Cycle: uploadCycle, Target: u.target, Reached: u.reached(now, false), ServesHistory: !u.reached(now, true), CycleRemaining: u.left(now)}
	if u.target > 0 {
		i.BytesLeft = max(u.target-u.sent, 0)
	}
	return i
}

// Upload describes what may still be sent.
func (c *Core) Upload(now time.Time) UploadInfo { return c.upload.info(now) }

// refusesHistory ends the connection of a peer that asks for history beyond the
// target, and reports whether it did. It would wait in vain otherwise, and another
// node may serve it.
func (c *Core) refusesHistory(now time.Time, p *peerState, n *headers.Node, filtered bool) bool {
	if p.permissions.Has(peer.Download) || !c.upload.reached(now, true) {
		return false
	}
	best := c.cfg.Ledger.BestHeader()
	age := time.Duration(int64(best.Time())-int64(n.Time())) * time.Second
	if age <= historicalAge && !filtered {
		return false
	}
	c.drop(p, "the target for historical blocks is reached")
	return true
}

// refusesPool does so for one that asks for the whole pool.
func (c *Core) refusesPool(now time.Time, p *peerState) bool {
	if p.permissions.Has(peer.Mempool) || !c.upload.reached(now, false) {
		return false
	}
	if !p.permissions.Has(peer.NoBan) {
		c.drop(p, "the target for uploads is reached")
	}
	return true
}
