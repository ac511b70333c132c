// Package localaddr keeps the node's own addresses, and says which of them a peer is told, so that others learn where we are.
//
// # Where they come from
//
// An operator names them (-externalip), interfaces have them, sockets are bound to them, a router or a service of Tor or I2P gives
// them; the better one knows, the higher the [Score]. A peer that comes to us by an address confirms it. What peers merely say that
// they see us at is not kept: it is told back, now and then, to the very peer that said so, which cannot make us say it to anyone
// else.
//
// # What a peer is told
//
// The address that it can be expected to reach best (see [netgroup.ReachFrom]), among equals the one with the highest score. Addresses
// of Tor and I2P are told within their network only, and others not into it: together they would tell who runs the hidden one.
// Nothing is told by a node that does not listen.
//
// # Owner
//
// A [Table] is shared. Its methods return at once and may be called from any goroutine; one mutex lies above the list.
//
// # Attacker
//
// A peer that tells us a wrong address has it told back to itself at most. The list grows by what this machine and its operator know
// only. Scores grow by one for each peer that confirms, and stop at the largest number: they order addresses and nothing else.
package localaddr
