package headersync

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/internal/u256"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// model is the rules without shortcuts: each decision looks at everything,
// whether or not anything changed.
type model struct {
	v       *fakeView
	cfg     Config
	peers   map[peer.ID]*modelPeer
	lastInv wire.BlockHash
}

type modelPeer struct {
	id                            peer.ID
	opts                          Options
	asked                         []time.Time // the questions that are not answered
	started, done, byInv, dropped bool
	due                           bool      // it showed a block too soon after a question
	since                         time.Time // of the time limit, if limited
	limit                         time.Duration
	most                          *headers.Node
	judging                       []modelList
	low                           *modelLow
}

type modelList struct {
	list []wire.Header
	then string
}

// modelLow is two passes that keep every header.
type modelLow struct {
	start         *headers.Node
	least         u256.Int
	first, second []wire.Header
	again, done   bool
	given         int // of second
	heard         wire.BlockHash
	secret        *presync
}

func (l *modelLow) pass() []wire.Header {
	if l.again {
		return l.second
	}
	return l.first
}

func workOf(start *headers.Node, list []wire.Header) u256.Int {
	work := start.ChainWork()
	for _, h := range list {
		work = work.Add(headers.BlockProof(h.Bits))
	}
	return work
}

func (l *modelLow) at() wire.BlockHash {
	if list := l.pass(); len(list) > 0 {
		return list[len(list)-1].Hash()
	}
	return l.start.Hash()
}

func (l *modelLow) take(p *params.Params, list []wire.Header) (ready []wire.Header, more, ok bool) {
	if list[0].PrevBlock != l.at() {
		return nil, false, false
	}
	full := len(list) == 2000
	if !l.again {
		l.first = append(l.first, list...)
		if l.again = workOf(l.start, l.first).Cmp(l.least) >= 0; l.again {
			return nil, true, true
		}
		return nil, full, true
	}
	for _, h := range list {
		l.second = append(l.second, h)
		l.done = workOf(l.start, l.second).Cmp(l.least) >= 0
		i := len(l.second) - 1
		height := int(l.start.Height()) + len(l.second)
		if l.done || height%p.HeadersSync.CommitmentPeriod != int(l.secret.offset) {
			continue
		}
		if i >= len(l.first) || l.secret.bit(l.first[i].Hash()) != l.secret.bit(h.Hash()) {
			return nil, false, false
		}
	}
	upTo := len(l.second)
	if !l.done {
		upTo = max(upTo-p.HeadersSync.RedownloadBufferSize, l.given)
	}
	ready = l.second[l.given:upTo]
	l.given = upTo
	return ready, full && !l.done, true
}

func (m *model) sorted() []*modelPeer {
	return slices.SortedFunc(maps.Values(m.peers), func(a, b *modelPeer) int { return cmp.Compare(a.id, b.id) })
}

func (m *model) ask(p *modelPeer, now time.Time, from *headers.Node, patience time.Duration, d *Decision) bool {
	locator := []wire.BlockHash(nil)
	if p.low != nil {
		patience, locator = 2*time.Minute, append([]wire.BlockHash{p.low.at()}, headers.Locator(p.low.start)...)
	} else {
		locator = headers.Locator(from)
	}
	if p.dropped || len(p.asked) > 0 && !now.After(p.asked[len(p.asked)-1].Add(patience)) {
		p.due = p.due || patience < time.Minute && !p.dropped
		return false
	}
	p.asked, p.due = append(p.asked, now), false
	d.Requests = append(d.Requests, Request{Peer: p.id, Locator: locator})
	return true
}

func (m *model) drop(p *modelPeer, why Reason, d *Decision) {
	if !p.dropped {
		d.Drop = append(d.Drop, Drop{p.id, why})
	}
	p.dropped, p.low = true, nil
}

func (m *model) start(p *modelPeer, now time.Time, d *Decision) {
	best := m.v.tree.Best()
	from := best
	if best.Height() > 0 {
		from = best.Parent()
	}
	if m.ask(p, now, from, 2*time.Minute, d) {
		p.started, p.done = true, false
		p.asked = []time.Time{now}
		age := max(now.Sub(time.Unix(best.Time(), 0)), 0)
		p.since, p.limit = now, 15*time.Minute+age/(10*time.Minute)*time.Millisecond
	}
}

