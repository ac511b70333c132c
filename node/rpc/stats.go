package rpc

import (
	"cmp"
	"context"
	"math"
	"slices"

	"grapevine/chain/consensus"
	"grapevine/chain/headers"
	"grapevine/chain/script"
	"grapevine/chain/utxo"
	"grapevine/wire"
)

// perCoinOverhead is what a coin takes in the key and height of its record: an
// outpoint of 36 bytes and a height with the coinbase flag of 4. It is a
// convention of this statistic, not the size in our own database.
const perCoinOverhead = 40

// blockStats is all that getblockstats tells of a block, amounts in satoshis.
type blockStats struct {
	txs, ins, outs                     int64
	totalOut, totalFee, maxFee, minFee wire.Amount
	maxFeeRate, minFeeRate             int64 // satoshis per virtual byte
	totalSize, maxSize, minSize        int64
	totalWeight                        int64
	swTxs, swSize, swWeight            int64
	coins                              int64 // outputs that become coins
	sizeInc, sizeIncActual             int64
	medianFee, medianSize              int64
	feeRates                           [5]int64
}

// rated is a fee rate with the weight that pays it.
type rated struct{ rate, weight int64 }

func (l *ledger) computeBlockStats(ctx context.Context, n *headers.Node, b *wire.Block, undo *utxo.BlockUndo) (*blockStats, error) {
	s := &blockStats{txs: int64(len(b.Txs)), minFee: wire.MaxMoney, minFeeRate: int64(wire.MaxMoney), minSize: math.MaxInt64}
	fees := make([]int64, 0, len(b.Txs)-1)
	sizes := make([]int64, 0, len(b.Txs)-1)
	rates := make([]rated, 0, len(b.Txs)-1)
	for i := range b.Txs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		tx := &b.Txs[i]
		// The coinbases of the first block and of the two that repeat an older
		// one make no coin.
		counts := n.Height() != 0 && !(i == 0 && consensus.IsBIP30Repeat(n.Height(), n.Hash(), l.params))
		out := s.addOutputs(tx, counts)
		if i == 0 {
			continue
		}
		s.ins += int64(len(tx.In))
		s.totalOut += out

		size, weight := int64(tx.TotalSize()), int64(tx.Weight())
		s.totalSize += size
		s.maxSize, s.minSize = max(s.maxSize, size), min(s.minSize, size)
		s.totalWeight += weight
		if tx.HasWitness() {
			s.swTxs++
			s.swSize += size
			s.swWeight += weight
		}

		fee := s.addSpent(undo.Txs[i-1]) - out
		s.totalFee += fee
		s.maxFee, s.minFee = max(s.maxFee, fee), min(s.minFee, fee)
		rate := int64(fee) * wire.WitnessScaleFactor / weight
		s.maxFeeRate, s.minFeeRate = max(s.maxFeeRate, rate), min(s.minFeeRate, rate)
		fees = append(fees, int64(fee))
		sizes = append(sizes, size)
		rates = append(rates, rated{rate, weight})
	}
	if s.txs == 1 {
		s.minFee, s.minFeeRate, s.minSize = 0, 0, 0
	}
	s.medianFee, s.medianSize = median(fees), median(sizes)
	s.feeRates = feeRatePercentiles(rates, s.totalWeight)
	return s, nil
}

// addOutputs counts the outputs of a transaction and returns their sum.
func (s *blockStats) addOutputs(tx *wire.Tx, counts bool) (sum wire.Amount) {
	s.outs += int64(len(tx.Out))
	for i := range tx.Out {
		o := &tx.Out[i]
		sum += o.Value
		size := coinSize(o)
		s.sizeInc += size
		if counts && !script.IsUnspendable(o.PkScript) {
			s.coins++
			s.sizeIncActual += size
		}
	}
	return sum
}

// addSpent takes off the coins that a transaction spends and returns their sum.
func (s *blockStats) addSpent(spent []consensus.Coin) (sum wire.Amount) {
	for i := range spent {
		o := &spent[i].Out
		sum += o.Value
		size := coinSize(o)
		s.sizeInc -= size
		s.sizeIncActual -= size
	}
	return sum
}

func coinSize(o *wire.TxOut) int64 {
	n := len(o.PkScript)
	return int64(8+wire.CompactSizeLen(uint64(n))+n) + perCoinOverhead
}

// median returns the middle value, the truncated mean of the two middle ones
// for an even count, 0 for none. It sorts v.
func median(v []int64) int64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	mid := len(v) / 2
	if len(v)%2 == 0 {
		return (v[mid-1] + v[mid]) / 2
	}
	return v[mid]
}

// feeRatePercentiles returns the fee rates at which the given shares of the
// weight are reached, cheapest first.
func feeRatePercentiles(rates []rated, total int64) (out [5]int64) {
	if len(rates) == 0 {
		return out
	}
	slices.SortFunc(rates, func(a, b rated) int {
		return cmp.Or(cmp.Compare(a.rate, b.rate), cmp.Compare(a.weight, b.weight))
	})
	t := float64(total)
	// Computed as the shares of the total that they are, so that the doubles
	// round as clients of other nodes see them.
	at := [5]float64{t / 10, t / 4, t / 2, t * 3 / 4, t * 9 / 10}
	next, sum := 0, int64(0)
	for _, r := range rates {
		sum += r.weight
		for next < len(out) && float64(sum) >= at[next] {
			out[next] = r.rate
			next++
		}
	}
	for ; next < len(out); next++ {
		out[next] = rates[len(rates)-1].rate
	}
	return out
}
