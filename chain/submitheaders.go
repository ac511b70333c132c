package chain

import (
	"context"
	"sync/atomic"

	"grapevine/chain/consensus"
	"grapevine/chain/event"
	"grapevine/chain/headers"
	"grapevine/internal/u256"
	"grapevine/wire"
)

// HeaderOptions say how headers came to us.
type HeaderOptions struct {
	// MinWork is what the chain must have at the last header of the list, going by
	// their proofs of work, for those that are new to be kept; else they are
	// refused as "too-little-chainwork". Zero takes any. See [Chain.MinWork].
	MinWork u256.Int
}

// SubmitHeader adds one header to the tree.
func (c *Chain) SubmitHeader(ctx context.Context, h wire.Header) error {
	_, err := c.SubmitHeaders(ctx, []wire.Header{h})
	return err
}

// SubmitHeaders adds headers, each the child of the one before it, and returns
// the node of the last one that was accepted, with the error of the first one
// that was not.
func (c *Chain) SubmitHeaders(ctx context.Context, list []wire.Header) (*headers.Node, error) {
	return c.SubmitHeadersWith(ctx, list, HeaderOptions{})
}

// headersAtOnce is how many headers the owner takes in before it turns to what
// else there is to do: a few milliseconds.
const headersAtOnce = 500

// SubmitHeadersWith is [Chain.SubmitHeaders] for headers that came from others.
func (c *Chain) SubmitHeadersWith(ctx context.Context, list []wire.Header, opts HeaderOptions) (*headers.Node, error) {
	hashes := make([]wire.BlockHash, len(list))
	var work u256.Int
	var weak error // of the first header without proof of work
	for i := range list {
		if weak = consensus.CheckHeader(&list[i], c.params); weak != nil {
			list = list[:i]
			break
		}
		hashes[i] = list[i].Hash()
		work = work.Add(headers.BlockProof(list[i].Bits))
	}
	low := len(list) > 0 && c.lowWork(list[0].PrevBlock, work, opts.MinWork)
	var last *headers.Node
	for len(list) > 0 {
		n := min(len(list), headersAtOnce)
		node, err := c.takeHeaders(ctx, list[:n], hashes[:n], low)
		if node != nil {
			last = node
		}
		if err != nil {
			return last, err
		}
		list, hashes = list[n:], hashes[n:]
	}
	return last, weak
}

func (c *Chain) takeHeaders(ctx context.Context, list []wire.Header, hashes []wire.BlockHash, low bool) (*headers.Node, error) {
	var last atomic.Pointer[headers.Node] // the owner may go on when ctx has ended
	err := c.ask(ctx, func(reply func(error)) error {
		before := c.tree.Best()
		var err error
		for i := range list {
			var n *headers.Node
			if n, err = c.acceptHeader(&list[i], hashes[i], low); err != nil {
				break
			}
			last.Store(n)
		}
		if c.tree.Best() != before {
			c.tellBestHeader()
		}
		reply(err)
		return nil
	})
	return last.Load(), err
}

// tellBestHeader publishes the best header, which has changed, or what is marked as
// invalid has.
func (c *Chain) tellBestHeader() {
	best := c.tree.Best()
	c.publish(event.Event{Kind: event.HeaderTip, Height: best.Height(), Hash: best.Hash()})
}

// recentWork is how many of the tip's blocks the work of a chain may be short by
// for its headers to be kept: a day's, so that a fork of that length is seen.
const recentWork = 144

// MinWork returns the work that a chain of headers should have to be worth
// memory: the network's minimum, and nearly that of the tip, whatever is more.
// Below it anybody could make us keep headers by the million at little cost.
func (c *Chain) MinWork() u256.Int {
	tip := c.tip()
	work, day := tip.ChainWork(), headers.BlockProof(tip.Bits()).Mul64(recentWork)
	if day.Cmp(work) > 0 {
		day = work
	}
	if near := work.Sub(day); near.Cmp(*c.cfg.MinimumChainWork) > 0 {
		return near
	}
	return *c.cfg.MinimumChainWork
}