func (m *model) next(now time.Time) (d Decision) {
	near := now.Sub(time.Unix(m.v.tree.Best().Time(), 0)) < 24*time.Hour
	for _, p := range m.sorted() {
		if p.due {
			m.ask(p, now, m.v.tree.Best(), 10*time.Second, &d)
		}
		if !p.started || p.dropped {
			continue
		}
		others := 0
		for _, q := range m.peers {
			if q != p && q.opts.Preferred && !q.dropped {
				others++
			}
		}
		switch {
		case near || p.done:
			p.limit = 0
		case p.limit > 0 && now.Sub(p.since) > p.limit && others > 0 && p.opts.Kept:
			p.done, p.limit = true, 0
		case p.limit > 0 && now.Sub(p.since) > p.limit && others > 0:
			m.drop(p, ReasonTimeout, &d)
		case len(p.asked) > 0:
			m.ask(p, now, m.v.tree.Best(), 2*time.Minute, &d)
		}
	}
	candidates := slices.DeleteFunc(m.sorted(), func(p *modelPeer) bool {
		return p.started || p.dropped || !p.opts.Serves || len(p.asked) > 0 && !now.After(p.asked[len(p.asked)-1].Add(2*time.Minute))
	})
	if near {
		for _, p := range candidates {
			m.start(p, now, &d)
		}
		return d
	}
	for _, p := range m.peers {
		silent := len(p.asked) > 0 && now.Sub(p.asked[0]) >= 30*time.Second && len(p.judging) == 0
		if p.started && !p.dropped && !p.done && !silent {
			return d
		}
	}
	if i := slices.IndexFunc(candidates, func(p *modelPeer) bool { return p.opts.Preferred }); i >= 0 {
		m.start(candidates[i], now, &d)
	} else if len(candidates) > 0 {
		m.start(candidates[0], now, &d)
	}
	return d
}

func (m *model) received(now time.Time, id peer.ID, list []wire.Header, secret *presync) (d Decision) {
	p := m.peers[id]
	switch {
	case p == nil || p.dropped:
		return d
	case len(list) == 0:
		p.asked, p.due, p.done, p.low = nil, false, true, nil
		return d
	}
	for i := range list {
		if i > 0 && list[i].PrevBlock != list[i-1].Hash() {
			m.drop(p, ReasonGap, &d)
			return d
		}
		if !m.v.tree.Params().CheckProofOfWork(list[i].Hash(), list[i].Bits) {
			m.drop(p, ReasonProofOfWork, &d)
			return d
		}
	}
	last := list[len(list)-1].Hash()
	if p.low != nil && m.goOn(p, now, list, &d) {
		return d
	}
	start, work, known := m.before(p, list[0].PrevBlock)
	if !known {
		m.ask(p, now, m.v.tree.Best(), 10*time.Second, &d)
		d.Unknown = last
		return d
	}
	p.asked, p.due = nil, false
	for _, h := range list {
		work = work.Add(headers.BlockProof(h.Bits))
	}
	enough := p.opts.Trusted || work.Cmp(m.least()) >= 0
	then := map[bool]string{true: "ask on", false: "ended"}[len(list) == 2000]
	n := m.v.tree.Lookup(last)
	switch {
	case n != nil && !n.Status().Invalid() && (enough || m.v.tree.Best().HasAncestor(n) || m.v.active.Contains(n)):
		m.told(p, now, then, n, &d)
	case enough || start == nil:
		m.submit(p, list, then, &d)
	case then == "ended":
		m.ended(p, work, &d)
	default:
		p.low, p.done = &modelLow{start: start, least: m.least(), secret: secret}, false
		m.goOn(p, now, list, &d)
	}
	return d
}

// least is what a chain must have for its headers to be kept.
func (m *model) least() u256.Int {
	tip := m.v.active.Tip()
	if tip.Height() < 144 {
		return m.cfg.MinWork
	}
	if work := tip.Ancestor(tip.Height() - 144).ChainWork(); work.Cmp(m.cfg.MinWork) > 0 {
		return work // each block of the stock has the same
	}
	return m.cfg.MinWork
}

func (m *model) before(p *modelPeer, hash wire.BlockHash) (n *headers.Node, work u256.Int, known bool) {
	if n := m.v.tree.Lookup(hash); n != nil {
		return n, n.ChainWork(), true
	}
	for _, j := range p.judging {
		if j.list[len(j.list)-1].Hash() == hash {
			_, work, _ = m.before(p, j.list[0].PrevBlock)
			for _, h := range j.list {
				work = work.Add(headers.BlockProof(h.Bits))
			}
			return nil, work, true
		}
	}
	return nil, work, false
}

func (m *model) submit(p *modelPeer, list []wire.Header, then string, d *Decision) {
	p.judging = append(p.judging, modelList{list, then})
	d.Submit = list
}

