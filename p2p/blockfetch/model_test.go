package blockfetch

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// model is the fetcher's rules without any of its shortcuts: every question is
// answered by looking at everything, and every decision is made anew, whether or
// not anything changed.
type model struct {
	cfg   Config
	v     *fakeView
	peers map[peer.ID]*modelPeer

	arrivals []modelArrival
	sizes    []int64 // of all that arrived when asked for
	pat      patience
	tip      *headers.Node
	asks     int
}

type modelPeer struct {
	id      peer.ID
	opts    Options
	best    *headers.Node
	unknown wire.BlockHash
	refused map[*headers.Node]bool
	lacking bool
	retry   time.Time
	queue   []modelEntry

	downloading, delivered, stalling time.Time
	slow, dropped                    bool

	sends []modelSend // all that was asked for
	turn  int
}

type modelSend struct {
	bytes             int64
	asked, before, at time.Time
}

type modelEntry struct {
	node *headers.Node
	at   time.Time
	nth  int // of all requests
	late bool
}

type modelArrival struct {
	hash  wire.BlockHash
	from  peer.ID
	size  int64
	asked bool
}

func newModel(cfg Config, v *fakeView) *model {
	return &model{cfg: cfg.withDefaults(), v: v, peers: make(map[peer.ID]*modelPeer), pat: newPatience()}
}

func (m *model) sorted() []*modelPeer {
	return slices.SortedFunc(maps.Values(m.peers), func(a, b *modelPeer) int { return cmp.Compare(a.id, b.id) })
}

func (m *model) has(id peer.ID, n *headers.Node) {
	p := m.peers[id]
	if p == nil || n == p.best || p.best != nil && n.ChainWork().Cmp(p.best.ChainWork()) < 0 {
		return
	}
	p.best = n
	if len(p.refused) >= maxRefused {
		p.refused = make(map[*headers.Node]bool)
	}
}

func (m *model) resolve(p *modelPeer) {
	if n := m.v.tree.Lookup(p.unknown); n != nil {
		p.unknown = wire.BlockHash{}
		m.has(p.id, n)
	}
}

func (m *model) announced(id peer.ID, hash wire.BlockHash) {
	p := m.peers[id]
	if p == nil {
		return
	}
	m.resolve(p)
	if n := m.v.tree.Lookup(hash); n != nil {
		m.has(id, n)
	} else {
		p.unknown = hash
	}
}

func (m *model) take(p *modelPeer, n *headers.Node, now time.Time) bool {
	i := slices.IndexFunc(p.queue, func(e modelEntry) bool { return e.node == n })
	if i < 0 {
		return false
	}
	p.queue = slices.Delete(p.queue, i, i+1)
	p.stalling = time.Time{}
	if i == 0 && now.After(p.downloading) {
		p.downloading = now
	}
	return true
}

func (m *model) received(now time.Time, id peer.ID, hash wire.BlockHash, size int) bool {
	p, n := m.peers[id], m.v.tree.Lookup(hash)
	asked := p != nil && n != nil && slices.ContainsFunc(p.queue, func(e modelEntry) bool { return e.node == n })
	if asked {
		i := slices.IndexFunc(p.queue, func(e modelEntry) bool { return e.node == n })
		p.sends = append(p.sends, modelSend{int64(size), p.queue[i].at, p.delivered, now})
		m.take(p, n, now)
		p.delivered, p.slow = now, false
		m.sizes = append(m.sizes, int64(size))
	}
	m.arrivals = append(m.arrivals, modelArrival{hash, id, int64(size), asked})
	return asked
}

func (m *model) judged(hash wire.BlockHash, refused bool) {
	i := slices.IndexFunc(m.arrivals, func(a modelArrival) bool { return a.hash == hash })
	if i < 0 {
		return
	}
	a := m.arrivals[i]
	m.arrivals = slices.Delete(m.arrivals, i, i+1)
	n := m.v.tree.Lookup(hash)
	if n == nil {
		return
	}
	if s := n.Status(); s.Has(headers.StatusHasData) || s.Invalid() {
		for _, p := range m.peers {
			for i := range p.queue {
				p.queue[i].late = p.queue[i].late || p.queue[i].node == n
			}
		}
		if !refused {
			return
		}
	}
	if p := m.peers[a.from]; p != nil && (refused || a.asked) {
		p.refused[n] = true
	}
}

