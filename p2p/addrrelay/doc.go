// Package addrrelay decides what becomes of addresses of nodes that peers tell of: how
// many are taken, to whom they are passed on and when, what a peer learns that asks for
// addresses, and when we tell of ourselves.
//
// The caller hands over what peers say ([Relay.Received], [Relay.GetAddr]), puts what
// comes back into the address manager, and sends what [Relay.Due] returns at the time
// that [Relay.Wake] says.
//
// # Rules, and why
//
// Which peers take part: all but those for blocks only, feelers and private broadcasts,
// whose traffic shall not show that we are connected. Inbound peers do from their first
// message about addresses on: many clients never ask, and would only be a sink for
// addresses that are passed on once.
//
// What is taken: a tenth of an address a second for each peer, 1000 at most saved up,
// and 1000 more for the answer when we have asked for addresses. Which ones of a message
// that has too many is drawn by lot. An attacker needs peers and time to push addresses
// into the tables, where they meet the limits of package addrman. Addresses without a
// full or pruned chain behind them are passed over, and times that cannot be right count
// as five days old.
//
// What is passed on: addresses at most ten minutes old, routable, from messages of at
// most ten which are no answer to us. Each goes to two peers, or to one or two when we
// cannot reach its network, chosen by a keyed hash of the address and the day (which
// begins at a different hour for each address): who repeats an address reaches the same
// two peers, who know it already. So an address spreads with a factor of less than two,
// as others drop it likewise, and sending more of it does not spread it further.
//
// When: at the moments of a Poisson process with a mean of 30 s a peer, so that the time
// does not show which way an address came. The first time is at once, which lets a peer
// that connects to ask have its answer. A peer is not told what it told us, or was told:
// the last 5000 to 7500 addresses are remembered.
//
// We tell of ourselves when a peer takes part, in a message of its own, and once a day on
// the average from then on; what is remembered of the peer is forgotten before that, so
// that it is told again. The caller says which address, if any.
//
// Who asks is answered once a connection, and only if it connected to us, since who can
// make us ask could mark a node that hides behind others by addresses which only it was
// told of. Answers hold at most 1000 addresses and 23% of those known, and are the same
// for all who come by the same network and the same socket of ours for 21 to 27 hours:
// asking often does not show the tables, and not which addresses were refreshed just now.
// An operator's own peers (permission addr) get fresh answers and have no limit.
//
// # Bounds
//
// For each peer, whatever it sends: 1000 addresses of 56 bytes that wait to be sent, and
// three tables of 4096 fingerprints of four bytes, 105 kB together; peers that are quiet
// take 1 kB. Answers are kept for 64 sockets, 3.6 MB; if there are more, they share one.
// [Relay.Footprint] and [Relay.PeerFootprint] reckon it.
//
// A message of 1000 addresses costs 0.1 ms, and so do ten that are passed on among 125 peers.
//
// # Ownership
//
// A Relay belongs to one goroutine. Its results depend on its inputs and its source of
// randomness alone.
//
// # Invariants
//
//  1. Peers are in the order of their numbers, each once.
//  2. At most 1000 addresses wait for a peer, only for one that takes part, and of a
//     form that it takes.
//  3. A timer runs for whom something waits; after Due for nobody else.
//
// # BIPs
//
// 155: addresses of other networks than IP go to peers that take addrv2 only.
package addrrelay
