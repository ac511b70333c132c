package mempool

import (
	"errors"
	"fmt"
	"time"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/script"
	"grapevine/mempool/policy"
	"grapevine/wire"
)

// candidate is a transaction on its way in.
type candidate struct {
	tx     *wire.Tx
	spent  []wire.TxOut
	fee    wire.Amount
	delta  wire.Amount
	sigOps int64
	vsize  int

	lock           consensus.SequenceLock
	lockAt         *headers.Node
	spendsCoinbase bool

	scripts scriptState
}

func (c *candidate) modified() wire.Amount { return c.fee + c.delta }

func (c *candidate) accepted() Accepted {
	return Accepted{
		Txid: c.tx.Txid(), Wtxid: c.tx.Wtxid(), Fee: c.fee, VSize: c.vsize,
		EffectiveRate: policy.Rate(c.modified(), c.vsize),
	}
}

// isFailure reports whether an error says nothing about the transaction.
func isFailure(err error) bool {
	var e *Error
	return err != nil && !errors.As(err, &e)
}

// examine checks all but the scripts of a transaction that passed checkAlone,
// in the order that the reference has: spent are its coins, zero where there is
// none. It changes nothing.
func (o *owner) examine(j *job, spent []consensus.Coin) (*candidate, error) {
	tx := j.tx
	height, mtp := o.tip.Height()+1, o.tip.MedianTimePast()
	if !consensus.IsFinalTx(tx, height, mtp) {
		return nil, refuse(ErrNonFinal, CausePrematureSpend, "")
	}
	if err := o.conflicts(tx); err != nil {
		return nil, err
	}
	if err := o.present(tx, spent); err != nil {
		return nil, err
	}
	c := &candidate{tx: tx, delta: o.deltas[tx.Txid()]}
	c.lock, c.lockAt = sequenceLock(tx, spent, o.tip)
	if !c.lock.Passes(height, mtp) {
		return nil, refuse(ErrNonBIP68Final, CausePrematureSpend, "")
	}
	var err error
	if c.fee, err = consensus.CheckTxInputs(tx, spent, height); err != nil {
		return nil, ofConsensus(err)
	}
	c.spent = make([]wire.TxOut, len(spent))
	for i := range spent {
		c.spent[i] = spent[i].Out
		c.spendsCoinbase = c.spendsCoinbase || spent[i].Coinbase
	}
	if err := o.checkPolicy(j, c); err != nil {
		return nil, err
	}
	return c, nil
}

// conflicts checks that the pool has neither the transaction nor one that
// spends the same.
func (o *owner) conflicts(tx *wire.Tx) error {
	if o.byWtxid[tx.Wtxid()] != nil {
		return refuse(ErrInPool, CauseConflict, "")
	}
	if o.byTxid[tx.Txid()] != nil {
		return refuse(ErrSameNonWitness, CauseConflict, "")
	}
	for i := range tx.In {
		if o.spends[tx.In[i].PrevOut] != nil {
			return refuse(ErrConflict, CausePolicy, "")
		}
	}
	return nil
}

// knownProbe is how many outputs of a transaction with missing inputs are looked
// up, to tell whether it is in a block already: a look at disk each, which
// anyone may cause.
const knownProbe = 64

// present checks that every coin is there.
func (o *owner) present(tx *wire.Tx, spent []consensus.Coin) error {
	var missing []wire.Txid
	seen := make(map[wire.Txid]struct{})
	for i := range spent {
		if !spent[i].Missing() {
			continue
		}
		id := tx.In[i].PrevOut.Txid
		if _, dup := seen[id]; !dup {
			seen[id] = struct{}{}
			missing = append(missing, id)
		}
	}
	if missing == nil {
		return nil
	}
	ops := make([]wire.OutPoint, min(len(tx.Out), knownProbe))
	for i := range ops {
		ops[i] = wire.OutPoint{Txid: tx.Txid(), Index: uint32(i)}
	}
	_, found, _, err := o.cfg.Chain.Coins(ops)
	if err != nil {
		return err
	}
	for _, f := range found {
		if f {
			return refuse(ErrAlreadyKnown, CauseConflict, "")
		}
	}
	err = consensus.MissingInputs()
	return &Error{Kind: ErrMissingInputs, Cause: CauseMissingInputs, Missing: missing, err: err}
}