func (m *model) notFound(id peer.ID, hash wire.BlockHash) {
	p, n := m.peers[id], m.v.tree.Lookup(hash)
	if p != nil && n != nil && m.take(p, n, time.Time{}) {
		p.refused[n] = true
		p.lacking = true
	}
}

// The questions.

func (m *model) holders(n *headers.Node) []*modelPeer {
	nth := make(map[*modelPeer]int)
	for _, p := range m.peers {
		for _, e := range p.queue {
			if e.node == n && !e.late {
				nth[p] = e.nth
			}
		}
	}
	return slices.SortedFunc(maps.Keys(nth), func(a, b *modelPeer) int { return cmp.Compare(nth[a], nth[b]) })
}

func (m *model) inFlight() (count int, last int) {
	for _, p := range m.peers {
		for _, e := range p.queue {
			last = max(last, e.nth)
			if !e.late {
				count++
			}
		}
	}
	return count, last
}

func (m *model) blockSize() int64 {
	if len(m.sizes) == 0 {
		return firstSize
	}
	return max(slices.Max(m.sizes[max(0, len(m.sizes)-recentSizes):]), 1)
}

func (m *model) fits() bool {
	waiting := int64(0)
	for _, a := range m.arrivals {
		waiting += a.size
	}
	cost := max(m.blockSize(), m.cfg.Credits/int64(m.cfg.Window))
	count, _ := m.inFlight()
	return int64(count+1)*cost+max(waiting, m.v.queued) <= m.cfg.Credits
}

func (m *model) affords(p *modelPeer, n *headers.Node) bool {
	count, _ := m.inFlight()
	return m.starving(p) == n || count == 0 && len(m.arrivals) == 0 || m.fits()
}

func (m *model) allowance(p *modelPeer) int {
	most := int(min(max(m.cfg.PeerBytes/m.blockSize(), int64(m.cfg.PerPeer)), int64(m.cfg.PeerBurst)))
	least := max(2, int(65536/m.blockSize()))
	bytes, busy, _ := p.pace()
	switch {
	case bytes == 0:
		return min(max(least, 4), most)
	case busy == 0:
		return most
	default:
		n := float64(bytes) / float64(m.blockSize()) * float64(4*time.Second) / float64(busy)
		return int(min(max(n, float64(least)), float64(most)))
	}
}

// pace is found anew from all that the peer ever sent.
func (p *modelPeer) pace() (bytes int64, busy, trip time.Duration) {
	for i, s := range p.sends {
		trip = longest
		for _, earlier := range p.sends[:i] {
			trip = min(trip, max(earlier.at.Sub(earlier.asked), 1))
		}
		if i == 0 || s.before.Sub(s.asked) < trip {
			continue
		}
		bytes, busy = bytes+s.bytes, busy+s.at.Sub(s.before)
		for busy > 4*time.Second {
			bytes, busy = max(bytes/2, 1), busy/2
		}
	}
	for i, s := range p.sends {
		if took := max(s.at.Sub(s.asked), 1); i == 0 || took < trip {
			trip = took
		}
	}
	return bytes, busy, trip
}

// takes is how long so many blocks take at the peer's pace.
func (m *model) takes(p *modelPeer, blocks int) time.Duration {
	bytes, busy, _ := p.pace()
	if bytes == 0 {
		return 0
	}
	return time.Duration(min(float64(blocks)*float64(m.blockSize())*float64(busy)/float64(bytes), float64(longest)))
}

func (m *model) takesOneMore(p *modelPeer) time.Duration {
	_, _, trip := p.pace()
	return trip + m.takes(p, len(p.queue)+1)
}

func (m *model) underway(n *headers.Node) bool {
	return len(m.holders(n)) > 0 || slices.ContainsFunc(m.arrivals, func(a modelArrival) bool { return a.hash == n.Hash() })
}

