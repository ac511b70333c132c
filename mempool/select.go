package mempool

import (
	"grapevine/chain/headers"
	"grapevine/mempool/graph"
	"grapevine/wire"
)

// TemplateTx is a transaction chosen for a block.
type TemplateTx struct {
	Tx        *wire.Tx
	Fee       wire.Amount
	SigOpCost int64
	// Depends are the places in the selection, counted from 0, of the
	// transactions whose outputs it spends; all before its own.
	Depends []int
}

// Selection is a choice of transactions for the block after Tip.
type Selection struct {
	// Tip is the block that the transactions are valid on. It is nil, and the
	// selection empty, while the pool is taking in a reorganisation:
	// [Pool.TakenIn] waits for its end.
	Tip     *headers.Node
	NextSeq uint64 // of the pool's next event: it changes when the pool does
	Txs     []TemplateTx
	Fees    wire.Amount
	Weight  wire.Weight
	SigOps  int64
}

const (
	// selectFailures chunks in a row that did not fit end a selection that is
	// within selectSlack of its weight: little would be gained by going on.
	selectFailures = 1000
	selectSlack    = 4000
)

// Select chooses what a miner takes first: chunks by their feerate while they
// fit, parents before their children. Weight and cost stay below the limits;
// nothing is taken that pays less than minRate.
func (p *Pool) Select(maxWeight wire.Weight, maxSigOps int64, minRate wire.FeeRate) Selection {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if !p.settled {
		return Selection{NextSeq: p.nextSeq}
	}
	s := Selection{Tip: p.tip, NextSeq: p.nextSeq}
	least := graph.Frac{Fee: wire.Amount(minRate), Weight: 1000 * wire.WitnessScaleFactor}
	places := make(map[*graph.Node]int)
	failures := 0
	p.graph.Visit(func(c graph.Chunk) graph.Verdict {
		vbytes := (c.Rate.Weight + wire.WitnessScaleFactor - 1) / wire.WitnessScaleFactor
		if (graph.Frac{Fee: c.Rate.Fee, Weight: vbytes * wire.WitnessScaleFactor}).CompareRate(least) < 0 {
			return graph.Stop
		}
		sigOps := int64(0)
		for _, n := range c.Nodes {
			sigOps += n.Of.(*entry).sigOps
		}
		if s.Weight+c.Rate.Weight >= maxWeight || s.SigOps+sigOps >= maxSigOps {
			if failures++; failures > selectFailures && s.Weight+selectSlack > maxWeight {
				return graph.Stop
			}
			return graph.Skip
		}
		failures = 0
		for _, n := range c.Nodes {
			p.choose(&s, n, places)
		}
		return graph.Take
	})
	return s
}

func (p *Pool) choose(s *Selection, n *graph.Node, places map[*graph.Node]int) {
	e := n.Of.(*entry)
	t := TemplateTx{Tx: e.tx, Fee: e.fee, SigOpCost: e.sigOps}
	if n.ClusterSize() > 1 {
		for _, parent := range p.parents(e.tx) {
			t.Depends = append(t.Depends, places[parent])
		}
		places[n] = len(s.Txs)
	}
	s.Txs = append(s.Txs, t)
	s.Fees += e.fee
	s.Weight += e.tx.Weight()
	s.SigOps += e.sigOps
}
