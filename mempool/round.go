package mempool

import (
	"context"
	"time"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/wire"
)

const (
	// roundJobs bounds a round. It is enough to keep several cores busy and to
	// spread the cost of a call for coins.
	roundJobs = 64
	// roundInputs ends a round early: at some 30 microseconds a signature and a
	// core, 2,000 inputs take 60 ms, and blocks wait as long. The first
	// transaction is taken whatever it has.
	roundInputs = 2000
)

// round judges what can be judged of the waiting jobs in one go.
func (o *owner) round(ctx context.Context) error {
	for {
		if err := o.drain(ctx); err != nil {
			return err
		}
		if len(o.waiting) > 0 && o.waiting[0].alone != nil {
			o.waiting[0].alone()
			o.waiting[0].answer(Verdict{})
			o.waiting = shift(o.waiting, 1)
			return nil
		}
		if first := o.waiting[0]; o.isSettled() && first.pack != nil {
			judged, err := o.judgePackage(first.pack)
			if err != nil {
				return err
			}
			if judged {
				first.answer(Verdict{})
				o.waiting = shift(o.waiting, 1)
				return nil
			}
		} else if o.isSettled() {
			batch := o.independent(o.waiting)
			judged, err := o.judge(batch)
			if err != nil {
				return err
			}
			if judged {
				o.waiting = shift(o.waiting, len(batch))
				return nil
			}
		}
		if ok, err := o.awaitMove(ctx); !ok || err != nil {
			return err
		}
	}
}

// shift drops the first n jobs and lets go of them.
func shift(list []*job, n int) []*job {
	left := copy(list, list[n:])
	clear(list[left:])
	return list[:left]
}

func (o *owner) isSettled() bool { return len(o.returning) == 0 && len(o.aside) == 0 && !o.recheck }

// independent returns the jobs at the front that can be judged side by side:
// no transaction that is to be kept creates or spends what another one spends,
// or is the same.
func (o *owner) independent(list []*job) []*job {
	list = list[:min(len(list), roundJobs)]
	made := make(map[wire.Txid]struct{}, len(list))
	spent := make(map[wire.OutPoint]struct{}, len(list))
	inputs := 0
	for i, j := range list {
		if j.alone != nil || j.pack != nil || i > 0 && inputs+len(j.tx.In) > roundInputs {
			return list[:i]
		}
		if _, same := made[j.tx.Txid()]; same {
			return list[:i]
		}
		for k := range j.tx.In {
			op := j.tx.In[k].PrevOut
			if _, child := made[op.Txid]; child {
				return list[:i]
			}
			if _, conflict := spent[op]; conflict {
				return list[:i]
			}
		}
		inputs += len(j.tx.In)
		if !j.keep {
			continue
		}
		made[j.tx.Txid()] = struct{}{}
		for k := range j.tx.In {
			spent[j.tx.In[k].PrevOut] = struct{}{}
		}
	}
	return list
}

// judge judges jobs that are independent of each other. It reports false, and
// leaves them alone, when the coins are at another tip than the pool.
func (o *owner) judge(batch []*job) (bool, error) {
	now := o.cfg.Now()
	o.mu.Lock()
	o.decay(now)
	o.mu.Unlock()
	coins, tip, err := o.coinsFor(batch, nil)
	if err != nil || tip != o.tip {
		return false, err
	}
	for _, j := range batch {
		var spent []consensus.Coin
		spent, coins = coins[:len(j.tx.In)], coins[len(j.tx.In):]
		j.work, j.err = o.examine(j, spent)
		if j.work == nil && isFailure(j.err) {
			return false, j.err
		}
	}
	o.scripts.check(batch)
	o.commit(batch, now)
	return true, nil
}

// coinsFor returns the coins that the jobs spend, one for each input in order,
// zero where there is none; and the tip at which the chain's are unspent. Outputs of
// made count as if they were in the pool.
func (o *owner) coinsFor(batch []*job, made map[wire.Txid]*wire.Tx) ([]consensus.Coin, *headers.Node, error) {
	n := 0
	for _, j := range batch {
		n += len(j.tx.In)
	}
	spent := make([]consensus.Coin, n)
	ops := make([]wire.OutPoint, 0, n)
	at := make([]int, 0, n)
	i := 0
	for _, j := range batch {
		for k := range j.tx.In {
			op := j.tx.In[k].PrevOut
			parent := made[op.Txid]
			if e := o.byTxid[op.Txid]; e != nil {
				parent = e.tx
			}
			if parent == nil {
				ops = append(ops, op)
				at = append(at, i)
			} else if uint64(op.Index) < uint64(len(parent.Out)) {
				spent[i] = consensus.Coin{Out: parent.Out[op.Index], Height: o.tip.Height() + 1}
			}
			i++
		}
	}
	coins, found, tip, err := o.cfg.Chain.Coins(ops)
	if err != nil {
		return nil, nil, err
	}
	for k := range coins {
		if found[k] {
			spent[at[k]] = coins[k]
		}
	}
	return spent, tip, nil
}

// commit takes in what passed, in order, brings the pool within its bounds, and
// answers.
func (o *owner) commit(batch []*job, now time.Time) {
	o.mu.Lock()
	for _, j := range batch {
		if j.err == nil && j.maxFee > 0 && j.work.fee > j.maxFee {
			// The last of all reasons: callers are to hear first what else is wrong.
			j.err = refuse(ErrMaxFee, CausePolicy, "")
		}
		if j.err == nil && j.keep {
			j.err = o.enter(j, now)
		}
	}
	if !batch[0].back && !batch[0].member {
		o.limit(now)
	}
	for _, j := range batch {
		if j.err == nil && j.keep && o.byTxid[j.tx.Txid()] == nil {
			j.err = refuse(ErrFull, CauseReconsiderable, "")
		}
		if j.err == nil && j.keep && j.local {
			o.unbroadcast[j.tx.Txid()] = struct{}{}
		}
	}
	o.publish()
	for _, j := range batch {
		if j.err != nil {
			j.answer(Verdict{Err: j.err})
		} else {
			j.answer(Verdict{Accepted: j.work.accepted()})
		}
		j.work = nil
	}
}

// publish ends a change of the pool: readers see it, then its events.
func (o *owner) publish() {
	list := o.pending
	o.pending = nil
	o.mu.Unlock()
	o.events.publish(list)
}
