package rpc

import (
	"context"
	"slices"

	"grapevine/mempool"
	"grapevine/mempool/policy"
	"grapevine/wire"
)

func adjustedWeight(e *mempool.Entry) wire.Weight {
	return policy.AdjustedWeight(e.Weight, e.SigOpCost)
}

// chunks splits transactions, in the order in which they would be mined, where
// one chunk ends and the next begins.
func chunks(list []mempool.Entry) [][]mempool.Entry {
	var out [][]mempool.Entry
	for len(list) > 0 {
		n, left := 1, list[0].ChunkWeight-adjustedWeight(&list[0])
		for n < len(list) && left > 0 {
			left -= adjustedWeight(&list[n])
			n++
		}
		out, list = append(out, list[:n]), list[n:]
	}
	return out
}

// cluster collects the transactions that are connected with one, in the order in
// which they would be mined. They are looked up one by one: the pool bounds
// how many there are, and what leaves it meanwhile is left out.
func (p *poolCalls) cluster(id wire.Txid) []mempool.Entry {
	seen := map[wire.Txid]bool{id: true}
	var list []mempool.Entry
	for queue := []wire.Txid{id}; len(queue) > 0; queue = queue[1:] {
		e, ok := p.Pool.Entry(queue[0])
		if !ok {
			continue
		}
		list = append(list, e)
		for _, near := range slices.Concat(e.Depends, e.SpentBy) {
			if !seen[near] {
				seen[near] = true
				queue = append(queue, near)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b mempool.Entry) int { return p.Pool.Compare(wire.ByTxid(a.Txid), wire.ByTxid(b.Txid)) })
	return list
}

func (p *poolCalls) getMempoolCluster(_ context.Context, r *Request, w *Writer) error {
	id, err := r.Txid(0)
	if err != nil {
		return err
	}
	list := p.cluster(id)
	if len(list) == 0 {
		return errNotInPool
	}
	var weight wire.Weight
	for i := range list {
		weight += adjustedWeight(&list[i])
	}
	w.Obj()
	w.Key("clusterweight").Int(int64(weight))
	w.Key("txcount").Int(int64(len(list)))
	w.Key("chunks").Arr()
	for _, chunk := range chunks(list) {
		w.Obj()
		w.Key("chunkfee").Amount(chunk[0].ChunkFee)
		w.Key("chunkweight").Int(int64(chunk[0].ChunkWeight))
		w.Key("txs").Arr()
		for i := range chunk {
			w.Hash(chunk[i].Txid)
		}
		w.EndArr().EndObj()
	}
	w.EndArr().EndObj()
	return nil
}

// getMempoolFeerateDiagram writes what a miner who takes the first transactions
// gets, chunk by chunk.
func (p *poolCalls) getMempoolFeerateDiagram(_ context.Context, _ *Request, w *Writer) error {
	var weight wire.Weight
	var fee wire.Amount
	point := func() { w.Obj().Key("weight").Int(int64(weight)).Key("fee").Amount(fee).EndObj() }
	w.Arr()
	point()
	for _, chunk := range chunks(p.Pool.Entries()) {
		weight += chunk[0].ChunkWeight
		fee += chunk[0].ChunkFee
		point()
	}
	w.EndArr()
	return nil
}
