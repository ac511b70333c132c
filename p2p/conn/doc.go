// Package conn decides which connections to make, whom to admit and whom to give
// up: the targets that an operator named, connections of the node's own choice to
// addresses that others told of, and inbound ones.
//
// It is a pure core: one goroutine owns a [Plan], time comes in as an argument,
// randomness as a seeded source, addresses from what [Addresses] selects.
//
// # What is dialled, and when
//
// Named targets (-connect, -addnode, addnode): each for as long as it is named.
// After n failures in a row it is left alone for half a second times 2^(n-1), 30 s
// at most; eight of the added ones at a time. Two names of one endpoint ("h" and
// "h:8333") are one, and never are two dials for it under way.
//
// Connections of our own choice, one started every half second at most while one of
// these is due, in this order:
//
//	anchors         block-relay peers of the run before, until the two places are taken
//	full relay      up to 8
//	block relay     up to 2
//	extra full      one more while the tip is stale ([Plan.StaleTip])
//	extra block     one more, every 5 minutes in the mean, once the node is in sync: it
//	                brings its headers, and then the worse of the two youngest goes
//	feeler          every 2 minutes in the mean: does an address that nobody of ours
//	                has reached answer? It then counts as tried
//	extra network   every 5 minutes in the mean, a ninth full-relay peer in a network
//	                that no full-relay or manual connection leads into
//
// The sum of them, dials and addresses fetches included, never exceeds
// FullRelay + BlockRelay + Feelers, whence the extra ones exclude each other. [Plan.Extra]
// then names who has to go, and [ChainSync] whom to give up for being behind.
//
// Besides, up to 64 connections that each bring one transaction of ours to somebody
// ([Plan.Private]), whenever their owner asks.
//
// An address is passed over (100 are looked at) if its group already has a full-relay, block-relay
// or manual connection in IPv4 or IPv6 (but for feelers), if it was tried within ten
// minutes (the first 30), if it does not offer what we need, if its port belongs to
// another service (the first 50), if it is on the list of added nodes, connected,
// being dialled, banned or ours.
//
// # Inbound
//
// The places left over by the above are for those who come to us. When they are taken, [SelectToEvict]
// looks for one to give up for the next: whoever is not among the best by any of several
// measures that an attacker cannot have all of.
//
// # Attacker
//
// Whoever fills our table of addresses wants all our outbound connections: they
// have to be in distinct groups, feelers sort out what does not answer, the extra
// ones bring an honest tip in time if any address is honest, anchors let a restart give
// no new chance. Whoever opens connections without end: at most [Config.MaxInbound]
// stay, and to push an honest peer out he has to be closer, longer connected, quicker
// with blocks and transactions, and spread over more groups than it is. Whoever
// refuses ours: see the pauses above.
//
// # Bounds
//
// By its own accounting ([Plan.Footprint], [ChainSync.Footprint]) a connection costs at most
// 200 bytes with the pointer to it, an outbound one the text of its target besides, and 120 in
// [ChainSync]; a dial 200 and its text twice. Texts of addresses are at most 70 bytes.
// With 125 connections, 19 of them ours, that is 125*200 + 19*(200 + 3*70 + 120) = 35 kB, whatever
// peers do: nothing is kept of a connection that was refused or has ended. At most
// [MaxFetches] address fetches wait. What an operator asks for is not bounded: the list of
// nodes, and the single tries, which wait no longer than until the next call of [Plan.Next].
//
// # Other than Bitcoin Core
//
//   - Dials of our own choice do not wait for each other, so that addresses which do not
//     answer cost half a second each and not the whole time allowed for a connection.
//   - An added node is dialled again after half a second to 30 s rather than after
//     a minute.
//   - An address fetch waits while all places are taken; Core forgets it.
//   - Of a connection that came in only the address counts against dialling there by our own
//     choice; what an operator names is dialled all the same.
//   - The random delay of up to a second before a feeler is part of when it is due.
package conn