// way lists the blocks above the fork on the way to the peer's best.
func (m *model) way(p *modelPeer) (fork *headers.Node, list []*headers.Node) {
	fork = p.best
	for ; !m.v.active.Contains(fork); fork = fork.Parent() {
		list = append(list, fork)
	}
	slices.Reverse(list)
	return fork, list
}

func complete(n *headers.Node) bool {
	return n.Status().Has(headers.StatusHasData) && n.ChainTxCount() != 0
}

func (m *model) common(p *modelPeer) *headers.Node {
	if p.best == nil {
		return nil
	}
	common, list := m.way(p)
	for _, n := range list {
		if !complete(n) {
			break
		}
		common = n
	}
	return common
}

func (m *model) starving(p *modelPeer) *headers.Node {
	fork, list := m.way(p)
	i := slices.IndexFunc(list, func(n *headers.Node) bool { return !complete(n) })
	if i < 0 || i > 0 && fork == m.v.active.Tip() {
		return nil
	}
	return list[i]
}

func (m *model) may(p *modelPeer, n *headers.Node) bool {
	segwit := n.Height() >= m.v.tree.Params().SegwitHeight
	return !p.refused[n] && (p.opts.Witness || !segwit) && (p.opts.Network || p.best.Height()-n.Height() < 286)
}

func (m *model) candidate(p *modelPeer) (*headers.Node, obstacle) {
	fork, list := m.way(p)
	base := fork
	if base != m.v.active.Tip() {
		base = m.common(p)
	}
	end := base.Height() + int32(m.cfg.Window)
	end -= end % max(1, int32(m.cfg.Window/32))
	for _, n := range list {
		switch s := n.Status(); {
		case s.Invalid() || !p.opts.Witness && n.Height() >= m.v.tree.Params().SegwitHeight:
			return nil, obstacleEnd
		case s.Has(headers.StatusHasData) || m.underway(n) || !m.may(p, n):
		case n.Height() > end:
			return nil, obstacleWindow
		default:
			return n, obstacleNone
		}
	}
	return nil, obstacleEnd
}

func (m *model) useful(p *modelPeer) bool {
	return !p.dropped && (p.opts.Network || p.opts.Limited) && p.best != nil && !m.v.active.Contains(p.best) && len(p.refused) < maxRefused &&
		p.best.ChainWork().Cmp(m.v.active.Tip().ChainWork()) >= 0 && p.best.ChainWork().Cmp(m.cfg.MinWork) >= 0
}

func (m *model) preferred() (count int) {
	for _, p := range m.peers {
		if p.opts.Preferred && !p.dropped && !p.slow {
			count++
		}
	}
	return count
}

func (m *model) welcome(p *modelPeer) bool {
	count, _ := m.inFlight()
	return !m.v.syncing || p.opts.Network && (p.opts.Preferred || m.preferred() == 0 || count == 0)
}

func (m *model) busy() (count int) {
	for _, p := range m.peers {
		if len(p.queue) > 0 {
			count++
		}
	}
	return count
}

// The decision.

func (m *model) load(p *modelPeer, n *headers.Node, now time.Time, d *Decision) {
	_, last := m.inFlight()
	if len(p.queue) == 0 {
		p.downloading = now
	}
	m.asks++
	p.turn = m.asks
	p.queue = append(p.queue, modelEntry{node: n, at: now, nth: last + 1})
	d.request(p.id, n)
}

func (m *model) next(now time.Time) (d Decision) {
	tip := m.v.active.Tip()
	if m.tip != nil && tip != m.tip {
		m.pat.grown(tip.Height() - m.tip.Height())
	}
	m.tip = tip
	for _, p := range m.peers {
		m.resolve(p)
		if p.lacking && p.retry.IsZero() {
			p.retry = now.Add(retryAfter)
		}
		if !p.retry.IsZero() && !now.Before(p.retry) {
			p.refused, p.lacking, p.retry = make(map[*headers.Node]bool), false, time.Time{}
		}
	}
	m.expire(now, &d)
	m.markSlow(now)
	held := m.assign(now, &d)
	m.hedge(now, held, &d)
	m.blame(now, held)
	return d
}

