// Package txannounce decides which transactions are announced to which peers,
// and when.
//
// The caller adds each transaction that enters the pool, says what peers are known
// to have, and sends what [Announcer.Due] returns as inv messages: wtxids to peers
// that agreed on BIP 339, txids to the others.
//
// # Rules, and why
//
// A transaction waits for each peer separately, and all that wait for a peer go out
// together at the moments of a Poisson process, with a mean of [OutboundInterval]
// for a peer that we connected to and [InboundInterval] for one that connected to
// us. An observer who compares when a transaction reaches him over many
// connections then learns little about who had it first. All inbound peers that came
// by the same socket of ours share one process: otherwise, with k connections, the
// earliest of k draws would tell him the time of arrival k times better. Those of
// another one have their own, or who connects by Tor and by IPv4 would see by the
// moments that he has found one node twice. Whom the operator trusts is told at once,
// and of a backlog ten times a second.
//
// The waiting time is drawn when the first transaction starts to wait. Since an
// exponential distribution has no memory, that is the same as a process that
// always ran, and idle peers cost no wake-ups. Only the first round of each peer
// comes in any case, as what it may fetch hangs on it, and that of one that has asked
// for the whole pool.
//
// At most 70 go out at a time, which is 14 a second; of a backlog, five more for
// each thousand that wait; never more than [MaxBatch]. The rest waits, so that a
// flood of cheap transactions costs bandwidth at a bounded rate, and what pays most
// goes first. A transaction's parents that wait for the same peer go before it,
// even when they pay less: without them it would be an orphan there. Within that,
// order is by feerate, not by arrival, which would tell more than it should.
//
// A peer is not told of what it announced to us, sent us or was told before: the last
// 49,152 to 73,728 hashes are remembered. Nor of what pays less than its feefilter
// (BIP 133). What has left the pool meanwhile is dropped.
//
// What a peer may fetch follows: [Announcer.Announced] denies what is still to be
// announced, since an answer to a getdata would give away the arrival that the
// timers hide; and everything before the first round, since an observer who
// connects anew for each question would get around that. What a peer says that it has
// waits for its round like all else, and is only left out then: or who announces what
// he is watching could fetch it at once.
//
// # Bounds
//
// A transaction that waits takes about 200 bytes, and one bit for each peer. What is
// no longer in the pool is found and dropped within a few rounds, so that at most
// what is in the pool waits: a fifth of its memory or less. The memory of what a peer
// knows grows with use to 790 kB ([Announcer.Footprint]): three generations of 24,576 eight-byte
// fingerprints under a secret key, by which a peer cannot choose transactions
// that look known: one in 2^47 does by chance.
//
// # Cost
//
// Add costs a few steps a peer. Due costs a pass over what waits, and for each
// transaction that is announced one look-up in the pool, whatever the number of
// peers, plus the logarithm of the number that wait.
//
// # Ownership
//
// An Announcer belongs to one goroutine. Its results depend on its inputs and its
// source of randomness alone.
//
// # Invariants
//
//  1. What waits is found by its wtxid, waits for some peer, and for connected
//     peers only; each peer's count is that of its bits.
//  2. A txid leads to something that waits and has that txid.
//  3. A timer runs only while something waits for its peer or its first round is to
//     come, that of the inbound peers of a socket while that holds of any of them; the
//     new ones among these are counted.
//  4. After Due, a timer runs for whatever waits and whoever is new, and ends later
//     than now.
package txannounce