func (m *model) goOn(p *modelPeer, now time.Time, list []wire.Header, d *Decision) bool {
	l := p.low
	last := list[len(list)-1].Hash()
	if last == l.heard {
		return true
	}
	again := l.again
	ready, more, ok := l.take(m.v.tree.Params(), list)
	if !ok {
		p.low = nil
		return false
	}
	l.heard = last
	p.asked, p.due = nil, false
	then := "under way"
	if !more {
		p.low, then = nil, map[bool]string{true: "ask on", false: "ended"}[len(list) == 2000]
	}
	if len(ready) > 0 {
		m.submit(p, ready, then, d)
	} else if !more && again {
		p.done = true
	} else if !more {
		m.ended(p, workOf(l.start, l.first), d)
	}
	if more {
		m.ask(p, now, nil, 0, d)
	}
	return true
}

func (m *model) told(p *modelPeer, now time.Time, then string, last *headers.Node, d *Decision) {
	d.Known = last
	if p.most == nil || p.most.Height() < last.Height() {
		p.most = last
	}
	if then == "ask on" {
		p.done = false
		m.ask(p, now, last, 2*time.Minute, d)
	} else if then == "ended" {
		m.ended(p, p.most.ChainWork(), d)
	}
}

func (m *model) ended(p *modelPeer, work u256.Int, d *Decision) {
	p.done = true
	if p.most != nil && p.most.ChainWork().Cmp(work) > 0 {
		work = p.most.ChainWork()
	}
	if work.Cmp(m.cfg.MinWork) < 0 && p.opts.Replaceable && m.v.syncing {
		m.drop(p, ReasonLittleWork, d)
	}
}

func (m *model) judged(now time.Time, id peer.ID, last *headers.Node, err error) (d Decision) {
	p := m.peers[id]
	if p == nil || len(p.judging) == 0 {
		return d
	}
	then := p.judging[0].then
	p.judging = p.judging[1:]
	if err != nil {
		p.done, p.low = true, nil
		return d
	}
	m.told(p, now, then, last, &d)
	return d
}

func (m *model) announced(now time.Time, id peer.ID, hash wire.BlockHash) (d Decision) {
	p := m.peers[id]
	if p == nil || p.dropped {
		return d
	}
	if d.Known = m.v.tree.Lookup(hash); d.Known != nil {
		return d
	}
	d.Unknown = hash
	if p.started {
		m.ask(p, now, m.v.tree.Best(), 10*time.Second, &d)
	} else if !p.byInv && hash != m.lastInv {
		m.ask(p, now, m.v.tree.Best(), 10*time.Second, &d)
		p.byInv, m.lastInv = true, hash
	}
	return d
}

// The headers that scripts draw from: a line of which full messages can be cut,
// made once, since each needs proof of work.
var stock = draft(newView().genesis(), 4500, 0, 60)

// branch leaves the stock below the top.
var branch = draft(stock[1500], 2600, 1, 60)

type game struct {
	t      testing.TB
	script []byte
	v      *fakeView
	s      *Syncer
	m      *model
	now    time.Time
	queue  []judging
}

type judging struct {
	id   peer.ID
	list []wire.Header
}

func (g *game) pick(n int) int {
	if len(g.script) == 0 {
		return 0
	}
	b := g.script[0]
	g.script = g.script[1:]
	return int(b) % n
}

// play runs a script of bytes on the syncer and the model.
func play(t testing.TB, script []byte) {
	p := params.Regtest(params.RegtestOptions{})
	p.HeadersSync = params.HeadersSync{CommitmentPeriod: 7, RedownloadBufferSize: 300}
	g := &game{t: t, script: script, v: viewOf(p)}
	g.now = time.Unix(g.v.tree.Genesis().Time(), 0).Add(48 * time.Hour) // the stock reaches to three days
	cfg := Config{MinWork: headers.BlockProof(stock[0].Bits).Mul64(uint64(g.pick(200)) * 20), Rand: newRand()}
	g.s, g.m = New(cfg, g.v), &model{v: g.v, cfg: cfg, peers: make(map[peer.ID]*modelPeer)}
	for step := 0; len(g.script) > 0; step++ {
		what := g.step()
		if testing.Verbose() {
			t.Logf("step %d: %s", step, what)
		}
		if err := g.s.check(); err != nil {
			t.Fatalf("step %d, after %s: %v", step, what, err)
		}
		if g.pick(4) > 0 {
			g.same(what+" and deciding", g.s.Next(g.now), g.m.next(g.now))
		}
		if at, ok := g.s.Wake(); ok && at.Before(g.now) && !g.s.changed && g.s.best == g.v.tree.Best() && !g.s.wake.Before(g.now) {
			t.Fatalf("step %d, after %s: wakes %v ago", step, what, g.now.Sub(at))
		}
	}
}

