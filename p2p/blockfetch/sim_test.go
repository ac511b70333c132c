package blockfetch

import (
	"container/heap"
	"math/rand/v2"
	"testing"
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
)

// sim is a network of peers around one fetcher, on a clock of its own.
type sim struct {
	t    testing.TB
	v    *fakeView
	f    *Fetcher
	now  time.Time
	todo events
	seq  int

	peers map[peer.ID]*simPeer
	size  func(n *headers.Node) int

	// Our own link and processor: bytes a second, and when each is free again.
	link, cpu         float64
	linkFree, cpuFree time.Time

	waiting  map[*headers.Node]bool // stored and not connected
	unjudged int64
	most     int64 // bytes asked for or without a verdict, at worst
	rounds   int   // decisions
	messages int   // requests sent
	copies   map[*headers.Node]int
	dropped  map[peer.ID]Reason
	checking bool
}

// simPeer sends blocks in the order in which it was asked, each after the one
// before.
type simPeer struct {
	id      peer.ID
	latency time.Duration // one way
	rate    float64       // bytes a second
	free    time.Time
	gone    bool
	// behave says what becomes of a request: whether the block is sent, and whether
	// what is sent is it.
	behave func(n *headers.Node) (sent, good bool)
}

type event struct {
	at  time.Time
	seq int
	do  func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at.Before(e[j].at) || e[i].at.Equal(e[j].at) && e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func newSim(t testing.TB, cfg Config, size int) *sim {
	v := newView()
	return &sim{
		t: t, v: v, f: New(cfg, v), now: epoch,
		peers:   make(map[peer.ID]*simPeer),
		size:    func(*headers.Node) int { return size },
		link:    1e9,
		cpu:     1e9,
		waiting: make(map[*headers.Node]bool),
		copies:  make(map[*headers.Node]int),
		dropped: make(map[peer.ID]Reason),
	}
}

func (s *sim) at(t time.Time, do func()) {
	s.seq++
	heap.Push(&s.todo, event{t, s.seq, do})
}

func honest(*headers.Node) (sent, good bool) { return true, true }
func silent(*headers.Node) (sent, good bool) { return false, false }

func (s *sim) add(id peer.ID, latency time.Duration, rate float64, best *headers.Node, behave func(*headers.Node) (bool, bool)) {
	s.peers[id] = &simPeer{id: id, latency: latency, rate: rate, behave: behave}
	s.f.AddPeer(id, full)
	s.f.Has(id, best)
}

func (s *sim) remove(id peer.ID) {
	s.peers[id].gone = true
	s.f.RemovePeer(id)
}

// run goes on until nothing happens any more or done says so, and returns the
// time that it took.
func (s *sim) run(limit time.Duration, done func() bool) time.Duration {
	s.t.Helper()
	start := s.now
	s.decide()
	for len(s.todo) > 0 && !done() {
		e := heap.Pop(&s.todo).(event)
		if e.at.After(s.now) {
			s.now = e.at
		}
		if s.now.Sub(start) > limit {
			s.t.Fatalf("not done after %v: tip %d of %d, %d on their way", limit, s.v.active.Height(), s.v.tree.Best().Height(), s.f.credits.inFlight)
		}
		e.do()
		s.decide()
	}
	return s.now.Sub(start)
}

func (s *sim) decide() {
	d := s.f.Next(s.now)
	s.rounds++
	if s.checking {
		if err := s.f.check(); err != nil {
			s.t.Fatal(err)
		}
	}
	for _, x := range d.Drop {
		s.dropped[x.Peer] = x.Reason
		s.at(s.now, func() { s.remove(x.Peer) })
	}
	for _, r := range d.Requests {
		s.messages++
		s.request(s.peers[r.Peer], r.Nodes)
	}
	if at, ok := s.f.Wake(); ok {
		if at.Before(s.now) {
			s.t.Fatalf("wakes in the past, by %v", s.now.Sub(at))
		}
		s.at(at, func() {})
	}
	s.measure()
}

func (s *sim) measure() {
	sum := s.unjudged
	for n := range s.f.flights {
		sum += int64(s.size(n))
	}
	s.most = max(s.most, sum)
}

// request has a peer send what it is asked for.
func (s *sim) request(p *simPeer, nodes []*headers.Node) {
	s.at(s.now.Add(p.latency), func() {
		for _, n := range nodes {
			sent, good := p.behave(n)
			if !sent || p.gone {
				continue
			}
			size := s.size(n)
			p.free = later(p.free, s.now).Add(seconds(float64(size) / p.rate))
			s.at(p.free.Add(p.latency), func() { s.arrive(p, n, size, good) })
		}
	})
}

// arrive takes a block through our link.
func (s *sim) arrive(p *simPeer, n *headers.Node, size int, good bool) {
	s.linkFree = later(s.linkFree, s.now).Add(seconds(float64(size) / s.link))
	s.at(s.linkFree, func() {
		if p.gone {
			return
		}
		s.copies[n]++
		s.f.Received(s.now, p.id, n.Hash(), size)
		s.unjudged += int64(size)
		if good {
			s.judge(n, size)
			return
		}
		s.unjudged -= int64(size)
		s.f.Refused(n.Hash())
	})
}

// judge stores a block. The verdict on one whose parent is connected comes when
// it is connected, which takes the processor; others are stored at once and
// connected in their turn.
func (s *sim) judge(n *headers.Node, size int) {
	verdict := func() { s.unjudged -= int64(size); s.f.Judged(n.Hash()) }
	if n.Status().Has(headers.StatusHasData) || n.Parent().ChainTxCount() == 0 {
		s.v.mark(n)
		verdict()
		return
	}
	s.v.mark(n)
	for list := []*headers.Node{n}; len(list) > 0; list = list[1:] {
		c := list[0]
		if !c.Status().Has(headers.StatusHasData) {
			continue
		}
		c.SetChainTxCount(c.Parent().ChainTxCount() + 1)
		s.cpuFree = later(s.cpuFree, s.now).Add(seconds(float64(s.size(c)) / s.cpu))
		s.at(s.cpuFree, func() {
			s.v.connect(c)
			if c == n {
				verdict()
			}
		})
		list = append(list, s.v.children[c]...)
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (s *sim) reached(n *headers.Node) func() bool {
	return func() bool { return s.v.active.Tip() == n }
}

// small is the first part of mainnet's chain: 14,131 blocks of 250 bytes.
const small = 14131

func TestSmallBlocksOverLoopbackAndLongLinks(t *testing.T) {
	for _, c := range []struct {
		name    string
		peers   int
		latency time.Duration
		limit   time.Duration
	}{
		{"loopback, one peer", 1, 20 * time.Microsecond, time.Second},
		{"loopback, four peers", 4, 20 * time.Microsecond, time.Second},
		{"a round trip of 100 ms, one peer", 1, 50 * time.Millisecond, 8 * time.Second},
		{"a round trip of 100 ms, eight peers", 8, 50 * time.Millisecond, 3 * time.Second},
	} {
		s := newSim(t, Config{}, 250)
		line := s.v.grow(s.v.tree.Genesis(), small, 1)
		for id := range peer.ID(c.peers) {
			s.add(id, c.latency, 12.5e6, line[small-1], honest)
		}
		start := time.Now()
		took := s.run(time.Minute, s.reached(line[small-1]))
		t.Logf("%s: %v, %d requests, %d decisions in %v", c.name, took, s.messages, s.rounds, time.Since(start))
		if took > c.limit {
			t.Errorf("%s: took %v, more than %v", c.name, took, c.limit)
		}
		for n, count := range s.copies {
			if count != 1 {
				t.Fatalf("%s: block %d came %d times", c.name, n.Height(), count)
			}
		}
	}
}

// The processor is what blocks of 400 kB wait for, at 20 MB/s, and never waits for
// them, whether the peers are near or far.
func TestLargeBlocksKeepTheProcessorBusy(t *testing.T) {
	const count, size, cpu = 400, 400_000, 20e6
	for _, c := range []struct {
		name    string
		peers   int
		latency time.Duration
	}{
		{"one peer", 1, 20 * time.Microsecond},
		{"four peers", 4, 20 * time.Microsecond},
		{"four peers, a round trip of 100 ms", 4, 50 * time.Millisecond},
	} {
		s := newSim(t, Config{}, size)
		s.cpu = cpu
		line := s.v.grow(s.v.tree.Genesis(), count, 1)
		for id := range peer.ID(c.peers) {
			s.add(id, c.latency, 100e6, line[count-1], honest)
		}
		took := s.run(time.Minute, s.reached(line[count-1]))
		ideal := seconds(count * size / cpu)
		t.Logf("%s: %v, the processor %v, at most %d MB asked for or here", c.name, took, ideal, s.most/1e6)
		if took > ideal+500*time.Millisecond {
			t.Errorf("%s: took %v, the processor %v", c.name, took, ideal)
		}
		if s.most > defaultCredits {
			t.Errorf("%s: %d bytes asked for or here", c.name, s.most)
		}
	}
}

func TestSilentAndStallingPeersAreReplaced(t *testing.T) {
	const count = 3000
	after := func(n int) func(*headers.Node) (bool, bool) {
		return func(*headers.Node) (bool, bool) { n--; return n >= 0, true }
	}
	for _, c := range []struct {
		name   string
		bad    []func(*headers.Node) (bool, bool)
		size   int
		blocks int
		limit  time.Duration
	}{
		{"one silent, in the middle of a sync", []func(*headers.Node) (bool, bool){silent}, 10_000, count, 20 * time.Second},
		{"three of four silent", []func(*headers.Node) (bool, bool){silent, silent, silent}, 10_000, count, time.Minute},
		{"one that stalls", []func(*headers.Node) (bool, bool){after(100)}, 10_000, count, 20 * time.Second},
		{"one silent, large blocks", []func(*headers.Node) (bool, bool){silent}, 1_000_000, 200, 30 * time.Second},
		{"two silent, few blocks", []func(*headers.Node) (bool, bool){silent, silent}, 10_000, 5, time.Minute},
	} {
		s := newSim(t, Config{}, c.size)
		s.checking = true
		line := s.v.grow(s.v.tree.Genesis(), c.blocks, 1)
		last := line[c.blocks-1]
		for i, behave := range c.bad {
			s.add(peer.ID(i), 10*time.Millisecond, 10e6, last, behave)
		}
		s.add(100, 10*time.Millisecond, 10e6, last, honest)
		took := s.run(10*time.Minute, s.reached(last))
		t.Logf("%s: %v, dropped %v", c.name, took, s.dropped)
		if took > c.limit {
			t.Errorf("%s: took %v", c.name, took)
		}
		if s.dropped[100] != "" {
			t.Errorf("%s: the honest one was dropped: %s", c.name, s.dropped[100])
		}
	}
}

// A slow line of our own is no reason to blame peers.
func TestSlowLineDropsNobody(t *testing.T) {
	s := newSim(t, Config{}, 500_000)
	s.link = 100e3 // five seconds a block
	line := s.v.grow(s.v.tree.Genesis(), 100, 1)
	for id := range peer.ID(4) {
		s.add(id, 50*time.Millisecond, 10e6, line[99], honest)
	}
	took := s.run(time.Hour, s.reached(line[99]))
	extra := 0
	for _, n := range s.copies {
		extra += n - 1
	}
	t.Logf("%v, %d extra copies of 100, dropped %v", took, extra, s.dropped)
	if len(s.dropped) > 0 {
		t.Errorf("dropped %v", s.dropped)
	}
	if extra > 20 {
		t.Errorf("%d extra copies", extra)
	}
}

// Whatever most peers do, one honest peer suffices, also when the best chain
// changes meanwhile.
func TestOneHonestPeerSuffices(t *testing.T) {
	seeds := uint64(30)
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 1))
		s := newSim(t, Config{Window: 64, PerPeer: 4, PeerBurst: 8, Credits: 4 << 20}, 0)
		s.checking = true
		sizes := make(map[*headers.Node]int)
		s.size = func(n *headers.Node) int {
			if sizes[n] == 0 {
				sizes[n] = 250 + r.IntN(1<<(8+r.IntN(14)))
			}
			return sizes[n]
		}
		line := s.v.grow(s.v.tree.Genesis(), 300, 1)
		branch := s.v.grow(line[100+r.IntN(150)], 250, 2)
		s.add(0, 30*time.Millisecond, 5e6, line[299], honest)
		for id := peer.ID(1); id < 8; id++ {
			p := r.Float64()
			s.add(id, time.Duration(r.IntN(200))*time.Millisecond, 1e5+1e7*r.Float64(), line[r.IntN(300)], func(*headers.Node) (bool, bool) {
				return r.Float64() < p, r.Float64() < p
			})
			if r.IntN(3) == 0 {
				s.at(s.now.Add(time.Duration(r.IntN(60))*time.Second), func() { s.remove(id) })
			}
		}
		s.at(s.now.Add(time.Duration(r.IntN(5000))*time.Millisecond), func() {
			s.f.Has(0, branch[249])
			for id := peer.ID(1); id < 8; id++ {
				s.f.Has(id, branch[r.IntN(250)])
			}
		})
		took := s.run(time.Hour, s.reached(branch[249]))
		if s.dropped[0] != "" {
			t.Errorf("seed %d: the honest peer was dropped after %v: %s", seed, took, s.dropped[0])
		}
	}
}
