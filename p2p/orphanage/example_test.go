package orphanage_test

import (
	"fmt"

	"grapevine/p2p/orphanage"
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// A transaction comes before its parent; when the parent is accepted, its children
// are submitted again.
func ExampleOrphanage() {
	const alice, bob = peer.ID(1), peer.ID(2)
	parent := (&wire.Tx{In: make([]wire.TxIn, 1), Out: make([]wire.TxOut, 2)}).Seal()
	child := (&wire.Tx{In: []wire.TxIn{{PrevOut: wire.OutPoint{Txid: parent.Txid(), Index: 1}}}}).Seal()

	orphans := orphanage.New(orphanage.Config{})
	orphans.Add(child, alice)
	orphans.AddAnnouncer(child.Wtxid(), bob) // who may be asked for the parent as well
	fmt.Println("ask for the parent:", orphans.Announcers(nil, child.Wtxid()))

	orphans.Disconnect(alice)
	accepted := []*wire.Tx{parent}
	for len(accepted) > 0 {
		for _, tx := range orphans.Children(accepted[0]) {
			fmt.Println("submit again:", tx.Txid() == child.Txid())
			orphans.Erase(tx.Wtxid())
			accepted = append(accepted, tx)
		}
		accepted = accepted[1:]
	}
	fmt.Println(orphans.Count())
	// Output:
	// ask for the parent: [1 2]
	// submit again: true
	// 0 0
}
