package blockfetch_test

import (
	"fmt"
	"time"

	"grapevine/chain/headers"
	"grapevine/chain/params"
	"grapevine/p2p/blockfetch"
	"grapevine/wire"
)

// ledger is what the fetcher reads of the chain.
type ledger struct {
	tree   *headers.Tree
	active *headers.Chain
}

func (l *ledger) Tree() *headers.Tree       { return l.tree }
func (l *ledger) Active() *headers.Chain    { return l.active }
func (l *ledger) BestHeader() *headers.Node { return l.tree.Best() }
func (l *ledger) Syncing() bool             { return true }
func (l *ledger) Queued() int64             { return 0 }

// The caller's loop: tell what happened, then carry out what Next decides.
func ExampleFetcher() {
	l := &ledger{tree: headers.NewTree(params.Regtest(params.RegtestOptions{}))}
	genesis := l.tree.Genesis()
	genesis.AddStatus(headers.StatusHasData)
	genesis.SetChainTxCount(1)
	l.active = headers.NewChain(genesis)
	child := l.tree.Insert(wire.Header{PrevBlock: genesis.Hash(), Time: 1, Bits: genesis.Bits()}, genesis)

	now := time.Unix(0, 0)
	f := blockfetch.New(blockfetch.Config{}, l)
	f.AddPeer(7, blockfetch.Options{Preferred: true, Network: true, Witness: true})
	f.Has(7, child) // it sent this header

	for _, r := range f.Next(now).Requests {
		fmt.Printf("getdata to peer %v for block %d\n", r.Peer, r.Nodes[0].Height())
	}

	// Its block message comes, and goes to the chain.
	fmt.Println("asked for it:", f.Received(now, 7, child.Hash(), 250))
	child.AddStatus(headers.StatusHasData)
	child.SetChainTxCount(2)
	l.active = l.active.With(child)
	f.Judged(child.Hash())

	fmt.Println("asked for more:", len(f.Next(now).Requests) > 0)
	fmt.Println("both have block", f.Common(7).Height())
	// Output:
	// getdata to peer 7 for block 1
	// asked for it: true
	// asked for more: false
	// both have block 1
}
