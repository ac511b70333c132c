// Package proxy makes outbound connections the way that the operator wants them:
// directly, through a SOCKS5 proxy, or through a router of I2P.
//
// [Server] is one SOCKS5 proxy (RFC 1928, with the user names of RFC 1929). It is
// always given a name or an address in text, never asked to resolve beforehand: what a
// connection is for is known to the proxy alone. With Isolate each connection has
// credentials of its own, by which Tor keeps it on a circuit of its own, so that two of
// them cannot be told to come from the same node.
//
// [Routes] says which network is reached how, and dials. What it knows can change
// while it is used: Tor's control port may name a proxy later. It is safe for
// concurrent use; one mutex guards a small table, and no connection is made under it.
//
// Errors that wrap [ErrProxy] say nothing about the peer: the proxy could not be
// reached or does not speak the protocol. A proxy that answers, and says that it
// cannot reach the peer, blames the peer, as far as we can know.
//
// # Attackers
//
// The proxy sees who is connected to, and could lead anywhere: peers reached through it
// are no worse than any other. It cannot make us use memory: answers are at most 262
// bytes, each has to come within 20 s, and what follows an answer is left unread. A
// target longer than 255 bytes is refused. Names go to the proxy where there is one, so
// that no look-up of ours gives us away; without a proxy and with look-ups forbidden
// they are errors.
//
// # Other than Bitcoin Core
//
// A proxy that fails in the greeting, before it was told whom we want, is to blame for
// the failure; Core blames the peer.
package proxy
