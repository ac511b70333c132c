package rpc

import (
	"context"
	"errors"

	"grapevine/chain/script"
	"grapevine/mempool"
	"grapevine/mempool/policy"
	"grapevine/p2p/privatebroadcast"
	"grapevine/wire"
)

// defaultMaxFeeRate is the fee rate, in bitcoins for 1,000 virtual bytes, above
// which a transaction is taken for a mistake.
const defaultMaxFeeRate = "0.10"

// maxPackage is how many transactions one call may have judged.
const maxPackage = 25

// parseFeeRate reads a fee rate in bitcoins for 1,000 virtual bytes.
func parseFeeRate(v Value) (wire.FeeRate, error) {
	a, err := ParseAmount(v, 8)
	if err != nil {
		return 0, err
	}
	if a >= wire.Coin {
		return 0, Errorf(CodeInvalidParameter, "Fee rates larger than or equal to 1BTC/kvB are not accepted")
	}
	return wire.FeeRate(a), nil
}

func (p *poolCalls) sendRawTransaction(ctx context.Context, r *Request, w *Writer) error {
	maxBurn, err := ParseAmount(r.Arg(2), 8)
	if err != nil {
		return err
	}
	text, err := r.Str(0)
	if err != nil {
		return err
	}
	tx, ok := decodeTxHex(text, bothForms)
	if !ok {
		return Errorf(CodeDeserialization, "TX decode failed. Make sure the tx has at least one input.")
	}
	for i := range tx.Out {
		pk := tx.Out[i].PkScript
		if (script.IsUnspendable(pk) || !script.HasValidOps(pk)) && tx.Out[i].Value > maxBurn {
			return Errorf(CodeVerify, "Unspendable output exceeds maximum configured by user (maxburnamount)")
		}
	}
	rate, err := parseFeeRate(r.Arg(1))
	if err != nil {
		return err
	}
	if p.SendPrivately != nil && !p.CanSendPrivately() {
		return Errorf(CodeMisc, "-privatebroadcast is enabled, but none of the Tor or I2P networks is reachable. Maybe the location of the Tor proxy couldn't be retrieved "+
			"from the Tor daemon at startup. Check whether the Tor daemon is running and that -torcontrol, -torpassword and -i2psam are configured properly.")
	}
	if err := p.send(ctx, tx, policy.Fee(rate, tx.VSize())); err != nil {
		return err
	}
	w.Hash(tx.Txid())
	return nil
}

// send brings a transaction to the pool, unless it is there or its outputs are
// in the chain already. A fee above maxFee, unless that is 0, is refused.
func (p *poolCalls) send(ctx context.Context, tx *wire.Tx, maxFee wire.Amount) error {
	outs := make([]wire.OutPoint, len(tx.Out))
	for i := range outs {
		outs[i] = wire.OutPoint{Txid: tx.Txid(), Index: uint32(i)}
	}
	_, found, _, err := p.Coins.Coins(outs)
	if err != nil {
		return err
	}
	for _, confirmed := range found {
		if confirmed {
			return Errorf(CodeAlreadyInUTXOSet, "Transaction outputs already in utxo set")
		}
	}
	_, _, waits := p.Pool.Lookup(wire.ByTxid(tx.Txid()))
	if p.SendPrivately != nil {
		return p.sendPrivately(ctx, tx, maxFee, waits)
	}
	if waits {
		// Perhaps with another witness: it is the pool's copy that peers are told of.
		if p.Announce != nil {
			p.Announce(tx.Txid())
		}
		return nil
	}
	_, err = p.Pool.Submit(ctx, tx, mempool.SubmitOptions{MaxFee: maxFee, Local: true})
	return refusal(err)
}

// sendPrivately sends a transaction past the pool, which would take it or has it.
func (p *poolCalls) sendPrivately(ctx context.Context, tx *wire.Tx, maxFee wire.Amount, waits bool) error {
	if !waits {
		accepted, err := p.Pool.Check(ctx, tx)
		if err == nil && maxFee > 0 && accepted.Fee > maxFee {
			err = &mempool.Error{Kind: mempool.ErrMaxFee}
		}
		if err != nil {
			return refusal(err)
		}
	}
	err := p.SendPrivately(tx)
	if errors.Is(err, privatebroadcast.ErrFull) {
		return Errorf(CodeVerify, "Private broadcast queue is full")
	}
	return err
}

// refusal puts the verdict of the pool into the code and words that clients
// match on.
func refusal(err error) error {
	var e *mempool.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &e):
		return err
	case e.Kind == mempool.ErrMaxFee:
		return Errorf(CodeVerify, "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)")
	case e.Cause == mempool.CauseMissingInputs:
		return Errorf(CodeVerify, "%s", e.Error())
	}
	return Errorf(CodeVerifyRejected, "%s", e.Error())
}

