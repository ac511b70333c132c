package mempool

import (
	"bytes"
	"slices"
	"time"

	"grapevine/mempool/graph"
	"grapevine/mempool/policy"
	"grapevine/wire"
)

// find returns the entry that id names; the caller holds the lock.
func (s *state) find(id wire.GenTxid) *entry {
	if txid, ok := id.Txid(); ok {
		return s.byTxid[txid]
	}
	wtxid, _ := id.Wtxid()
	return s.byWtxid[wtxid]
}

// Has reports whether the pool holds the transaction.
func (p *Pool) Has(id wire.GenTxid) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.find(id) != nil
}

// Lookup returns a transaction of the pool and its own feerate; ok is false
// when it is not there.
func (p *Pool) Lookup(id wire.GenTxid) (tx *wire.Tx, rate wire.FeeRate, ok bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	e := p.find(id)
	if e == nil {
		return nil, 0, false
	}
	return e.tx, policy.Rate(e.fee, e.vsize), true
}

// Entry describes a transaction in the pool at one moment.
type Entry struct {
	Tx    *wire.Tx
	Txid  wire.Txid
	Wtxid wire.Wtxid
	Fee   wire.Amount
	// ModifiedFee is Fee with what the operator added to it.
	ModifiedFee wire.Amount
	// VSize is the size in virtual bytes by which its feerate is judged: more than
	// a quarter of Weight when it has many signature operations.
	VSize     int
	Weight    wire.Weight
	SigOpCost int64
	Time      time.Time // when it entered
	Height    int32     // of the tip when it entered
	Seq       uint64    // of the event when it entered; 0 when it came back from a block
	// The ancestors and descendants include the transaction itself; their fees are
	// modified ones.
	AncestorCount, DescendantCount int
	AncestorSize, DescendantSize   int // virtual bytes
	AncestorFees, DescendantFees   wire.Amount
	// ChunkFee and ChunkWeight are those of the chunk that it would be mined in.
	ChunkFee    wire.Amount
	ChunkWeight wire.Weight
	// Depends are the transactions in the pool whose outputs it spends, in the
	// order of their text; SpentBy those that spend its own, in that of their
	// bytes.
	Depends, SpentBy []wire.Txid
	Unbroadcast      bool // sent by us and not asked for by any peer yet
}

// Entry returns a transaction of the pool; ok is false when it is not there.
func (p *Pool) Entry(txid wire.Txid) (e Entry, ok bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	in := p.byTxid[txid]
	if in == nil {
		return Entry{}, false
	}
	return p.describe(in), true
}

func (s *state) describe(e *entry) Entry {
	chunk := e.node.Chunk()
	_, unbroadcast := s.unbroadcast[e.txid]
	d := Entry{
		Tx: e.tx, Txid: e.txid, Wtxid: e.wtxid, Fee: e.fee, ModifiedFee: e.modified(), VSize: e.vsize,
		Weight: e.tx.Weight(), SigOpCost: e.sigOps, Time: e.added, Height: e.height, Seq: e.seq,
		ChunkFee: chunk.Fee, ChunkWeight: chunk.Weight, Unbroadcast: unbroadcast,
		AncestorCount: 1, DescendantCount: 1, AncestorSize: e.vsize, DescendantSize: e.vsize,
		AncestorFees: e.modified(), DescendantFees: e.modified(),
	}
	if e.node.ClusterSize() == 1 {
		return d
	}
	d.AncestorCount, d.AncestorSize, d.AncestorFees = sum(e.node.Ancestors())
	d.DescendantCount, d.DescendantSize, d.DescendantFees = sum(e.node.Descendants())
	for _, n := range s.parents(e.tx) {
		d.Depends = append(d.Depends, n.ID)
	}
	for _, c := range s.children(e) {
		d.SpentBy = append(d.SpentBy, c.txid)
	}
	slices.SortFunc(d.Depends, displayed)
	slices.SortFunc(d.SpentBy, wire.Txid.Compare)
	return d
}

// displayed orders identifiers as their text is ordered: last byte first.
func displayed(a, b wire.Txid) int {
	slices.Reverse(a[:])
	slices.Reverse(b[:])
	return bytes.Compare(a[:], b[:])
}

func sum(nodes []*graph.Node) (count, vsize int, fees wire.Amount) {
	for _, n := range nodes {
		e := n.Of.(*entry)
		vsize += e.vsize
		fees += e.modified()
	}
	return len(nodes), vsize, fees
}

// describedAtOnce is how many entries are described under one lock: some
// hundreds of microseconds, so that a long list keeps nobody waiting.
const describedAtOnce = 256

// Entries returns all transactions in the order in which they would be mined.
// In a large pool each is as of a moment of its own, and those that leave
// meanwhile are left out.
func (p *Pool) Entries() []Entry {
	p.mu.RLock()
	s := p.graph.Snapshot()
	p.mu.RUnlock()
	nodes := s.Nodes()
	list := make([]Entry, 0, len(nodes))
	for part := range slices.Chunk(nodes, describedAtOnce) {
		list = p.describeAll(list, part)
	}
	return list
}

func (p *Pool) describeAll(list []Entry, nodes []*graph.Node) []Entry {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, n := range nodes {
		if e := n.Of.(*entry); e.node == n {
			list = append(list, p.describe(e))
		}
	}
	return list
}

