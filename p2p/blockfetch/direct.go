package blockfetch

import (
	"slices"
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
)

// Request takes those of nodes for a peer that can be asked of it now, in that
// order, and returns them: the caller asks for them. Left out is what is here,
// under way, invalid, or more than the peer's and the credits' limits allow.
func (f *Fetcher) Request(now time.Time, id peer.ID, nodes []*headers.Node) []*headers.Node {
	p := f.byID[id]
	if p == nil || p.dropped || !p.serves() {
		return nil
	}
	var list []*headers.Node
	for _, n := range nodes {
		if len(p.queue) >= f.allowance() {
			break
		}
		if s := n.Status(); s.Invalid() || s.Has(headers.StatusHasData) || f.underway(n) {
			continue
		}
		if p.refused[n] || !p.opts.Witness && f.segwit(n) {
			continue
		}
		first := n.Parent().Status().Has(headers.StatusHasData)
		if !first && f.credits.used(f.view.Queued())+f.blockCost() > f.cfg.Credits {
			break
		}
		f.load(p, n, now)
		list = append(list, n)
	}
	f.changed = f.changed || len(list) > 0
	return list
}

// directWithin is how old the tip may be, in blocks' time, for announced blocks
// to be fetched from who announced them at once.
const directWithin = 20

// Direct reserves the blocks that lead to one whose header the peer has just
// sent, and returns them: the caller asks for them. It does so near the tip
// only, for a chain with at least as much work, that parts from the active one
// at most 16 blocks before: all else is left to Next.
func (f *Fetcher) Direct(now time.Time, id peer.ID, last *headers.Node) []*headers.Node {
	active := f.view.Active()
	tip := active.Tip()
	if last.Status().Invalid() || last.ChainWork().Cmp(tip.ChainWork()) < 0 || last.ChainWork().Cmp(f.cfg.MinWork) < 0 {
		return nil
	}
	if !time.Unix(tip.Time(), 0).After(now.Add(-directWithin * f.cfg.Spacing)) {
		return nil
	}
	var list []*headers.Node
	at := last
	for ; !active.Contains(at); at = at.Parent() {
		if len(list) > f.cfg.PerPeer {
			return nil
		}
		if !at.Status().Has(headers.StatusHasData) && !f.underway(at) {
			list = append(list, at)
		}
	}
	slices.Reverse(list)
	return f.Request(now, id, list)
}
