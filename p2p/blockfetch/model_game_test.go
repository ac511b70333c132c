package blockfetch

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"grapevine/chain/headers"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

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
