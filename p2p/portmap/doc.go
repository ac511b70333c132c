// Package portmap asks the router for a way in: that connections to a port of its
// outside address are passed on to the node's port (-natpmp).
//
// [Mapper.Run] asks the default gateways: over IPv4 by PCP (RFC 6887), and by its
// predecessor NAT-PMP (RFC 6886) where the gateway says that it knows no PCP; over IPv6
// by PCP, for each address of this machine that is routable, where it opens the firewall.
// A mapping is asked for forty minutes and renewed after half of the time granted, or
// a little more; after a failure everything is tried again five minutes later. Mappings
// are not removed at the end: they expire. Run owns all state and tells of addresses
// from its own goroutine.
//
// The default gateways are looked up where the system lists its routes as text, which
// is Linux only; elsewhere Run says so once and does nothing.
//
// # Attackers
//
// Whoever can send us datagrams from the gateway's address and port, on the local
// network that is. Answers to a question other than ours are passed over: they have to
// repeat our random nonce (PCP), our port and the kind of question. An answer is 1,100
// bytes at most, a question is asked three times a second apart, and waits for a
// second each. What the gateway says our address is we tell to peers, who try it out;
// so a lying gateway wastes other people's connections at most.
//
// # Other than Bitcoin Core
//
// An address is taken back when its mapping could not be renewed. On systems other than
// Linux there is no mapping yet.
package portmap
