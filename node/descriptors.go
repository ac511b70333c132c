package node

import (
	"fmt"
	"slices"

	"grapevine/node/config"
	"grapevine/p2p/privatebroadcast"
)

// ownDescriptors are kept from peers: 500 tables of coins, 64 of the index of transactions, 32 of that of blocks, 16 of addresses, and some hundred
// block files, listeners, calls and logs. A peer that could take the last one would stop the node, whose databases cannot go on when
// a table cannot be opened.
const ownDescriptors = 700

// limitConnections returns the configuration with as many connections as leave the node its own descriptors, of which the system
// grants it so many.
func limitConnections(cfg *config.Config, granted uint64) (*config.Config, error) {
	own := uint64(ownDescriptors)
	if cfg.Net.PrivateBroadcast {
		own += privatebroadcast.MaxOpen // beyond -maxconnections
	}
	if granted < own {
		return nil, fmt.Errorf("Not enough file descriptors available. %d available, %d required.", granted, own)
	}
	want := cfg.Net.MaxConnections
	if uint64(want) <= granted-own {
		return cfg, nil
	}
	less := *cfg
	less.Net.MaxConnections = int(granted - own)
	less.Warnings = append(slices.Clone(cfg.Warnings),
		fmt.Sprintf("Reducing -maxconnections from %d to %d, because of system limitations.", want, less.Net.MaxConnections))
	return &less, nil
}
