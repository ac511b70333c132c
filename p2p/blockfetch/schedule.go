package blockfetch

import (
	"slices"
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
)

// retryAfter is when a peer that did not have a block is asked for it again.
const retryAfter = time.Minute

// want is a peer that can be asked for more, and the block that it comes to
// next.
type want struct {
	peer *peerState
	node *headers.Node
	room int
	// tight is set while the peer has nearly all that it may have at a time: it
	// is then asked only for what the chain waits for, not for one block each
	// time one comes.
	tight bool
}

// obstacle says why a peer is asked for nothing more.
type obstacle uint8

const (
	obstacleNone    obstacle = iota
	obstacleEnd              // all is asked for, or it cannot be had from this peer
	obstacleWindow           // the next block is beyond the window
	obstacleCredits          // the bytes are spent
)

// Next returns what is to be done now. While nothing has changed it costs
// nothing; else some steps a peer, and amortised one a block and peer.
func (f *Fetcher) Next(now time.Time) Decision {
	if !f.due(now) {
		return Decision{}
	}
	f.look(now)
	var d Decision
	f.expire(now, &d)
	f.markSlow(now)
	f.assign(now, &d)
	f.hedge(now, &d)
	f.blame(now)
	f.plan(now)
	return d
}

// Wake returns when Next is to be called even if nothing happens; ok is false
// when there is no such time.
func (f *Fetcher) Wake() (at time.Time, ok bool) { return f.wake, !f.wake.IsZero() }

// due reports whether anything changed since the last decision.
func (f *Fetcher) due(now time.Time) bool {
	switch {
	case f.changed, !f.wake.IsZero() && !now.Before(f.wake):
		return true
	case f.short && f.credits.used(f.view.Queued())+f.blockCost() <= f.cfg.Credits:
		return true
	default:
		return f.view.Active().Tip() != f.tip || f.view.Tree().Len() != f.known || f.view.Syncing() != f.syncing
	}
}

// look takes in the present view.
func (f *Fetcher) look(now time.Time) {
	tip, known := f.view.Active().Tip(), f.view.Tree().Len()
	if f.tip != nil && tip != f.tip {
		f.patience.grown(tip.Height() - f.tip.Height())
	}
	fresh := known != f.known
	f.tip, f.known, f.syncing, f.changed = tip, known, f.view.Syncing(), false
	for _, p := range f.peers {
		if fresh {
			f.resolve(p)
		}
		if p.lacking && p.retry.IsZero() {
			p.retry = now.Add(retryAfter)
		}
		if !p.retry.IsZero() && !now.Before(p.retry) {
			p.refused, p.lacking, p.retry, p.next = nil, false, time.Time{}, 0
		}
		p.follow(tip)
	}
	f.changed = false // resolve may have set it
}

// useful reports whether a peer may be asked for blocks at all.
func (f *Fetcher) useful(p *peerState) bool {
	if p.dropped || !p.serves() || p.best == nil || p.best == p.fork || len(p.refused) >= maxRefused {
		return false
	}
	work := p.best.ChainWork()
	return work.Cmp(f.tip.ChainWork()) >= 0 && work.Cmp(f.cfg.MinWork) >= 0
}

// welcome reports whether a useful peer is one to fetch from at present. During
// the initial download the load is put on preferred peers where there are any,
// and pruned ones are left alone.
func (f *Fetcher) welcome(p *peerState, preferred int) bool {
	if !f.syncing {
		return true
	}
	return !p.limited() && (p.opts.Preferred || preferred == 0 || len(f.flights) == 0)
}

// preferred counts the preferred peers that send what they are asked for.
func (f *Fetcher) preferred() (n int) {
	for _, p := range f.peers {
		if p.opts.Preferred && !p.dropped && !p.slow {
			n++
		}
	}
	return n
}

// most is how many blocks any peer may owe us at a time.
func (f *Fetcher) most() int {
	n := f.cfg.PeerBytes / f.credits.blockSize()
	return int(min(max(n, int64(f.cfg.PerPeer)), int64(f.cfg.PeerBurst)))
}

// allowance is how many blocks the peer may owe us at a time: what it sends in a
// few seconds.
func (f *Fetcher) allowance(p *peerState) int {
	size, most := f.credits.blockSize(), f.most()
	least := max(leastAsked, int(leastBytes/size))
	if !p.pace.known() {
		least = max(least, firstAsked)
	}
	return min(max(p.pace.within(ahead, size, most), least), most)
}

// assign asks for blocks, the lowest first over all peers; of peers that have
// the same one next, the one that owes us least, and of those the one that was
// not asked for longest.
func (f *Fetcher) assign(now time.Time, d *Decision) {
	f.held, f.short = false, false
	f.collect()
	for {
		i := f.lowest()
		if i < 0 {
			return
		}
		w := &f.wants[i]
		n := w.node
		if !f.affords(w.peer, n) {
			f.held, f.short, w.node = true, true, nil
			continue
		}
		f.load(w.peer, n, now)
		d.request(w.peer.id, n)
		w.room--
		f.proceed(n)
	}
}

