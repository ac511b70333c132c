// Package p2p speaks Bitcoin's gossip protocol with other nodes: it keeps
// connections, follows the headers with the most work, fetches and serves
// blocks, and passes transactions on.
//
// # Core and shell
//
// Every decision is made by [Core.Step], which takes the time and one [Event]
// and returns [Action]s. The core has no goroutine, clock, lock or socket, never
// blocks and never validates: it posts headers, blocks and transactions to their
// owners and takes the verdicts as events. The shell, [Service], owns sockets and
// goroutines: a reader and a writer a peer, bounded workers, and one
// goroutine that steps the core. The package p2ptest runs the same core with a
// fake clock by the thousand.
package p2p
