package p2ptest

import (
	"errors"

	"grapevine/p2p"
	"grapevine/wire"
)

// Why a pool refuses a transaction.
var (
	errInPool   = errors.New("txn-already-in-mempool")
	errKnown    = errors.New("txn-already-known")
	errConflict = errors.New("txn-mempool-conflict")
	errMissing  = errors.New("bad-txns-inputs-missingorspent")
	errRate     = errors.New("min relay fee not met")
	errPackage  = errors.New("transaction failed")
)

// Pool is a node's transaction pool. Coins are outputs of transactions in the
// chain or the pool, and the world's funds.
type Pool struct {
	node      *Node
	byTxid    map[wire.Txid]*wire.Tx
	byWtxid   map[wire.Wtxid]*wire.Tx
	spent     map[wire.OutPoint]*wire.Tx // by transactions of the pool
	confirmed map[wire.Txid]bool
	used      map[wire.OutPoint]bool // by transactions of the chain
	returned  []*wire.Tx             // of disconnected blocks, the last block's first
	served    map[wire.Txid]bool
	told      []p2p.Event // changes since the last flush
	min       wire.FeeRate
	free      int64 // until when it judges what was submitted
}

func newPool(n *Node) *Pool {
	return &Pool{
		node: n, byTxid: make(map[wire.Txid]*wire.Tx), byWtxid: make(map[wire.Wtxid]*wire.Tx),
		spent: make(map[wire.OutPoint]*wire.Tx), confirmed: make(map[wire.Txid]bool), used: make(map[wire.OutPoint]bool),
		served: make(map[wire.Txid]bool), min: 100,
	}
}

// Has, Lookup and MinFeeRate are what [p2p.Pool] asks for.
func (p *Pool) Has(id wire.GenTxid) bool {
	_, _, ok := p.Lookup(id)
	return ok
}

func (p *Pool) Lookup(id wire.GenTxid) (*wire.Tx, wire.FeeRate, bool) {
	var tx *wire.Tx
	if w, ok := id.Wtxid(); ok {
		tx = p.byWtxid[w]
	} else if t, ok := id.Txid(); ok {
		tx = p.byTxid[t]
	}
	if tx == nil {
		return nil, 0, false
	}
	return tx, p.node.net.World.rates[tx.Txid()], true
}

func (p *Pool) MinFeeRate() wire.FeeRate { return p.min }

// Len returns how many transactions the pool holds.
func (p *Pool) Len() int { return len(p.byTxid) }

// Confirmed reports whether a transaction is in the active chain.
func (p *Pool) Confirmed(id wire.Txid) bool { return p.confirmed[id] }

// Served reports whether the core said that a peer has fetched a transaction.
func (p *Pool) Served(id wire.Txid) bool { return p.served[id] }

// SetMinFeeRate sets what a transaction has to pay from now on.
func (p *Pool) SetMinFeeRate(r wire.FeeRate) { p.min = r }

// Submit gives the node a transaction of its operator's; it is judged at once.
func (p *Pool) Submit(tx *wire.Tx) error {
	_, err := p.take(tx)
	if err == nil {
		p.node.mark(tx.Txid(), -1)
	}
	p.flush()
	return err
}

func (p *Pool) submit(a p2p.SubmitTx) {
	now := p.node.net.now
	p.free = max(p.free, now) + int64(p.node.verdicts.Tx)
	p.node.later(p.free-now, func() {
		missing, err := p.take(a.Tx)
		if err == nil {
			p.node.arrived(a.Tx.Txid(), a.Peer)
		}
		p.flush()
		p.node.step(p2p.TxJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Tx: a.Tx, TxVerdict: verdict(missing, err)})
	})
}

func verdict(missing []wire.Txid, err error) p2p.TxVerdict {
	return p2p.TxVerdict{Err: err, Missing: missing, LowFee: err == errRate}
}

// submitPackage judges a parent and its child: each by itself, and if one pays too
// little, both by what they pay together.
func (p *Pool) submitPackage(a p2p.SubmitPackage) {
	now := p.node.net.now
	p.free = max(p.free, now) + 2*int64(p.node.verdicts.Tx)
	p.node.later(p.free-now, func() {
		txs := []*wire.Tx{a.Parent, a.Child}
		list, errs := p.takeAll(txs)
		if errs[0] == errRate && p.pay(txs) {
			min := p.min
			p.min = 0
			list, errs = p.takeAll(txs)
			p.min = min
		}
		ev := p2p.PackageJudged{Peer: a.Peer, Seq: a.Seq, Size: a.Size, Parent: a.Parent, Child: a.Child, Verdicts: list}
		for i, tx := range txs {
			if errs[i] == nil {
				p.node.arrived(tx.Txid(), a.Peer)
			} else {
				ev.Err = errPackage
			}
		}
		p.flush()
		p.node.step(ev)
	})
}

