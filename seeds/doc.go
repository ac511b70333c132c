// Package seeds finds the first peers of a node, and finds them again for one that
// has lost all of them.
//
// # Order
//
// The peers that the address manager kept come first: they cost nobody's trust and
// tell nobody that we are here. Only where they are too few or none of them answers,
// sources are asked ([Source]), each with less to be said for it than the one before:
//
//  1. Nodes that the operator named (-seednode), in random order: addresses are fetched
//     from one at once when none are known, then from another every 10 s for as long
//     as there are fewer than two outbound connections.
//  2. DNS seeds in random order ([DNS]): all of them when no address is known or
//     -forcednsseed is set, else three at a time, each time after 11 s (5 minutes
//     where a thousand addresses and more are known) without two outbound
//     connections. With -seednode, 30 s later. A seed is asked for x9.<name>, the
//     nodes with the services that we need; where it does not know such names, or a
//     proxy looks names up, a connection is made to the name itself and addresses are
//     fetched from whoever answers.
//  3. The fixed list ([Fixed], [File]), for reachable networks that no address is known
//     of: a minute after the start, or at once when there is none of the above and no
//     -addnode.
//
// At most one DNS seed is being asked at a time, and gives 32 addresses at most.
// Nothing is asked while connections are switched off.
//
// [Runner.Run] owns all state. The decisions are those of an unexported schedule that
// is told the time and what is known, and says whom to ask.
//
// # Other than Bitcoin Core
//
//   - The order is gone through again when the node has been without two outbound
//     connections for 5 minutes, doubled with each time in vain up to 6 hours. Core
//     asks once a run, so that a node that started offline, or whose peers have all
//     died, stays alone.
//   - The fixed list is taken 10 s after the last DNS seed when DNS does not work at
//     all and nobody else is left to answer; Core waits out the minute.
//   - The fixed list is taken for all reachable networks when there still is no peer a
//     minute after all others were asked, although addresses are known. To Core, addresses
//     that are all dead are as good as live ones.
//   - Whether there are connections enough is looked at twice a second, not every 11 s.
//
// # Attackers
//
// Who controls a DNS seed, or the way to it, chooses what it answers: 32 addresses filed
// under one source, which reach 64 of the 1,024 buckets of the address manager. Where
// nothing else is known, all seeds are asked, so that one liar is one of many; three at
// a time, else. DNS queries tell the resolver that a node runs here; they are not made
// while the known peers do. A fixed list is as good as the program it comes with. Lists
// and tables are bounded in length and checked when read; what they say is a hint only,
// every address has to answer as a node first.
package seeds
