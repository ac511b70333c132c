package txannounce_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"grapevine/p2p/txannounce"
	"grapevine/wire"
)

// The caller's loop: sleep until the next time, send what is due.
func ExampleAnnouncer() {
	now := time.Unix(0, 0)
	announcer := txannounce.New(txannounce.Config{Rand: rand.New(rand.NewPCG(1, 2))})
	announcer.AddPeer(1, txannounce.Options{Wtxid: true})
	announcer.AddPeer(2, txannounce.Options{Inbound: true, Wtxid: true})

	tx := (&wire.Tx{In: make([]wire.TxIn, 1), Out: make([]wire.TxOut, 1)}).Seal()
	pool := func(wire.Wtxid) (*wire.Tx, wire.FeeRate, bool) { return tx, 1000, true }
	announcer.Known(1, wire.ByWtxid(tx.Wtxid())) // it came from there
	announcer.Add(tx.Txid(), tx.Wtxid())

	for {
		next, ok := announcer.Next()
		if !ok {
			break
		}
		if next.After(now) {
			now = next
		}
		for _, batch := range announcer.Due(now, pool) {
			fmt.Println("inv of", len(batch.Items), "to peer", batch.Peer, "after a while:", now.After(time.Unix(0, 0)))
		}
	}
	// Output:
	// inv of 1 to peer 2 after a while: true
}
