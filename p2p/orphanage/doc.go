// Package orphanage keeps transactions whose parents are missing, until these
// come.
//
// An orphan is a transaction that spends an output that neither chain nor pool has.
// It may be good, its parent being under way, or spend something that never
// existed: nothing tells which. So what is kept is bounded, and the bounds make
// everyone pay for their own.
//
// # Rules, and why
//
// An orphan is kept once, by its wtxid, with all peers that have announced it. Two
// with one txid and different witnesses are two orphans: whoever sends a spoilt
// witness first must not keep the right one out. It stays until it is erased, until a
// block takes or contradicts it, or until the last of its announcers is gone or
// has lost it to the bounds. A peer that leaves takes nothing with it that another
// has announced too.
//
// Two things are bounded, memory and the time that erasing takes.
//
// Memory is counted by weight, or half the bytes that the decoded transaction takes
// when that is more, as it is with thousands of empty witness items. All orphans
// together, each once, may weigh [PeerWeight] for each peer that announced any:
// 404,000, one transaction of the largest standard weight and a bit. One that weighs
// more than [MaxWeight] is not taken at all.
//
// Time is counted by a latency score: one for each announcement and one more
// for every ten inputs of an orphan, since those are the entries to be undone.
// All together may reach [MaxLatency], 3000, however many peers there are.
//
// Above a bound, the oldest announcement of the worst peer goes, until both hold.
// Worst is the one that exceeds its share by the largest factor, in memory or
// latency, whichever is larger; its share is PeerWeight, and MaxLatency divided by
// the number of peers. Someone above a share exists whenever a bound is exceeded. So a
// peer within its share loses nothing whatever others do, and one that sends much
// may use what is idle.
//
// # The attacker
//
// He fills his share with orphans that have no parents, and that is all: with 125
// connections of which he has 124, all weigh 50 million at most and take 101 MB, and
// the honest peer keeps 24 announcements and 404,000 weight units. To
// announce the orphans of others does not remove them: an announcement counts
// against him, and removing his leaves theirs. Many children of one parent are handed
// out together when the parent comes: at most what the bounds let in, 3000.
//
// In bytes that is, for one peer alone, 2 for each unit of weight and 512 for each
// point of latency, 2.4 MB at most ([Orphanage.Footprint]); of 125 peers 820 kB each.
//
// # Cost
//
// Add, AddAnnouncer and Erase cost the inputs and the announcers of the orphan, and
// a pass over the peers for each announcement that goes. ForBlock costs a look-up
// for each input of the block, nothing while there are no orphans.
//
// # Ownership
//
// An Orphanage belongs to one goroutine. Transactions are kept as they were given and
// must not be changed afterwards.
//
// # Invariants
//
//  1. Every orphan has an announcer, none twice, and is found by its wtxid and by
//     each of its inputs; what is found by an input is there.
//  2. A peer's list holds its announcements, oldest first, and its sums are theirs.
//     A peer without announcements is not remembered.
//  3. The sums over all orphans are theirs, each counted once.
//  4. Both bounds hold.
package orphanage
