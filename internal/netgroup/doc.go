// Package netgroup says which addresses are likely to belong to one operator, so
// that who has many addresses of one kind counts once.
//
// # Groups
//
// [Groups.Group] is Bitcoin Core's, byte for byte, since the buckets of the address
// manager are hashes of it and the tests of both compare:
//
//	autonomous system known       02 and its number, 4 bytes, little endian
//	not routable                  00
//	internal (see [Named])        06 and ten bytes of the hash of the name
//	IPv4, and IPv6 standing for   01 and the first 16 bits
//	IPv6                          02 and the first 32 bits; of 2001:470::/32, whose
//	                              owner gives blocks to anyone, 36 bits
//	Tor, I2P                      03, 04 and the first 4 bits
//	CJDNS                         05 and the first 12 bits, of which 8 are fixed
//
// Bits that fill the last byte up are ones. An attacker pays for groups and not for
// addresses: a /16 of IPv4 costs far more than the 65,536 addresses in it are worth
// to him one by one. Addresses of Tor, I2P and CJDNS are keys that cost nothing,
// which is why all of them together make 16 groups a network.
//
// # Map of autonomous systems
//
// Prefixes are a poor picture of who runs a network: a large hoster has hundreds of
// them. [LoadASMap] reads a map from prefixes to autonomous systems in the form that
// Core and its tools write: a trie as a program of four instructions, packed by bits.
// It is checked completely when it is read: each path ends in a number within 128
// steps, no jump leaves the program or enters the middle of an instruction, nothing
// is unreachable, and the padding is zero. A lookup then takes at most 128 steps and
// cannot fail. A file of more than 64 MiB is refused; that of the whole internet has
// 2 MiB.
//
// # State
//
// [Groups] is immutable and safe for all goroutines.
package netgroup