func (m *model) expire(now time.Time, d *Decision) {
	busy := time.Duration(m.busy())
	for _, p := range m.sorted() {
		if len(p.queue) == 0 {
			continue
		}
		var why Reason
		switch {
		case !p.stalling.IsZero() && now.Sub(p.stalling) > m.pat.stall:
			why = ReasonStalling
			m.pat.stall = min(2*m.pat.stall, 64*time.Second)
		case now.Sub(p.downloading) > m.cfg.Spacing+(busy-1)*m.cfg.Spacing/2:
			why = ReasonTimeout
		default:
			continue
		}
		d.Drop = append(d.Drop, Drop{p.id, why, p.queue[0].node})
		p.queue, p.dropped, p.stalling = nil, true, time.Time{}
	}
}

func (m *model) assign(now time.Time, d *Decision) (held bool) {
	type state struct {
		p     *modelPeer
		tight bool
	}
	var from []state
	better := false
	for _, p := range m.sorted() {
		allowance := m.allowance(p)
		room := allowance - len(p.queue)
		if room <= 0 || !m.useful(p) || !m.welcome(p) {
			continue
		}
		if n, _ := m.candidate(p); n != nil {
			from = append(from, state{p, 4*room < allowance})
			better = better || p.opts.Preferred
		}
	}
	if m.v.syncing && better && m.preferred() > 0 {
		from = slices.DeleteFunc(from, func(s state) bool { return !s.p.opts.Preferred })
	}
	refused := make(map[*modelPeer]bool)
	for {
		var best *modelPeer
		var node *headers.Node
		for _, s := range from {
			n, _ := m.candidate(s.p)
			if n == nil || refused[s.p] || len(s.p.queue) >= m.allowance(s.p) || s.tight && m.starving(s.p) != n {
				continue
			}
			if best == nil || n.Height() < node.Height() || n.Height() == node.Height() && modelBefore(s.p, best) {
				best, node = s.p, n
			}
		}
		if best == nil {
			return held
		}
		if !m.affords(best, node) {
			held, refused[best] = true, true
			continue
		}
		m.load(best, node, now, d)
	}
}

func modelBefore(a, b *modelPeer) bool {
	rank := func(p *modelPeer) int {
		switch {
		case p.slow && !p.opts.Preferred:
			return 3
		case p.slow:
			return 2
		case !p.opts.Preferred:
			return 1
		default:
			return 0
		}
	}
	if rank(a) != rank(b) {
		return rank(a) < rank(b)
	}
	return cmp.Or(cmp.Compare(len(a.queue), len(b.queue)), cmp.Compare(a.turn, b.turn)) < 0
}

func (m *model) markSlow(now time.Time) {
	busy := time.Duration(m.busy())
	for _, p := range m.sorted() {
		if len(p.queue) == 0 {
			continue
		}
		silent := now.Sub(p.queue[0].at)
		if !p.delivered.IsZero() {
			silent = min(silent, now.Sub(p.delivered))
		}
		if !p.slow && silent > m.pat.hedge+(busy-1)*(m.pat.hedge/2) {
			p.slow = true
			m.pat.hedge = min(2*m.pat.hedge, 5*time.Minute)
		}
	}
}

