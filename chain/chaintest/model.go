package chaintest

import (
	"context"
	"slices"

	"grapevine/chain/consensus"
	"grapevine/chain/utxo"
	"grapevine/wire"
)

// Hash returns the hash over the model's coins, to compare with the ledger's.
func (b *Branch) Hash() utxo.SetHash {
	b.tb.Helper()
	ops := make([]wire.OutPoint, 0, len(b.Coins))
	for op := range b.Coins {
		ops = append(ops, op)
	}
	slices.SortFunc(ops, func(x, y wire.OutPoint) int {
		if c := x.Txid.Compare(y.Txid); c != 0 {
			return c
		}
		return int(x.Index) - int(y.Index)
	})
	stats, err := utxo.ComputeStats(context.Background(), utxo.HashSerialized, &modelIterator{branch: b, ops: ops})
	if err != nil {
		b.tb.Fatal(err)
	}
	return stats.Hash
}

type modelIterator struct {
	branch *Branch
	ops    []wire.OutPoint
	op     wire.OutPoint
	coin   consensus.Coin
}

func (m *modelIterator) Next() bool {
	if len(m.ops) == 0 {
		return false
	}
	m.op, m.ops = m.ops[0], m.ops[1:]
	m.coin = m.branch.Coins[m.op]
	return true
}

func (m *modelIterator) Coin() (wire.OutPoint, *consensus.Coin) { return m.op, &m.coin }
func (m *modelIterator) Err() error                             { return nil }
