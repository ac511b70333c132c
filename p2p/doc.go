// Package p2p speaks Bitcoin's gossip protocol with other nodes: it keeps
// connections, follows the headers with the most work, fetches and serves
// blocks, and passes transactions on.
//
// # Core and shell
//
// Every decision is made by [Core.Step], which takes the time and one [Event]
// and returns [Action]s. The core has no goroutine, clock, lock or socket, never
// blocks and never validates: it posts headers, blocks and transactions to their
// owners and takes the verdicts as events. The shell, [Service], owns sockets and
// goroutines. The package p2ptest runs the same core with a fake clock by the
// thousand.
//
// What the core decides is spread over packages that each do one thing: conn
// (which connections to make, admit and end), bans (whom not to), addrrelay
// (addresses to pass on), headersync (whom to ask for headers), blockfetch
// (whom for blocks), compact (blocks by the short ids of their transactions),
// txrequest (whom for transactions), orphanage (transactions
// without their parents), txannounce (what to tell whom, and when), bloom (what
// light clients ask for) and privatebroadcast (own transactions that are not to be
// traced). The core holds what lies between them: the handshake, the order of
// replies, serving, pings, fee filters, and what follows from a verdict.
//
// # Who owns what
//
// One goroutine of the service steps the core and does its actions, none of which
// makes it wait. All else posts events to it, through a queue of 256:
//
//	reader, one a peer    bytes -> frame -> credit -> message -> Received
//	writer, one a peer    what is queued for the peer -> frames -> bytes, Wrote
//	judge of headers      SubmitHeaders in their order -> HeadersJudged
//	judge of transactions SubmitTxs, in their order -> TxJudged
//	one for each block    SubmitBlock -> BlockJudged
//	one for each compact  Reconstruct, Complete -> Reconstructed
//	one that is told      a block that is worth passing on -> BlockChecked
//	two that serve        ServeBlock -> bytes for the writer, Served
//	two that follow       chain and pool -> TipMoved, BlockConnected, PoolAdded
//
// When the queue is full its senders wait. The core waits for nobody, and a judge
// waits for the owner of chain or pool only, neither of which ever waits for this
// package, so that nothing can stand still for good. Peers on the other side do not
// change that: a reader stops when its peer's credit is used up. Credit is held by
// what is being judged, which ends by itself, and by questions whose answers the
// peer does not read. Two nodes that read only once they have written would have
// to send each other 5 MB of questions unread; ours ask a peer for at most 256
// blocks and 5000 transactions at a time, 190 kB.
//
// # Transport
//
// Whoever calls us is answered in the version that it begins with (see the package
// transport); the core knows of it at once, and its time for the handshake runs. A
// connection that we begin with version 2 is told to the core once the other end has
// shown that it derived the same session, and its packets are authentic from then on.
// Where the other end hangs up instead of answering, or says nothing for the time of
// a handshake, it may know version 1 alone, and is dialled once more with that: so
// who sits in between can bring us back to version 1, as BIP 324 accepts. What begins
// to answer and goes wrong is no longer retried. The core reckons what is to be sent in
// frames of version 1, whatever is spoken.
//
// # Order
//
// A message that shows what we know (a pong, headers, data) answers for all that the
// same peer sent before: it waits until that was judged and readers see the
// result. So who sends a block and then a ping knows by the pong that the block was
// dealt with. Blocks and transactions themselves are passed on at once, and no peer
// waits for the verdicts on what another sent. A pool judges one transaction after
// another, in the order in which they came.
//
// # Compact blocks
//
// A block goes to the peers that chose us for it as soon as the owner of the chain
// has checked what needs no coins, before it is stored and connected, as a message that
// is made once. Of what it announced so, the core serves all, from memory. A compact
// block that comes has its header judged first; then a goroutine looks through the pool
// while the core goes on, and what is put together is judged like any other block. It
// belongs to the order of replies all that time. The whole block is asked for when the
// names do not lead to it, and of who was asked first only.
//
// # Addresses
//
// Where the nodes of our choice are comes from [Addresses], which keeps what peers
// tell within limits of its own. The core says what became of each connection: tried,
// introduced, ended. Peers of our choice are asked for more, who comes to us may ask us;
// of those for blocks only nothing is asked or told, so that nobody learns of them.
// Their clocks are compared with ours, inbound peers' are not.
//
// # Attackers, and what they can take
//
// Peers are strangers. Whatever one sends takes memory on its account, reckoned as
// what it takes once decoded ([wire.Footprint], up to 25 times the bytes), plus
// 256 bytes for each message and 16 KiB for each block:
//
//   - Not dealt with: at most the receive credit, 5 MB, or one message that is larger.
//     What exceeds 2 MiB takes a share of 128 MiB that all peers have in common, before
//     it is decoded and until it was judged. A transaction of more than 400,000
//     bytes, which the pool would refuse, is not decoded.
//   - Being read: one frame of at most 4 MB, whose memory grows with what arrives, to
//     6.1 MB while it is copied, and 32 KiB of what follows it. To be sent: twice the
//     send buffer and 8 MB, 10 MB in all; requests wait from 1 MB on, and who lets
//     more pile up is dropped.
//   - Blocks that were asked for are on the fetcher's account of 48 MiB for all peers. One
//     of more than eight times its bytes in memory stays on its sender's account, and so
//     do all while more than 48 MiB are here: 384 MiB at the very worst, 120 MB of
//     ordinary blocks.
//
// Besides, this is remembered of a peer ([Memory], and the packages):
//
//	announcements            txrequest    1.3 MB
//	what it knows            txannounce   790 kB
//	orphans                  orphanage    820 kB, 2.4 MB of one peer alone
//	headers of little work   headersync   1.6 MB
//	its chain                blockfetch   30 kB
//	addresses                addrrelay    105 kB
//	compact blocks           compact      8 MiB, of peers that were asked for one
//	a filter                 bloom        36 kB and 40 bytes for each transaction of
//	                                      the pool, of peers with the permission
//	the rest                              100 kB
//
// That is 5 MB of one peer among many and 6.5 MB of one alone, without compact blocks
// and filters.
//
// A place is free for another peer once all is dealt with that came through it, so
// that coming back buys no new credit. There are as many places as inbound
// connections are admitted, and 16 more. With 125 connections, all of them hostile and
// all at the limit of everything at once, that is 125 x (5 + 6.1 + 10 + 5) MB and
// what is shared: 3.9 GB, where honest ones take a tenth of it. 12 MB at most are
// remembered of refused transactions, as much of such as pay too little, 5 MB of confirmed ones.
//
// A peer that breaks the protocol is disconnected, and its address is discouraged
// ([Bans]): by one table for what a verdict says of who sent a block or header
// (verdicts.go), by another for messages that cannot be decoded (malformed.go). What has
// a wrong checksum is passed over. A transaction that is refused is nobody's fault. A
// peer that an operator named, or granted noban, is not punished. Who says nothing is dropped:
// after 60 s in the handshake, 20 minutes without the pong to a ping; stalling is
// headersync's and blockfetch's matter. Text from peers is shown without anything but
// letters, digits and a little punctuation.
//
// # BIPs
//
// 31 (pong), 35 and 37 (to whom they are offered: BIP 111 ends the connection of
// others), 130 (sendheaders), 133 (feefilter), 144 (witnesses are asked of who has them), 152
// (compact blocks, version 2, in both bandwidths), 155 (addrv2), 159 (the services of
// pruned peers), 324 (the encrypted transport), 330 (the handshake only, with
// -txreconciliation), 339 (wtxidrelay), 434 (feature: none is known yet).
//
// # Other than Bitcoin Core
//
//   - Replies wait for verdicts, as above; Core judges each message before it reads
//     the next of the same peer, which has the same effect and makes peers wait for
//     each other.
//   - A block that a peer does not send is asked of others after a while; Core waits
//     until it may drop the peer. The window, the sixteen blocks a peer and the
//     stalling rules are Core's.
//   - Orphans are judged again when a block brings their parents, too.
//   - Credit is of memory and not of bytes on the wire, and shared by all for the largest
//     messages.
package p2p
