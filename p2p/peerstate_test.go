package p2p

import (
	"testing"

	"grapevine/wire"
)

// BIP 144: what has a form with witness is asked for in that form, of peers that
// have it.
func TestWitnessesAreAskedOfWhoHasThem(t *testing.T) {
	for _, c := range []struct {
		services wire.ServiceFlags
		it       wire.Inv
		want     wire.InvType
	}{
		{wire.NodeNetwork | wire.NodeWitness, wire.InvOfBlock(wire.BlockHash{1}), wire.InvWitnessBlock},
		{wire.NodeNetwork, wire.InvOfBlock(wire.BlockHash{1}), wire.InvBlock},
		{wire.NodeNetwork | wire.NodeWitness, wire.InvOfTx(wire.ByTxid(wire.Txid{1})), wire.InvWitnessTx},
		{wire.NodeNetwork, wire.InvOfTx(wire.ByTxid(wire.Txid{1})), wire.InvTx},
		{wire.NodeNetwork | wire.NodeWitness, wire.InvOfTx(wire.ByWtxid(wire.Wtxid{1})), wire.InvWtx},
	} {
		p := &peerState{hello: handshake{theirs: &wire.MsgVersion{Services: c.services}}}
		if got := p.wanted(c.it); got.Type != c.want {
			t.Errorf("services %#x: %s is asked for as %s; want %s", uint64(c.services), c.it, got.Type, c.want)
		}
	}
}