func (p *Pool) takeAll(txs []*wire.Tx) (list []p2p.TxVerdict, errs []error) {
	for _, tx := range txs {
		missing, err := p.take(tx)
		list, errs = append(list, verdict(missing, err)), append(errs, err)
	}
	return list, errs
}

// pay reports whether transactions pay enough together.
func (p *Pool) pay(txs []*wire.Tx) bool {
	var fee, size wire.FeeRate
	for _, tx := range txs {
		n := wire.FeeRate(tx.VSize())
		fee, size = fee+n*p.node.net.World.rates[tx.Txid()], size+n
	}
	return fee >= p.min*size
}

// take judges a transaction and keeps it if it is good.
func (p *Pool) take(tx *wire.Tx) (missing []wire.Txid, err error) {
	id := tx.Txid()
	switch {
	case p.byTxid[id] != nil:
		return nil, errInPool
	case p.confirmed[id]:
		return nil, errKnown
	}
	for i := range tx.In {
		op := tx.In[i].PrevOut
		if p.spent[op] != nil {
			return nil, errConflict
		}
		if p.used[op] {
			return nil, errMissing
		}
		if p.byTxid[op.Txid] == nil && !p.confirmed[op.Txid] && !p.node.net.World.funds[op.Txid] {
			missing = append(missing, op.Txid)
		}
	}
	if missing != nil {
		return missing, errMissing
	}
	if p.node.net.World.rates[id] < p.min {
		return nil, errRate
	}
	p.byTxid[id] = tx
	p.byWtxid[tx.Wtxid()] = tx
	for i := range tx.In {
		p.spent[tx.In[i].PrevOut] = tx
	}
	p.told = append(p.told, p2p.PoolAdded{Txid: id, Wtxid: tx.Wtxid()})
	return nil, nil
}

// confirm: a block with the transaction was connected.
func (p *Pool) confirm(tx *wire.Tx) {
	id := tx.Txid()
	p.confirmed[id] = true
	if mine := p.byTxid[id]; mine != nil {
		p.forget(mine)
	}
	for i := range tx.In {
		op := tx.In[i].PrevOut
		p.used[op] = true
		if other := p.spent[op]; other != nil {
			p.remove(other)
		}
	}
}

// unconfirm: a block with it was disconnected. It comes back when the new branch
// is connected, if it still can.
func (p *Pool) unconfirm(tx *wire.Tx) {
	delete(p.confirmed, tx.Txid())
	for i := range tx.In {
		delete(p.used, tx.In[i].PrevOut)
	}
	p.returned = append(p.returned, tx)
}

// settle takes back what the new branch left out: parents before children, which
// the outer loop sees to, since the order is lost. What cannot come back takes
// along what spends it.
func (p *Pool) settle() {
	for again := true; again; {
		again = false
		rest := p.returned[:0]
		for _, tx := range p.returned {
			missing, err := p.take(tx)
			switch {
			case err == nil:
				again = true
			case missing != nil:
				rest = append(rest, tx)
			case !p.confirmed[tx.Txid()]:
				p.removeChildren(tx)
			}
		}
		p.returned = rest
	}
	for _, tx := range p.returned {
		p.removeChildren(tx)
	}
	p.returned = nil
	p.flush()
}

// remove takes a transaction out, with what spends it.
func (p *Pool) remove(tx *wire.Tx) {
	p.forget(tx)
	p.removeChildren(tx)
}

func (p *Pool) removeChildren(tx *wire.Tx) {
	for i := range tx.Out {
		if child := p.spent[wire.OutPoint{Txid: tx.Txid(), Index: uint32(i)}]; child != nil {
			p.remove(child)
		}
	}
}

// forget takes a single transaction out.
func (p *Pool) forget(tx *wire.Tx) {
	delete(p.byTxid, tx.Txid())
	delete(p.byWtxid, tx.Wtxid())
	for i := range tx.In {
		delete(p.spent, tx.In[i].PrevOut)
	}
}

func (p *Pool) flush() {
	if len(p.told) > 0 {
		p.node.tell(p.told...)
		p.told = nil
	}
}
