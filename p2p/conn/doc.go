// Package conn decides which connections to make and how many to admit: the
// targets that an operator named, each dialled again with growing pauses for as
// long as it is named, single tries, and a bound on inbound connections.
// Connections of the node's own choice will come from the address manager.
//
// It is a pure core: one goroutine owns a [Plan], time comes in as an argument.
//
// # Attacker
//
// Whoever opens connections: at most Config.MaxInbound are admitted. Whoever
// refuses ours: a target is dialled at most once in [firstPause], and after n
// failures in a row once in firstPause times 2^n, up to [longestPause].
package conn