func (g *game) same(what string, got, want Decision) {
	g.t.Helper()
	if !reflect.DeepEqual(got, want) {
		g.t.Fatalf("%s: decided %v %v %d %v %v, the model %v %v %d %v %v", what,
			asked(got), got.Drop, len(got.Submit), got.Known, got.Unknown,
			asked(want), want.Drop, len(want.Submit), want.Known, want.Unknown)
	}
}

func (g *game) step() string {
	id := peer.ID(g.pick(6))
	switch g.pick(12) {
	case 0, 1:
		o := []Options{outbound, inbound, {}, {Serves: true, Preferred: true, Kept: true}, {Serves: true, Trusted: true}}[g.pick(5)]
		g.s.AddPeer(id, o)
		if g.m.peers[id] == nil {
			g.m.peers[id] = &modelPeer{id: id, opts: o}
		}
		return fmt.Sprintf("adding %v", id)
	case 2:
		g.s.RemovePeer(id)
		delete(g.m.peers, id)
		return fmt.Sprintf("removing %v", id)
	case 3, 4, 5:
		for _, p := range g.m.sorted() {
			if p.low != nil && g.pick(2) > 0 {
				id = p.id // long chains are rare enough
			}
		}
		list := g.message(id)
		got := g.s.Received(g.now, id, list)
		var secret *presync
		if p := g.s.byID[id]; p != nil {
			secret = p.low
		}
		g.same(fmt.Sprintf("%d headers from %v", len(list), id), got, g.m.received(g.now, id, list, secret))
		if got.Submit != nil {
			g.queue = append(g.queue, judging{id, got.Submit})
		}
		return "headers"
	case 6, 7:
		return g.judge()
	case 8:
		hash := stock[g.pick(256)*(len(stock)/256)].Hash()
		g.same("an inv", g.s.Announced(g.now, id, hash), g.m.announced(g.now, id, hash))
		return "an inv"
	case 9:
		if g.pick(3) > 0 {
			g.v.syncing = !g.v.syncing
		} else {
			g.v.active = g.v.active.With(g.v.tree.Best())
		}
		return "the ledger changed"
	default:
		steps := []time.Duration{1, time.Second, 9 * time.Second, 31 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour}
		g.now = g.now.Add(steps[g.pick(len(steps))])
		return "time passed"
	}
}

// message cuts a message out of the stock, often where we have got to, and
// damages some.
func (g *game) message(id peer.ID) []wire.Header {
	line := stock
	if g.pick(8) == 0 {
		line = slices.Concat(stock[:1501], branch)
	}
	from := g.pick(256) * (len(line) / 256)
	if low := g.m.peers[id]; low != nil && low.low != nil && g.pick(6) > 0 {
		from = min(int(low.low.start.Height())+len(low.low.pass()), len(line)-1)
	} else if g.pick(3) > 0 {
		from = min(int(g.v.tree.Best().Height()), len(line)-1)
	}
	count := []int{0, 1, 2, 50, 2000, 2000, 2000}[g.pick(7)]
	list := slices.Clone(line[from:min(from+count, len(line))])
	switch damage := g.pick(30); {
	case damage == 0 && len(list) > 2:
		list = slices.Delete(list, 1, 2)
	case damage == 1 && len(list) > 0:
		list[len(list)-1].Bits = 0x1d00ffff
	}
	return list
}

// judge gives the verdict on the first message of a peer that waits for it.
func (g *game) judge() string {
	if len(g.queue) == 0 {
		return "nothing to judge"
	}
	first := g.queue[0]
	g.queue = g.queue[1:]
	var last *headers.Node
	var err error
	if g.pick(8) == 0 || g.v.tree.Lookup(first.list[0].PrevBlock) == nil {
		err = errors.New("no good")
	} else {
		nodes := g.v.take(first.list)
		last = nodes[len(nodes)-1]
	}
	g.same("a verdict", g.s.Judged(g.now, first.id, last, err), g.m.judged(g.now, first.id, last, err))
	return "a verdict"
}

func TestSyncerIsLikeItsModel(t *testing.T) {
	seeds := uint64(100)
	if testing.Short() { // as under the race detector, which has nothing to find here
		seeds = 15
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 3))
		script := make([]byte, 100+r.IntN(600))
		for i := range script {
			script[i] = byte(r.Uint32())
		}
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { play(t, script) })
	}
}

func FuzzSyncerIsLikeItsModel(f *testing.F) {
	r := rand.New(rand.NewPCG(2, 3))
	for range 10 {
		script := make([]byte, 300)
		for i := range script {
			script[i] = byte(r.Uint32())
		}
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 2000 {
			return
		}
		play(t, script)
	})
}
