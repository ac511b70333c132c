package compact_test

import (
	"fmt"

	"grapevine/p2p/compact"
	"grapevine/wire"
)

// A block of three transactions arrives by name at a node whose pool has one of them.
func Example() {
	tx := func(n uint32) wire.Tx {
		return wire.Tx{Version: 2, In: []wire.TxIn{{PrevOut: wire.OutPoint{Index: n}}}, Out: []wire.TxOut{{}}}
	}
	txs := []wire.Tx{tx(1<<32 - 1), tx(1), tx(2)}
	header := wire.Header{Bits: 0x207fffff}
	for i := range txs {
		txs[i].Seal()
	}
	block := wire.NewBlock(header, txs)
	msg := compact.Build(block, 1234)

	p, err := compact.NewPartial(msg)
	if err != nil {
		panic(err)
	}
	pool := &block.Txs[1]
	p.Fill([]wire.Wtxid{pool.Wtxid()}, []*wire.Tx{pool})
	missing := p.Missing()
	fmt.Println("missing:", missing)

	answer, _ := compact.Pick(block, missing) // what the peer does
	_, err = p.Complete(answer.Txs, true)
	fmt.Println("the header was made up, so:", err)
	// Output:
	// missing: [2]
	// the header was made up, so: compact block does not lead to its block: other transactions: bad-txnmrklroot, hashMerkleRoot mismatch
}
