package mempool

import (
	"context"

	"grapevine/chain/consensus"
	"grapevine/mempool/policy"
	"grapevine/wire"
)

// SubmitOptions say how a transaction is taken in.
type SubmitOptions struct {
	// Local marks a transaction of our own: it counts as not broadcast until
	// [Pool.Broadcasted] is told otherwise.
	Local bool
	// MaxFee refuses what pays more than this with [ErrMaxFee]; 0 means any fee.
	MaxFee wire.Amount
}

// Accepted describes a transaction that the pool took, or would take.
type Accepted struct {
	Txid  wire.Txid
	Wtxid wire.Wtxid
	Fee   wire.Amount
	VSize int
	// EffectiveRate is the feerate by which it was judged, with what the operator
	// added to its fee.
	EffectiveRate wire.FeeRate
	// Already: it was in the pool before, maybe with another witness, which Wtxid
	// names. Its rate is not told.
	Already bool
}

// Submit judges a transaction and takes it in. It must be decoded or sealed,
// and belongs to the pool from then on. The error is an [*Error] when it was
// refused; anything else ([ErrClosed], ctx's error, a failure of the chain)
// says nothing about the transaction, and then it may have been taken in.
// Transactions that one goroutine submits one after another are judged in that
// order.
func (p *Pool) Submit(ctx context.Context, tx *wire.Tx, o SubmitOptions) (Accepted, error) {
	if err := p.checkAlone(tx); err != nil {
		return Accepted{}, err
	}
	return p.post(ctx, &job{tx: tx, keep: true, local: o.Local, maxFee: o.MaxFee})
}

// Verdict is what became of one transaction of several.
type Verdict struct {
	Accepted Accepted
	Err      error // as of [Pool.Submit]
}

// SubmitAll submits transactions as [Pool.Submit] does, in their order, and
// returns what became of each. Those that do not depend on each other are
// checked side by side, which one call after the other cannot have.
func (p *Pool) SubmitAll(ctx context.Context, txs []*wire.Tx, o SubmitOptions) []Verdict {
	out := make([]Verdict, len(txs))
	posted := make([]*job, len(txs))
	received := 0
	receive := func(until int) {
		for ; received < until; received++ {
			if j := posted[received]; j != nil {
				out[received].Accepted, out[received].Err = p.await(ctx, j)
			}
		}
	}
	for i, tx := range txs {
		// No more than the queue holds are under way.
		receive(i - queuedJobs)
		if out[i].Err = p.checkAlone(tx); out[i].Err != nil {
			continue
		}
		j := &job{tx: tx, keep: true, local: o.Local, maxFee: o.MaxFee}
		if out[i].Err = p.queue(ctx, j); out[i].Err == nil {
			posted[i] = j
		}
	}
	receive(len(txs))
	return out
}

// Check judges a transaction as [Pool.Submit] does, and keeps nothing.
func (p *Pool) Check(ctx context.Context, tx *wire.Tx) (Accepted, error) {
	if err := p.checkAlone(tx); err != nil {
		return Accepted{}, err
	}
	return p.post(ctx, &job{tx: tx})
}

// Prioritise adds to the fee by which a transaction is judged and chosen,
// whether it is in the pool or not yet; amounts add up.
func (p *Pool) Prioritise(ctx context.Context, txid wire.Txid, delta wire.Amount) error {
	_, err := p.post(ctx, &job{alone: func() { p.prioritise(txid, delta) }})
	return err
}

// prioritise runs on the owner.
func (p *Pool) prioritise(txid wire.Txid, delta wire.Amount) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changed++
	sum := addSaturated(p.deltas[txid], delta)
	if sum == 0 {
		delete(p.deltas, txid)
	} else {
		p.deltas[txid] = sum
	}
	if e := p.byTxid[txid]; e != nil {
		e.delta = sum
		p.graph.SetFee(e.node, e.modified())
	}
}

// maxDelta bounds what an operator adds, so that sums of fees cannot overflow:
// 64 transactions of a cluster at this much are far from 2^63.
const maxDelta = wire.MaxMoney

func addSaturated(a, b wire.Amount) wire.Amount {
	b = max(-2*maxDelta, min(2*maxDelta, b))
	return max(-maxDelta, min(maxDelta, a+b))
}

// checkAlone checks what needs the transaction only; it runs on the caller's
// goroutine.
func (p *Pool) checkAlone(tx *wire.Tx) error {
	if err := consensus.CheckTransaction(tx); err != nil {
		return ofConsensus(err)
	}
	if tx.IsCoinbase() {
		return refuse(ErrCoinbase, CauseConsensus, "")
	}
	if !p.cfg.AcceptNonStandard {
		if err := policy.CheckTx(tx, p.cfg.rules()); err != nil {
			return ofPolicy(err, CauseNotStandard)
		}
	}
	if tx.BaseSize() < policy.MinTxBaseSize {
		return notStandard(policy.ErrTxSizeSmall, "")
	}
	return nil
}

// job is a call that waits for the owner.
type job struct {
	tx     *wire.Tx
	keep   bool // take it in when it passes
	local  bool
	maxFee wire.Amount
	// alone, when set, is run instead of judging a transaction.
	alone func()
	// pack, when set, is the package that is judged. A member of it leaves the pool
	// above its bounds until all are judged; what is judged together with others
	// need not pay for itself.
	pack             *pack
	member, together bool
	// back is set for what comes back after a reorganisation: it is asked for
	// no fee. An entry that was in the pool before keeps what it had.
	back bool
	old  *entry

	reply chan Verdict // room for one, nil when nobody waits
	work  *candidate   // set while it is judged
	err   error
}

func (j *job) answer(v Verdict) {
	if j.reply != nil {
		j.reply <- v
	}
}

// post hands a job to the owner and waits for the verdict.
func (p *Pool) post(ctx context.Context, j *job) (Accepted, error) {
	if err := p.queue(ctx, j); err != nil {
		return Accepted{}, err
	}
	return p.await(ctx, j)
}

// queue hands a job to the owner.
func (p *Pool) queue(ctx context.Context, j *job) error {
	j.reply = make(chan Verdict, 1)
	select {
	case <-p.done: // the queue may have room although nobody reads it any more
		return ErrClosed
	default:
	}
	select {
	case p.jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.done:
		return ErrClosed
	}
}

// await waits for the verdict on a job that was queued.
func (p *Pool) await(ctx context.Context, j *job) (Accepted, error) {
	select {
	case v := <-j.reply:
		return v.Accepted, v.Err
	case <-ctx.Done():
		return Accepted{}, ctx.Err()
	case <-p.done:
		select { // the owner may have answered as its last act
		case v := <-j.reply:
			return v.Accepted, v.Err
		default:
			return Accepted{}, ErrClosed
		}
	}
}
