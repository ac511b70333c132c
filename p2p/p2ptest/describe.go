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
	case p2p.SubmitTx:
		return fmt.Sprintf("   submit of %d: transaction %s, number %d", v.Peer, v.Tx.Txid(), v.Seq)
	case p2p.HeadersJudged:
		return fmt.Sprintf("-> headers of %d judged, number %d: %v", v.Peer, v.Seq, v.Err)
	case p2p.BlockJudged:
		return fmt.Sprintf("-> block of %d judged, number %d: %s %v", v.Peer, v.Seq, v.Hash, v.Err)
	case p2p.TxJudged:
		return fmt.Sprintf("-> transaction of %d judged, number %d: %s %v", v.Peer, v.Seq, v.Tx.Txid(), v.Err)
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
