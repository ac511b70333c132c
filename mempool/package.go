package mempool

import (
	"context"
	"slices"

	"grapevine/chain/consensus"
	"grapevine/wire"
)

// What a package may hold. Its transactions end up in one cluster, whose limits are
// the same weight and more transactions.
const (
	maxPackageCount              = 25
	maxPackageWeight wire.Weight = 404_000
)

// PackageVerdict is what became of a package.
type PackageVerdict struct {
	// Err is nil when all of it is in the pool now; else why not, as of
	// [Pool.Submit].
	Err error
	// Txs are the verdicts on its transactions, in their order. It is nil when
	// the package as such was refused, so that none was looked at. Some may be in the
	// pool although others are not.
	Txs []Verdict
	// Together are those that were taken by one feerate, the EffectiveRate of each;
	// nil when each was taken by its own.
	Together []wire.Wtxid
}

// SubmitPackage judges a transaction together with parents of it, which come
// before it and are listed in an order in which they can be mined. What can be taken
// by itself is; of the rest, that pays too little or misses the others, the fees and
// sizes together have to suffice, so that the last one may pay for the others.
// They belong to the pool from then on.
//
// Each is judged by itself first, or a parent could pay for a child that nobody
// should relay, and a good parent would fall with a bad child.
func (p *Pool) SubmitPackage(ctx context.Context, txs []*wire.Tx, o SubmitOptions) PackageVerdict {
	if err := checkPackage(txs); err != nil {
		return PackageVerdict{Err: err}
	}
	pack := &pack{options: o, txs: slices.Clone(txs), own: make([]Verdict, len(txs)), done: make([]bool, len(txs))}
	for i, tx := range txs {
		pack.own[i].Err = p.checkAlone(tx)
		pack.done[i] = pack.own[i].Err != nil
	}
	if _, err := p.post(ctx, &job{pack: pack}); err != nil {
		return PackageVerdict{Err: err}
	}
	return PackageVerdict{Err: pack.err, Txs: pack.own, Together: pack.with}
}

// pack is a package on its way in. The owner has it until it answers.
type pack struct {
	options SubmitOptions
	txs     []*wire.Tx
	own     []Verdict
	done    []bool // own is final, unless they are judged together
	with    []wire.Wtxid
	err     error
}

// checkPackage checks what needs the transactions of a package only.
func checkPackage(txs []*wire.Tx) error {
	if len(txs) == 0 || len(txs) > maxPackageCount {
		return refuse(ErrPackageCount, CausePolicy, "")
	}
	var weight wire.Weight
	later := make(map[wire.Txid]struct{}, len(txs))
	for _, tx := range txs {
		weight += tx.Weight()
		later[tx.Txid()] = struct{}{}
	}
	switch {
	case weight > maxPackageWeight && len(txs) > 1:
		return refuse(ErrPackageWeight, CausePolicy, "")
	case len(later) < len(txs):
		return refuse(ErrPackageDuplicates, CausePolicy, "")
	}
	for _, tx := range txs {
		for i := range tx.In {
			if _, not := later[tx.In[i].PrevOut.Txid]; not {
				return refuse(ErrPackageOrder, CausePolicy, "")
			}
		}
		delete(later, tx.Txid())
	}
	return checkFamily(txs)
}

// checkFamily checks that nothing is spent twice and that all are parents of the
// last.
func checkFamily(txs []*wire.Tx) error {
	spent := make(map[wire.OutPoint]struct{})
	for _, tx := range txs {
		if len(tx.In) == 0 {
			return refuse(ErrPackageConflict, CausePolicy, "")
		}
		for i := range tx.In { // one that spends twice by itself is another matter
			if _, twice := spent[tx.In[i].PrevOut]; twice {
				return refuse(ErrPackageConflict, CausePolicy, "")
			}
		}
		for i := range tx.In {
			spent[tx.In[i].PrevOut] = struct{}{}
		}
	}
	child := txs[len(txs)-1]
	parents := make(map[wire.Txid]struct{}, len(child.In))
	for i := range child.In {
		parents[child.In[i].PrevOut.Txid] = struct{}{}
	}
	for _, tx := range txs[:len(txs)-1] {
		if _, parent := parents[tx.Txid()]; !parent {
			return refuse(ErrPackageTopology, CausePolicy, "")
		}
	}
	return nil
}