// Txids returns the transactions in the order in which they would be mined, and
// the sequence number of the next event.
func (p *Pool) Txids() (list []wire.Txid, next uint64) {
	p.mu.RLock()
	s, next := p.graph.Snapshot(), p.nextSeq
	p.mu.RUnlock()
	nodes := s.Nodes()
	list = make([]wire.Txid, len(nodes))
	for i, n := range nodes {
		list[i] = n.ID
	}
	return list, next
}

// Compare orders two transactions as they would be mined; what is not in the
// pool comes last.
func (p *Pool) Compare(a, b wire.GenTxid) int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	x, y := p.find(a), p.find(b)
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		return 1
	case y == nil:
		return -1
	}
	return graph.Compare(x.node, y.node)
}

// Ancestors returns what a transaction depends on in the pool, without itself,
// parents first; ok is false when it is not there.
func (p *Pool) Ancestors(txid wire.Txid) (list []wire.Txid, ok bool) {
	return p.relatives(txid, (*graph.Node).Ancestors)
}

// Descendants returns what depends on a transaction in the pool, without
// itself, parents first; ok is false when it is not there.
func (p *Pool) Descendants(txid wire.Txid) (list []wire.Txid, ok bool) {
	return p.relatives(txid, (*graph.Node).Descendants)
}

func (p *Pool) relatives(txid wire.Txid, of func(*graph.Node) []*graph.Node) ([]wire.Txid, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	e := p.byTxid[txid]
	if e == nil {
		return nil, false
	}
	var list []wire.Txid
	for _, n := range of(e.node) {
		if n != e.node {
			list = append(list, n.ID)
		}
	}
	return list, true
}

// Spender returns the transaction in the pool that spends an outpoint.
func (p *Pool) Spender(op wire.OutPoint) (txid wire.Txid, ok bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	e := p.spends[op]
	if e == nil {
		return wire.Txid{}, false
	}
	return e.txid, true
}

// CoinState says what the pool knows of an outpoint.
type CoinState uint8

const (
	// CoinUnknown: no transaction in the pool creates or spends it.
	CoinUnknown CoinState = iota
	// CoinCreated: one creates it, and none spends it.
	CoinCreated
	// CoinSpent: one spends it.
	CoinSpent
)

// Coin returns the output that a transaction in the pool creates, for
// [CoinCreated], and what the pool knows of the outpoint.
func (p *Pool) Coin(op wire.OutPoint) (wire.TxOut, CoinState) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.spends[op] != nil {
		return wire.TxOut{}, CoinSpent
	}
	e := p.byTxid[op.Txid]
	if e == nil || uint64(op.Index) >= uint64(len(e.tx.Out)) {
		return wire.TxOut{}, CoinUnknown
	}
	return e.tx.Out[op.Index], CoinCreated
}

// Unbroadcast returns the transactions that were sent by us and that no peer
// has asked for yet, in the order of their bytes.
func (p *Pool) Unbroadcast() []wire.Txid {
	p.mu.RLock()
	defer p.mu.RUnlock()
	list := make([]wire.Txid, 0, len(p.unbroadcast))
	for txid := range p.unbroadcast {
		list = append(list, txid)
	}
	slices.SortFunc(list, wire.Txid.Compare)
	return list
}

// Broadcasted notes that a peer has asked for a transaction.
func (p *Pool) Broadcasted(txid wire.Txid) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.unbroadcast, txid)
}

// Info describes the pool at one moment.
type Info struct {
	Size     int         // transactions
	Bytes    int64       // their virtual bytes
	Usage    int64       // memory, as MaxBytes bounds it
	TotalFee wire.Amount // without what the operator added
	MaxBytes int64
	// MinFee is what a transaction has to pay at present, never below MinRelay.
	MinFee, MinRelay, Incremental wire.FeeRate
	Unbroadcast                   int
	PermitBareMultisig            bool
	DataCarrierBytes              int
	ClusterCount, ClusterVBytes   int
	NextSeq                       uint64 // of the next event
	Prioritised                   uint64 // how often the operator has changed a fee
	Optimal                       bool   // no better order of any cluster exists
}

// Info returns how the pool stands.
func (p *Pool) Info() Info {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return Info{
		Size: len(p.byTxid), Bytes: p.vsize, Usage: p.usage(), TotalFee: p.fees, MaxBytes: p.cfg.MaxBytes,
		MinFee: p.minFee(), MinRelay: p.cfg.MinRelay, Incremental: p.cfg.Incremental,
		Unbroadcast: len(p.unbroadcast), PermitBareMultisig: p.cfg.PermitBareMultisig,
		DataCarrierBytes: p.cfg.DataCarrierBytes, ClusterCount: p.cfg.ClusterCount,
		ClusterVBytes: p.cfg.ClusterVBytes, NextSeq: p.nextSeq, Prioritised: p.changed, Optimal: p.graph.Optimal(),
	}
}

// Priority is a fee that the operator has changed.
type Priority struct {
	Txid        wire.Txid
	Delta       wire.Amount
	InPool      bool
	ModifiedFee wire.Amount // for those in the pool
}

// Priorities returns the fees that the operator has changed, in the order of
// their transactions' bytes.
func (p *Pool) Priorities() []Priority {
	p.mu.RLock()
	defer p.mu.RUnlock()
	list := make([]Priority, 0, len(p.deltas))
	for txid, delta := range p.deltas {
		pr := Priority{Txid: txid, Delta: delta}
		if e := p.byTxid[txid]; e != nil {
			pr.InPool, pr.ModifiedFee = true, e.modified()
		}
		list = append(list, pr)
	}
	slices.SortFunc(list, func(a, b Priority) int { return a.Txid.Compare(b.Txid) })
	return list
}