// collect finds the peers that can be asked for more. Peers that are not
// preferred may be among them when nothing is on its way; not where a preferred
// one will be asked now.
func (f *Fetcher) collect() {
	f.wants = f.wants[:0]
	preferred := f.preferred()
	better := false
	for _, p := range f.peers {
		allowance := f.allowance(p)
		room := allowance - len(p.queue)
		if room <= 0 || !f.useful(p) || !f.welcome(p, preferred) {
			continue
		}
		p.complete()
		if n, _ := f.candidate(p); n != nil {
			f.wants = append(f.wants, want{peer: p, node: n, room: room, tight: 4*room < allowance})
			better = better || p.opts.Preferred
		}
	}
	if f.syncing && better {
		f.wants = slices.DeleteFunc(f.wants, func(w want) bool { return !w.peer.opts.Preferred && preferred > 0 })
	}
}

// lowest returns the position of the want to serve next, -1 when none is left.
func (f *Fetcher) lowest() int {
	best := -1
	for i := range f.wants {
		w := &f.wants[i]
		if w.node == nil || w.room == 0 || w.tight && f.starving(w.peer) != w.node {
			continue
		}
		if best < 0 || w.before(&f.wants[best]) {
			best = i
		}
	}
	return best
}

func (w *want) before(v *want) bool {
	switch {
	case w.node.Height() != v.node.Height():
		return w.node.Height() < v.node.Height()
	case w.peer.slow != v.peer.slow:
		return v.peer.slow
	case w.peer.opts.Preferred != v.peer.opts.Preferred:
		return w.peer.opts.Preferred
	case len(w.peer.queue) != len(v.peer.queue):
		return len(w.peer.queue) < len(v.peer.queue)
	default:
		return w.peer.turn < v.peer.turn
	}
}

// proceed moves those past n that would have asked for it.
func (f *Fetcher) proceed(n *headers.Node) {
	for i := range f.wants {
		if w := &f.wants[i]; w.node == n {
			w.node, _ = f.candidate(w.peer)
		}
	}
}

// candidate returns the lowest block that the peer could be asked for, or why
// there is none.
func (f *Fetcher) candidate(p *peerState) (*headers.Node, obstacle) {
	end := f.windowEnd(p)
	for p.reach(p.next) {
		n := p.path[p.next]
		switch s := n.Status(); {
		case s.Invalid():
			return nil, obstacleEnd
		case !p.opts.Witness && f.segwit(n):
			return nil, obstacleEnd
		case s.Has(headers.StatusHasData) || f.underway(n) || !f.may(p, n):
			p.next++
			continue
		case n.Height() > end:
			return nil, obstacleWindow
		default:
			return n, obstacleNone
		}
	}
	return nil, obstacleEnd
}

// windowSteps is in how many steps the window moves by its length, so that not
// every block that connects makes a request of its own.
const windowSteps = 32

// windowEnd is the height up to which blocks are asked of the peer. The window
// moves with the tip; on a branch, where the tip stays until the branch has more
// work, with the last block that is complete.
func (f *Fetcher) windowEnd(p *peerState) int32 {
	base := p.fork
	if base != f.tip {
		base = p.common()
	}
	end := base.Height() + int32(f.cfg.Window)
	return end - end%max(1, int32(f.cfg.Window/windowSteps))
}

// underway reports whether n was asked for, or is here without a verdict.
func (f *Fetcher) underway(n *headers.Node) bool {
	if _, ok := f.flights[n]; ok {
		return true
	}
	return f.credits.has(n.Hash())
}

// segwit reports whether n may have a witness.
func (f *Fetcher) segwit(n *headers.Node) bool {
	return n.Height() >= f.view.Tree().Params().SegwitHeight
}

// may reports whether the peer can be asked for n, which is on its chain.
func (f *Fetcher) may(p *peerState, n *headers.Node) bool {
	return !p.refused[n] && (p.opts.Witness || !f.segwit(n)) &&
		(!p.limited() || p.best.Height()-n.Height() < limitedDepth)
}

// starving returns the block that the peer's chain needs to grow, nil when the
// active chain can grow yet with what is here.
func (f *Fetcher) starving(p *peerState) *headers.Node {
	if p.have > 0 && p.fork == f.tip || !p.reach(p.have) {
		return nil
	}
	return p.path[p.have]
}

// blockCost is what one more request takes of the credits.
func (f *Fetcher) blockCost() int64 { return max(f.credits.blockSize(), f.credits.floor) }

// affords reports whether the credits allow to ask for n. What the chain needs
// to grow is let through whatever is spent: without it nothing may ever come
// back. There is one such block a branch, so that the excess is one block for
// each branch that has as much work as the active chain.
func (f *Fetcher) affords(p *peerState, n *headers.Node) bool {
	return f.starving(p) == n || f.credits.inFlight == 0 && f.credits.bytes == 0 ||
		f.credits.used(f.view.Queued())+f.blockCost() <= f.cfg.Credits
}

func (d *Decision) request(id peer.ID, n *headers.Node) {
	for i := range d.Requests {
		if r := &d.Requests[i]; r.Peer == id {
			r.Nodes = append(r.Nodes, n)
			return
		}
	}
	d.Requests = append(d.Requests, Request{Peer: id, Nodes: []*headers.Node{n}})
}
