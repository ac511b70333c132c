package p2ptest

import (
	"fmt"

	"grapevine/p2p"
)

// describe gives an event or action in a short line.
func describe(what any) string {
	switch v := what.(type) {
	case p2p.Received:
		return fmt.Sprintf("-> received from %d: %s, %d bytes", v.Peer, v.Msg.Command(), v.Size)
	case p2p.Send:
		return fmt.Sprintf("   send to %d: %s", v.Peer, v.Msg.Command())
	case p2p.ServeBlock:
		return fmt.Sprintf("   serve to %d: block %d", v.Peer, v.Node.Height())
	case p2p.SubmitHeaders:
		return fmt.Sprintf("   submit of %d: %d headers, number %d", v.Peer, len(v.List), v.Seq)
	case p2p.SubmitBlock:
		return fmt.Sprintf("   submit of %d: block %s, number %d", v.Peer, v.Block.Hash(), v.Seq)
	case p2p.Reconstruct:
		return fmt.Sprintf("   reconstruct of %d: block %s, number %d", v.Peer, v.Hash, v.Seq)
	case p2p.Complete:
		return fmt.Sprintf("   complete of %d: block %s with %d transactions, number %d", v.Peer, v.Hash, len(v.Txs), v.Seq)
	case p2p.Reconstructed:
		return fmt.Sprintf("-> reconstructed of %d: block %s, number %d, %d missing: %v", v.Peer, v.Hash, v.Seq, len(v.Missing), v.Err)
	case p2p.BlockChecked:
		return fmt.Sprintf("-> checked block %d", v.Node.Height())
	case p2p.SubmitTx:
		return fmt.Sprintf("   submit of %d: transaction %s, number %d", v.Peer, v.Tx.Txid(), v.Seq)
	case p2p.SubmitPackage:
		return fmt.Sprintf("   submit of %d: %s with child %s, number %d", v.Peer, v.Parent.Txid(), v.Child.Txid(), v.Seq)
	case p2p.HeadersJudged:
		return fmt.Sprintf("-> headers of %d judged, number %d: %v", v.Peer, v.Seq, v.Err)
	case p2p.BlockJudged:
		return fmt.Sprintf("-> block of %d judged, number %d: %s %v", v.Peer, v.Seq, v.Hash, v.Err)
	case p2p.TxJudged:
		return fmt.Sprintf("-> transaction of %d judged, number %d: %s %v", v.Peer, v.Seq, v.Tx.Txid(), v.Err)
	case p2p.PackageJudged:
		return fmt.Sprintf("-> package of %d judged, number %d: %s %v", v.Peer, v.Seq, v.Parent.Txid(), v.Err)
	case p2p.TipMoved:
		return fmt.Sprintf("-> tip %d to %d", v.Old.Height(), v.New.Height())
	case p2p.BlockConnected:
		return fmt.Sprintf("-> connected block with %d transactions", len(v.Block.Txs))
	case p2p.Served:
		return fmt.Sprintf("-> served to %d: block %d, %v", v.Peer, v.Node.Height(), v.Err)
	case p2p.Wrote:
		return fmt.Sprintf("-> wrote to %d: %d bytes", v.Peer, v.Bytes)
	case p2p.PoolAdded:
		return fmt.Sprintf("-> pool has %s", v.Txid)
	case p2p.Tick, p2p.HeaderTip, p2p.Connected, p2p.Disconnected, p2p.DialFailed:
		return fmt.Sprintf("-> %T %+v", v, v)
	default:
		return fmt.Sprintf("   %T %+v", v, v)
	}
}

// eventTag and actionTag are what the trace hashes of events and actions.
func eventTag(e p2p.Event) uint64 {
	switch e := e.(type) {
	case p2p.Connected:
		return 1 | uint64(e.Peer)<<32
	case p2p.DialFailed:
		return 2
	case p2p.Disconnected:
		return 3 | uint64(e.Peer)<<32
	case p2p.Received:
		return 4 | uint64(e.Peer)<<32 ^ uint64(e.Size)<<8
	case p2p.Wrote:
		return 5 | uint64(e.Peer)<<32 ^ uint64(e.Bytes)<<8
	case p2p.Served:
		return 6 | uint64(e.Peer)<<32
	case p2p.HeadersJudged:
		return 7 | uint64(e.Peer)<<32 ^ e.Seq<<8
	case p2p.BlockJudged:
		return 8 | uint64(e.Peer)<<32 ^ e.Seq<<8
	case p2p.TxJudged:
		return 9 | uint64(e.Peer)<<32 ^ e.Seq<<8
	case p2p.PoolAdded:
		return 10
	case p2p.TipMoved:
		return 11
	case p2p.HeaderTip:
		return 12
	case p2p.BlockConnected:
		return 13
	case p2p.Tick:
		return 14
	case p2p.BlockChecked:
		return 16
	case p2p.Reconstructed:
		return 17 | uint64(e.Peer)<<32 ^ e.Seq<<8
	case p2p.PackageJudged:
		return 16 | uint64(e.Peer)<<32 ^ e.Seq<<8
	default:
		return 15
	}
}

func actionTag(a p2p.Action) uint64 {
	switch a := a.(type) {
	case p2p.Send:
		return 33 | uint64(a.Peer)<<32
	case p2p.ServeBlock:
		return 34 | uint64(a.Peer)<<32
	case p2p.Disconnect:
		return 35 | uint64(a.Peer)<<32
	case p2p.Dial:
		return 36
	case p2p.SubmitHeaders:
		return 37 | uint64(a.Peer)<<32 ^ a.Seq<<8
	case p2p.SubmitBlock:
		return 38 | uint64(a.Peer)<<32 ^ a.Seq<<8
	case p2p.SubmitTx:
		return 39 | uint64(a.Peer)<<32 ^ a.Seq<<8
	case p2p.Reconstruct:
		return 42 | uint64(a.Peer)<<32 ^ a.Seq<<8
	case p2p.Complete:
		return 43 | uint64(a.Peer)<<32 ^ a.Seq<<8
	case p2p.Release:
		return 40 | uint64(a.Peer)<<32 ^ uint64(a.Bytes)<<8
	case p2p.SubmitPackage:
		return 42 | uint64(a.Peer)<<32 ^ a.Seq<<8
	default:
		return 41
	}
}
