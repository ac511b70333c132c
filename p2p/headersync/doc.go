// Package headersync decides whom to ask for headers, what a headers message
// means, and what to answer to those who ask us.
//
// # Asking
//
//   - A getheaders asks for all that a peer has and we lack. While the best
//     header is older than a day, one peer at a time is asked so: a preferred one,
//     or any that serves blocks where no preferred one is left to ask. Then all
//     are.
//   - A peer answers with up to 2000 headers. A full answer is followed by the next
//     question once it has been judged; any other means that the peer has no more,
//     and the next peer is asked.
//   - There is one unanswered getheaders a peer, for two minutes; ten seconds where
//     the peer meanwhile shows a block whose header we lack. When it does so sooner,
//     it is asked once these are over.
//   - A peer that does not answer for 30 seconds is silent: another is asked beside
//     it. After 15 minutes, and a millisecond for each header that is missing by the
//     clock, it is dropped if the best header is still old and there is another
//     preferred peer.
//   - A block that is announced by inv, or headers that do not connect (BIP 130), are
//     reason to ask. A peer whose turn has not come is asked so once, and for each
//     block one peer: a silent peer of our choice cannot keep us from the present
//     for longer than blocks come in.
//   - In the initial download, an outbound peer of our own choice whose whole chain
//     has less than the minimum of work is dropped.
//
// # Judging
//
// A message of more than 2000 headers, with a gap, or without the proof of work
// that it claims is misbehaviour. What connects to a known header, or to headers
// of the same peer that are being judged, is handed out to be judged if its chain is
// worth keeping; what does not connect is an announcement, and reason to ask.
//
// # Two passes
//
// A header takes 200 bytes for good, and at the difficulty of the first blocks costs
// nothing. So a chain is given memory only if it has the minimum of work that the
// network is known to have, and nearly that of the tip, less 144 blocks
// ([WorthKeeping]). To learn that of a chain which is longer than a message, a peer is
// asked for it twice:
//
//   - In the first pass the work is summed up, of headers that have their proof of
//     work and whose difficulty changes no faster than the rules allow. Of one
//     header in so many, at heights that nobody can foresee, one bit of a keyed hash
//     is kept.
//   - Once the work is there, the same headers are asked for again from the start.
//     Each bit must come out the same. Headers are let through when some 15,000 more
//     stand above them, 24 bits on mainnet, so that who shows another chain now, one
//     of cheap headers, gets one let through in 16 million tries, each as much work
//     as the first pass asks for; or when the work is there again.
//   - What does not follow on the last message ends the attempt, for the peer may
//     have changed to another chain; so does a message that is not full in the first
//     pass: then the chain is what it is.
//
// A chain that everybody may know us to have needs no second look; one beside it,
// with too little work, is not admitted to. A trusted peer's headers go straight.
//
// What a peer can make us hold, with a clock that says 2026, from the genesis of mainnet:
//
//	commitments: a chain can grow by six headers a second for long (the median of
//	    eleven times must grow), for 5.6e8 s, one bit in 641          5.2e6 bits   655 kB
//	held back: 15,218 headers and a message, at 48 bytes                           827 kB
//	chunks that are not full, and the rest                                          45 kB
//
// 1.6 MB at most, and less on every other network but regtest (1.9 MB); longer chains
// are refused. Once the work is there, what is held back is handed out in one list,
// 1.4 MB until it is judged. A peer without a sync in two passes costs 400 bytes, see
// [Syncer.Footprint].
//
// # Answering
//
// [Answer], [AnswerBlocks] and [Servable] are pure functions of the ledger.
//
// # Attackers
//
// A peer costs what is said above, and 72 bytes for each message that the caller has
// submitted and that was not judged; hashing a full message takes one or two
// milliseconds, for which its sender pays with 162 kB. A peer that feigns to have
// a chain holds up the sync for 30 seconds when silent, whatever blocks it shows,
// and for 15 to 30 minutes when it answers slowly, or with headers without end; new
// blocks bring in others meanwhile.
//
// # Other than Bitcoin Core
//
//   - During the initial download an outbound peer of our choice whose chain has ended
//     below the minimum of work is dropped at once, though none of its headers are
//     kept; Core waits 20 minutes for it to come up with more.
//   - An answer that comes twice, as to a question that was repeated, does not end the
//     passes, and a new block that is shown meanwhile is not asked for.
//
// One goroutine owns a [Syncer]; it has no clock, and randomness comes in, so that the
// same calls give the same decisions.
package headersync
