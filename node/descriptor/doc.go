// Package descriptor reads, writes and expands output descriptors (BIP 380 to
// 386): the texts such as wpkh(xpub.../0/*)#checksum that name the scripts of a
// wallet, and that decoded outputs carry as desc.
//
// # What is understood
//
// The functions pk, pkh, wpkh, combo, multi, sortedmulti, sh, wsh, tr with a
// tree of pk, multi_a and sortedmulti_a, rawtr, addr, raw and unused; keys in
// hex, in wallet import format, and as extended keys with origin, path,
// wildcard and multipath (BIP 389). Miniscript and musig() are recognised and
// refused by name. Sentences of errors are those that clients of the RPC
// interface know.
//
// # State and concurrency
//
// A [Descriptor] is immutable, and safe for concurrent use.
//
// # The attacker
//
// Descriptors come from the operator over RPC, so that the concern is errors
// rather than malice: a text is read in one pass without unbounded recursion
// (trees are at most 128 deep, other functions nest at most three deep), and
// private keys never appear in what [Descriptor.String] gives.
package descriptor
