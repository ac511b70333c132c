package blockfetch

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
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

// play runs a script of bytes on the fetcher and the model, and compares all that they
// show after each step.
func play(t testing.TB, script []byte) {
	g := &game{t: t, script: script, v: newView(), now: epoch, arrived: make(map[wire.BlockHash]int)}
	cfg := []Config{
		{Window: 8, PerPeer: 3, PeerBurst: 6, PeerBytes: 4000, Credits: 1 << 20},
		{Window: 64, PerPeer: 2, PeerBurst: 2, Credits: 4 << 20},
		{Window: 16, PerPeer: 4, PeerBurst: 20, PeerBytes: 10000, Credits: 100_000},
	}[g.pick(3)]
	g.f, g.m = New(cfg, g.v), newModel(cfg, g.v)
	g.nodes = append([]*headers.Node{g.v.tree.Genesis()}, g.v.grow(g.v.tree.Genesis(), g.pick(50), 0)...)
	for step := 0; len(g.script) > 0; step++ {
		what := g.step()
		if testing.Verbose() {
			t.Logf("step %d: %s", step, what)
		}
		if g.pick(4) > 0 {
			got, want := g.f.Next(g.now), g.m.next(g.now)
			if testing.Verbose() && !got.empty() {
				t.Logf("decided %s", show(got))
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("step %d, after %s: decided %v, the model %v", step, what, show(got), show(want))
			}
		}
		g.compare(step, what)
	}
}

type game struct {
	t       testing.TB
	script  []byte
	v       *fakeView
	f       *Fetcher
	m       *model
	now     time.Time
	nodes   []*headers.Node
	arrived map[wire.BlockHash]int
}

// pick takes a number below n from the script.
func (g *game) pick(n int) int {
	if len(g.script) == 0 {
		return 0
	}
	b := g.script[0]
	g.script = g.script[1:]
	return int(b) % n
}

// node picks one, rather a late one.
func (g *game) node() *headers.Node {
	back := g.pick(len(g.nodes))
	if g.pick(2) == 0 {
		back = back % 12 % len(g.nodes)
	}
	return g.nodes[len(g.nodes)-1-back]
}

func (g *game) peer() peer.ID { return peer.ID(g.pick(8)) }

// owed picks a block that a peer owes, any block when it owes none.
func (g *game) owed(id peer.ID) *headers.Node {
	list := g.f.InFlight(id)
	if len(list) == 0 {
		return g.node()
	}
	return list[g.pick(len(list))%len(list)]
}

func (g *game) step() string {
	switch op := g.pick(20); op {
	case 0, 1:
		id := g.peer()
		o := []Options{full, full, full, {Network: true, Witness: true}, {Preferred: true, Limited: true, Witness: true}, {Preferred: true, Network: true}, {}}[g.pick(7)]
		g.f.AddPeer(id, o)
		if g.m.peers[id] == nil {
			g.m.peers[id] = &modelPeer{id: id, opts: o, refused: make(map[*headers.Node]bool)}
		}
		return fmt.Sprintf("adding %v", id)
	case 2:
		id := g.peer()
		g.f.RemovePeer(id)
		delete(g.m.peers, id)
		return fmt.Sprintf("removing %v", id)
	case 3, 4, 5:
		id, n := g.peer(), g.node()
		g.f.Has(id, n)
		g.m.has(id, n)
		return fmt.Sprintf("%v has %d", id, n.Height())
	case 6:
		id, hash := g.peer(), g.node().Hash()
		if g.pick(2) == 0 { // perhaps the next one to come
			hash = g.future(g.nodes[len(g.nodes)-1])
		}
		g.f.Announced(id, hash)
		g.m.announced(id, hash)
		return fmt.Sprintf("%v announced a block", id)
	case 7, 8, 9, 10:
		id := g.peer()
		return g.receive(id, g.owed(id))
	case 11, 12, 13:
		return g.judge()
	case 14:
		id := g.peer()
		hash := g.owed(id).Hash()
		g.f.NotFound(id, hash)
		g.m.notFound(id, hash)
		return fmt.Sprintf("%v has it not", id)
	case 15:
		parent, count := g.node(), 1+g.pick(30)
		for _, n := range g.v.grow(parent, count, uint32(g.pick(2))) {
			if !slices.Contains(g.nodes, n) {
				g.nodes = append(g.nodes, n)
			}
		}
		return fmt.Sprintf("%d headers after %d", count, parent.Height())
	case 16:
		switch g.pick(6) {
		case 0:
			g.v.syncing = !g.v.syncing
		case 1:
			n := g.node()
			if !g.v.active.Contains(n) {
				g.v.fail(n)
				g.f.Marked()
			}
		case 2:
			if n := g.node(); !n.Status().Invalid() && n.Parent() != nil {
				g.v.store(n) // it came by another way
				g.f.Marked() // seen with whatever happens next
			}
		default:
			g.v.queued = int64(g.pick(256)) * 8192
		}
		return "the ledger changed"
	case 17:
		return g.burst()
	default:
		g.now = g.now.Add([]time.Duration{1, 20 * time.Millisecond, 200 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 11 * time.Second, time.Minute, 6 * time.Minute}[g.pick(9)])
		return "time passed"
	}
}

