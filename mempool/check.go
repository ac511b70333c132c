package mempool

import (
	"fmt"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// check verifies what the pool promises of its state, for tests:
//
//  1. every index shows the same transactions, and the totals are their sums;
//  2. an outpoint is spent once, by the transaction that the index names;
//  3. each input is an output of the pool or a coin of the chain, as of its tip;
//  4. each transaction could be in the next block once its ancestors are;
//  5. the graph has the dependencies that the inputs say, within the limits;
//  6. what is prioritised or unbroadcast is counted, and the bound is kept.
func (p *Pool) check() error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if err := p.checkTotals(); err != nil {
		return err
	}
	if err := p.graph.Check(); err != nil {
		return err
	}
	spends := 0
	for _, e := range p.byTxid {
		spends += len(e.tx.In)
		if err := p.checkEntry(e); err != nil {
			return fmt.Errorf("%s: %w", e.txid, err)
		}
	}
	if spends != len(p.spends) {
		return fmt.Errorf("%d outpoints spent by %d inputs", len(p.spends), spends)
	}
	return p.checkCoins()
}

func (s *state) checkTotals() error {
	var vsize, usage int64
	var fees wire.Amount
	for _, e := range s.byTxid {
		vsize += int64(e.vsize)
		usage += txUsage(e.tx)
		fees += e.fee
	}
	switch n := len(s.byTxid); {
	case len(s.byWtxid) != n || s.byAge.Len() != n || s.graph.Len() != n:
		return fmt.Errorf("%d by txid, %d by wtxid, %d by age, %d in the graph", n, len(s.byWtxid), s.byAge.Len(), s.graph.Len())
	case vsize != s.vsize || usage != s.txUsage || fees != s.fees:
		return fmt.Errorf("totals %d, %d, %d; want %d, %d, %d", s.vsize, s.txUsage, s.fees, vsize, usage, fees)
	}
	for i, e := range s.byAge.list {
		if s.byTxid[e.txid] != e || e.age != i || s.byAge.Less(i, (i-1)/2) {
			return fmt.Errorf("%s is at a wrong place by age", e.txid)
		}
	}
	if err := s.scan.check(len(s.byTxid)); err != nil {
		return err
	}
	for txid := range s.unbroadcast {
		if s.byTxid[txid] == nil && s.settled { // else it may be set aside
			return fmt.Errorf("%s is unbroadcast and not there", txid)
		}
	}
	return nil
}

func (s *state) checkEntry(e *entry) error {
	if e.txid != e.tx.Txid() || e.wtxid != e.tx.Wtxid() || s.byWtxid[e.wtxid] != e {
		return fmt.Errorf("listed under another name")
	}
	if e.delta != s.deltas[e.txid] || e.node.Rate().Fee != e.modified() || e.node.Rate().Weight != e.adjustedWeight() {
		return fmt.Errorf("judged by %v", e.node.Rate())
	}
	parents := make(map[wire.Txid]bool)
	for i := range e.tx.In {
		op := e.tx.In[i].PrevOut
		if s.spends[op] != e {
			return fmt.Errorf("input %d is not listed", i)
		}
		if s.byTxid[op.Txid] != nil {
			parents[op.Txid] = true
		}
	}
	if got := s.parents(e.tx); len(got) != len(parents) {
		return fmt.Errorf("%d parents; want %d", len(got), len(parents))
	}
	closure := map[wire.Txid]bool{}
	s.ancestors(e, closure)
	got := e.node.Ancestors()
	for _, n := range got {
		if !closure[n.ID] {
			return fmt.Errorf("%s is no ancestor", n.ID)
		}
	}
	if len(got) != len(closure) {
		return fmt.Errorf("%d ancestors; want %d", len(got), len(closure))
	}
	return nil
}

// ancestors walks the inputs, as the graph does not.
func (s *state) ancestors(e *entry, seen map[wire.Txid]bool) {
	if seen[e.txid] {
		return
	}
	seen[e.txid] = true
	for i := range e.tx.In {
		if p := s.byTxid[e.tx.In[i].PrevOut.Txid]; p != nil {
			s.ancestors(p, seen)
		}
	}
}

// checkCoins looks all inputs up, when the coins are at the pool's tip and
// nothing is left to be done.
func (p *Pool) checkCoins() error {
	if !p.settled {
		return nil
	}
	var ops []wire.OutPoint
	for op := range p.spends {
		if parent := p.byTxid[op.Txid]; parent == nil {
			ops = append(ops, op)
		} else if int(op.Index) >= len(parent.tx.Out) {
			return fmt.Errorf("%s does not exist", op)
		}
	}
	coins, found, tip, err := p.cfg.Chain.Coins(ops)
	if err != nil || tip != p.tip {
		return nil // closed, or moved on
	}
	height, mtp := tip.Height()+1, tip.MedianTimePast()
	at := make(map[wire.OutPoint]consensus.Coin, len(ops))
	for i, op := range ops {
		if !found[i] {
			return fmt.Errorf("%s of %s is no coin", op, p.spends[op].txid)
		}
		at[op] = coins[i]
	}
	for _, e := range p.byTxid {
		spent := make([]consensus.Coin, len(e.tx.In))
		for i := range e.tx.In {
			op := e.tx.In[i].PrevOut
			if parent := p.byTxid[op.Txid]; parent != nil {
				spent[i] = consensus.Coin{Out: parent.tx.Out[op.Index], Height: height}
			} else {
				spent[i] = at[op]
			}
		}
		fee, err := consensus.CheckTxInputs(e.tx, spent, height)
		if err != nil || fee != e.fee {
			return fmt.Errorf("%s: fee %d, %v", e.txid, fee, err)
		}
		lock, _ := sequenceLock(e.tx, spent, tip)
		if !lock.Passes(height, mtp) || !consensus.IsFinalTx(e.tx, height, mtp) {
			return fmt.Errorf("%s is locked", e.txid)
		}
	}
	return nil
}
