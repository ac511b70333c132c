// Package addrman keeps the addresses of other nodes, so that a node finds peers again
// after a restart and an attacker does not get to choose them.
//
// # The tables
//
// The new table holds addresses that were only heard of, 1024 buckets of 64; the tried
// table those that a handshake succeeded with, 256 buckets of 64. In which bucket an
// address belongs, and where in it, is a hash of a secret key and of
//
//	new      the group of who told of it, and one of 64 numbers that depend on its
//	         own group; where another tells of it, up to 8 buckets
//	tried    its own group, and one of 8 numbers that depend on the address
//
// where a group is what one operator is likely to have ([netgroup.Groups]). The hash is
// Bitcoin Core's, the double SHA-256, so that its test vectors hold. So
//
//   - who tells of any number of addresses from one group fills 64 of 1024 new buckets
//     at most, and who runs any number of nodes in one group 8 of 256 tried ones;
//   - what is in a place of the new table stays there unless it has become terrible
//     (30 days old, from the future, or without an answer for too long), or is in other
//     buckets besides. Repeating oneself drives nobody out;
//   - what is in a place of the tried table stays there while it answers. Who wants the
//     place waits, with nine others at most, until a feeler has tested the old one
//     ([Manager.Collision], [Manager.ResolveCollisions]).
//
// [Manager.Select] draws the table first, each with the same chance, then a bucket, and
// in it an address: an attacker's chance is his share of the buckets, not of the
// addresses. With s of the n groups that tell of addresses he holds about s/n of the
// new buckets that he can reach; the test of this package prints what 1, 16 and 256
// groups get. Weights are Core's: 0.66 to the power of failures in a row, eight at
// most, and a hundredth for what was tried within ten minutes.
//
// The time when a peer was up is not changed by a handshake and at the end of a
// connection only, when it has lasted: answers to getaddr would show who our peers are.
//
// # Bounds
//
// There are 81,920 places, so at most as many addresses, each in its own: 168 bytes,
// and 112 for finding it, 23 MB in all; 12 MB while there are 40,000. [Manager.Footprint]
// reckons it. Nothing else grows with what peers send. To select an address takes two
// microseconds, however few are known. An address costs three to four
// hashes to add and a message of 1000 about 2 ms; package addrrelay lets a tenth of an
// address a second through for each peer.
//
// # Who owns what
//
// One mutex guards the tables, for the microseconds of each call. [Manager.Run] writes
// changes once a minute: it encodes what is dirty, 1024 places at a time, under the
// mutex, and writes without it. The queue of what is to be written is a bit for each
// place, so it is bounded, and what changes twice is written once. No call waits for the
// disk but [Open], Run and [Manager.Close].
//
// # On disk
//
// A LevelDB with OWNER "grapevine peers", version 1, numbers big endian:
//
//	V                             version, 4 bytes
//	K                             secret key, 32 bytes
//	M                             version of the map of autonomous systems, 32 bytes;
//	                              zero for none
//	n | bucket u16 | position u8  a place of the new table
//	t | bucket u16 | position u8  a place of the tried table
//
// A place's record is the same in both; an address in eight buckets has it eight times:
//
//	network u8, address, port u16     the network by its number in BIP 155, the address
//	                                  as long as that network's are
//	network u8, address               who told of it first; 0 and nothing: unknown
//	uvarints                          services, when it was seen, the last success
//	                                  (0 for none), failures since
//
// A kill costs what changed in the last minute: what is written then is one batch, at
// most 8 MB of it, and there as a whole or not at all. An address that moves to the tried
// table while the batch is made may be in both tables, and counts as tried.
//
// When the map of autonomous systems changes, so do the buckets: tried addresses move to
// where they belong now, new ones to where their first source puts them, and those that
// meet another there are dropped. The tables are rewritten in one batch then. Of records
// whose place is not that of their hash the same becomes as of a changed map.
//
// A store that cannot be read, was made by another program or has another version is
// set aside: its directory is renamed peers.damaged-1 and so on, with a warning, and the
// node starts with an empty one. When writing fails later, the store is closed and opened
// again at the next turn, and everything is written.
//
// # Other than Bitcoin Core
//
//   - Core keeps peers.dat, written every 15 minutes as a whole.
//   - Which of its buckets an address is in is kept with the address; Core searches all
//     of them. What waits for a place is forgotten with its address, or when it gets
//     there by itself; Core finds out later.
//   - Places that two records of a store claim go to the first one read.
package addrman
