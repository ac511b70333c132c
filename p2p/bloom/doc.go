// Package bloom holds the filters by which light clients have us choose what to
// send them (BIP 37): the filter, what of a transaction it looks at, and the
// proof of which transactions of a block matched.
//
// # Rules
//
// A filter is a string of at most 36,000 bytes whose bits are set by up to 50 hash
// functions (MurmurHash3 under seeds of its own), or an empty one, which matches
// everything. A transaction matches by its txid, an outpoint that it spends, or
// anything that its scripts push. Where an output matches, its outpoint may be put
// into the filter, as the client asked, so that what spends it matches too.
//
// A [wire.MsgMerkleBlock] holds the header, and of the tree of txids what is needed to
// compute the root: a bit for each node on the way to what matched, depth first, and
// the hashes of the parts that hold nothing. [Extract] is the client's side.
//
// # The attacker
//
// He makes us look at every transaction for him: a look costs a hash for each hash
// function and each thing pushed, so that a block of 4 MB full of pushes takes 50
// functions some half a second, and a filter of ones matches everything. That is why the
// filters are not offered by default (BIP 111). A filter takes 36 kB; blocks are looked
// at on the goroutines that read them. A proof is bounded by what it claims to hold,
// and its work by its own size.
//
// # Concurrency
//
// A [Filter] may be used by several goroutines at once: its bits are read and set one
// word at a time, and never cleared. What is added while a transaction is looked at may
// count or not.
//
// # BIPs
//
// 37, 111 (which the caller heeds).
package bloom
