package p2p

import (
	"grapevine/p2p/peer"
	"grapevine/wire"
)

// noOrphans keeps none; package orphanage takes its place.
type noOrphans struct{}

func (noOrphans) Add(*wire.Tx, peer.ID)            {}
func (noOrphans) AddAnnouncer(wire.Wtxid, peer.ID) {}
func (noOrphans) Has(wire.GenTxid) bool            { return false }
func (noOrphans) Children(*wire.Tx) []*wire.Tx     { return nil }
func (noOrphans) Erase(wire.Wtxid)                 {}
func (noOrphans) Disconnect(peer.ID)               {}
func (noOrphans) ForBlock(*wire.Block)             {}