func (m *model) hedge(now time.Time, held bool, d *Decision) {
	var spare []*modelPeer
	var lacking []*headers.Node
	quickest := make(map[*headers.Node]*modelPeer)
	for _, paced := range []bool{true, false} {
		for _, p := range m.sorted() {
			if !p.slow && m.useful(p) && len(p.queue) < m.allowance(p) && p.paced() == paced {
				m.ask(p, m.starving(p), now, d)
			}
		}
	}
	for _, p := range m.sorted() {
		if p.slow || !m.useful(p) || len(p.queue) >= m.allowance(p) {
			continue
		}
		n, why := m.candidate(p)
		if n != nil && !held {
			continue
		}
		spare = append(spare, p)
		lack := m.starving(p)
		if !m.mayRelieve(p, lack) || why == obstacleEnd && !m.v.syncing && p.best.Height()-lack.Height() < 8 {
			continue
		}
		if q := quickest[lack]; q == nil {
			lacking = append(lacking, lack)
			quickest[lack] = p
		} else if m.takesOneMore(p) < m.takesOneMore(q) {
			quickest[lack] = p
		}
	}
	for _, n := range lacking {
		m.relieve(quickest[n], n, now, d)
	}
	for _, q := range m.sorted() {
		if !q.slow {
			continue
		}
		for _, e := range q.queue {
			var best *modelPeer
			for _, p := range spare {
				owes := slices.ContainsFunc(p.queue, func(x modelEntry) bool { return x.node == e.node })
				if len(p.queue) < m.allowance(p) && !owes && p.best.HasAncestor(e.node) && m.may(p, e.node) && (best == nil || p.paced() && !best.paced() || p.paced() == best.paced() && len(p.queue) < len(best.queue)) {
					best = p
				}
			}
			if best != nil {
				m.ask(best, e.node, now, d)
			}
		}
	}
}

func (p *modelPeer) paced() bool {
	bytes, _, _ := p.pace()
	return bytes > 0
}

func (m *model) here(n *headers.Node) bool {
	return slices.ContainsFunc(m.arrivals, func(a modelArrival) bool { return a.hash == n.Hash() })
}

func (p *modelPeer) owes(n *headers.Node) int {
	return slices.IndexFunc(p.queue, func(e modelEntry) bool { return e.node == n })
}

func (m *model) mayRelieve(p *modelPeer, n *headers.Node) bool {
	bytes, _, _ := p.pace()
	return bytes > 0 && n != nil && len(m.holders(n)) > 0 && !m.here(n) && m.may(p, n) && p.owes(n) < 0
}

// slower reports whether q, for entry i of its queue, is slower by far than
// another that takes so long.
func (m *model) slower(q *modelPeer, i int, takes time.Duration, now time.Time) bool {
	_, _, trip := q.pace()
	start := q.queue[0].at.Add(trip)
	if q.delivered.After(start) {
		start = q.delivered
	}
	expected, silent := start.Sub(now)+m.takes(q, i+1), now.Sub(start)
	return q.slow || expected > 2*takes+500*time.Millisecond || silent >= 2*m.takes(q, 1)+2*takes+500*time.Millisecond
}

func (m *model) relieve(p *modelPeer, n *headers.Node, now time.Time, d *Decision) {
	holders, takes := m.holders(n), m.takesOneMore(p)
	all := true
	for _, q := range holders {
		all = all && m.slower(q, q.owes(n), takes, now)
	}
	if all && len(holders) < 3 && len(p.queue) < m.allowance(p) {
		m.load(p, n, now, d)
	}
	for _, q := range holders {
		for i, e := range q.queue {
			alone := !e.late && len(m.holders(e.node)) == 1
			if !alone || m.here(e.node) || len(p.queue) >= m.allowance(p) || !m.may(p, e.node) || p.owes(e.node) >= 0 || !p.best.HasAncestor(e.node) {
				continue
			}
			if m.slower(q, i, m.takesOneMore(p), now) && m.affords(p, e.node) {
				m.load(p, e.node, now, d)
			}
		}
	}
}

func (m *model) ask(p *modelPeer, n *headers.Node, now time.Time, d *Decision) {
	holders := m.holders(n)
	if len(holders) == 0 || len(holders) == 3 || m.here(n) || slices.ContainsFunc(holders, func(q *modelPeer) bool { return !q.slow }) {
		return
	}
	if m.may(p, n) && m.affords(p, n) {
		m.load(p, n, now, d)
	}
}

func (m *model) blame(now time.Time, held bool) {
	for _, p := range m.sorted() {
		if len(p.queue) > 0 || !m.useful(p) || !m.welcome(p) {
			continue
		}
		n, why := m.candidate(p)
		if why != obstacleWindow && (n == nil || !held) {
			continue
		}
		if holders := m.holders(m.starving(p)); len(holders) > 0 && holders[0] != p && holders[0].stalling.IsZero() {
			holders[0].stalling = now
		}
	}
}
