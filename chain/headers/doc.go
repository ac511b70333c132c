// Package headers holds every block header that the node has accepted: the
// tree that they form, the work in it, the difficulty that the next one needs,
// and what its version bits have decided.
//
// A [Node] is one header in its place. What it says about the chain (hash,
// height, work, times, parent, ancestors) is fixed when it is inserted. What
// the node learns later (is the block on disk, was it valid) are words that the
// chain's owner goroutine writes and anyone reads; each is atomic on its own,
// and a reader that needs several in step asks the owner.
//
// A [Tree] has all nodes by hash; it only grows, and nodes live as long as it.
// One owner inserts; lookups come from any goroutine. A [Chain] is an immutable
// list of nodes from genesis to a tip, published by the owner through an atomic
// pointer; making the next one shares all full pages with the last. A
// [VersionBits] is a cache that any goroutine may ask.
//
// The attacker sends headers. Each must carry proof of work before it gets
// here, since a node costs 176 bytes and 8 to 16 bytes of the table by hash for
// good: a million of them, mainnet's whole length, is some 190 MB. The table by
// hash is keyed, so that hashes ground to fall into one slot do not. Every walk
// is bounded by a difficulty period or logarithmic in the height.
//
// BIPs: 9 and 323 (version bits), 94 (testnet4's retargeting), 113 (median time
// past).
package headers
