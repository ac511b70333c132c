// Package node puts the parts together: [New] takes a configuration, [Node.Run] starts what it names, in order, and stops it in
// reverse. It wires and decides nothing else.
//
// # Order
//
// Start: lock on the directories, process id, log, RPC (which answers that the node is starting), ledger, pool, index, what is known of
// the network, peers, import. Stop: RPC and peers, import, index, ledger, and then the pool, which the ledger waits for, and the files
// that say that a node runs.
// Every step of a stop is bounded, so that the whole takes seconds in the middle of an import; what the ledger has not written by
// then is replayed by the next start. Whatever ends by itself ends the rest.
//
// A call that writes returns once the pool has taken in what it changed, so that the next call sees it. The index lags behind;
// calls that read it wait for it.
//
// # The network
//
// Beside the peers run, and end with them: the address book (peers/), seeds, Tor's control port, I2P, and what asks the router to forward
// the port. A network that Tor opens up later is told to the peers. Two files are the node's own, in the forms of the reference
// implementation: banlist.json is read at the start and written whenever a ban changes, before the call that changes it returns;
// anchors.dat holds the block-relay peers at the end of a run, is written while they are still connected, and is removed as it is read,
// so that peers that bring a node down are not the first that it meets again. Neither can keep the node from starting.
//
// # Ownership and concurrency
//
// A Node is run once, by one goroutine, which returns when all that it started has ended. The clock may be set from any goroutine.
//
// # Attacker
//
// None of its own. A second node on the same data is kept out by the lock before it touches anything.
package node
