package headersync

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

var epoch = time.Unix(1_700_000_000, 0)

type fakeView struct {
	tree    *headers.Tree
	active  *headers.Chain
	syncing bool
}

func newView() *fakeView {
	return viewOf(params.Regtest(params.RegtestOptions{}))
}

func viewOf(p *params.Params) *fakeView {
	tree := headers.NewTree(p)
	return &fakeView{tree: tree, active: headers.NewChain(tree.Genesis()), syncing: true}
}

func (v *fakeView) Tree() *headers.Tree       { return v.tree }
func (v *fakeView) Active() *headers.Chain    { return v.active }
func (v *fakeView) BestHeader() *headers.Node { return v.tree.Best() }
func (v *fakeView) Syncing() bool             { return v.syncing }

func newRand() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// draft makes n headers with proof of work after a header; salt makes siblings
// differ.
func draft(after wire.Header, n int, salt int32, step uint32) []wire.Header {
	p := params.Regtest(params.RegtestOptions{})
	list := make([]wire.Header, n)
	for i := range list {
		h := wire.Header{Version: 4 + salt, PrevBlock: after.Hash(), Time: after.Time + step, Bits: after.Bits}
		for !p.CheckProofOfWork(h.Hash(), h.Bits) {
			h.Nonce++
		}
		list[i], after = h, h
	}
	return list
}

// take puts headers into the tree, and returns their nodes.
func (v *fakeView) take(list []wire.Header) []*headers.Node {
	nodes := make([]*headers.Node, len(list))
	for i, h := range list {
		nodes[i] = v.tree.Insert(h, v.tree.Lookup(h.PrevBlock))
	}
	return nodes
}

func (v *fakeView) genesis() wire.Header { return v.tree.Genesis().Header() }

type bench struct {
	t   testing.TB
	v   *fakeView
	s   *Syncer
	now time.Time
}

func newBench(t testing.TB, cfg Config) *bench {
	v := newView()
	cfg.Rand = newRand()
	return &bench{t: t, v: v, s: New(cfg, v), now: epoch}
}

func (b *bench) check(d Decision) Decision {
	b.t.Helper()
	if err := b.s.check(); err != nil {
		b.t.Fatal(err)
	}
	return d
}

func (b *bench) next() Decision {
	b.t.Helper()
	return b.check(b.s.Next(b.now))
}

// wake lets time pass to when the syncer wants to be called.
func (b *bench) wake() Decision {
	b.t.Helper()
	at, ok := b.s.Wake()
	if !ok || at.Before(b.now) {
		b.t.Fatalf("wakes at %v, %v", at, ok)
	}
	b.now = at
	return b.next()
}

// answer has a peer send headers, which are judged at once, and returns what is
// decided in both steps.
func (b *bench) answer(id peer.ID, list []wire.Header) Decision {
	b.t.Helper()
	d := b.check(b.s.Received(b.now, id, list))
	if d.Submit == nil {
		return d
	}
	nodes := b.v.take(d.Submit)
	after := b.check(b.s.Judged(b.now, id, nodes[len(nodes)-1], nil))
	after.Requests, after.Submit = append(d.Requests, after.Requests...), d.Submit
	return after
}

func asked(d Decision) (ids []peer.ID) {
	for _, r := range d.Requests {
		ids = append(ids, r.Peer)
	}
	return ids
}

var (
	outbound = Options{Serves: true, Preferred: true, Replaceable: true}
	inbound  = Options{Serves: true}
	errTest  = errors.New("no good")
)
