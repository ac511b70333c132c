// Package blockfetch decides which blocks to ask of which peers.
//
// # Rules
//
//   - Of each peer it is known what the best block is that it has. Blocks on the
//     way from the active chain to there are asked for, the lowest first over all
//     peers, each of one peer, if the chain has at least as much work as the
//     active one and the minimum, and no invalid block before, and the data are
//     not here.
//   - The window: nothing is asked for that is more than 1024 blocks ahead of the
//     connected chain, in steps of 32; on a branch that is not connected, ahead
//     of its last complete block.
//   - A peer owes us at most 16 blocks at a time, or as many small ones as make 1
//     MiB, at most 256: over a link of 100 ms, sixteen blocks of 250 bytes would
//     be 160 a second. It is asked again when a quarter of that is free, or at
//     once for the block for want of which the chain stands still.
//   - Pace: and at most what it sends in four seconds, so that a slow peer does
//     not hold many blocks for long; two at least, or 64 KiB; four while its pace
//     is not known. The pace is that of the blocks that followed others without a
//     pause, over the last two to four seconds of those: what is asked for one by
//     one over a long link says nothing. Of peers that can be asked for the same
//     block, the one that owes us the fewest is, and of those the one that was
//     not asked for longest: so peers of equal speed have equal shares.
//   - Overtaking: the block for want of which the chain stands still is asked of
//     the quickest of the peers that have nothing else to do, because of the
//     window, the credits or the end of the chain, if its owner is slower by far:
//     by half a second and twice the time that the quick one would take. That is
//     so when the owner, at its pace, is expected to take so much longer, or when
//     it is late by so much, after twice its time for a block. With that block go
//     all others that this owner is slower with, since they would hold up the
//     chain next. No copy is asked for while a peer has other work, of what is
//     here without a verdict, nor, after the initial download, of the last eight
//     blocks: a new one that comes a little late is not worth two copies.
//   - Credits: what is asked for, at the size of the largest of the last sixteen
//     blocks, and what is here without a verdict stay within 48 MiB. See below.
//   - During the initial download only preferred peers are asked, where there are
//     any, unless no block is on its way; pruned ones are not. Of those only the
//     last 288 blocks are asked at any time (BIP 159).
//   - Stalling: a peer that owes us nothing cannot be asked for more because of
//     the window or the credits, while the chain stands still for want of a block
//     that another peer owes us. That one is dropped after two seconds. The next
//     one gets twice as long, up to 64 s, since the reason may be our own
//     connection, and 15 % less with each block that connects.
//   - Timeout: a peer is dropped when the block that it was asked for first has
//     not come in ten minutes, and five more for each other peer that owes us
//     blocks.
//   - Silent peers: when a peer has sent nothing for ten seconds, and five more
//     for each other peer that owes us blocks, others are asked for what it owes:
//     any for the block that the chain stands still for, and those that have
//     nothing else to do for the rest, three peers a block at most, and such first
//     that have shown a pace. The time
//     doubles and recovers like that of stalling, up to five minutes: on a slow
//     line of our own, asking twice makes it slower. The silent peer comes last
//     until it sends something.
//
// # The bound in bytes
//
// Let E be the estimate of a block's size, at least credits/window = 48 KiB, and
// B the bytes without a verdict. A request is made only if (n+1)*E + B stays
// within the credits, for n requests on their way; so n <= 1024 always, and when
// blocks keep their size, all that is asked for or here stays below 48 MiB.
// Blocks may grow at once from nothing to the 4 MB that consensus allows. The
// estimate grows with the first one that comes, so no request is added, but up to
// min(256*peers, 1024) were made before. Once what is here exceeds the credits,
// [Fetcher.Overdrawn] says so, and the caller lets what comes count against the
// receive credits of the senders: what is held is then bounded by 48 MiB and the
// peers' receive credits, 5 MB each, with one block more a peer. The block for
// want of which the chain stands still is let through whatever is spent, or all
// could wait for it: one for each branch with as much work as the active chain.
//
// # Attackers
//
// A chain counts only with work, so branches cost what blocks cost. A peer that
// announces what it does not send holds up its share of blocks until the window
// is used up or for ten seconds, then they come from others, at the cost of two
// further copies at most; in the end it is dropped. It makes the time that others
// have longer by half a block's.
//
// A peer that sends slowly, or quickly until it is asked for much and then
// slowly, holds at most what it was asked for at a time: it is overtaken once for
// all of that, owes it until it has sent it, and gets no more meanwhile. A copy
// too many is one that the slow peer sends in the end, so that P attackers waste
// no more of our line than they send, and cost us the time to refill the window
// and half a second each time that they delivered all that they owed. To keep a
// block from us, three of them must owe it: the first, and two that were each the
// quickest of all that were idle. Then the rules for stalling and silence are
// what is left. An honest peer is enough for the sync to go on; it goes on at
// that one's speed. A peer that sends a damaged block is not asked for it again,
// and for nothing after 32 of them. For each peer are kept a path of two windows
// (longer only on a branch that is), a queue of 256 entries at most, and 32
// refused blocks: 30 kB.
//
// # Cost
//
// A decision when nothing has changed is a few comparisons. Else it takes some
// steps a peer, and each block is looked at about once a peer while the window
// moves over it. While a chain stands still and peers are idle, the queues of
// those who hold it up are looked through, 256 entries at most each.
//
// One goroutine owns a [Fetcher]; it has no clock and no randomness, so that the
// same calls give the same decisions.
package blockfetch
