package blockfetch

import (
	"slices"
	"testing"
	"time"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

var epoch = time.Unix(1_700_000_000, 0)

// fakeView is a ledger without blocks: statuses, and a tip that follows them.
type fakeView struct {
	tree    *headers.Tree
	active  *headers.Chain
	syncing bool
	queued  int64

	children map[*headers.Node][]*headers.Node
}

func newView() *fakeView {
	tree := headers.NewTree(params.Regtest(params.RegtestOptions{}))
	g := tree.Genesis()
	g.AddStatus(headers.StatusHasData)
	g.SetChainTxCount(1)
	return &fakeView{tree: tree, active: headers.NewChain(g), syncing: true, children: make(map[*headers.Node][]*headers.Node)}
}

func (v *fakeView) Tree() *headers.Tree       { return v.tree }
func (v *fakeView) Active() *headers.Chain    { return v.active }
func (v *fakeView) BestHeader() *headers.Node { return v.tree.Best() }
func (v *fakeView) Syncing() bool             { return v.syncing }
func (v *fakeView) Queued() int64             { return v.queued }

// grow adds n headers after parent; salt makes siblings differ. It returns them.
func (v *fakeView) grow(parent *headers.Node, n int, salt uint32) []*headers.Node {
	list := make([]*headers.Node, n)
	for i := range list {
		list[i] = v.tree.Insert(wire.Header{
			Version:   4,
			PrevBlock: parent.Hash(),
			Time:      uint32(parent.Time()) + 600,
			Bits:      parent.Bits(),
			Nonce:     salt,
		}, parent)
		if !slices.Contains(v.children[parent], list[i]) {
			v.children[parent] = append(v.children[parent], list[i])
		}
		parent = list[i]
	}
	return list
}

// store takes in a block's data, as the ledger would, with what waited for it.
func (v *fakeView) store(n *headers.Node) {
	n.AddStatus(headers.StatusHasData)
	for list := []*headers.Node{n}; len(list) > 0; list = list[1:] {
		n := list[0]
		if n.Parent().ChainTxCount() == 0 || !n.Status().Has(headers.StatusHasData) {
			continue
		}
		n.SetChainTxCount(n.Parent().ChainTxCount() + 1)
		v.connect(n)
		list = append(list, v.children[n]...)
	}
}

// connect makes n the tip when it has more work.
func (v *fakeView) connect(n *headers.Node) {
	if !n.Status().Invalid() && n.ChainWork().Cmp(v.active.Tip().ChainWork()) > 0 {
		v.active = v.active.With(n)
	}
}

var full = Options{Preferred: true, Network: true, Limited: true, Witness: true}

// bench is a fetcher on its view, with time.
type bench struct {
	t   testing.TB
	v   *fakeView
	f   *Fetcher
	now time.Time
}

func newBench(t testing.TB, cfg Config) *bench {
	v := newView()
	return &bench{t: t, v: v, f: New(cfg, v), now: epoch}
}

func (b *bench) check() {
	b.t.Helper()
	if err := b.f.check(); err != nil {
		b.t.Fatal(err)
	}
}

// peer adds a peer that has n, known to be quick.
func (b *bench) peer(id peer.ID, o Options, n *headers.Node) {
	b.f.AddPeer(id, o)
	b.f.Has(id, n)
	b.f.byID[id].pace = pace{bytes: 1 << 30, trip: 1}
}

// next decides, and returns who is asked for which heights.
func (b *bench) next() (Decision, map[peer.ID][]int32) {
	b.t.Helper()
	d := b.f.Next(b.now)
	b.check()
	asked := make(map[peer.ID][]int32)
	for _, r := range d.Requests {
		asked[r.Peer] = heights(r.Nodes)
	}
	return d, asked
}

func heights(list []*headers.Node) []int32 {
	var hs []int32
	for _, n := range list {
		hs = append(hs, n.Height())
	}
	return hs
}

// deliver has a peer send a block that is found to be good.
func (b *bench) deliver(id peer.ID, n *headers.Node, size int) {
	b.t.Helper()
	b.f.Received(b.now, id, n.Hash(), size)
	b.check()
	b.v.store(n)
	b.f.Judged(n.Hash())
	b.check()
}

func (b *bench) after(d time.Duration) { b.now = b.now.Add(d) }

// mark notes that a block's data are here.
func (v *fakeView) mark(n *headers.Node) { n.AddStatus(headers.StatusHasData) }

// fail marks a block and its descendants.
func (v *fakeView) fail(n *headers.Node) {
	n.AddStatus(headers.StatusFailed)
	for list := v.children[n]; len(list) > 0; list = list[1:] {
		list[0].AddStatus(headers.StatusFailedChild)
		list = append(list, v.children[list[0]]...)
	}
}
