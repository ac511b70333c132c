package p2p_test

import (
	"testing"

	"grapevine/chain/chaintest"
	"grapevine/p2p"
	"grapevine/p2p/bloom"
	"grapevine/wire"
)

// A light client gets of a block the proof of what its filter lets through and these
// transactions, over a real connection; what spends them matches from then on.
func TestFilteredBlockIsServed(t *testing.T) {
	network := newMemoryNet()
	n := startNodeWith(t, network, "127.0.0.1:1001", func(cfg *p2p.Config) { cfg.Core.Services |= wire.NodeBloom })
	blocks := chaintest.New(t, n.chain.Params(), 1).Mine(115, 4)
	for _, b := range blocks {
		if _, err := n.chain.SubmitBlock(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	last := blocks[len(blocks)-1]
	if len(last.Txs) < 3 {
		t.Fatalf("%d transactions", len(last.Txs))
	}
	wanted := &last.Txs[2]
	s := dialIn(t, network, "127.0.0.1:1001")
	id := wanted.Txid()
	f := bloom.ForElements(5, 1e-9, 3, wire.BloomUpdateAll)
	f.Add(id[:])
	s.send(f.Message())
	get := &wire.MsgGetData{Items: []wire.Inv{wire.InvOfBlock(last.Hash()).As(wire.InvFilteredBlock)}}
	s.send(get)
	proof := s.expect("merkleblock").(*wire.MsgMerkleBlock)
	found, err := bloom.Extract(proof)
	if err != nil || len(found) != 1 || found[0] != (bloom.Match{Txid: id, Index: 2}) || proof.Header.Hash() != last.Hash() {
		t.Fatalf("proves %v, %v", found, err)
	}
	if tx := s.expect("tx").(*wire.MsgTx).Tx; tx.Txid() != id || tx.HasWitness() {
		t.Errorf("sent %s, with a witness: %v", tx.Txid(), tx.HasWitness())
	}
	// Without a filter nothing comes, and what is asked for behind it does.
	s.send(&wire.MsgFilterClear{})
	s.send(get)
	s.send(&wire.MsgGetData{Items: []wire.Inv{wire.InvOfBlock(last.Hash())}})
	if b := s.expect("block").(*wire.MsgBlock).Block; b.Hash() != last.Hash() {
		t.Errorf("sent %s", b.Hash())
	}
}