func (p *poolCalls) testMempoolAccept(ctx context.Context, r *Request, w *Writer) error {
	list := r.Arg(0)
	if list.Len() < 1 || list.Len() > maxPackage {
		return Errorf(CodeInvalidParameter, "Array must contain between 1 and %d transactions.", maxPackage)
	}
	rate, err := parseFeeRate(r.Arg(1))
	if err != nil {
		return err
	}
	txs := make([]*wire.Tx, list.Len())
	for i := range txs {
		text, err := list.At(i).Str()
		if err != nil {
			return err
		}
		var ok bool
		if txs[i], ok = decodeTxHex(text, bothForms); !ok {
			return Errorf(CodeDeserialization, "TX decode failed: %s Make sure the tx has at least one input.", text)
		}
	}
	broken, err := checkPackage(txs)
	if err != nil {
		return err
	}
	var verdicts []*verdict
	if broken == "" {
		if verdicts, err = p.judge(ctx, txs); err != nil {
			return err
		}
	}
	writeVerdicts(w, txs, verdicts, broken, rate)
	return nil
}

// verdict is what the pool says of one transaction.
type verdict struct {
	accepted mempool.Accepted
	refused  *mempool.Error // nil when it is accepted
}

// judge asks the pool about each transaction. Of several, a refusal leaves the
// others unjudged: those at all if it needed no script, those behind it
// otherwise.
func (p *poolCalls) judge(ctx context.Context, txs []*wire.Tx) ([]*verdict, error) {
	verdicts := make([]*verdict, len(txs))
	badScript := -1
	for i, tx := range txs {
		v := &verdict{}
		var err error
		v.accepted, err = p.Pool.Check(ctx, tx)
		if err != nil && !errors.As(err, &v.refused) {
			return nil, err
		}
		verdicts[i] = v
		switch {
		case err == nil:
		case !errors.Is(err, mempool.ErrScript):
			for j := range i {
				verdicts[j] = nil
			}
			return verdicts, nil
		case badScript < 0:
			badScript = i
		}
	}
	if badScript >= 0 {
		for j := badScript + 1; j < len(txs); j++ {
			verdicts[j] = nil
		}
	}
	return verdicts, nil
}

// writeVerdicts writes an object for each transaction. One whose fee is too
// high ends the answers: what follows it would not be sent.
func writeVerdicts(w *Writer, txs []*wire.Tx, verdicts []*verdict, broken string, rate wire.FeeRate) {
	stopped := false
	w.Arr()
	for i, tx := range txs {
		w.Obj()
		w.Key("txid").Hash(tx.Txid())
		w.Key("wtxid").Hash(tx.Wtxid())
		if broken != "" {
			w.Key("package-error").String(broken)
		}
		if verdicts != nil && verdicts[i] != nil && !stopped {
			stopped = writeAcceptance(w, tx, verdicts[i], rate)
		}
		w.EndObj()
	}
	w.EndArr()
}

// writeAcceptance writes the verdict and reports whether the fee was too high.
func writeAcceptance(w *Writer, tx *wire.Tx, v *verdict, rate wire.FeeRate) (tooHigh bool) {
	if e := v.refused; e != nil {
		w.Key("allowed").Bool(false)
		if e.Cause == mempool.CauseMissingInputs {
			w.Key("reject-reason").String("missing-inputs")
			return false
		}
		w.Key("reject-reason").String(string(e.Kind))
		w.Key("reject-details").String(e.Error())
		return false
	}
	a := v.accepted
	if limit := policy.Fee(rate, a.VSize); limit > 0 && a.Fee > limit {
		w.Key("allowed").Bool(false)
		w.Key("reject-reason").String("max-fee-exceeded")
		return true
	}
	w.Key("allowed").Bool(true)
	w.Key("vsize").Int(int64(a.VSize))
	w.Key("fees").Obj()
	w.Key("base").Amount(a.Fee)
	w.Key("effective-feerate").Amount(wire.Amount(a.EffectiveRate))
	w.Key("effective-includes").Arr().Hash(tx.Wtxid()).EndArr()
	w.EndObj()
	return false
}

// maxPackageWeight is the weight of all transactions of one call together: a
// cluster of the pool.
const maxPackageWeight wire.Weight = 404_000

// checkPackage returns what is wrong with a list of transactions as a package,
// "" for nothing. Transactions that depend on others of the list cannot be
// judged yet.
func checkPackage(txs []*wire.Tx) (broken string, err error) {
	if len(txs) == 1 {
		return "", nil
	}
	var weight wire.Weight
	place := map[wire.Txid]int{}
	for i, tx := range txs {
		weight += tx.Weight()
		place[tx.Txid()] = i
	}
	if weight > maxPackageWeight {
		return "package-too-large", nil
	}
	if len(place) < len(txs) {
		return "package-contains-duplicates", nil
	}
	spent, related := map[wire.OutPoint]int{}, false
	conflict := false
	for i, tx := range txs {
		conflict = conflict || len(tx.In) == 0
		for _, in := range tx.In {
			if at, ok := place[in.PrevOut.Txid]; ok && at >= i {
				return "package-not-sorted", nil
			} else if ok {
				related = true
			}
			if by, ok := spent[in.PrevOut]; ok && by != i {
				conflict = true
			}
			spent[in.PrevOut] = i
		}
	}
	switch {
	case conflict:
		return "conflict-in-package", nil
	case related:
		return "", Errorf(CodeMisc, "Packages of transactions that depend on each other are not supported yet")
	}
	return "", nil
}
