package mempool

import (
	"fmt"

	"grapevine/mempool/graph"
	"grapevine/mempool/policy"
	"grapevine/wire"
)

// checkTogether checks of transactions that were examined what concerns them as a
// whole, in the order that the reference has, and then their scripts. It notes what
// it finds in the package and reports whether all is well.
func (o *owner) checkTogether(p *pack, rest []int, batch []*job) bool {
	if err := checkTogetherTruc(o, batch); err != nil {
		p.err = err
		return false
	}
	last := rest[len(rest)-1]
	if err := o.checkTogetherFee(batch); err != nil {
		p.own[last].Err, p.err = err, refuse(ErrPackageTx, CausePolicy, "")
		return false
	}
	if !o.fitTogether(batch) {
		p.err = refuse(ErrLargeCluster, CausePolicy, "")
		return false
	}
	if !o.cfg.AcceptNonStandard {
		for k, j := range batch {
			if err := o.checkEphemeral(j.tx, members(batch, o, j)); err != nil {
				p.own[rest[k]].Err, p.err = err, refuse(ErrUnspentDust, CausePolicy, "")
				return false
			}
		}
	}
	o.scripts.check(batch)
	for k, j := range batch {
		if j.err != nil {
			p.own[rest[k]].Err, p.err = j.err, refuse(ErrPackageTx, CausePolicy, "")
			return false
		}
	}
	return true
}

// feerate is what transactions pay together.
func feerate(batch []*job) wire.FeeRate {
	fee, vsize := sums(batch)
	return policy.Rate(fee, vsize)
}

func sums(batch []*job) (fee wire.Amount, vsize int) {
	for _, j := range batch {
		fee += j.work.modified()
		vsize += j.work.vsize
	}
	return fee, vsize
}

// checkTogetherFee checks that the fees of all suffice for all.
func (o *owner) checkTogetherFee(batch []*job) error {
	fee, vsize := sums(batch)
	return o.checkFeeOf(fee, vsize)
}

// fitTogether reports whether the cluster stays within its limits: the last one
// connects them all.
func (o *owner) fitTogether(batch []*job) bool {
	var parents []*graph.Node
	var weight wire.Weight
	for _, j := range batch {
		parents = append(parents, o.parents(j.tx)...)
		weight += policy.AdjustedWeight(j.tx.Weight(), j.work.sigOps)
	}
	return o.graph.FitTogether(parents, len(batch), weight)
}

// members returns the parents of a transaction: those in the pool and those that
// come with it.
func members(batch []*job, o *owner, of *job) []*wire.Tx {
	out := txsOf(o.parents(of.tx))
	for _, j := range batch {
		if j != of && spendsFrom(of.tx, j.tx.Txid()) {
			out = append(out, j.tx)
		}
	}
	return out
}

func txsOf(nodes []*graph.Node) []*wire.Tx {
	out := make([]*wire.Tx, len(nodes))
	for i, n := range nodes {
		out[i] = n.Of.(*entry).tx
	}
	return out
}

func spendsFrom(tx *wire.Tx, parent wire.Txid) bool {
	for i := range tx.In {
		if tx.In[i].PrevOut.Txid == parent {
			return true
		}
	}
	return false
}

// checkTogetherTruc checks the rules of version 3 among transactions that come
// together: each was checked against the pool before.
func checkTogetherTruc(o *owner, batch []*job) error {
	for _, j := range batch {
		inPool := o.parents(j.tx)
		var with []*wire.Tx
		for _, other := range batch {
			if other != j && spendsFrom(j.tx, other.tx.Txid()) {
				with = append(with, other.tx)
			}
		}
		if err := trucFamilyOf(j, batch, inPool, with); err != nil {
			return err
		}
	}
	return nil
}

func trucFamilyOf(j *job, batch []*job, inPool []*graph.Node, with []*wire.Tx) error {
	for _, parent := range with {
		if (parent.Version == trucVersion) != (j.tx.Version == trucVersion) {
			return trucVersions(j.tx, parent)
		}
	}
	all := append(txsOf(inPool), with...)
	switch {
	case j.tx.Version != trucVersion || len(all) == 0:
		return nil
	case len(all)+1 > trucFamily || len(inPool) > 0 && len(inPool[0].Ancestors())+len(with)+1 > trucFamily:
		return truc("%s would have too many ancestors", named(j.tx))
	case j.work.vsize > trucChildMaxVSize:
		return truc("version=3 child %s is too big: %d > %d virtual bytes", named(j.tx), j.work.vsize, trucChildMaxVSize)
	}
	for _, other := range batch {
		switch {
		case other == j:
		case spendsFrom(other.tx, all[0].Txid()):
			return truc("%s would exceed descendant count limit", named(all[0]))
		case spendsFrom(other.tx, j.tx.Txid()):
			return truc("%s would have too many ancestors", named(other.tx))
		}
	}
	return nil
}

// trucVersions says that parent and child are of different kinds.
func trucVersions(tx, parent *wire.Tx) error {
	kind, other := "non-version=3", "version=3"
	if tx.Version == trucVersion {
		kind, other = other, kind
	}
	return truc("%s %s cannot spend from %s %s", kind, named(tx), other, named(parent))
}

// checkFeeOf checks what is paid for so many virtual bytes against what the pool
// asks for at present.
func (o *owner) checkFeeOf(fee wire.Amount, vsize int) error {
	if least := policy.Fee(o.evictionFee(), vsize); least > 0 && fee < least {
		return refuse(ErrMinFee, CauseReconsiderable, fmt.Sprintf("%d < %d", fee, least))
	}
	if least := policy.Fee(o.cfg.MinRelay, vsize); fee < least {
		return refuse(ErrMinRelayFee, CauseReconsiderable, fmt.Sprintf("%d < %d", fee, least))
	}
	return nil
}
