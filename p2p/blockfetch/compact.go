package blockfetch

import (
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// MaxHolders is how many peers may owe us the same block.
const MaxHolders = maxHolders

// Ask notes that a peer owes us a block that it was not asked for by a [Request]: it
// has announced it by a compact block, and is asked for what is missing of that. It
// reports false where that would be one too many, of the block or of the peer, or
// the peer owes it already; then it is not noted.
func (f *Fetcher) Ask(now time.Time, id peer.ID, n *headers.Node) bool {
	p := f.byID[id]
	if p == nil || p.dropped || p.owes(n) >= 0 || len(p.queue) >= f.cfg.PerPeer || f.flights[n].count == maxHolders {
		return false
	}
	f.load(p, n, now)
	f.changed = true
	return true
}

// Cancel notes that a block is not waited for from this peer any more.
func (f *Fetcher) Cancel(id peer.ID, n *headers.Node) {
	p := f.byID[id]
	if p == nil {
		return
	}
	if i := p.owes(n); i >= 0 {
		f.unload(p, i, time.Time{})
		f.rewind(n)
		f.changed = true
	}
}

// Late notes that a peer has answered for a block which came from elsewhere
// meanwhile: it owes it no more. It does nothing while the block is needed.
func (f *Fetcher) Late(id peer.ID, n *headers.Node) {
	if p := f.byID[id]; p != nil {
		if i := p.owes(n); i >= 0 && p.queue[i].late {
			f.Cancel(id, n)
		}
	}
}

// Owes reports whether the peer owes us the block.
func (f *Fetcher) Owes(id peer.ID, n *headers.Node) bool {
	p := f.byID[id]
	return p != nil && p.owes(n) >= 0
}

// Load returns how many blocks the peer owes us.
func (f *Fetcher) Load(id peer.ID) int {
	if p := f.byID[id]; p != nil {
		return len(p.queue)
	}
	return 0
}

// Holders returns the peers that owe us the block, in the order in which they were
// asked.
func (f *Fetcher) Holders(n *headers.Node) []peer.ID {
	fl := f.flights[n]
	list := make([]peer.ID, fl.count)
	for i, p := range fl.holders[:fl.count] {
		list[i] = p.id
	}
	return list
}

// Underway returns how many blocks are on their way.
func (f *Fetcher) Underway() int { return len(f.flights) }

// Arrived reports whether the block is here without a verdict.
func (f *Fetcher) Arrived(hash wire.BlockHash) bool { return f.credits.has(hash) }

// Rebuilt is [Fetcher.Received] for a block that was put together from a compact
// one: of so many bytes, that say nothing of the peer's pace.
func (f *Fetcher) Rebuilt(now time.Time, id peer.ID, hash wire.BlockHash, size int) (asked bool) {
	p, n := f.byID[id], f.view.Tree().Lookup(hash)
	if p != nil && n != nil {
		if i := p.owes(n); i >= 0 {
			f.unload(p, i, now)
			p.delivered, p.slow = now, false
			asked = true
		}
	}
	f.credits.arrived(hash, id, int64(size), asked)
	f.changed = true
	return asked
}