// future is the hash of the header that grow would make next after n.
func (g *game) future(n *headers.Node) wire.BlockHash {
	h := wire.Header{Version: 4, PrevBlock: n.Hash(), Time: uint32(n.Time()) + 600, Bits: n.Bits(), Nonce: 0}
	return h.Hash()
}

func (g *game) receive(id peer.ID, n *headers.Node) string {
	size := 100 << g.pick(14)
	got, want := g.f.Received(g.now, id, n.Hash(), size), g.m.received(g.now, id, n.Hash(), size)
	if got != want {
		g.t.Fatalf("block %d from %v was asked for: %v, the model %v", n.Height(), id, got, want)
	}
	g.arrived[n.Hash()]++
	return fmt.Sprintf("%v sent %d", id, n.Height())
}

// burst has a peer send what it owes, block after block, so that its pace shows.
func (g *game) burst() string {
	id, count := g.peer(), 1+g.pick(8)
	pause := []time.Duration{0, time.Millisecond, 50 * time.Millisecond, 700 * time.Millisecond, 3 * time.Second}[g.pick(5)]
	size := 100 << g.pick(14)
	keep := g.pick(4) == 0 // without verdicts
	list := g.f.InFlight(id)
	for _, n := range list[:min(count, len(list))] {
		g.now = g.now.Add(pause)
		g.f.Received(g.now, id, n.Hash(), size)
		g.m.received(g.now, id, n.Hash(), size)
		if keep || n.Status().Invalid() {
			g.arrived[n.Hash()]++
			continue
		}
		g.v.store(n)
		g.f.Judged(n.Hash())
		g.m.judged(n.Hash(), false)
	}
	return fmt.Sprintf("%v sent up to %d", id, count)
}

// judge gives a verdict on a block that arrived.
func (g *game) judge() string {
	var list []*headers.Node
	for _, n := range g.nodes {
		if g.arrived[n.Hash()] > 0 {
			list = append(list, n)
		}
	}
	if len(list) == 0 {
		return "nothing to judge"
	}
	n := list[g.pick(len(list))%len(list)]
	hash := n.Hash()
	g.arrived[hash]--
	verdict := g.pick(12)
	switch {
	case verdict == 0:
		g.f.Refused(hash)
		g.m.judged(hash, true)
		return fmt.Sprintf("%d was refused", n.Height())
	case verdict == 1 && !g.v.active.Contains(n):
		g.v.fail(n)
	case verdict > 2 && !n.Status().Invalid() && n.Parent() != nil:
		g.v.store(n)
	}
	g.f.Judged(hash)
	g.m.judged(hash, false)
	return fmt.Sprintf("%d was judged", n.Height())
}

func (g *game) compare(step int, what string) {
	g.t.Helper()
	if err := g.f.check(); err != nil {
		g.t.Fatalf("step %d, after %s: %v", step, what, err)
	}
	for id := range peer.ID(8) {
		p := g.m.peers[id]
		if p == nil {
			p = &modelPeer{}
		}
		var queue []*headers.Node
		for _, e := range p.queue {
			queue = append(queue, e.node)
		}
		if got := g.f.InFlight(id); !slices.Equal(got, queue) {
			g.t.Fatalf("step %d, after %s: %v owes %v, in the model %v", step, what, id, heights(got), heights(queue))
		}
		if g.m.peers[id] != nil {
			g.m.resolve(p)
		}
		if got := g.f.Best(id); got != p.best {
			g.t.Fatalf("step %d, after %s: the best of %v is %v, in the model %v", step, what, id, got, p.best)
		}
		if got, want := g.f.Common(id), g.m.common(p); got != want {
			g.t.Fatalf("step %d, after %s: common with %v is %v, in the model %v", step, what, id, got, want)
		}
	}
	for _, n := range g.nodes {
		if got, want := g.f.Asked(n.Hash()), g.m.underway(n); got != want {
			g.t.Fatalf("step %d, after %s: block %d is under way: %v, in the model %v", step, what, n.Height(), got, want)
		}
	}
}

func show(d Decision) (s string) {
	for _, r := range d.Requests {
		s += fmt.Sprintf("ask %v for %v; ", r.Peer, heights(r.Nodes))
	}
	for _, x := range d.Drop {
		s += fmt.Sprintf("drop %v: %s; ", x.Peer, x.Reason)
	}
	return s
}

func TestFetcherIsLikeItsModel(t *testing.T) {
	seeds := uint64(150)
	if testing.Short() {
		seeds = 40
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 7))
		script := make([]byte, 100+r.IntN(1500))
		for i := range script {
			script[i] = byte(r.Uint32())
		}
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { play(t, script) })
	}
}

func FuzzFetcherIsLikeItsModel(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 8))
	for range 20 {
		script := make([]byte, 600)
		for i := range script {
			script[i] = byte(r.Uint32())
		}
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 4000 {
			return
		}
		play(t, script)
	})
}
