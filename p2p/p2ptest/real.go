package p2ptest

import (
	"math/rand/v2"

	"grapevine/p2p"
	"grapevine/p2p/conn"
	"grapevine/wire"
)

// NewCore returns a core that behaves as the product does for a node. What is
// given changes its configuration.
func NewCore(n *Node, set ...func(*p2p.CoreConfig)) *p2p.Core {
	cfg := p2p.CoreConfig{
		Params: n.net.World.Params, Ledger: n.Ledger, Pool: n.Pool,
		Rand:     rand.New(rand.NewPCG(n.net.cfg.Seed, uint64(n.ID)<<32|uint64(n.epoch))),
		Services: wire.NodeNetwork | wire.NodeWitness | wire.NodeNetworkLimited, UserAgent: "/Grapevine:test/",
		MinRelayFeeRate: 100, Conn: conn.Config{MaxInbound: 125, FullRelay: 8, BlockRelay: 2},
	}
	for _, f := range set {
		f(&cfg)
	}
	core, err := p2p.NewCore(cfg)
	if err != nil {
		panic(err)
	}
	return core
}

// Watched returns a core with a referee before it in a network that is strict.
func Watched(n *Node, core Stepper) Stepper {
	if n.net.cfg.Strict {
		return newReferee(n, core)
	}
	return core
}

// RealCore makes the cores of nodes that behave as the product does; it is a
// [NodeConfig.Make].
func RealCore(set ...func(*p2p.CoreConfig)) func(n *Node) Stepper {
	return func(n *Node) Stepper { return Watched(n, NewCore(n, set...)) }
}