// judgePackage judges a package. It reports false when the coins are at another tip
// than the pool; what was taken in by then stays, and counts when it is tried again.
func (o *owner) judgePackage(p *pack) (bool, error) {
	var rest []int
	hopeless := false
	for i, tx := range p.txs {
		if !p.done[i] {
			if judged, err := o.judgeMember(p, i, tx); !judged {
				return false, err
			}
		}
		switch e, _ := p.own[i].Err.(*Error); {
		case e == nil:
		case len(p.txs) > 1 && (e.Cause == CauseReconsiderable || e.Cause == CauseMissingInputs):
			rest = append(rest, i)
		default:
			hopeless = true
		}
	}
	switch {
	case hopeless:
		p.err = refuse(ErrPackageTx, CausePolicy, "")
	case len(rest) > 0:
		if judged, err := o.judgeTogether(p, rest); !judged {
			return false, err
		}
	}
	o.endPackage(p)
	return true, nil
}

// judgeMember judges a transaction of a package by itself.
func (o *owner) judgeMember(p *pack, i int, tx *wire.Tx) (bool, error) {
	if e := o.byTxid[tx.Txid()]; e != nil { // with whatever witness: its outputs are there
		p.own[i] = Verdict{Accepted: Accepted{Txid: e.txid, Wtxid: e.wtxid, Fee: e.fee, VSize: e.vsize, Already: true}}
		p.done[i] = true
		return true, nil
	}
	j := &job{tx: tx, keep: true, member: true, local: p.options.Local, maxFee: p.options.MaxFee, reply: make(chan Verdict, 1)}
	judged, err := o.judge([]*job{j})
	if judged {
		p.own[i] = <-j.reply
		p.done[i] = p.own[i].Err == nil
	}
	return judged, err
}

// judgeTogether judges what was refused of a package when each was judged by
// itself: by one feerate.
func (o *owner) judgeTogether(p *pack, rest []int) (bool, error) {
	batch := make([]*job, len(rest))
	made := make(map[wire.Txid]*wire.Tx, len(rest))
	for k, i := range rest {
		batch[k] = &job{tx: p.txs[i], keep: true, member: true, together: true, local: p.options.Local, maxFee: p.options.MaxFee}
		made[p.txs[i].Txid()] = p.txs[i]
	}
	coins, tip, err := o.coinsFor(batch, made)
	if err != nil || tip != o.tip {
		return false, err
	}
	for k, j := range batch {
		var spent []consensus.Coin
		spent, coins = coins[:len(j.tx.In)], coins[len(j.tx.In):]
		if j.work, err = o.examine(j, spent); err == nil && j.maxFee > 0 && j.work.fee > j.maxFee {
			err = refuse(ErrMaxFee, CausePolicy, "")
		}
		if isFailure(err) {
			return false, err
		}
		if err != nil {
			p.own[rest[k]].Err, p.err = err, refuse(ErrPackageTx, CausePolicy, "")
			return true, nil
		}
	}
	if o.checkTogether(p, rest, batch) {
		o.enterTogether(p, rest, batch)
	}
	return true, nil
}

// enterTogether puts in transactions that passed all checks: all of them, or none.
func (o *owner) enterTogether(p *pack, rest []int, batch []*job) {
	now := o.cfg.Now()
	rate := feerate(batch)
	o.mu.Lock()
	events, seq := len(o.pending), o.nextSeq
	for k, j := range batch {
		if err := o.enter(j, now); err != nil {
			p.own[rest[k]].Err, p.err = err, refuse(ErrPackageTx, CausePolicy, "")
			entered := make([]*entry, k)
			for n := range k {
				entered[n] = o.byTxid[batch[n].tx.Txid()]
			}
			o.remove(entered)
			o.pending, o.nextSeq = o.pending[:events], seq // nobody has seen them
			break
		}
	}
	if p.err == nil {
		for k, j := range batch {
			a := j.work.accepted()
			a.EffectiveRate = rate
			p.with = append(p.with, a.Wtxid)
			p.own[rest[k]] = Verdict{Accepted: a}
			if j.local {
				o.unbroadcast[a.Txid] = struct{}{}
			}
		}
	}
	o.publish()
}

// endPackage brings the pool within its bounds again. That waits for the end, or a
// parent could be evicted before its child was looked at that pays for it.
func (o *owner) endPackage(p *pack) {
	o.mu.Lock()
	o.limit(o.cfg.Now())
	for i := range p.own {
		if p.own[i].Err == nil && o.byTxid[p.txs[i].Txid()] == nil {
			p.own[i] = Verdict{Err: refuse(ErrFull, CausePolicy, "")}
			p.err = refuse(ErrPackageTx, CausePolicy, "")
		}
	}
	o.publish()
}
