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
// of the same peer that are being judged, is handed out to be judged. Headers
// with little work take memory for little cost: who judges refuses them. A sync in
// two passes (first commitments, then headers, once the work has proven to
// suffice) fits between [Syncer.Received] and [Decision.Submit]: it takes the
// list, asks on by itself, and lets through what it has found worthy.
//
// # Answering
//
// [Answer], [AnswerBlocks] and [Servable] are pure functions of the ledger.
//
// # Attackers
//
// A peer costs some 200 bytes, and 32 for each message that the caller has
// submitted and that was not judged; hashing a full message takes one or two
// milliseconds, for which its sender pays with 162 kB. A peer that feigns to have
// a chain holds up the sync for 30 seconds when silent, whatever blocks it shows,
// and for 15 to 30 minutes when it answers slowly; new blocks bring in others
// meanwhile.
//
// One goroutine owns a [Syncer]; it has no clock and no randomness, so that the
// same calls give the same decisions.
package headersync
