// Package conn decides which connections to make and how many to admit: the
// targets that an operator named, each dialled again with growing pauses for as
// long as it is named, single tries, and a bound on inbound connections.
// Connections of the node's own choice will come from the address manager.
//
// It is a pure core: one goroutine owns a [Plan], time comes in as an argument.
//
// # Attacker
//
// Whoever opens connections: at most [Config.MaxInbound] are admitted. Whoever
// refuses ours: after n failures in a row a target is left alone for half a second
// times 2^(n-1), 30 s at most.
//
// What an operator asks for is not bounded here: the list of nodes, and the single
// tries, which wait no longer than until the next call of [Plan.Next].
package conn
