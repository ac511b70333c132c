package mempool

import (
	"slices"
	"time"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/mempool/graph"
	"grapevine/mempool/policy"
	"grapevine/wire"
)

// entry is a transaction in the pool. Only the owner changes it, under the
// pool's lock.
type entry struct {
	tx     *wire.Tx
	txid   wire.Txid
	wtxid  wire.Wtxid
	fee    wire.Amount
	delta  wire.Amount // what the operator added to the fee
	sigOps int64
	vsize  int
	usage  int64
	added  time.Time
	height int32 // of the tip when it entered
	seq    uint64

	// lock is until when BIP 68 keeps it out of blocks, computed from coins up to
	// the block lockAt: void when that block is disconnected.
	lock           consensus.SequenceLock
	lockAt         *headers.Node
	spendsCoinbase bool

	node *graph.Node
	age  int // place in state.byAge
	scan int // place in state.scan
}

func (e *entry) modified() wire.Amount { return e.fee + e.delta }

// adjustedWeight is what it counts as in the graph.
func (e *entry) adjustedWeight() wire.Weight { return policy.AdjustedWeight(e.tx.Weight(), e.sigOps) }

// state is what the pool's lock guards. The owner reads it without the lock,
// since nobody else writes it but for unbroadcast.
type state struct {
	byTxid  map[wire.Txid]*entry
	byWtxid map[wire.Wtxid]*entry
	spends  map[wire.OutPoint]*entry // who spends an outpoint
	deltas  map[wire.Txid]wire.Amount
	changed uint64 // how often deltas were changed
	graph   *graph.Graph
	byAge   ages
	scan    scanList

	unbroadcast map[wire.Txid]struct{}

	tip     *headers.Node
	settled bool // all that the way to the tip asked for is done
	vsize   int64
	fees    wire.Amount
	txUsage int64
	slots   int
	nextSeq uint64
	rolling rollingFee
	pending []Event // of changes that are not published yet
}

func newState(l graph.Limits) state {
	return state{
		byTxid: make(map[wire.Txid]*entry), byWtxid: make(map[wire.Wtxid]*entry),
		spends: make(map[wire.OutPoint]*entry), deltas: make(map[wire.Txid]wire.Amount),
		unbroadcast: make(map[wire.Txid]struct{}), graph: graph.New(l), nextSeq: 1,
	}
}

// insert puts a judged transaction in; its parents are there.
func (s *state) insert(e *entry, parents []*graph.Node) {
	s.byTxid[e.txid] = e
	s.byWtxid[e.wtxid] = e
	for i := range e.tx.In {
		s.spends[e.tx.In[i].PrevOut] = e
	}
	e.node = s.graph.Add(e.txid, graph.Frac{Fee: e.modified(), Weight: e.adjustedWeight()}, parents, e)
	s.byAge.add(e)
	s.scan.add(e)
	s.vsize += int64(e.vsize)
	s.fees += e.fee
	s.txUsage += e.usage
	s.growSlots()
}

// remove takes entries out, whose graph must allow it (see [graph.Graph.Remove]).
func (s *state) remove(list []*entry) {
	nodes := make([]*graph.Node, len(list))
	for i, e := range list {
		nodes[i] = e.node
		delete(s.byTxid, e.txid)
		delete(s.byWtxid, e.wtxid)
		for j := range e.tx.In {
			delete(s.spends, e.tx.In[j].PrevOut)
		}
		s.byAge.remove(e)
		s.scan.remove(e)
		e.node = nil
		s.vsize -= int64(e.vsize)
		s.fees -= e.fee
		s.txUsage -= e.usage
		s.shrinkSlots()
	}
	s.graph.Remove(nodes)
}

// drop removes entries for a reason and reports it.
func (s *state) drop(list []*entry, reason Reason) {
	if len(list) == 0 {
		return
	}
	s.remove(list)
	for _, e := range list {
		s.gone(e, reason)
	}
}

// gone notes that an entry is not there any more, wherever it was.
func (s *state) gone(e *entry, reason Reason) {
	s.report(Removed, e, reason)
	delete(s.unbroadcast, e.txid)
}

func (s *state) report(kind EventKind, e *entry, reason Reason) {
	s.pending = append(s.pending, Event{Seq: s.nextSeq, Kind: kind, Reason: reason, Txid: e.txid, Wtxid: e.wtxid})
	s.nextSeq++
}

// family returns entries with all their descendants, each once, in no order
// that matters.
func (s *state) family(of []*entry) []*entry {
	var out []*entry
	seen := make(map[*entry]struct{})
	for _, e := range of {
		if _, done := seen[e]; done {
			continue
		}
		for _, n := range e.node.Descendants() {
			d := n.Of.(*entry)
			if _, done := seen[d]; !done {
				seen[d] = struct{}{}
				out = append(out, d)
			}
		}
	}
	return out
}

// parents returns the nodes of the transactions in the pool that tx spends
// from, each once; more than [graph.MaxCount] of them, which fit in no cluster,
// are not all looked for.
func (s *state) parents(tx *wire.Tx) []*graph.Node {
	var out []*graph.Node
	for i := range tx.In {
		p := s.byTxid[tx.In[i].PrevOut.Txid]
		if p == nil {
			continue
		}
		known := false
		for _, n := range out {
			known = known || n == p.node
		}
		if !known {
			out = append(out, p.node)
		}
		if len(out) > graph.MaxCount {
			break
		}
	}
	return out
}

// children returns the entries that spend outputs of e, each once.
func (s *state) children(e *entry) []*entry {
	if e.node.ClusterSize() == 1 {
		return nil
	}
	var out []*entry
	for _, c := range s.spenders(e.tx, nil) {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// spenders appends the entries that spend outputs of tx to list, once for each
// output.
func (s *state) spenders(tx *wire.Tx, list []*entry) []*entry {
	txid := tx.Txid()
	for i := range tx.Out {
		if c := s.spends[wire.OutPoint{Txid: txid, Index: uint32(i)}]; c != nil {
			list = append(list, c)
		}
	}
	return list
}