// sequenceLock returns the lock that BIP 68 puts on a transaction for the block
// after tip, and the highest block that it was computed from.
func sequenceLock(tx *wire.Tx, spent []consensus.Coin, tip *headers.Node) (consensus.SequenceLock, *headers.Node) {
	highest := int32(0)
	for i := range spent {
		if spent[i].Height <= tip.Height() {
			highest = max(highest, spent[i].Height)
		}
	}
	lock := consensus.SequenceLocks(tx, spent, func(height int32) int64 {
		return tip.Ancestor(min(max(height-1, 0), tip.Height())).MedianTimePast()
	})
	return lock, tip.Ancestor(highest)
}

// checkPolicy checks what is standard of the inputs, the fee, and the limits of
// the pool.
func (o *owner) checkPolicy(j *job, c *candidate) error {
	standard := !o.cfg.AcceptNonStandard
	if standard {
		if err := policy.CheckInputs(c.tx, c.spent); err != nil {
			return ofPolicy(err, CauseInputsNotStandard)
		}
		if c.tx.HasWitness() {
			if err := policy.CheckWitness(c.tx, c.spent); err != nil {
				return ofPolicy(err, CauseWitnessMutated)
			}
		}
	}
	c.sigOps = consensus.TxSigOpCost(c.tx, c.spent, script.StandardFlags)
	c.vsize = policy.VSize(c.tx.Weight(), c.sigOps)
	if standard && (c.fee != 0 || c.modified() != 0) && policy.CountDust(c.tx, o.cfg.DustRate) > 0 {
		return notStandard(policy.ErrDust, "tx with dust output must be 0-fee")
	}
	if c.sigOps > policy.MaxSigOpsCost {
		return notStandard(policy.ErrSigOps, fmt.Sprint(c.sigOps))
	}
	parents := o.parents(c.tx)
	if !j.back {
		if !j.together { // then all pay for all
			if err := o.checkFee(c); err != nil {
				return err
			}
		}
		if err := o.checkTruc(c.tx, c.vsize, parents); err != nil {
			return err
		}
	}
	if !o.graph.Fits(parents, policy.AdjustedWeight(c.tx.Weight(), c.sigOps)) {
		return refuse(ErrLargeCluster, CausePolicy, "")
	}
	if standard && !j.back && !j.together {
		return o.checkEphemeral(c.tx, txsOf(parents))
	}
	return nil
}

func (o *owner) checkFee(c *candidate) error { return o.checkFeeOf(c.modified(), c.vsize) }

// checkEphemeral checks that a transaction that spends from one with dust spends
// that dust too. Such a parent pays no fee and leaves the pool with its child,
// so that the dust is never left behind.
func (o *owner) checkEphemeral(tx *wire.Tx, parents []*wire.Tx) error {
	var spent map[wire.OutPoint]struct{}
	for _, parent := range parents {
		for i := range parent.Out {
			if !policy.IsDust(&parent.Out[i], o.cfg.DustRate) {
				continue
			}
			if spent == nil {
				spent = make(map[wire.OutPoint]struct{}, len(tx.In))
				for k := range tx.In {
					spent[tx.In[k].PrevOut] = struct{}{}
				}
			}
			if _, ok := spent[wire.OutPoint{Txid: parent.Txid(), Index: uint32(i)}]; !ok {
				return refuse(ErrEphemeral, CausePolicy, fmt.Sprintf(
					"tx %s (wtxid=%s) did not spend parent's ephemeral dust", tx.Txid(), tx.Wtxid()))
			}
		}
	}
	return nil
}

// enter puts in a transaction that passed everything. Others of the same round
// went in since it was examined, so those that it is connected with are looked
// at again. The caller holds the lock for writing.
func (o *owner) enter(j *job, now time.Time) error {
	c := j.work
	parents := o.parents(c.tx)
	e := &entry{
		tx: c.tx, txid: c.tx.Txid(), wtxid: c.tx.Wtxid(), fee: c.fee, delta: c.delta, sigOps: c.sigOps,
		vsize: c.vsize, usage: txUsage(c.tx), added: now, height: o.tip.Height(), seq: o.nextSeq,
		lock: c.lock, lockAt: c.lockAt, spendsCoinbase: c.spendsCoinbase,
	}
	if !o.graph.Fits(parents, e.adjustedWeight()) {
		return refuse(ErrLargeCluster, CausePolicy, "")
	}
	if !j.back {
		if err := o.checkTruc(c.tx, c.vsize, parents); err != nil {
			return err
		}
	}
	switch {
	case j.old != nil: // it never left, for those who look
		e.added, e.height, e.seq = j.old.added, j.old.height, j.old.seq
	case j.back:
		e.seq = 0 // before all that may depend on it
	}
	o.insert(e, parents)
	switch {
	case j.old != nil:
	case j.back:
		o.report(Added, e, ReasonReorg)
	default:
		o.report(Added, e, 0)
	}
	return nil
}
