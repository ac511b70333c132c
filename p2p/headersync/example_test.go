package headersync_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/p2p/headersync"
	"grapevine/wire"
)

// ledger is what the syncer reads of the chain.
type ledger struct {
	tree   *headers.Tree
	active *headers.Chain
}

func (l *ledger) Tree() *headers.Tree       { return l.tree }
func (l *ledger) Active() *headers.Chain    { return l.active }
func (l *ledger) BestHeader() *headers.Node { return l.tree.Best() }
func (l *ledger) Syncing() bool             { return true }

// The caller's loop: tell what happened, then carry out what is decided.
func ExampleSyncer() {
	p := params.Regtest(params.RegtestOptions{})
	l := &ledger{tree: headers.NewTree(p)}
	l.active = headers.NewChain(l.tree.Genesis())

	now := time.Unix(1_700_000_000, 0)
	s := headersync.New(headersync.Config{Rand: rand.New(rand.NewPCG(1, 2))}, l) // the node's is unforeseeable
	s.AddPeer(7, headersync.Options{Serves: true, Preferred: true})
	for _, r := range s.Next(now).Requests {
		fmt.Printf("getheaders to peer %v with a locator of %d\n", r.Peer, len(r.Locator))
	}

	// Its headers message comes: what is new goes to the chain to be judged.
	h := wire.Header{PrevBlock: l.tree.Genesis().Hash(), Time: 1296688603, Bits: l.tree.Genesis().Bits()}
	for !p.CheckProofOfWork(h.Hash(), h.Bits) {
		h.Nonce++
	}
	d := s.Received(now, 7, []wire.Header{h})
	fmt.Println("to be judged:", len(d.Submit))
	n := l.tree.Insert(d.Submit[0], l.tree.Genesis())

	d = s.Judged(now, 7, n, nil)
	fmt.Println("the peer has block", d.Known.Height())
	fmt.Println("it is asked on:", len(d.Requests) > 0)
	// Output:
	// getheaders to peer 7 with a locator of 1
	// to be judged: 1
	// the peer has block 1
	// it is asked on: false
}
