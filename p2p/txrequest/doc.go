// Package txrequest decides which transaction is asked of which peer, and when.
//
// A peer announces a transaction by its txid or its wtxid (BIP 339); a
// [Tracker] remembers who announced what, and says which announcements to answer
// with a getdata. It sends nothing and judges nothing: the caller tells it of
// announcements, requests, answers and departures, and asks what is due.
//
// # States
//
// An announcement is one (peer, hash) pair. It is a candidate until its time
// has come and the peer is chosen; requested while an answer is awaited;
// completed once the answer came, whatever it was, or did not come in time.
//
//	          at <= now            best of its hash
//	delayed ------------> ready <-------------------> best
//	   |                    |                          |
//	   +--------------------+-----Requested------------+--> requested
//	                                                          |
//	           Response, expiry <= now, another was asked     v
//	                                                      completed
//
// Txid and wtxid are one name space here: where their bytes are equal the
// transaction has no witness, and either name fetches the same bytes. The first
// announcement of a pair fixes which of the two is asked for.
//
// # Rules, and why
//
// One request a hash at a time. A second peer is asked only when the first has
// answered without giving the transaction, or let its time run out: bandwidth is
// the scarce thing, and every peer announces everything.
//
// A peer is asked for a hash once. Its completed announcement stays as long as
// some other announcement of the hash is still to be tried, so that repeating an
// inv wins no second turn. When nobody is left to be tried, all of the hash is
// forgotten, since otherwise one failure would bar the transaction for good.
//
// No request before an announcement's own time. The caller delays those from
// peers it trusts less, so that better ones can come first; [Tracker.Offer] holds
// the delays in use.
//
// Preferred peers first; among equals, chance. A preferred peer is one that we
// chose to connect to, which an attacker can influence less. The order within
// each class is a keyed hash of peer and transaction: nobody outside can
// foresee it, and it cannot be drawn again by announcing again.
//
// What one peer is asked for comes in the order in which it announced, so that
// parents are asked for before their children.
//
// # The attacker
//
// Someone who wants to keep a transaction from us announces it early from many
// connections and never answers. Each of his connections that is chosen costs one
// timeout ([Timeout], 60 s). With P preferred peers of which h are honest and
// have announced, the honest ones come up after (P-h)/(h+1) wasted turns on
// average: of eight outbound peers with one honest, three and a half minutes;
// with four honest, under one. Connections that he opens to us do not lengthen this,
// for they are not preferred. When every preferred peer is his, inbound ones follow
// in random order, and reconnecting buys him a new lot at the price of the
// announcements he had.
//
// Someone who wants our memory is held by [MaxAnnouncements] a peer. An
// announcement takes about 130 bytes and the first of a hash as much again, so a
// peer fills 1.3 MB at most ([Tracker.Footprint]) and 125 peers 162 MB; the slabs keep the size of
// the worst moment. Relaying at the highest rate (14 a second), an honest peer
// needs six minutes without one answered request to get there.
//
// # Cost
//
// Each call costs the logarithm of what is tracked, plus, amortised, a constant
// for each announcement that changes state; nothing is allocated except the results
// of Requestable and Due, and growing slabs. Numbers are in the benchmarks.
//
// # Ownership
//
// A Tracker belongs to one goroutine. Its time is the latest that it was told: a
// clock that steps back stops it for that long and turns nothing around. It
// draws its key from the given source once, and is otherwise deterministic.
//
// # Invariants
//
// Tests verify these after each step, in this order:
//
//  1. Every announcement is found under its peer and hash, and is in the lists
//     of both; the counts of peers and hashes are those of their lists.
//  2. A hash has an announcement that is not completed.
//  3. A hash has at most one announcement that is best or requested, and one if
//     any is ready. A best one has no lower priority than any ready one.
//  4. A hash's heap holds its ready announcements and those only, each no
//     higher than the one above it.
//  5. The waiting heap holds the delayed and the requested announcements and those
//     only, in the order of their times.
//  6. A peer is listed as due when, and only when, an announcement of its is best.
//  7. After the time was moved, no announcement that waits has a time that is past.
package txrequest
