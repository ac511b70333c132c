package rpc

import (
	"context"
	"slices"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/utxo"
	"grapevine/wire"
)

// statsOf is what the fields of getblockstats are written from.
type statsOf struct {
	*blockStats
	node    *headers.Node
	subsidy wire.Amount
}

// perTx divides by the number of transactions besides the coinbase.
func (s statsOf) perTx(sum int64) int64 {
	if s.txs <= 1 {
		return 0
	}
	return sum / (s.txs - 1)
}

func (s statsOf) avgFeeRate() int64 {
	if s.totalWeight == 0 {
		return 0
	}
	return int64(s.totalFee) * wire.WitnessScaleFactor / s.totalWeight
}

// statField is one statistic and how it is written.
type statField struct {
	name  string
	write func(w *Writer, s statsOf)
}

// num makes a field that is an integer.
func num(name string, f func(s statsOf) int64) statField {
	return statField{name, func(w *Writer, s statsOf) { w.Int(f(s)) }}
}

// statFields lists the statistics in the order of the full answer.
func statFields() []statField {
	return []statField{
		num("avgfee", func(s statsOf) int64 { return s.perTx(int64(s.totalFee)) }),
		num("avgfeerate", func(s statsOf) int64 { return s.avgFeeRate() }),
		num("avgtxsize", func(s statsOf) int64 { return s.perTx(s.totalSize) }),
		{"blockhash", func(w *Writer, s statsOf) { w.Hash(s.node.Hash()) }},
		{"feerate_percentiles", func(w *Writer, s statsOf) {
			w.Arr()
			for _, r := range s.feeRates {
				w.Int(r)
			}
			w.EndArr()
		}},
		num("height", func(s statsOf) int64 { return int64(s.node.Height()) }),
		num("ins", func(s statsOf) int64 { return s.ins }),
		num("maxfee", func(s statsOf) int64 { return int64(s.maxFee) }),
		num("maxfeerate", func(s statsOf) int64 { return s.maxFeeRate }),
		num("maxtxsize", func(s statsOf) int64 { return s.maxSize }),
		num("medianfee", func(s statsOf) int64 { return s.medianFee }),
		num("mediantime", func(s statsOf) int64 { return s.node.MedianTimePast() }),
		num("mediantxsize", func(s statsOf) int64 { return s.medianSize }),
		num("minfee", func(s statsOf) int64 { return int64(s.minFee) }),
		num("minfeerate", func(s statsOf) int64 { return s.minFeeRate }),
		num("mintxsize", func(s statsOf) int64 { return s.minSize }),
		num("outs", func(s statsOf) int64 { return s.outs }),
		num("subsidy", func(s statsOf) int64 { return int64(s.subsidy) }),
		num("swtotal_size", func(s statsOf) int64 { return s.swSize }),
		num("swtotal_weight", func(s statsOf) int64 { return s.swWeight }),
		num("swtxs", func(s statsOf) int64 { return s.swTxs }),
		num("time", func(s statsOf) int64 { return s.node.Time() }),
		num("total_out", func(s statsOf) int64 { return int64(s.totalOut) }),
		num("total_size", func(s statsOf) int64 { return s.totalSize }),
		num("total_weight", func(s statsOf) int64 { return s.totalWeight }),
		num("totalfee", func(s statsOf) int64 { return int64(s.totalFee) }),
		num("txs", func(s statsOf) int64 { return s.txs }),
		num("utxo_increase", func(s statsOf) int64 { return s.outs - s.ins }),
		num("utxo_size_inc", func(s statsOf) int64 { return s.sizeInc }),
		num("utxo_increase_actual", func(s statsOf) int64 { return s.coins - s.ins }),
		num("utxo_size_inc_actual", func(s statsOf) int64 { return s.sizeIncActual }),
	}
}

func (l *ledger) getBlockStats(ctx context.Context, r *Request, w *Writer) error {
	n, err := l.hashOrHeight(r.Arg(0))
	if err != nil {
		return err
	}
	var wanted []string
	list := r.Given(1)
	for i := range list.Len() {
		name, err := list.At(i).Str()
		if err != nil {
			return err
		}
		wanted = append(wanted, name)
	}
	b, err := l.decodedBlock(n)
	if err != nil {
		return err
	}
	undo, err := l.undo(n, b)
	if err != nil {
		return err
	}
	s, err := l.computeBlockStats(ctx, n, b, undo)
	if err != nil {
		return err
	}
	return writeStats(w, statsOf{s, n, consensus.Subsidy(n.Height(), l.params)}, wanted)
}

// writeStats writes the wanted statistics, all when none is named. Named ones
// come in the order of their names, each once.
func writeStats(w *Writer, s statsOf, wanted []string) error {
	fields := statFields()
	if len(wanted) > 0 {
		slices.Sort(wanted)
		var chosen []statField
		for _, name := range slices.Compact(wanted) {
			i := slices.IndexFunc(fields, func(f statField) bool { return f.name == name })
			if i < 0 {
				return Errorf(CodeInvalidParameter, "Invalid selected statistic '%s'", name)
			}
			chosen = append(chosen, fields[i])
		}
		fields = chosen
	}
	w.Obj()
	for _, f := range fields {
		w.Key(f.name)
		f.write(w, s)
	}
	w.EndObj()
	return nil
}

// hashOrHeight resolves an argument that is the hash of a known block or a
// height in the active chain.
func (l *ledger) hashOrHeight(v Value) (*headers.Node, error) {
	if v.Kind() != Number {
		return l.block(v, "hash_or_height")
	}
	height, err := v.Int32()
	if err != nil {
		return nil, err
	}
	active := l.Blocks.Active()
	if height < 0 {
		return nil, Errorf(CodeInvalidParameter, "Target block height %d is negative", height)
	}
	if height > active.Height() {
		return nil, Errorf(CodeInvalidParameter, "Target block height %d after current tip %d", height, active.Height())
	}
	return active.At(height), nil
}

// undo reads what a block spent, or says why it cannot be had. The first block
// spent nothing and has no record.
func (l *ledger) undo(n *headers.Node, b *wire.Block) (*utxo.BlockUndo, error) {
	if n.Height() == 0 {
		return &utxo.BlockUndo{}, nil
	}
	if !n.Status().Has(headers.StatusHasUndo) {
		return nil, Errorf(CodeMisc, "Undo data not available")
	}
	u, err := l.Blocks.Undo(n)
	if err != nil || !matches(u, b) {
		l.log.Error("undo data expected on disk cannot be read", "hash", n.Hash().String(), "err", err)
		return nil, Errorf(CodeMisc, "Can't read undo data from disk")
	}
	return u, nil
}

// matches reports whether undo data have an entry for each input of the block,
// so that they can be indexed by it.
func matches(u *utxo.BlockUndo, b *wire.Block) bool {
	if len(u.Txs) != len(b.Txs)-1 {
		return false
	}
	for i, spent := range u.Txs {
		if len(spent) != len(b.Txs[i+1].In) {
			return false
		}
	}
	return true
}
